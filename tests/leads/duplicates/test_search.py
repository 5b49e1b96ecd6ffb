"""L-11, L-12: what a search finds among a workspace's leads."""

from django.utils import timezone

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.duplicates.operations import dismiss_candidate
from leads.duplicates.search import start_nightly_searches, start_search
from leads.duplicates.tasks import search_all
from leads.imports.filling import fill_leads
from leads.records.editing import edit_lead
from leads.records.person import Person
from tests import cast
from tests.leads.duplicates.twins import GRACE, actor, candidates, search


def found(acme) -> set[frozenset]:
    return {frozenset((one.first_id, one.second_id)) for one in candidates(acme)}


def test_exact_and_fuzzy_pairs_are_found_and_strangers_are_not(acme):
    """L-12: the same normalised e-mail, the same phone, name and company 85 % alike."""
    mail = cast.lead(acme, email="g.r.a.c.e+x@gmail.com", first_name="Grace", last_name="Hopper")
    same_mail = cast.lead(
        acme,
        email="grace@gmail.com",
        first_name="G",
        last_name="Murray",
        company_domain="x.example",
    )
    phone = cast.lead(acme, phone="+12025550143", first_name="Ann", last_name="Moore")
    same_phone = cast.lead(acme, phone="+12025550143", first_name="Annie", last_name="Moore")
    switchboard = cast.lead(acme, phone="+12025550143", first_name="Zoltan", last_name="Quist")
    jon = cast.lead(acme, first_name="Jonathan", last_name="Weiss", company_name="Blue Anvil")
    john = cast.lead(acme, first_name="Jonathon", last_name="Weiss", company_name="Blue Anvil Inc")
    cast.lead(acme, first_name="Petra", last_name="Lang", company_name="Blue Anvil")
    job = search(acme)
    assert (job.status, job.result["leads"]) == ("completed", 8)
    expected = {
        frozenset((mail.id, same_mail.id)),
        frozenset((phone.id, same_phone.id)),
        frozenset((phone.id, switchboard.id)),
        frozenset((jon.id, john.id)),
    }
    assert found(acme) == expected
    by_pair = {frozenset((x.first_id, x.second_id)): x for x in candidates(acme)}
    exact = by_pair[frozenset((mail.id, same_mail.id))]
    assert exact.is_exact and exact.confidence == 99 and exact.reasons[0] == "Same e-mail"
    shared = by_pair[frozenset((phone.id, switchboard.id))]  # a person decides (ADR 0016)
    assert shared.is_exact and shared.confidence == 50 and shared.reasons[0] == "Same phone"
    assert by_pair[frozenset((phone.id, same_phone.id))].confidence >= 90
    fuzzy = by_pair[frozenset((jon.id, john.id))]
    assert not fuzzy.is_exact and 50 <= fuzzy.confidence <= 100


def test_other_addresses_and_numbers_are_the_same_too(acme):
    """L-12: whichever of their addresses and numbers two leads share."""
    home = cast.lead(acme, personal_email="o.tilie+x@gmail.com", first_name="O", last_name="Zwei")
    mail = cast.lead(acme, email="otilie@gmail.com", first_name="Max", last_name="Other")
    mobile = cast.lead(acme, mobile_phone="+12025550143", first_name="Ann", last_name="Moore")
    direct = cast.lead(acme, direct_phone="+12025550143", first_name="Annie", last_name="Moore")
    search(acme)
    assert found(acme) == {frozenset((home.id, mail.id)), frozenset((mobile.id, direct.id))}
    assert [one.is_exact for one in candidates(acme)] == [True, True]


def test_a_switchboard_is_few_pairs(acme):
    for number in range(30):
        cast.lead(acme, phone="+12025550143", first_name=f"N{number}", last_name=f"{number}" * 3)
    search(acme)
    exact = [one for one in candidates(acme) if one.reasons[:1] == ["Same phone"]]
    assert 29 <= len(exact) <= 60


def test_nothing_is_merged_by_a_search(acme):
    one = cast.lead(acme, email="a@x.example", **GRACE)
    two = cast.lead(acme, email="a@x.example", **GRACE | {"company_domain": "y.example"})
    search(acme)
    with tenant_context(acme.id):
        for each in (one, two):
            each.refresh_from_db()
            assert each.deleted_at is None


def test_deleted_leads_and_other_workspaces_are_left_alone(acme):
    rival, _ = cast.rival()
    cast.lead(acme, email="a@x.example", deleted_at=timezone.now())
    cast.lead(acme, email="a@x.example", company_domain="b.example")
    cast.lead(rival, email="a@x.example", company_domain="c.example")
    search(acme)
    assert found(acme) == set() and candidates(rival) == []


def test_not_the_same_is_remembered_and_stale_pairs_go(acme):
    """L-14."""
    one = cast.lead(acme, email="a@x.example", **GRACE)
    cast.lead(acme, email="a@x.example", **GRACE | {"company_domain": "y.example"})
    search(acme)
    (candidate,) = candidates(acme)
    with tenant_context(acme.id):
        dismiss_candidate(workspace_id=acme.id, candidate_id=candidate.id, actor=actor(acme))
    search(acme)
    assert candidates(acme) == []
    three = cast.lead(acme, email="a@x.example", **GRACE | {"company_domain": "z.example"})
    search(acme)
    assert {frozenset((one.id, three.id))} <= found(acme)
    with tenant_context(acme.id):
        three.email = three.email_key = "else@q.example"
        three.first_name, three.last_name, three.company_name = "Zed", "Quist", "Other"
        three.save()
    search(acme)
    assert found(acme) == set()


def test_many_with_one_address_are_few_pairs(acme):
    for number in range(30):
        cast.lead(acme, email="info@x.example", first_name=f"N{number}", last_name="",
                  company_domain=f"d{number}.example")  # fmt: skip
    search(acme)
    exact = [one for one in candidates(acme) if one.reasons[:1] == ["Same e-mail"]]
    assert len(exact) >= 29


def test_hostile_text_is_only_text(acme):
    for domain in ("a.example", "b.example"):
        cast.lead(
            acme,
            email="o@x.example",
            first_name="O'Neil\"\\,;--",
            last_name="'); DROP TABLE leads;\n--",
            company_name="名 {0} %s",
            company_domain=domain,
        )
    search(acme)
    assert len(found(acme)) == 1


def test_one_search_at_a_time(acme):
    with tenant_context(acme.id):
        first = start_search(workspace_id=acme.id, actor=actor(acme))
        assert start_search(workspace_id=acme.id, actor=actor(acme)).id == first.id


def test_no_leads_no_pairs(acme):
    assert search(acme).result == {"leads": 0, "pairs": 0}


def test_the_night_searches_where_leads_came_in(acme):
    rival, _ = cast.rival()
    cast.lead(acme)
    assert search_all() == 1
    with tenant_context(acme.id):
        assert Job.objects.filter(kind="duplicates").count() == 1
    with tenant_context(rival.id):
        assert not Job.objects.filter(kind="duplicates").exists()
    assert start_nightly_searches() == 0


def test_the_night_searches_where_leads_were_edited_or_filled(acme):
    """L-12: two leads may have become one person's after they came in."""
    one, _ = cast.lead(acme, city="Graz"), search(acme)
    assert start_nightly_searches() == 0
    with tenant_context(acme.id):
        edit_lead(workspace=acme, actor=actor(acme), lead_id=one.id, values={"city": "Linz"})
    assert start_nightly_searches() == 1
    with tenant_context(acme.id):
        (job,) = Job.objects.filter(status="pending")
    run_job(workspace_id=acme.id, job_id=job.id)
    assert start_nightly_searches() == 0
    with tenant_context(acme.id):
        found = Person(title="CTO")
        assert fill_leads(
            workspace_id=acme.id, matches=[(one.id, found)], where_from="x", actor_label="y"
        )
    assert start_nightly_searches() == 1
