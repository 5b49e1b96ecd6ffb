"""The ledger under threads on a real PostgreSQL: never below zero, once per key, no deadlock."""

import threading
from decimal import Decimal

import pytest
from django.db import connections

from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits
from cursive.lib.tenancy import tenant_context
from tests.credits.books import at_once

pytestmark = pytest.mark.faults


def kinds(results: list) -> dict[str, int]:
    """How many results of each type."""
    counted: dict[str, int] = {}
    for result in results:
        name = type(result).__name__
        counted[name] = counted.get(name, 0) + 1
    return counted


def test_fifty_spend_from_a_balance_for_half(books):
    """C-4."""
    books.grant(25)
    results = at_once(50, lambda number: books.spend(1, f"s{number}"))
    assert kinds(results) == {"Entry": 25, "InsufficientCredits": 25}
    assert books.state() == (0, 0) and len(books.entries()) == 26
    assert sorted(one.balance_after for one in results if not isinstance(one, Exception)) == [
        Decimal(left) for left in range(25)
    ]
    assert find_differences() == []


@pytest.mark.parametrize("operation", ["grant", "spend", "hold", "refund", "capture"])
def test_one_key_from_twenty_threads_is_one_change(books, operation):
    """C-3: all get the same result, also those that raced for it."""
    books.grant(100)
    spent, held = books.spend(10), books.hold(10)
    work = {
        "grant": lambda _: books.grant(5, "k"),
        "spend": lambda _: books.spend(5, "k"),
        "hold": lambda _: books.hold(5, "k"),
        "refund": lambda _: books.refund(spent, 5, "k"),
        "capture": lambda _: books.capture(held, 5, "k"),
    }[operation]
    before = sum(books.state())
    results = at_once(20, work)
    assert {getattr(one, "id", one) for one in results} == {results[0].id}
    change = {"grant": 5, "refund": 5, "spend": -5, "capture": -5, "hold": 0}[operation]
    assert sum(books.state()) == before + change
    assert find_differences() == []


def test_one_key_for_the_last_credits(books):
    """The ones that lost the race find the balance gone, and the key used: no 402."""
    books.grant(5)
    results = at_once(20, lambda _: books.spend(5, "k"))
    assert {getattr(one, "id", one) for one in results} == {results[0].id}
    assert books.state() == (0, 0) and books.amounts() == [5, -5]


def test_the_first_grant_of_a_workspace_from_many_threads(books):
    results = at_once(20, lambda number: books.grant(1, f"g{number % 10}"))
    assert kinds(results) == {"Entry": 20}
    assert books.state() == (10, 0) and len(books.entries()) == 10
    assert find_differences() == []


def test_a_key_for_two_amounts_goes_to_one_of_them(books):
    books.grant(100)
    results = at_once(20, lambda number: books.spend(1 + number % 2, "k"))
    assert kinds(results) == {"Entry": 10, "Conflict": 10}
    assert len(books.entries()) == 2 and find_differences() == []


def waiting_for_each_other(books, first, second) -> list:
    """`first` in a transaction that stays open until `second` waits for its lock."""
    wrote, go_on = threading.Event(), threading.Event()

    def work(number: int) -> object:
        with tenant_context(books.workspace.id):
            if number == 0:
                result = first()
                wrote.set()
                go_on.wait(10)
                return result
            wrote.wait(10)
            threading.Timer(0.3, go_on.set).start()
            return second()

    return at_once(2, work)


def test_a_race_lost_leaves_the_losers_transaction_alive(books):
    """C-3: the loser gets the winner's entry, and its own transaction goes on and commits."""
    books.grant(10)

    def second() -> object:
        entry = books.spend(4, "k")
        books.spend(1, "more")
        return entry

    won, lost = waiting_for_each_other(books, lambda: books.spend(4, "k"), second)
    assert won.id == lost.id
    assert books.amounts() == [10, -4, -1] and books.state() == (5, 0)


def test_a_spend_that_must_wait_decides_by_the_new_balance(books):
    """C-4."""
    books.grant(10)
    won, lost = waiting_for_each_other(books, lambda: books.spend(8), lambda: books.spend(8))
    assert isinstance(lost, InsufficientCredits)
    assert lost.extra == {"balance": "2.00", "price": "8.00"}
    assert books.amounts() == [10, won.amount] and books.state() == (2, 0)


def test_refunds_race_for_a_spend(books):
    """C-5."""
    books.grant(10)
    spent = books.spend(10)
    results = at_once(20, lambda number: books.refund(spent, 1, f"r{number}"))
    assert kinds(results) == {"Entry": 10, "Conflict": 10}
    assert books.state() == (10, 0) and find_differences() == []


def test_the_database_itself_keeps_refunds_within_their_spend(books):
    """Refunds that pass by the operations: the trigger makes them wait for each other."""
    books.grant(10)
    spent = books.spend(10)

    def insert(number: int) -> int:
        with tenant_context(books.workspace.id), connections["default"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO credits_entry (workspace_id, kind, amount, balance_after, action,"
                " reference_kind, reference_id, key, refunds_id, actor_kind, actor_label, metadata,"
                " created_at) VALUES (%s, 'refund', 3, 0, 'pull', 'test', '1', %s, %s, 'system',"
                " 'test', '{}', now())",
                [books.workspace.id, f"r{number}", spent.id],
            )
        return 3

    results = at_once(8, insert)
    assert kinds(results) == {"int": 3, "IntegrityError": 5}


def test_captures_and_a_release_race_for_a_hold(books):
    """C-6: what was captured and what came back are the hold, whoever wins."""
    books.grant(20)
    held = books.hold(20)

    def work(number: int) -> object:
        return books.release(held) if number == 7 else books.capture(held, 1, f"c{number}")

    results = at_once(16, work)
    captured = sum(1 for one in results if type(one).__name__ == "Entry")
    assert kinds(results).get("Conflict", 0) == 15 - captured
    hold = books.holds()[0]
    assert (hold.state, hold.captured, hold.released) == ("closed", captured, 20 - captured)
    assert books.state() == (20 - captured, 0) and find_differences() == []


def test_more_captures_than_a_hold_has(books):
    books.grant(20)
    held = books.hold(10)
    results = at_once(20, lambda number: books.capture(held, 1, f"c{number}"))
    assert kinds(results) == {"Entry": 10, "Conflict": 10}
    assert books.state() == (10, 0) and find_differences() == []


def test_everything_at_once_never_deadlocks(books):
    """Transactions that each change several things, in different orders."""
    books.grant(1000)
    holds = [books.hold(50) for _ in range(3)]
    spends = [books.spend(20) for _ in range(3)]

    def work(number: int) -> str:
        steps = [
            lambda: books.spend(1, f"{number}s"),
            lambda: books.capture(holds[number % 3], 1, f"{number}c"),
            lambda: books.refund(spends[number % 3], 1, f"{number}r"),
            lambda: books.release(books.hold(2, f"{number}h")),
            lambda: books.capture(holds[(number + 1) % 3], 1, f"{number}d"),
            lambda: books.grant(1, f"{number}g"),
        ]
        with tenant_context(books.workspace.id):
            for step in steps[number % 6 :] + steps[: number % 6]:
                step()
        return "done"

    results = at_once(24, work)
    assert [one for one in results if one != "done"] == []
    assert find_differences() == []
    # 60 of the 1,000 were spent before; each of the 24 adds 1 and 1, and takes 1, 1 and 1.
    assert sum(books.state()) == 940 - 24


def test_two_workspaces_never_wait_for_each_other(books, others):
    books.grant(10)
    others.grant(10)
    with tenant_context(books.workspace.id):
        books.spend(1)  # holds the lock of this workspace's account
        results = at_once(5, lambda number: others.spend(1, f"s{number}"))
    assert kinds(results) == {"Entry": 5}
