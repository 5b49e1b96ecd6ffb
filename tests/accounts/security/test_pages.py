"""A-8: owners see their workspace's events, staff all, both as CSV."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.security.models import SecurityEvent
from accounts.security.operations import note_security_event
from cursive.lib.tenancy import system_context
from tests import cast
from tests.accounts.conftest import audit, browser

PAGE = "/settings/security/"
EXPORT = "/settings/security/exports/"
STAFF = "admin:accounts_securityevent_changelist"


def note(workspace, kind="login_failed", risk="low", at=None, **detail):
    if at is None:
        note_security_event(
            kind=kind, risk=risk, workspace_id=workspace and workspace.id, detail=detail
        )
        return
    with system_context():
        SecurityEvent.objects.create(
            workspace=workspace, kind=kind, risk=risk, detail=detail, created_at=at
        )


def shown(answer):
    return [event.detail.get("n") for event in answer.context["page"].items]


def rows(answer):
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_owners_see_their_own_events_only(acme):
    note(acme.workspace, n="ours")
    note(acme.rival, n="theirs")
    note(None, n="staff's")
    answer = browser(acme.owner).get(PAGE)
    assert shown(answer) == ["ours"]
    assert b"theirs" not in answer.content and b"staff's" not in answer.content
    for who in (acme.admin, acme.member):
        assert browser(who).get(PAGE).status_code == 403
        assert browser(who).post(EXPORT).status_code == 403
    for answer in (browser().get(PAGE), browser().post(EXPORT)):
        assert answer.url.startswith(reverse("account_login"))
    assert browser(acme.owner).get(EXPORT).status_code == 405
    assert audit(action="export") == []


def test_all_quiet(acme):
    answer = browser(acme.owner).get(PAGE)
    assert b"All quiet" in answer.content
    assert PAGE.encode() in browser(acme.owner).get("/settings/audit/").content


def test_filters(acme):
    now = timezone.now()
    note(acme.workspace, n="1")
    note(acme.workspace, "mfa_change", "high", n="2")
    note(acme.workspace, "a_kind_from_above", "medium", n="3")
    note(acme.workspace, n="4", at=now - timedelta(days=1))
    client = browser(acme.owner)

    def pick(**query):
        return sorted(shown(client.get(PAGE, query)))

    today = now.date()
    assert pick() == ["1", "2", "3", "4"]
    assert pick(kind="mfa_change") == ["2"]
    assert pick(risk="medium") == ["3"]
    assert pick(kind="a_kind_from_above") == ["3"]
    assert pick(since=today.isoformat()) == ["1", "2", "3"]
    assert pick(until=(today - timedelta(days=1)).isoformat()) == ["4"]
    assert pick(kind="login_failed", risk="high") == []
    assert b"Nothing like that" in client.get(PAGE, {"kind": "lockout"}).content
    assert b"Second factor changed" in client.get(PAGE).content
    assert b"A kind from above" in client.get(PAGE).content


@pytest.mark.parametrize(
    "query",
    [
        {"since": "x"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"kind": "x" * 10_000},
        {"risk": "none"},
    ],
)
def test_what_cannot_be_picked_is_said(acme, query):
    note(acme.workspace)
    client = browser(acme.owner)
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert client.post(EXPORT, query).status_code == 400
    assert audit(action="export") == []


def test_pages_by_cursor_show_every_event_once(acme, django_assert_max_num_queries):
    now = timezone.now()
    for number in range(120):
        note(acme.workspace, n=number, at=now - timedelta(seconds=number // 3))
    client = browser(acme.owner)
    seen, path = [], PAGE
    while path:
        with django_assert_max_num_queries(8, using="default"):
            answer = client.get(path)
        seen += shown(answer)
        cursor = answer.context["page"].next_cursor
        path = f"{PAGE}?cursor={cursor}" if cursor else None
    assert sorted(seen) == list(range(120))
    assert client.get(PAGE, {"cursor": "x"}).status_code == 400


def test_an_htmx_request_gets_the_results_only(acme):
    note(acme.workspace)
    answer = browser(acme.owner).get(PAGE, headers={"HX-Request": "true"})
    assert b"<html" not in answer.content and b"Failed sign-in" in answer.content


def test_the_export_is_csv_of_what_was_picked(acme, monkeypatch):
    monkeypatch.setattr("accounts.security.queries.EXPORT_BATCH", 2)
    for number in range(5):
        note(acme.workspace, n=number)
    note_security_event(kind="=1+1", risk="high", workspace_id=acme.workspace.id, detail={"a": "ü"})
    note(acme.rival, n="theirs")
    client = browser(acme.owner)
    answer = client.post(EXPORT)
    assert "attachment" in answer["Content-Disposition"]
    found = rows(answer)
    assert [row["kind"] for row in found] == ["'=1+1", *["login_failed"] * 5]
    assert found[0]["detail"] == '{"a": "ü"}'
    assert len(rows(client.post(EXPORT, {"risk": "high"}))) == 1
    first, second = audit(action="export")
    assert (first.resource, first.workspace_id, first.new) == (
        "security_events",
        acme.workspace.id,
        {},
    )
    assert second.new == {"risk": "high"}


# --- staff --------------------------------------------------------------------------------------


@pytest.fixture
def sam(acme, settings):
    settings.STAFF_MFA_REQUIRED = False
    return browser(cast.staff())


def test_staff_see_all_and_filter_by_every_field(sam, acme):
    note(acme.workspace, n="ours")
    note(acme.rival, "mfa_change", "high", n="theirs")
    note_security_event(
        kind="signature_failed", risk="high", address="203.0.113.9", detail={"n": "nobody's"}
    )
    page = reverse(STAFF)
    content = sam.get(page).content.decode()
    assert all(text in content for text in ("n: ours", "n: theirs", "n: nobody"))

    def found(**query):
        return sam.get(page, query).context["cl"].result_list

    assert [event.detail["n"] for event in found(workspace=str(acme.rival.id))] == ["theirs"]
    assert [event.detail["n"] for event in found(ip_address="203.0.113.9")] == ["nobody's"]
    assert [event.detail["n"] for event in found(detail="OURS")] == ["ours"]
    assert [event.detail["n"] for event in found(what="mfa_change")] == ["theirs"]
    assert len(found(risk__exact="high")) == 2
    for name in ("from", "to", "workspace", "user", "key", "ip_address", "who", "request"):
        assert len(found(**{name: "x"})) == 0, name
    assert len(found(user=str(uuid4()))) == 0


def test_staff_change_nothing(sam, acme):
    note(acme.workspace)
    [event] = browser(acme.owner).get(PAGE).context["page"].items
    assert (
        sam.get(reverse("admin:accounts_securityevent_change", args=[event.pk])).status_code == 200
    )
    assert sam.get(reverse("admin:accounts_securityevent_add")).status_code == 403
    path = reverse("admin:accounts_securityevent_delete", args=[event.pk])
    assert sam.post(path, {"post": "yes"}).status_code == 403
    workspace = reverse("admin:accounts_workspace_change", args=[acme.workspace.pk])
    assert reverse(STAFF) in sam.get(workspace).content.decode()


def test_staff_export_csv(sam, acme):
    note(acme.workspace, n="ours")
    note(None, n="nobody's")
    answer = sam.post(
        reverse(STAFF),
        {"action": "export_csv", "select_across": "1", "_selected_action": ["0"]},
    )
    found = rows(answer)
    assert [row["workspace"] for row in found] == ["", str(acme.workspace.id)]
    [entry] = audit(action="export")
    assert entry.workspace_id is None
