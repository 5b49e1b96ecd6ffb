"""L-22: exports by a job, with chosen columns, safe cells, at most 10 a day."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEntry
from cursive.lib.errors import Conflict, InvalidInput, TooMany
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.exports import operations
from leads.exports.operations import remove_expired_exports, start_export
from leads.filters.document import parse
from leads.filters.tree import EVERYBODY
from leads.records.models import Lead
from tests import cast
from tests.leads.records.pulling import in_threads


@pytest.fixture
def acme(db):
    workspace, alice = cast.acme()
    workspace.alice = alice
    workspace.actor = cast.actor_for(alice)
    return workspace


def export(acme, **options) -> Job:
    with tenant_context(acme.id):
        job = start_export(workspace_id=acme.id, actor=acme.actor, **options)
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    with tenant_context(acme.id):
        return Job.objects.get(id=job.id)


def rows(acme, job) -> list[dict[str, str]]:
    client = Client()
    client.force_login(acme.alice)
    answer = client.get(f"/leads/exports/{job.id}/download/")
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_chosen_leads_and_columns(acme):
    wanted = cast.lead(acme, first_name="Grace", tags=["navy", "cobol"], phone="+15125550100")
    cast.lead(acme, first_name="Ada")
    columns = ["first_name", "phone", "tags", "email_verified"]
    job = export(acme, ids=[wanted.id], columns=columns)
    assert (job.status, job.progress, job.result["leads"]) == ("completed", 100, 1)
    assert rows(acme, job) == [
        {
            "first_name": "Grace",
            "phone": "'+15125550100",
            "tags": "navy; cobol",
            "email_verified": "no",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_made_harmless(acme, start):
    lead = cast.lead(acme, first_name=f"{start}HYPERLINK(1)", last_name='a,"b"\nc')
    job = export(acme, ids=[lead.id], columns=["first_name", "last_name"])
    (row,) = rows(acme, job)
    assert row == {"first_name": f"'{start}HYPERLINK(1)", "last_name": 'a,"b"\nc'}


def test_all_that_match_in_parts_each_once(acme, monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 7)
    made = {cast.lead(acme, first_name=f"P{n}", status="won").first_name for n in range(20)}
    cast.lead(acme, first_name="Other")
    won = parse(
        {"version": 1, "all": [{"field": "status", "op": "in", "value": ["won"]}]}, scope="leads"
    )
    job = export(acme, filter=won, columns=["first_name"])
    found = [row["first_name"] for row in rows(acme, job)]
    assert len(found) == 20 and set(found) == made
    left = default_storage.listdir(f"exports/{acme.id}")[1]
    assert left == [f"{job.id}.csv"]  # no parts are left behind


def test_a_worker_that_dies_between_parts_costs_nothing(acme, monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 4)
    for n in range(10):
        cast.lead(acme, first_name=f"P{n}")
    with tenant_context(acme.id):
        job = start_export(
            workspace_id=acme.id, actor=acme.actor, filter=EVERYBODY, columns=["first_name"]
        )
    token = runner._claim(acme.id, job.id)
    runner._advance(acme.id, job.id, token)
    # The next worker's part is written, but the worker dies before the step is committed.
    with tenant_context(acme.id):
        operations.ExportHandler().prepare(Job.objects.get(id=job.id))
        Job.objects.filter(id=job.id).update(lease_until=timezone.now())
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    with tenant_context(acme.id):
        job = Job.objects.get(id=job.id)
    assert job.status == "completed"
    assert sorted(row["first_name"] for row in rows(acme, job)) == sorted(
        f"P{n}" for n in range(10)
    )


def refused(acme, error, **options):
    with tenant_context(acme.id), pytest.raises(error) as refusal:
        start_export(workspace_id=acme.id, actor=acme.actor, **options)
    with tenant_context(acme.id):
        assert not Job.objects.exists()
    return refusal.value


def test_refusals_name_the_field_and_change_nothing(acme):
    lead = cast.lead(acme)
    assert "columns" in refused(acme, InvalidInput, ids=[lead.id], columns=["iq"]).fields
    assert "columns" in refused(acme, InvalidInput, ids=[lead.id], columns=[]).fields
    assert "ids" in refused(acme, InvalidInput, ids=[uuid7() for _ in range(1001)]).fields
    assert "ids" in refused(acme, InvalidInput, ids=[uuid7()]).fields
    assert "ids" in refused(acme, InvalidInput).fields  # nobody chosen isn't everybody
    assert "ids" in refused(acme, InvalidInput, ids=[]).fields


def test_somebody_elses_leads_are_not_exported(acme):
    rival, _ = cast.rival()
    refused(acme, InvalidInput, ids=[cast.lead(rival).id])


def test_ten_a_day(acme):
    lead = cast.lead(acme)
    for _ in range(10):
        with tenant_context(acme.id):
            start_export(workspace_id=acme.id, actor=acme.actor, ids=[lead.id])
    with tenant_context(acme.id), pytest.raises(TooMany):
        start_export(workspace_id=acme.id, actor=acme.actor, ids=[lead.id])
    with tenant_context(acme.id):
        assert Job.objects.count() == 10
        assert AuditEntry.objects.filter(action="export").count() == 10


def start_with(acme, key, **options) -> Job:
    with tenant_context(acme.id):
        return start_export(workspace_id=acme.id, actor=acme.actor, key=key, **options)


def test_the_same_key_is_one_export_of_the_day(acme):
    """C-3, L-22: sent again it is the same job: no use of the ten, also when they are used up."""
    lead = cast.lead(acme)
    first = start_with(acme, "k", ids=[lead.id])
    for _ in range(15):
        assert start_with(acme, "k", ids=[lead.id]).id == first.id
    for n in range(9):
        start_with(acme, f"other {n}", ids=[lead.id])
    assert start_with(acme, "k", ids=[lead.id]).id == first.id
    with pytest.raises(TooMany):
        start_with(acme, "the eleventh", ids=[lead.id])
    with pytest.raises(Conflict):
        start_with(acme, "k", ids=[lead.id], columns=["email"])
    with tenant_context(acme.id):
        Lead.objects.filter(id=lead.id).delete()
    assert start_with(acme, "k", ids=[lead.id]).id == first.id
    with tenant_context(acme.id):
        assert Job.objects.count() == 10
        assert AuditEntry.objects.filter(action="export").count() == 10


def test_the_same_key_at_the_same_moment(acme):
    """C-3: six threads with one key make one job, and use one export of the day."""
    lead = cast.lead(acme)
    jobs = in_threads(6, lambda at: start_with(acme, "k", ids=[lead.id]).id)
    assert len(set(jobs)) == 1
    for n in range(9):
        start_with(acme, f"other {n}", ids=[lead.id])
    with pytest.raises(TooMany):
        start_with(acme, "the eleventh", ids=[lead.id])


def test_files_go_after_thirty_days(acme):
    lead = cast.lead(acme)
    job = export(acme, ids=[lead.id])
    assert remove_expired_exports() == 0
    with tenant_context(acme.id):
        Job.objects.filter(id=job.id).update(finished_at=timezone.now() - timedelta(days=31))
    assert remove_expired_exports() == 1 and remove_expired_exports() == 0
    client = Client()
    client.force_login(acme.alice)
    assert client.get(f"/leads/exports/{job.id}/download/").status_code == 409


def test_the_dialog_keeps_the_choice_and_starts_the_job(acme):
    lead = cast.lead(acme, first_name="Grace")
    client = Client()
    client.force_login(acme.alice)
    nobody = client.post("/leads/exports/", {"selected": "1", "f": "status.in.won"}).content
    # Where they are ticked, and as they were found.
    assert b"No lead is chosen" in nobody and b'href="/leads/?f=status.in.won"' in nobody
    page = client.post("/leads/exports/", {"lead": [str(lead.id)], "selected": "1"})
    assert str(lead.id).encode() in page.content and b"Job title" in page.content
    answer = client.post(
        "/leads/exports/", {"lead": [str(lead.id)], "columns": ["email"], "key": "k"}
    )
    again = client.post(
        "/leads/exports/", {"lead": [str(lead.id)], "columns": ["email"], "key": "k"}
    )
    assert answer.status_code == 302 and answer.url == again.url
    bad = client.post("/leads/exports/", {"lead": ["x"], "columns": ["email"]})
    assert bad.status_code == 400 and b"isn" in bad.content
