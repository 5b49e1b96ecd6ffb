"""A-7, A-9: the audit log and its page for owners."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.db.utils import DatabaseError
from django.urls import reverse
from django.utils import timezone

from accounts.audit.masking import MASK
from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor, RequestMeta
from cursive.lib.audit_port import record
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.accounts.conftest import audit, browser

PAGE = "/settings/audit/"
EXPORT = "/settings/audit/exports/"


def note(acme, *, workspace=None, actor=None, at=None, **values):
    """One entry of Acme; `at` moves it in time."""
    given = {"action": "update", "resource": "lead", "resource_id": "1"} | values
    where = workspace or acme.workspace
    if at is None:
        with tenant_context(where.id):
            record(actor=actor or cast.actor_for(acme.owner), workspace_id=where.id, **given)
        return
    with system_context():
        AuditEntry.objects.create(
            workspace=where,
            actor_kind="user",
            actor_label=acme.owner.email,
            user_id=acme.owner.id,
            created_at=at,
            **given,
        )


def shown(answer):
    return [entry.resource_id for entry in answer.context["page"].items]


def rows(answer):
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_an_entry_holds_everything_but_secrets(acme):
    """A-7: who, what, old and new, from where, by which request."""
    meta = RequestMeta(
        ip="203.0.113.9", user_agent="Firefox", method="POST", endpoint="/x/", request_id="r-1"
    )
    actor = Actor(kind="user", label="alice", user_id=acme.owner.id, request=meta)
    ident = uuid4()
    note(
        acme,
        actor=actor,
        resource_id=ident,
        old={"name": "Old", "password": "hunter2"},
        new={
            "name": "x" * 10_000,
            "api_token": "abc",
            "nested": {"client_secret": "s", "ok": 1},
            "day": date(2026, 1, 2),
            "amount": Decimal("1.50"),
            "ids": [UUID(int=1)],
        },
        severity="critical",
    )
    [entry] = audit()
    assert (entry.actor_kind, entry.actor_label, entry.user_id) == ("user", "alice", acme.owner.id)
    assert (entry.action, entry.resource, entry.resource_id) == ("update", "lead", str(ident))
    assert (entry.ip, entry.user_agent, entry.method) == ("203.0.113.9", "Firefox", "POST")
    assert (entry.endpoint, entry.request_id, entry.severity) == ("/x/", "r-1", "critical")
    assert entry.old == {"name": "Old", "password": MASK}
    assert entry.new["api_token"] == MASK
    assert entry.new["nested"] == {"client_secret": MASK, "ok": 1}
    assert len(entry.new["name"]) == 500
    assert (entry.new["day"], entry.new["amount"]) == ("2026-01-02", "1.50")
    assert entry.new["ids"] == [str(UUID(int=1))]


def test_a_rolled_back_change_leaves_no_entry(acme):
    with pytest.raises(RuntimeError), tenant_context(acme.workspace.id):
        record(
            action="update",
            resource="lead",
            resource_id=1,
            actor=cast.actor_for(acme.owner),
            workspace_id=acme.workspace.id,
        )
        raise RuntimeError
    assert audit() == []


@pytest.mark.parametrize("alias", ["default", "admin", "owner"])
@pytest.mark.parametrize(
    "change", ["UPDATE accounts_auditentry SET action = 'x'", "DELETE FROM accounts_auditentry"]
)
def test_nobody_changes_or_deletes_entries(acme, alias, change):
    note(acme)
    with (
        tenant_context(acme.workspace.id),
        pytest.raises(DatabaseError, match="never changed"),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('app.workspace', %s, false)", [str(acme.workspace.id)])
        cursor.execute(change)
    assert len(audit(action="update")) == 1


def test_owners_see_their_own_log_only(acme):
    note(acme, resource_id="ours")
    note(acme, resource_id="theirs", workspace=acme.rival)
    answer = browser(acme.owner).get(PAGE)
    assert shown(answer) == ["ours"]
    assert b"theirs" not in answer.content
    for who in (acme.admin, acme.member):
        assert browser(who).get(PAGE).status_code == 403
        assert browser(who).post(EXPORT).status_code == 403
    for answer in (browser().get(PAGE), browser().post(EXPORT)):
        assert answer.url.startswith(reverse("account_login"))
    assert browser(acme.owner).get(EXPORT).status_code == 405
    assert audit(action="export") == []


def test_filters(acme):
    bob = cast.actor_for(acme.member)
    key = Actor(kind="key", label="API key CRM", key_id=uuid4())
    note(acme, resource_id="1")
    note(acme, resource_id="2", action="delete", actor=bob)
    note(acme, resource_id="3", resource="segment", actor=key)
    note(acme, resource_id="4", actor=Actor.system("sweeper"))
    client = browser(acme.owner)

    def pick(**query):
        return sorted(shown(client.get(PAGE, query)))

    assert pick() == ["1", "2", "3", "4"]
    assert pick(action="delete") == ["2"]
    assert pick(resource="segment") == ["3"]
    assert pick(who=f"user:{acme.member.id}") == ["2"]
    assert pick(who=f"key:{key.key_id}") == ["3"]
    assert pick(who="system:sweeper") == ["4"]
    assert pick(action="update", who=f"user:{acme.owner.id}") == ["1"]
    for nothing in ("user:x", "user:", "key:", "robot:1", "x", "system:", f"key:{uuid4()}"):
        assert pick(who=nothing) in ([], ["1", "2", "3", "4"]), nothing
    page = client.get(PAGE)
    form = page.context["form"]
    assert ("delete", "Delete") in form.fields["action"].widget.choices
    assert (f"user:{acme.member.id}", acme.member.email) in form.fields["who"].widget.choices


def test_days_are_the_workspaces(acme):
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(time_zone="America/New_York")
    today = timezone.now().date()
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    note(acme, resource_id="late", at=noon.replace(hour=3))  # the day before in New York
    note(acme, resource_id="noon", at=noon)
    client = browser(acme.owner)
    day, before = today.isoformat(), (today - timedelta(days=1)).isoformat()
    assert shown(client.get(PAGE, {"since": day})) == ["noon"]
    assert shown(client.get(PAGE, {"until": before})) == ["late"]
    assert shown(client.get(PAGE, {"since": before, "until": day})) == ["noon", "late"]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "x"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"action": "x" * 10_000},
    ],
)
def test_what_cannot_be_picked_is_said(acme, query):
    note(acme)
    client = browser(acme.owner)
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) <= set(query) | {"until"}
    assert answer.context["form"].errors
    assert client.post(EXPORT, query).status_code == 400
    assert audit(action="export") == []


@pytest.mark.parametrize("cursor", ["x", "\x00", "a:b:c", "x" * 10_000])
def test_a_cursor_that_isnt_ours_is_a_400(acme, cursor):
    assert browser(acme.owner).get(PAGE, {"cursor": cursor}).status_code == 400


def test_pages_by_cursor_show_every_entry_once(acme, django_assert_max_num_queries):
    now = timezone.now()
    for number in range(120):
        note(acme, resource_id=str(number), at=now - timedelta(seconds=number // 3))
    client = browser(acme.owner)
    seen, path = [], PAGE
    while path:
        with django_assert_max_num_queries(9, using="default"):
            answer = client.get(path)
        seen += shown(answer)
        cursor = answer.context["page"].next_cursor
        path = f"{PAGE}?cursor={cursor}" if cursor else None
    assert len(seen) == 120
    assert len(set(seen)) == 120


def test_an_htmx_request_gets_the_results_only(acme):
    note(acme)
    answer = browser(acme.owner).get(PAGE, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    assert b"Lead" in answer.content


def test_the_export_is_csv_of_what_was_picked(acme):
    note(acme, resource_id="1", new={"name": '=HYPERLINK("http://evil")'})
    note(acme, resource_id="=1+1", action="delete")
    note(acme, resource_id="theirs", workspace=acme.rival)
    client = browser(acme.owner)
    answer = client.post(EXPORT)
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    found = rows(answer)
    assert [row["action"] for row in found] == ["export", "delete", "update"]
    assert found[1]["resource_id"] == "'=1+1"
    assert found[2]["new"] == '{"name": "=HYPERLINK(\\"http://evil\\")"}'
    assert found[2]["who"] == acme.owner.email
    assert datetime.fromisoformat(found[2]["time"]).tzinfo == UTC
    [row] = rows(client.post(EXPORT, {"action": "delete"}))
    assert row["action"] == "delete"
    first, second = audit(action="export")
    assert first.new == {}
    assert second.new == {"action": "delete"}
    assert second.workspace_id == acme.workspace.id


def test_a_long_export_comes_in_batches(acme, monkeypatch):
    monkeypatch.setattr("accounts.audit.queries.EXPORT_BATCH", 10)
    for number in range(35):
        note(acme, resource_id=str(number))
    answer = browser(acme.owner).post(EXPORT)
    assert answer.streaming
    pieces = [piece for piece in answer.streaming_content if piece]
    assert len(pieces) == 5  # the header, and 36 rows by ten
    found = list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))
    assert [row["resource_id"] for row in found[1:]] == [str(n) for n in range(34, -1, -1)]
