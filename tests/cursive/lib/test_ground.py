"""Slots, partitions, audit and health."""

import threading

import pytest
from django.db import connections
from django.db.utils import DatabaseError

from accounts.audit.models import AuditEntry
from cursive.lib import health, partitions
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.slots.models import Slot
from cursive.lib.slots.operations import take_slot
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast

ACTOR = Actor.system("test")


def test_a_slot_is_taken_once_by_whoever_comes_first(db):
    taken = []

    def one() -> None:
        if take_slot("nightly", "2026-11-21"):
            taken.append(1)
        connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == [1] and Slot.objects.count() == 1
    assert take_slot("nightly", "2026-11-22")


def test_partitions_are_made_ahead_and_only_once(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
            " AND relname LIKE 'accounts_auditentry_%%' ORDER BY relname DESC LIMIT 1"
        )
        cursor.execute(f"DROP TABLE {cursor.fetchone()[0]}")
    assert partitions.ensure_partitions() >= 1
    assert partitions.ensure_partitions() == 0


def test_audit_entries_are_masked_kept_and_ours_alone(db):
    acme, _ = cast.acme()
    rival, _ = cast.rival()
    with tenant_context(acme.id):
        record(
            action="update",
            resource="key",
            resource_id=1,
            actor=ACTOR,
            workspace_id=acme.id,
            old={"password": "x", "name": "a"},
            new={"nested": {"api_token": "y"}},
        )
        entry = AuditEntry.objects.get()
        assert entry.old == {"password": "•••", "name": "a"}
        assert entry.new == {"nested": {"api_token": "•••"}}
    with tenant_context(rival.id):
        assert not AuditEntry.objects.exists()
    with system_context():
        for change in (entry.delete, entry.save):
            with pytest.raises(DatabaseError, match="never changed"):
                change()
        assert AuditEntry.objects.count() == 1


def test_audit_without_a_workspace_is_the_staffs(db):
    record(action="login_failed", resource="user", resource_id="x", actor=ACTOR)
    acme, _ = cast.acme()
    with tenant_context(acme.id):
        assert not AuditEntry.objects.exists()
    with system_context():
        assert AuditEntry.objects.get().workspace_id is None


def test_health_tells_needed_from_optional(monkeypatch):
    def broken() -> None:
        raise OSError("password=secret")

    def slow() -> None:
        threading.Event().wait(0.5)

    monkeypatch.setattr(health, "_checks", {})
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.1)
    health.register_check("fine", lambda: None, needed=True)
    assert health.examine() == (200, {"status": "ok", "checks": {"fine": "ok"}})
    health.register_check("slow", slow, needed=False)
    status, body = health.examine()
    assert status == 200 and body["status"] == "degraded" and body["checks"]["slow"] == "timeout"
    health.register_check("broken", broken, needed=True)
    status, body = health.examine()
    assert status == 503 and "secret" not in str(body)
