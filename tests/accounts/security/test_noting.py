"""A-8: what is noted stays, once, and never gets in anybody's way."""

import threading

import pytest
from django.core.cache import cache
from django.db import connections
from django.db.utils import DatabaseError

from accounts.audit.masking import MASK
from accounts.security.operations import MOST_A_MINUTE, note_security_event
from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor, RequestMeta
from cursive.lib.addresses import network_of
from cursive.lib.tenancy import atomic, system_context, tenant_context, uuid7
from tests.accounts.security.events import events


def test_an_event_holds_everything_but_secrets(acme):
    meta = RequestMeta(
        ip="203.0.113.9", user_agent="curl", method="POST", endpoint="/x/", request_id="r-1"
    )
    who = Actor(kind="user", label="bob", user_id=acme.member.id, request=meta)
    note_security_event(
        kind="mfa_change",
        risk="high",
        workspace_id=acme.workspace.id,
        actor=who,
        detail={"type": "totp", "secret": "JBSWY3DP", "long": "x" * 9_000, "ids": [uuid7()]},
    )
    [event] = events()
    assert (event.kind, event.risk, event.workspace_id) == (
        "mfa_change",
        "high",
        acme.workspace.id,
    )
    assert (event.actor_kind, event.actor_label, event.user_id) == ("user", "bob", acme.member.id)
    assert (event.ip, event.user_agent, event.method) == ("203.0.113.9", "curl", "POST")
    assert (event.endpoint, event.request_id) == ("/x/", "r-1")
    assert (event.detail["type"], event.detail["secret"]) == ("totp", MASK)
    assert len(event.detail["long"]) == 500


def test_it_survives_the_callers_rollback(acme):
    with pytest.raises(RuntimeError), tenant_context(acme.workspace.id):
        Workspace.objects.filter(id=acme.workspace.id).update(name="Changed")
        note_security_event(kind="limit_refused", risk="low", workspace_id=acme.workspace.id)
        raise RuntimeError
    assert len(events()) == 1
    with system_context():
        assert Workspace.objects.get(id=acme.workspace.id).name == "Acme"


def test_it_survives_the_rollback_of_the_systems_own_transaction(acme):
    with pytest.raises(RuntimeError), system_context(), atomic():
        note_security_event(kind="signature_failed", risk="high", address="203.0.113.9")
        raise RuntimeError
    [event] = events()
    assert (event.workspace_id, event.ip) == (None, "203.0.113.9")


@pytest.mark.parametrize("context", ["system", "tenant"])
def test_it_is_written_from_a_broken_transaction(acme, context):
    inside = system_context() if context == "system" else tenant_context(acme.workspace.id)
    alias = "admin" if context == "system" else "default"
    with pytest.raises(DatabaseError), inside, atomic():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT 1/0")
        except DatabaseError:
            note_security_event(kind="login_failed", risk="low")
            raise
    assert len(events()) == 1


class Odd:
    def __str__(self):
        return "odd\x00\ud800"


@pytest.mark.parametrize(
    "given",
    [
        {
            "detail": {
                "a\x00": "b\x00",
                "\ud800": "\udfff",
                "odd": Odd(),
                "n": [1, None, {"x": 1.5}],
            }
        },
        {"detail": {"deep": [[[[Odd()]]]], "set": {1}}},
        {"address": "not an address"},
        {"address": None},
        {"address": "::ffff:203.0.113.9"},
        {"actor": Actor(kind="user", label="\x00" * 500)},
        {"kind": "x" * 500},
        {"kind": "a kind of a room above"},
        {"risk": "unheard of"},
    ],
)
def test_whatever_comes_is_written(db, given):
    note_security_event(**({"kind": "login_failed", "risk": "low"} | given))
    [event] = events()
    assert event.kind_words
    assert event.details is not None


def test_it_never_raises_where_the_database_refuses(acme, monkeypatch, caplog):
    """The table is away: the caller goes on all the same."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_securityevent RENAME TO away")
    try:
        with tenant_context(acme.workspace.id):
            note_security_event(kind="login_failed", risk="low")
            assert Workspace.objects.filter(id=acme.workspace.id).exists()
        with system_context(), atomic():
            note_security_event(kind="login_failed", risk="low")
            assert Workspace.objects.filter(id=acme.workspace.id).exists()
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO accounts_securityevent")
    assert [record.message for record in caplog.records].count("security_event_not_written") == 2


def refuse(workspace, *, limit="api", address="203.0.113.9"):
    note_security_event(
        kind="limit_refused",
        risk="low",
        workspace_id=workspace.id,
        address=address,
        detail={"limit": limit},
    )


def test_a_storm_of_the_same_is_one_event_a_minute(acme):
    for number in range(50):
        refuse(acme.workspace, address=f"203.0.113.{number}")
    refuse(acme.workspace, limit="exports")
    refuse(acme.workspace, address="198.51.100.1")
    refuse(acme.rival)
    assert [event.detail for event in events()] == [
        {"limit": "api"},
        {"limit": "exports"},
        {"limit": "api"},
        {"limit": "api"},
    ]
    for key in cache._cache.get_client().keys("*security:gate:*"):  # a minute later
        cache._cache.get_client().delete(key)
    refuse(acme.workspace)
    assert events()[-1].detail == {"limit": "api", "repeated": 49}


def test_a_storm_from_everywhere_is_capped(db):
    for number in range(MOST_A_MINUTE + 20):
        note_security_event(kind="signature_failed", risk="high", address=f"2001:db8:{number:x}::1")
    assert len(events()) == MOST_A_MINUTE


def test_a_storm_in_threads_is_one_event(acme):
    def work():
        for _ in range(20):
            refuse(acme.workspace)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events()) == 1


def test_what_is_done_once_is_never_left_out(acme):
    for _ in range(3):
        note_security_event(kind="mfa_change", risk="high", workspace_id=acme.workspace.id)
        note_security_event(kind="login_failed", risk="low")
    assert len(events()) == 6


def test_events_are_written_while_redis_is_down(acme, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }
    refuse(acme.workspace)
    refuse(acme.workspace)
    assert len(events()) == 1  # this process folds what is alike for itself


@pytest.mark.parametrize("alias", ["default", "admin", "owner"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE accounts_securityevent SET kind = 'x'", "DELETE FROM accounts_securityevent"],
)
def test_nobody_changes_or_deletes_events(acme, alias, change):
    note_security_event(kind="login_failed", risk="low", workspace_id=acme.workspace.id)
    with (
        tenant_context(acme.workspace.id),
        pytest.raises(DatabaseError, match="never changed"),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute("SELECT set_config('app.workspace', %s, false)", [str(acme.workspace.id)])
        cursor.execute(change)
    assert len(events(kind="login_failed")) == 1


def test_a_workspace_sees_its_own_rows_only(acme):
    """Row-level security, below every query of ours."""
    for workspace_id in (acme.workspace.id, acme.rival.id, None):
        note_security_event(kind="login_failed", risk="low", workspace_id=workspace_id)
    with tenant_context(acme.workspace.id), connections["default"].cursor() as cursor:
        cursor.execute("SELECT workspace_id FROM accounts_securityevent")
        assert cursor.fetchall() == [(acme.workspace.id,)]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        (None, ""),
        ("x", ""),
    ],
)
def test_networks(address, network):
    assert network_of(address) == network
