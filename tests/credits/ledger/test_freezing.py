"""A frozen account spends and holds nothing; what is refunded is taken back all the same (C-12)."""

import pytest

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.ledger.operations import SpendingFrozen, set_frozen, take_back
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import system_context, tenant_context
from tests.credits.books import SYSTEM, Books, amount, at_once


def freeze(books: Books, frozen: bool = True) -> bool:
    with tenant_context(books.workspace.id):
        return set_frozen(
            workspace_id=books.workspace.id, frozen=frozen, actor=SYSTEM, reason="A dispute"
        )


def take(books: Books, credits: object, key: str = "back"):
    with tenant_context(books.workspace.id):
        return take_back(
            workspace_id=books.workspace.id,
            up_to=amount(credits),
            reference=("purchase", "1"),
            key=key,
            actor=SYSTEM,
        )


def test_a_frozen_account_neither_spends_nor_holds(books):
    books.grant(100)
    assert freeze(books) is True
    before = books.snapshot()
    for work in (lambda: books.spend(1), lambda: books.hold(1)):
        with pytest.raises(SpendingFrozen) as refused:
            work()
        assert (refused.value.status, refused.value.code) == (403, "spending_frozen")
    assert books.snapshot() == before
    assert freeze(books, False) is True
    books.spend(1)
    assert books.state() == (99, 0)


def test_all_else_goes_on(books):
    """Grants, refunds, and the delivery of what was held before."""
    books.grant(100)
    spent, held = books.spend(10, "mine"), books.hold(20)
    freeze(books)
    assert books.spend(10, "mine").id == spent.id  # a repeated call still finds its first result
    books.grant(5)
    books.refund(spent, 4)
    books.capture(held, 15)
    books.release(held)
    assert books.state() == (84, 0)
    freeze(books, False)
    assert find_differences() == []


def test_freezing_twice_is_freezing_once(books):
    assert freeze(books) is True and freeze(books) is False
    with system_context():
        (noted,) = AuditEntry.objects.filter(action="freeze")
    assert noted.workspace_id == books.workspace.id and noted.new == {"reason": "A dispute"}


def test_a_workspace_that_never_had_credits_can_be_frozen(books):
    freeze(books)
    books.grant(10)
    with pytest.raises(SpendingFrozen):
        books.spend(1)
    assert books.state() == (10, 0)


def test_freezing_one_workspace_leaves_the_others(books, others):
    books.grant(10)
    others.grant(10)
    freeze(books)
    others.spend(1)
    assert others.state() == (9, 0)


def test_nothing_is_spent_past_a_freeze_at_the_same_moment(books):
    """Whoever comes after the freeze is refused; who came before has its entry."""
    books.grant(100)
    results = at_once(12, lambda n: freeze(books) if n == 5 else books.spend(1, f"k{n}"))
    spent = [one for one in results if not isinstance(one, bool | SpendingFrozen)]
    assert books.state() == (100 - len(spent), 0)
    with pytest.raises(SpendingFrozen):
        books.spend(1)
    freeze(books, False)
    assert find_differences() == []


# ---- Taking back ------------------------------------------------------------------------------


def test_credits_are_taken_back_as_far_as_the_balance_reaches(books):
    books.grant(100)
    books.spend(70)
    assert take(books, 20, "a").amount == amount(-20)
    assert take(books, 20, "b").amount == amount(-10)
    assert take(books, 20, "c") is None
    assert books.state() == (0, 0)
    assert find_differences() == []


def test_also_from_a_frozen_account_but_not_what_is_held(books):
    books.grant(100)
    books.hold(60)
    freeze(books)
    assert take(books, 100).amount == amount(-40)
    assert books.state() == (0, 60)


def test_the_same_key_takes_once_whatever_came_in_between(books):
    books.grant(10)
    first = take(books, 30)
    books.grant(100)
    assert take(books, 30).id == first.id
    assert books.state() == (100, 0)
    books.grant(1, "granted")
    with pytest.raises(Conflict):
        take(books, 30, "granted")
    results = at_once(8, lambda _: take(books, 5, "once"))
    assert len({one.id for one in results}) == 1
    assert books.state() == (96, 0)


def test_taking_back_is_audited(books):
    books.grant(10)
    take(books, 3)
    with system_context():
        noted = AuditEntry.objects.get(resource="credits", action="spend")
    assert noted.new["action"] == "purchase_refund" and noted.new["amount"] == "-3.00"
