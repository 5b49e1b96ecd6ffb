"""L-7 to L-9: scores are there from the insert on, follow changes and nights, and say so."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from accounts.profiles.operations import change_profile, create_profile
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.catalogue.source import Record
from leads.records.acquisition import acquire_people, candidates_of
from leads.records.models import Lead
from leads.records.operations import delete_lead, restore_lead
from leads.records.person import Person
from leads.scoring import operations
from leads.scoring.models import ScoreDay
from leads.scoring.operations import score_everything, score_leads
from leads.scoring.queries import distribution_of
from leads.scoring.rule import today
from tests import cast

LISTS = {
    "titles": ["Head of Sales"],
    "industries": ["software"],
    "employee_bands": ["11-50"],
    "intent_topics": ["CRM software"],
}


@pytest.fixture
def acme(db):
    workspace, alice = cast.acme()
    workspace.actor = cast.actor_for(alice)
    return workspace


def profile(workspace, **lists):
    with tenant_context(workspace.id):
        return create_profile(
            workspace_id=workspace.id,
            actor=workspace.actor,
            values={"name": "Anvils", "sells": "Anvils", **LISTS, **lists},
        )


def work(workspace) -> Job | None:
    """Work the scoring jobs that wait; the last of them."""
    with tenant_context(workspace.id):
        jobs = list(Job.objects.filter(kind="scoring", status="pending").order_by("created_at"))
    for job in jobs:
        run_job(workspace_id=workspace.id, job_id=job.id)
    with tenant_context(workspace.id):
        return Job.objects.filter(kind="scoring").order_by("-created_at").first()


def scored(workspace, *leads, **options):
    with tenant_context(workspace.id):
        return score_leads(workspace_id=workspace.id, ids=[one.id for one in leads], **options)


def fresh(lead) -> Lead:
    with tenant_context(lead.workspace_id):
        return Lead.objects.get(id=lead.id)


def events(workspace) -> list[dict]:
    with tenant_context(workspace.id):
        found = Event.objects.filter(type="lead.scored").order_by("created_at", "id")
        return [event.payload for event in found]


def versions(workspace) -> dict:
    """Which version of each row is there: a rewritten row has another."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT id, xmin::text, ctid::text FROM leads_lead WHERE workspace_id = %s",
            [workspace.id],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def fitting(workspace, **fields) -> Lead:
    """A lead that has all points by LISTS but that for its phone."""
    return cast.lead(
        workspace,
        **{
            "title": "Head of Sales, North",
            "industry": "software",
            "employee_band": "11-50",
            "intent_topics": ["crm_software"],
            "email_verified": True,
        }
        | fields,
    )


def test_people_have_their_score_from_the_insert_on(acme):
    profile(acme)
    people = [
        Person(
            title="Head of Sales",
            industry="software",
            employee_band="11-50",
            intent_topics=("crm_software",),
            email="ada@fit.example",
            email_verified=True,
        ),
        Person(title="Cook", email="bob@unfit.example", employee_band="201-500"),
    ]
    with tenant_context(acme.id):
        acquire_people(
            workspace_id=acme.id,
            candidates=candidates_of([Record(n, n, one) for n, one in enumerate(people, 1)]),
            source=Lead.Source.DATABASE,
        )
        found = {lead.email: lead for lead in Lead.objects.all()}
        ids = [lead.id for lead in found.values()]
    ada, bob = found["ada@fit.example"], found["bob@unfit.example"]
    assert ada.score == 90 and ada.score_factors["title"] == 15
    assert bob.score == 15 and bob.score_factors["size"] == 0
    # One rule: scoring the same leads again finds nothing to change.
    with tenant_context(acme.id):
        assert score_leads(workspace_id=acme.id, ids=ids) == []
    assert events(acme) == []


def test_a_changed_lead_is_scored_and_announced(acme):
    profile(acme)
    lead = fitting(acme, email_verified=False)
    scored(acme, lead)
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(verification_status="valid")
    (change,) = scored(acme, lead)
    assert (change.lead_id, change.old, change.new) == (lead.id, 70, 90)
    assert fresh(lead).score == 90 and fresh(lead).score_factors["email"] == 20
    assert events(acme) == [
        {"cause": "update", "leads": [{"lead": str(lead.id), "old": None, "new": 70}]},
        {"cause": "update", "leads": [{"lead": str(lead.id), "old": 70, "new": 90}]},
    ]


def test_what_has_not_changed_is_not_written(acme):
    leads = [fitting(acme) for _ in range(3)]
    scored(acme, *leads)
    before, said = versions(acme), events(acme)
    assert scored(acme, *leads) == []
    score_everything()
    assert versions(acme) == before
    assert events(acme) == said


def test_factors_that_trade_places_are_written_without_an_event(acme):
    lead = fitting(acme, source="pixel", pages_viewed=5, seconds_on_site=0)
    scored(acme, lead)
    said = events(acme)
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(pages_viewed=3, seconds_on_site=360)
    assert scored(acme, lead) == []
    assert fresh(lead).score_factors["minutes"] == 6
    assert events(acme) == said


def test_leads_of_others_and_deleted_ones_are_passed_over(acme):
    rival, _ = cast.rival()
    theirs, gone = cast.lead(rival), cast.lead(acme)
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=gone.id, actor=acme.actor)
    assert scored(acme, theirs, gone) == []
    assert fresh(theirs).score is None and fresh(gone).score is None
    assert events(acme) == events(rival) == []
    with tenant_context(acme.id):
        restore_lead(workspace_id=acme.id, lead_id=gone.id, actor=acme.actor)
    assert fresh(gone).score == 15


def test_a_new_ideal_customer_scores_all_leads_as_a_job(acme, monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 3)
    monkeypatch.setattr(operations, "EVENT_LEADS", 2)
    leads = [fitting(acme) for _ in range(7)]
    made = profile(acme)
    job = work(acme)
    assert (job.status, job.processed, job.total) == ("completed", 7, 7)
    assert job.result == {"changed": 7}
    assert {fresh(lead).score for lead in leads} == {90}
    assert [len(one["leads"]) for one in events(acme)] == [2, 1, 2, 1, 1]
    with tenant_context(acme.id):
        change_profile(
            workspace_id=acme.id,
            actor=acme.actor,
            profile_id=made.id,
            values={"titles": ["Cook"]},
        )
    work(acme)
    assert {fresh(lead).score for lead in leads} == {75}


@pytest.mark.parametrize(("looked_at", "written"), [(1, 1), (2, 3), (3, 2), (7, 2), (4, 1), (9, 9)])
def test_however_a_night_is_cut_each_lead_is_scored_once(acme, monkeypatch, looked_at, written):
    monkeypatch.setattr(operations, "LOOKED_AT", looked_at)
    monkeypatch.setattr(operations, "BATCH", written)
    leads = [fitting(acme) for _ in range(7)]
    scored(acme, leads[1], leads[4])
    said = len(events(acme))
    assert score_everything() == (7, 5)
    assert {fresh(lead).score for lead in leads} == {35}
    named = [one["lead"] for event in events(acme)[said:] for one in event["leads"]]
    assert sorted(named) == sorted(str(leads[n].id) for n in (0, 2, 3, 5, 6))


def test_what_is_not_the_ideal_customer_starts_no_job(acme):
    cast.lead(acme)
    made = profile(acme)
    second = profile(acme)  # not the default one
    with tenant_context(acme.id):
        before = Job.objects.filter(kind="scoring").count()
        for values in ({"tone": "direct"}, {"name": "Hammers"}, {"titles": LISTS["titles"]}):
            change_profile(
                workspace_id=acme.id, actor=acme.actor, profile_id=made.id, values=values
            )
        change_profile(
            workspace_id=acme.id, actor=acme.actor, profile_id=second.id, values={"titles": ["X"]}
        )
        assert Job.objects.filter(kind="scoring").count() == before == 1
        # Which profile is the default one matters.
        change_profile(
            workspace_id=acme.id,
            actor=acme.actor,
            profile_id=second.id,
            values={"is_default": True},
        )
        assert Job.objects.filter(kind="scoring").count() == 2


def test_a_workspace_without_leads_starts_no_job(acme):
    profile(acme)
    assert work(acme) is None


def test_nights_take_a_point_from_young_leads_everywhere(acme, monkeypatch):
    monkeypatch.setattr(operations, "LOOKED_AT", 2)
    rival, _ = cast.rival()
    young = [fitting(acme, created_at=timezone.now() - timedelta(days=n)) for n in range(5)]
    old = fitting(acme, created_at=timezone.now() - timedelta(days=40))
    theirs = cast.lead(rival)
    score_everything()
    before, version = [fresh(lead).score for lead in young], versions(acme)[old.id]
    said = len(events(acme))
    assert score_everything(day=today() + timedelta(days=1)) == (7, 6)
    assert [fresh(lead).score for lead in young] == [score - 1 for score in before]
    assert versions(acme)[old.id] == version
    assert fresh(theirs).score == 14
    assert {one["cause"] for one in events(acme)} == {"nightly"}
    assert sum(len(one["leads"]) for one in events(acme)[said:]) == 5


def test_the_night_is_noted_once_and_goes_on_where_it_was_cut_short(acme):
    rival, _ = cast.rival()
    cast.lead(acme), cast.lead(rival)
    asked = iter([False, True])
    assert score_everything(stop=lambda: next(asked))[0] == 1
    assert score_everything()[0] == 1  # the other one
    assert score_everything() == (0, 0)
    with system_context():
        days = list(ScoreDay.objects.order_by("workspace_id"))
    assert {day.workspace_id for day in days} == {acme.id, rival.id}
    assert [(day.day, day.total, day.leads, day.histogram[1]) for day in days] == [
        (today(), 15, 1, 1)
    ] * 2
    with tenant_context(acme.id):
        assert distribution_of(acme.id).bins == tuple(days[0].histogram)


def test_one_workspace_that_breaks_does_not_end_the_night_for_the_rest(acme, monkeypatch):
    """L-7: the others are scored, it is told, and the next run has only that one left."""
    rival, _ = cast.rival()
    leads = [cast.lead(acme), cast.lead(rival)]
    first = min(acme.id, rival.id)
    rule_of = operations.rule_of

    def breaking(workspace_id, day):
        if workspace_id == first:
            raise ZeroDivisionError
        return rule_of(workspace_id, day)

    with monkeypatch.context() as patched:
        patched.setattr(operations, "rule_of", breaking)
        with pytest.raises(operations.Unscored, match=str(first)):
            score_everything()
    scores = {lead.workspace_id: fresh(lead).score for lead in leads}
    assert scores.pop(first) is None and None not in scores.values()
    assert score_everything()[0] == 1
    assert None not in {fresh(lead).score for lead in leads}


def test_a_change_made_meanwhile_is_not_overwritten(acme):
    """The batch waits for who holds the row, and scores what the row is then."""
    lead = fitting(acme, email_verified=False)
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).update(email_verified=True)
        before = threading.Thread(target=lambda: _score_elsewhere(acme, lead))
        before.start()
        _wait_until_blocked()
    before.join(10)
    assert not before.is_alive()
    assert fresh(lead).score_factors["email"] == 20


def _score_elsewhere(acme, lead) -> None:
    try:
        scored(acme, lead)
    finally:
        connections.close_all()


def _wait_until_blocked() -> None:
    with connections["owner"].cursor() as cursor:
        for _ in range(500):
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_ids_that_are_nobody_change_nothing(acme):
    with tenant_context(acme.id):
        assert score_leads(workspace_id=acme.id, ids=[]) == []
        assert score_leads(workspace_id=acme.id, ids=[uuid7()]) == []
    assert events(acme) == []
