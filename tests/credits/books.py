"""What the tests of the ledger share: short calls of the operations, and threads that commit."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connections

from accounts.workspaces.models import Workspace
from credits.ledger import operations
from credits.ledger.models import Account, Entry, Hold
from cursive.lib.actors import Actor
from cursive.lib.tenancy import current_workspace_id, system_context, tenant_context

SYSTEM = Actor.system("test")


def amount(value: object) -> Decimal:
    """`value` as credits."""
    return Decimal(str(value)).quantize(Decimal("0.01"))


class Books:
    """One workspace's credits, each call in a tenant's transaction of its own."""

    def __init__(self, workspace: Workspace, actor: Actor = SYSTEM) -> None:
        self.workspace = workspace
        self.actor = actor
        self.made = 0

    def call(self, operation: str, **values: Any) -> Any:
        """One operation, committed when it returns, or in the tenant's transaction that is open."""
        values = {"actor": self.actor, **values}
        mine = current_workspace_id() == self.workspace.id
        with nullcontext() if mine else tenant_context(self.workspace.id):
            return getattr(operations, operation)(workspace_id=self.workspace.id, **values)

    def key(self, key: str | None) -> str:
        """The key that was given, or a new one."""
        self.made += 1
        return key or f"{threading.get_ident()}-{self.made}"

    def grant(self, credits: object, key: str | None = None, **more: Any) -> Entry:
        """Credits from staff."""
        values = {"action": "grant", "reference": ("test", "1"), **more}
        return self.call("grant", amount=amount(credits), key=self.key(key), **values)

    def spend(self, credits: object, key: str | None = None, **more: Any) -> Entry:
        """Credits for a lead."""
        values = {"action": "pull", "reference": ("test", "1"), **more}
        return self.call("spend", amount=amount(credits), key=self.key(key), **values)

    def refund(self, spent: Entry, credits: object, key: str | None = None) -> Entry:
        """Part of a spend back."""
        return self.call("refund", entry=spent, amount=amount(credits), key=self.key(key))

    def hold(self, credits: object, key: str | None = None, **more: Any) -> Hold:
        """Credits kept back."""
        values = {"action": "pull", "reference": ("test", "1"), **more}
        return self.call("hold", amount=amount(credits), key=self.key(key), **values)

    def capture(self, held: Hold, credits: object, key: str | None = None) -> Entry:
        """Part of a hold charged."""
        return self.call("capture", hold_id=held.id, amount=amount(credits), key=self.key(key))

    def release(self, held: Hold) -> Hold:
        """The rest of a hold back."""
        return self.call("release", hold_id=held.id)

    def state(self) -> tuple[Decimal, Decimal]:
        """(balance, held)."""
        with system_context():
            row = Account.objects.filter(workspace=self.workspace).values_list("balance", "held")
            return row.first() or (Decimal(0), Decimal(0))

    def entries(self) -> list[Entry]:
        """All of them, oldest first."""
        with system_context():
            return list(Entry.objects.filter(workspace=self.workspace).order_by("id"))

    def amounts(self) -> list[Decimal]:
        """What the entries say, oldest first."""
        return [entry.amount for entry in self.entries()]

    def holds(self) -> list[Hold]:
        """All of them, oldest first."""
        with system_context():
            return list(Hold.objects.filter(workspace=self.workspace).order_by("created_at"))

    def snapshot(self) -> tuple[Any, ...]:
        """Everything, to compare: what a refusal must leave as it was."""
        holds = [(one.id, one.captured, one.released, one.state) for one in self.holds()]
        return self.state(), [(one.id, one.amount) for one in self.entries()], holds


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """`work(0…count-1)`, each in a thread, all let go at the same moment.

    Returns what each returned or raised.
    """
    gate = threading.Barrier(count)
    results: list[Any] = [None] * count

    def one(number: int) -> None:
        gate.wait()
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextmanager
def superuser() -> Iterator[psycopg.Connection]:
    """The test's database past policies, triggers and foreign keys: for planting faults."""
    name = connections["default"].settings_dict["NAME"]
    with psycopg.connect(
        os.environ["SUPERUSER_DATABASE_URL"], dbname=name, autocommit=True
    ) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def start_and_wait(thread: threading.Thread, waiting: int = 1) -> bool:
    """Start a thread, and wait until some statement is seen to wait for a lock (or so many are);
    whether one is."""
    thread.start()
    ends = time.monotonic() + 20
    with superuser() as connection:
        while thread.is_alive() and time.monotonic() < ends:
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock'"
            ).fetchone()
            if found and found[0] >= waiting:
                return True
            time.sleep(0.01)
    return False
