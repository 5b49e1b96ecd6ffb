"""L-13: nobody is charged for a person whom the workspace owns, by whatever path."""

import dataclasses
from decimal import Decimal

from cursive.lib.tenancy import tenant_context
from leads.filters.tree import EVERYBODY
from leads.records.acquisition import acquire_people, candidates_of, owned_people
from leads.records.models import Lead
from tests import cast
from tests.catalogue import catalogue
from tests.leads.records.pulling import balance, give, leads_of, start, work, world

__all__ = ["catalogue", "world"]


def test_who_came_another_way_is_not_charged(world):
    """L-13: the same e-mail as an uploaded lead, or the same phone and name, is owned already."""
    workspace, actor, source = world
    records = list(source.take(EVERYBODY, limit=3_000).records)
    by_email = next(r for r in records if r.person.work_email and not r.person.phone)
    by_phone = next(r for r in records if r.person.phone)
    by_second = next(
        r
        for r in records
        if r.person.personal_email
        and r.person.personal_email != r.person.email
        and not r.person.phone
    )
    cast.lead(workspace, email=by_email.person.email.upper(), source="upload")
    cast.lead(workspace, email=by_second.person.personal_email, source="upload")
    cast.lead(
        workspace,
        phone=by_phone.person.phone,
        first_name=by_phone.person.first_name.upper(),
        last_name=by_phone.person.last_name,
        source="upload",
    )
    job = work(workspace, start(workspace, actor, limit=3_000 // 2))
    pulled = {lead.catalogue_id for lead in leads_of(workspace)} - {None}
    known = {by_email.id, by_phone.id, by_second.id}
    assert not known & pulled
    assert job.result["delivered"] == len(pulled)
    assert balance(workspace)[0] == 1_000 - len(pulled) * Decimal("0.50")
    with tenant_context(workspace.id):
        met = known & {r.id for r in records[: len(pulled)]}
        assert set(owned_people(workspace.id)) >= met


def test_whom_only_the_database_knows_is_made_up_for(world):
    """L-13: a conflict at the insert is passed over too, and another takes the place."""
    workspace, actor, source = world
    records = source.take(EVERYBODY, limit=2).records
    cast.lead(workspace, catalogue_id=records[0].id)
    same = records[1].person
    cast.lead(
        workspace,
        email=same.email,
        company_domain=same.company_domain,
        phone=same.phone,
    )
    job = work(workspace, start(workspace, actor, limit=5))
    assert job.result["delivered"] == 5
    assert (job.cursor["owned"], job.cursor["doubles"]) == (2, 0)
    pulled = [lead.catalogue_id for lead in leads_of(workspace) if lead.job_id == job.id]
    assert len(pulled) == 5
    # The best of the others, though the insert was told to make fewer than it found.
    assert pulled == [record.id for record in source.take(EVERYBODY, limit=7).records[2:]]
    assert balance(workspace) == (Decimal("997.50"), 0)


def test_deleted_leads_are_not_sold_again(world):
    """L-13: who was charged once stays owned, also after the lead is gone."""
    workspace, actor, _ = world
    work(workspace, start(workspace, actor, limit=20))
    first = {lead.catalogue_id for lead in leads_of(workspace)}
    with tenant_context(workspace.id):
        Lead.objects.filter(workspace_id=workspace.id).delete()
    work(workspace, start(workspace, actor, limit=20))
    assert not first & {lead.catalogue_id for lead in leads_of(workspace)}


def test_who_is_owned_is_passed_over_without_a_lead(world):
    """L-13: also where the lead is gone, and the candidate was read before that was known."""
    workspace, actor, source = world
    candidates = candidates_of(source.take(EVERYBODY, limit=3).records)
    work(workspace, start(workspace, actor, limit=3))
    with tenant_context(workspace.id):
        Lead.objects.filter(workspace_id=workspace.id).delete()
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=candidates, source="database"
        )
    assert (acquired.lead_ids, acquired.owned, acquired.doubles) == ([], 3, 0)


def test_two_records_of_one_person_in_a_batch(world):
    """L-13: the first counts, the second (same address, another company) is owned by that."""
    workspace, _, source = world
    record = next(r for r in source.take(EVERYBODY, limit=50).records if r.person.email)
    elsewhere = dataclasses.replace(record.person, company_domain="other.example", phone=None)
    twin = record._replace(id=999_999, person=elsewhere)
    with tenant_context(workspace.id):
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=candidates_of([record, twin]), source="database"
        )
        assert set(owned_people(workspace.id)) == {record.id, twin.id}
    assert (len(acquired.lead_ids), acquired.owned, acquired.doubles) == (1, 0, 1)
    assert (acquired.places, acquired.double_places) == ([0], [1])


def test_who_became_which_lead_is_told(world):
    """Also where only the insert finds out that somebody is owned, by their identity."""
    workspace, _, source = world
    candidates = candidates_of(source.take(EVERYBODY, limit=4).records)
    with tenant_context(workspace.id):
        Lead.objects.create(
            workspace=workspace, source="api", dedup_hash=candidates[1].dedup_hash, email=""
        )
        acquired = acquire_people(
            workspace_id=workspace.id, candidates=candidates, source="database"
        )
        made = Lead.objects.in_bulk(acquired.lead_ids)
    assert (acquired.places, acquired.double_places, acquired.owned) == ([0, 2, 3], [], 1)
    for place, lead_id in zip(acquired.places, acquired.lead_ids, strict=True):
        assert made[lead_id].dedup_hash == candidates[place].dedup_hash


def test_workspaces_dont_see_each_other(world):
    """X-1, L-13: the same person may be in two workspaces."""
    workspace, actor, _ = world
    rival, carol = cast.rival()
    give(rival, 100)
    work(workspace, start(workspace, actor, limit=30))
    work(rival, start(rival, cast.actor_for(carol), limit=30))
    ours = {lead.catalogue_id for lead in leads_of(workspace)}
    theirs = {lead.catalogue_id for lead in leads_of(rival)}
    assert ours == theirs
