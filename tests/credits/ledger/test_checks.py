"""The proof of the books finds what is planted, and nothing else (C-7)."""

import logging
from io import StringIO

import pytest
from django.core.management import call_command

from credits.ledger import checks
from credits.ledger.checks import find_differences, register_ledger_check
from credits.ledger.tasks import check_ledger
from tests.credits.books import superuser

# What is planted, and the checks that must see it.
PLANTS = {
    "UPDATE credits_account SET balance = balance + 1": ["balance is entries less open holds"],
    "DELETE FROM credits_account": ["balance is entries less open holds", "held is open holds"],
    "UPDATE credits_account SET held = held + 1": ["held is open holds"],
    "UPDATE credits_entry SET amount = amount + 1 WHERE kind = 'grant'": [
        "balance is entries less open holds",
        "balance after is the sum of the entries",
    ],
    "DELETE FROM credits_entry WHERE kind = 'refund'": [
        "balance is entries less open holds",
        "balance after is the sum of the entries",
    ],
    "UPDATE credits_entry SET balance_after = 1 WHERE kind = 'refund'": [
        "balance after is the sum of the entries"
    ],
    "UPDATE credits_entry SET hold_id = NULL": ["captures are entries"],
    "UPDATE credits_entry SET refunds_id = (SELECT min(id) FROM credits_entry)"
    " WHERE kind = 'refund'": ["refunds stay within their spend"],
    "UPDATE credits_entry SET amount = amount + 40, balance_after = balance_after + 40"
    " WHERE kind = 'refund'": [
        "balance is entries less open holds",
        "balance after is the sum of the entries",
        "refunds stay within their spend",
    ],
}


@pytest.fixture
def busy(books, others):
    """Books with one of everything: 100 granted, 20 spent, 5 back, 30 held, 10 of it captured."""
    for one in (books, others):
        one.grant(100)
        one.refund(one.spend(20), 5)
        one.capture(one.hold(30), 10)
        one.release(one.hold(7))
    return books


def test_right_books_have_no_difference(busy):
    assert find_differences() == []


@pytest.mark.parametrize("statement", PLANTS, ids=range(len(PLANTS)))
def test_what_is_planted_is_found(busy, statement):
    where = "WHERE" if " WHERE " not in statement else "AND"
    with superuser() as connection:
        connection.execute(f"{statement} {where} workspace_id = '{busy.workspace.id}'")
    found = find_differences()
    assert {one.check for one in found} == set(PLANTS[statement])
    assert {one.workspace for one in found} == {str(busy.workspace.id)}


@pytest.mark.parametrize(
    ("constraint", "table", "change", "check"),
    [
        (
            "account_balance_not_negative",
            "credits_account",
            "UPDATE credits_account SET balance = -1",
            "nothing is negative",
        ),
        (
            "hold_open_while_something_is_left",
            "credits_hold",
            "UPDATE credits_hold SET released = 0 WHERE state = 'closed'",
            "closed holds are captured or released",
        ),
    ],
)
def test_what_a_constraint_would_have_refused_is_found_too(busy, constraint, table, change, check):
    with superuser() as connection:
        kept = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint]
        ).fetchone()[0]
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        try:
            connection.execute(change)
            assert check in {one.check for one in find_differences()}
        finally:
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {kept} NOT VALID")


def test_two_entries_of_one_key_are_found(busy):
    with superuser() as connection:
        connection.execute("ALTER TABLE credits_entry DROP CONSTRAINT entry_key_once")
        try:
            connection.execute("UPDATE credits_entry SET key = 'same'")
            found = [one for one in find_differences() if one.check == "one entry a key"]
        finally:
            connection.execute("DELETE FROM credits_entry")
            connection.execute(
                "ALTER TABLE credits_entry ADD CONSTRAINT entry_key_once UNIQUE (workspace_id, key)"
            )
    assert [(one.subject, one.expected, one.found) for one in found] == [("key same", "1", "4")] * 2


def test_floors_above_add_checks(busy, monkeypatch):
    monkeypatch.setattr(checks, "_checks", dict(checks._checks))
    register_ledger_check(
        "sql", "SELECT workspace_id, 'x', 1, 2 FROM credits_account WHERE balance > 0"
    )
    register_ledger_check("function", lambda: [(busy.workspace.id, "y", 3, 4)])
    assert {(one.check, one.subject, one.expected, one.found) for one in find_differences()} == {
        ("sql", "x", "1", "2"),
        ("function", "y", "3", "4"),
    }


def test_the_command_proves_or_ends_with_1(busy):
    out = StringIO()
    call_command("check_ledger", stdout=out)
    assert "The ledger is right" in out.getvalue()
    with superuser() as connection:
        connection.execute("UPDATE credits_account SET balance = balance + 1")
    before = busy.snapshot()
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("check_ledger", stdout=out)
    assert end.value.code == 1
    assert str(busy.workspace.id) in out.getvalue() and "2 differences" in out.getvalue()
    assert busy.snapshot() == before  # never a silent fix


def test_the_nightly_task_logs_each_difference_once_a_day(busy, caplog):
    with superuser() as connection:
        connection.execute("UPDATE credits_account SET balance = balance + 1")
    with caplog.at_level(logging.ERROR):
        assert check_ledger() == 2
        assert check_ledger() == 0  # a second beat's tick
    assert [record.message for record in caplog.records] == ["ledger_difference"] * 2
