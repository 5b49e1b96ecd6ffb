"""L-17: actions that start a job of their own: nobody else's leads, one key, what keys may."""

import pytest
from django.test import Client

from accounts.audit.models import AuditEntry
from accounts.keys.operations import create_key
from cursive.lib import limits
from cursive.lib.actors import Actor
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context, uuid7
from leads.bulk.models import BulkRun
from leads.exports.operations import EXPORTS_A_DAY
from leads.records.models import Lead
from leads.records.operations import delete_lead
from tests import cast
from tests.leads.records.pulling import balance, give

from .bulking import by, values


def post(client, key="", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/leads/bulk", body, "application/json", headers=headers)


def delete(acme, lead) -> None:
    with tenant_context(acme.id):
        delete_lead(workspace_id=acme.id, lead_id=lead.id, actor=by(acme))


@pytest.mark.parametrize("action", ["export", "verify"])
def test_ids_of_nobody_are_not_found_and_nobody_is_taken_instead(acme, alice, monkeypatch, action):
    """Another workspace's lead, a deleted one and one that never was: not everybody instead."""
    used: list[str] = []
    monkeypatch.setattr(limits, "hit", lambda limit, subject: used.append(limit.name))
    give(acme, 10)
    before = balance(acme)
    theirs, gone = cast.lead(cast.rival()[0]), cast.lead(acme)
    cast.lead(acme, first_name="Bystander")
    delete(acme, gone)
    ids = [str(one) for one in (theirs.id, gone.id, uuid7())]
    answer = post(alice, action=action, ids=ids)
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["asked"], body["changed"], body["failed"], body["job"]) == (3, 0, 3, None)
    assert {one["id"]: one["reason"] for one in body["failures"]} == dict.fromkeys(
        ids, "There is no such lead."
    )
    assert EXPORTS_A_DAY.name not in used
    with tenant_context(acme.id):
        assert not Job.objects.exists()
        assert not AuditEntry.objects.filter(action__in=["export", "verify"]).exists()
    assert balance(acme) == before


@pytest.mark.parametrize("action", ["export", "verify"])
def test_the_same_key_is_the_same_job_though_a_lead_was_deleted(acme, alice, action):
    """C-3: what was asked for is compared, not who is still there."""
    give(acme, 10)
    leads = [cast.lead(acme) for _ in range(3)]
    ids = [str(lead.id) for lead in leads]
    first = post(alice, "once", action=action, ids=ids)
    delete(acme, leads[0])
    second = post(alice, "once", action=action, ids=ids)
    assert (first.status_code, second.status_code) == (202, 202), second.json()
    assert first.json()["job"]["id"] == second.json()["job"]["id"]
    for lead in leads[1:]:
        delete(acme, lead)
    assert (
        post(alice, "once", action=action, ids=ids).json()["job"]["id"]
        == (first.json()["job"]["id"])
    )
    assert post(alice, "once", action=action, ids=ids[:1]).status_code == 409
    with tenant_context(acme.id):
        assert Job.objects.count() == 1 and not BulkRun.objects.exists()


def test_a_key_that_found_nobody_is_used_up(acme, alice):
    lead = cast.lead(acme)
    first = post(alice, "once", action="export", ids=[str(uuid7())])
    assert post(alice, "once", action="export", ids=[str(lead.id)]).status_code == 409
    again = post(alice, "other", action="export", ids=[str(lead.id)])
    assert first.status_code == 200 and again.status_code == 202


def test_xlsx_by_the_api(acme, alice):
    """L-22."""
    lead = cast.lead(acme, first_name="Grace")
    body = {"action": "export", "ids": [str(lead.id)], "columns": ["first_name"]}
    answer = post(alice, **body, format="xlsx")
    assert answer.status_code == 202, answer.json()
    job_id = answer.json()["job"]["id"]
    runner.run_job(workspace_id=acme.id, job_id=job_id)
    file = alice.get(f"/leads/exports/{job_id}/download/")
    assert file["Content-Type"].endswith("spreadsheetml.sheet")
    assert b"".join(file.streaming_content).startswith(b"PK")
    with tenant_context(acme.id):
        address = Job.objects.get().result["download"]
    for headers, status in ((keyed(acme), 200), (keyed(cast.rival()[0]), 404), ({}, 401)):
        got = Client().get(address, headers=headers)
        assert got.status_code == status
        if status == 200:
            assert b"".join(got.streaming_content).startswith(b"PK")
            assert "attachment" in got["Content-Disposition"]
    for wrong in ("pdf", ["csv"], 1):
        refused = post(alice, **body, format=wrong)
        assert refused.status_code == 400 and "csv, xlsx" in refused.json()["errors"]["format"]
    with tenant_context(acme.id):
        assert Job.objects.count() == 1


def keyed(workspace, *scopes: str) -> dict[str, str]:
    with tenant_context(workspace.id):
        _, token = create_key(
            workspace_id=workspace.id,
            actor=Actor.system("test"),
            name="K",
            scopes=["read", *scopes],
        )
    return {"Authorization": f"Bearer {token}"}


def test_a_key_deletes_many_as_it_deletes_one(acme):
    """A-2, A-6: owners and admins make keys, so the scope decides, one by one or at once."""
    ours, theirs = cast.lead(acme, first_name="Ours"), cast.lead(cast.rival()[0])
    body = {"action": "delete", "ids": [str(ours.id), str(theirs.id)]}
    client, headers = Client(), keyed(acme)
    refused = client.post("/api/leads/bulk", body, "application/json", headers=headers)
    assert refused.status_code == 403
    assert values(acme, "first_name", deleted_at__isnull=True) == ["Ours"]
    headers = keyed(acme, "write")
    answer = client.post("/api/leads/bulk", body, "application/json", headers=headers)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["changed"], answer.json()["failed"]) == (1, 1)
    assert values(acme, "first_name", deleted_at__isnull=True) == []
    undone = client.delete(f"/api/leads/bulk/{answer.json()['id']}", headers=headers)
    assert undone.status_code == 200 and undone.json()["undone"] == 1
    with tenant_context(theirs.workspace_id):
        assert Lead.objects.living().count() == 1
