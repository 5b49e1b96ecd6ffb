"""What changes credits: once per key, never below zero, every change an entry (C-1 … C-5)."""

from contextlib import nullcontext
from decimal import Decimal

import pytest

from accounts.audit.models import AuditEntry
from credits.ledger.operations import InsufficientCredits, grant, spend
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.outbox.models import Event
from cursive.lib.tenancy import atomic, system_context, tenant_context, uuid7
from tests import cast
from tests.credits.books import SYSTEM, amount


def events() -> list[dict]:
    with system_context():
        found = Event.objects.filter(type="credit.low").order_by("created_at", "id")
        return [event.payload for event in found]


def audit(**wanted: object) -> list[AuditEntry]:
    with system_context():
        return list(AuditEntry.objects.filter(resource="credits", **wanted).order_by("id"))


def test_an_entry_carries_all_that_it_should(books):
    """C-2."""
    who = Actor("user", "alice@cast.example", user_id=uuid7())
    books.grant(100)
    entry = books.spend(
        "12.50",
        "k1",
        actor=who,
        action="pull",
        reference=("job", "42"),
        metadata={"leads": 25, "price": Decimal("0.50")},
    )
    assert books.state() == (amount("87.50"), 0)
    stored = books.entries()[-1]
    for one in (entry, stored):
        assert (one.kind, one.amount, one.balance_after) == ("spend", amount("-12.5"), amount(87.5))
        assert (one.action, one.reference_kind, one.reference_id) == ("pull", "job", "42")
        assert (one.actor_kind, one.actor_id, one.actor_label) == ("user", who.user_id, who.label)
        assert one.metadata == {"leads": 25, "price": "0.50"}
        assert one.key == "k1" and one.workspace_id == books.workspace.id
    assert (entry.id, entry.created_at) == (stored.id, stored.created_at)


def test_not_enough_changes_nothing_and_says_both_numbers(books):
    """C-4."""
    books.grant(5)
    before = books.snapshot()
    with pytest.raises(InsufficientCredits) as refusal:
        books.spend("5.01")
    assert (refusal.value.status, refusal.value.code) == (402, "insufficient_credits")
    assert refusal.value.extra == {"balance": "5.00", "price": "5.01"}
    with pytest.raises(InsufficientCredits):
        books.hold("5.01")
    assert books.snapshot() == before
    assert audit(action="spend") == []


def test_a_workspace_without_an_account_has_nothing(books):
    with pytest.raises(InsufficientCredits) as refusal:
        books.spend(1)
    assert refusal.value.extra["balance"] == "0.00"
    assert books.snapshot() == ((0, 0), [], [])


def test_all_of_a_balance_can_be_spent(books):
    books.grant(5)
    books.spend(5)
    assert books.state() == (0, 0)


@pytest.mark.parametrize("wrong", [0, -1, "0.001", "NaN", "Infinity", "x", "1e30"])
def test_amounts_are_positive_and_exact(books, wrong):
    books.grant(5)
    before = books.snapshot()
    for operation in ("grant", "spend", "hold"):
        with pytest.raises(InvalidInput):
            books.call(operation, amount=wrong, action="pull", reference=("test", "1"), key="wrong")
    assert books.snapshot() == before


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b"])
def test_a_key_must_be_one(books, key):
    with pytest.raises(InvalidInput):
        books.call("grant", amount=1, action="grant", reference=("test", "1"), key=key)
    assert books.entries() == []


def test_the_same_key_is_the_same_change(books):
    """C-3."""
    first = books.grant(10, "g")
    assert books.grant(10, "g").id == first.id
    spent = books.spend(4, "s")
    again = books.spend(4, "s")
    assert (again.id, again.balance_after) == (spent.id, spent.balance_after)
    returned = books.refund(spent, 1, "r")
    assert books.refund(spent, 1, "r").id == returned.id
    held = books.hold(3, "h")
    assert books.hold(3, "h").id == held.id
    taken = books.capture(held, 1, "c")
    assert books.capture(held, 1, "c").id == taken.id
    assert books.amounts() == [10, -4, 1, -1]
    assert books.state() == (4, 2)


def test_a_key_answers_also_when_the_balance_is_gone(books):
    books.grant(10)
    first = books.spend(10, "s")
    assert books.spend(10, "s").id == first.id


@pytest.mark.parametrize(
    "other",
    [{"credits": 5}, {"action": "other"}, {"reference": ("test", "2")}, {"reference": ("x", "1")}],
)
def test_a_key_used_for_something_else_is_refused(books, other):
    """C-3."""
    books.grant(10, "g")
    books.spend(4, "s")
    books.hold(4, "h")
    before = books.snapshot()
    values = {"credits": 4, **other}
    with pytest.raises(Conflict):
        books.spend(values.pop("credits"), "s", **values)
    values = {"credits": 4, **other}
    with pytest.raises(Conflict):
        books.hold(values.pop("credits"), "h", **values)
    with pytest.raises(Conflict):
        books.grant(4, "s", action="pull")
    assert books.snapshot() == before


def test_keys_belong_to_their_workspace(books, others):
    books.grant(10, "same")
    others.grant(20, "same")
    assert (books.state(), others.state()) == ((10, 0), (20, 0))


def test_grant_names_a_workspace_that_is_there(books):
    with system_context(), pytest.raises(NotFound):
        grant(
            workspace_id=uuid7(),
            amount=1,
            action="grant",
            reference=("test", "1"),
            key="k",
            actor=SYSTEM,
        )
    assert books.entries() == []


def test_an_account_holds_what_its_column_holds(books):
    books.grant("9999999999.00")
    before = books.snapshot()
    with pytest.raises(InvalidInput):
        books.grant(1)
    held = books.hold(10)
    with pytest.raises(InvalidInput):
        books.grant(1)
    books.release(held)
    assert books.state() == before[0]
    assert books.grant("0.99").balance_after == amount("9999999999.99")


# ---- Refunds (C-5) ----------------------------------------------------------------------------


def test_refunds_of_a_spend_never_exceed_it(books):
    books.grant(10)
    spent = books.spend(6, reference=("job", "7"))
    back = books.refund(spent, 4)
    assert (back.refunds_id, back.action, back.reference_id) == (spent.id, "pull", "7")
    before = books.snapshot()
    with pytest.raises(Conflict, match="can't exceed"):
        books.refund(spent, "2.01")
    assert books.snapshot() == before
    books.refund(spent, 2)
    assert books.state() == (10, 0)


def test_a_refund_by_the_spends_key(books):
    books.grant(10)
    spent = books.spend(6, "the-spend")
    back = books.call("refund", spend_key="the-spend", amount=1, key="r")
    assert back.refunds_id == spent.id


def test_only_spends_of_the_workspace_are_refunded(books, others):
    granted = books.grant(10)
    spent = books.spend(5)
    back = books.refund(spent, 1)
    others.grant(10)
    theirs = others.spend(5, "theirs")
    before = books.snapshot(), others.snapshot()
    for wrong in (granted, back, theirs):
        with pytest.raises(NotFound):
            books.refund(wrong, 1)
    for key in ("theirs", "", "nothing"):
        with pytest.raises(NotFound):
            books.call("refund", spend_key=key, amount=1, key="r")
    assert (books.snapshot(), others.snapshot()) == before


def test_what_a_hold_paid_can_be_refunded(books):
    books.grant(10)
    taken = books.capture(books.hold(5), 5)
    books.refund(taken, 5)
    assert books.state() == (10, 0)


# ---- Holds (C-6) ------------------------------------------------------------------------------


def test_a_hold_is_captured_in_parts_and_released(books):
    books.grant(100)
    held = books.hold(50, reference=("job", "9"))
    assert books.state() == (50, 50) and books.amounts() == [100]
    first = books.capture(held, 20)
    assert (first.amount, first.balance_after, first.hold_id) == (-20, 80, held.id)
    assert (first.action, first.reference_kind, first.reference_id) == ("pull", "job", "9")
    assert books.state() == (50, 30)
    books.capture(held, 5)
    closed = books.release(held)
    assert (closed.state, closed.captured, closed.released) == ("closed", 25, 25)
    assert closed.closed_at is not None and closed.left == 0
    assert books.state() == (75, 0)
    assert books.release(held).released == 25  # nothing is given back twice
    assert books.state() == (75, 0)


def test_a_hold_captured_whole_is_closed(books):
    books.grant(10)
    held = books.hold(10)
    books.capture(held, 10)
    assert books.holds()[0].state == "closed"
    with pytest.raises(Conflict, match="closed"):
        books.capture(held, 1)
    assert books.release(held).released == 0
    assert books.state() == (0, 0)


def test_no_more_is_captured_than_is_left(books):
    books.grant(10)
    held = books.hold(5)
    books.capture(held, 3)
    before = books.snapshot()
    with pytest.raises(Conflict, match=r"Only 2\.00"):
        books.capture(held, "2.01")
    assert books.snapshot() == before


def test_a_capture_key_belongs_to_its_hold(books):
    books.grant(10)
    first, second = books.hold(5), books.hold(5)
    books.capture(first, 1, "c")
    before = books.snapshot()
    with pytest.raises(Conflict):
        books.capture(second, 1, "c")
    with pytest.raises(Conflict):
        books.capture(first, 2, "c")
    with pytest.raises(Conflict):
        books.spend(1, "c")
    assert books.snapshot() == before


def test_another_workspaces_hold_is_not_found(books, others):
    books.grant(10)
    others.grant(10)
    held = others.hold(5)
    before = books.snapshot(), others.snapshot()
    with pytest.raises(NotFound):
        books.capture(held, 1)
    with pytest.raises(NotFound):
        books.release(held)
    assert (books.snapshot(), others.snapshot()) == before


# ---- What is told of it -----------------------------------------------------------------------


def test_credit_low_is_told_once_per_crossing(books):
    """A-10: the workspace's threshold is 10."""
    books.grant(20)
    books.spend(10)  # 10 left: at the threshold isn't under it
    assert events() == []
    last = books.spend("0.01")
    assert events() == [{"balance": "9.99", "threshold": 10}]
    books.spend(1)
    assert len(events()) == 1
    books.refund(last, "0.01")
    books.grant(5)
    books.spend(8)
    assert [one["balance"] for one in events()] == ["9.99", "6.00"]


def test_a_hold_alone_is_no_crossing_but_its_capture_is(books):
    books.grant(20)
    held = books.hold(15)
    assert events() == []
    books.capture(held, 5)
    assert events() == []
    books.capture(held, 6, "c")
    books.capture(held, 6, "c")
    assert [one["balance"] for one in events()] == ["9.00"]


def test_what_people_do_with_credits_is_audited(books):
    """A-7: grants, refunds, adjustments always; spends where a person or a key made them."""
    alice = Actor("user", "alice@cast.example", user_id=uuid7())
    key = Actor("key", "API key", key_id=uuid7())
    books.grant(100, "g")
    books.grant(100, "g")
    by_alice = books.spend(1, actor=alice)
    books.spend(1, actor=key)
    books.spend(1)
    books.spend(1, action="adjustment")
    books.refund(by_alice, 1)
    assert [(one.action, one.actor_kind) for one in audit()] == [
        ("grant", "system"),
        ("spend", "user"),
        ("spend", "key"),
        ("spend", "system"),
        ("refund", "system"),
    ]
    first = audit()[1]
    assert first.resource_id == str(by_alice.id) and first.workspace_id == books.workspace.id
    assert first.new["amount"] == "-1.00" and first.new["balance_after"] == "99.00"


# ---- Transactions -----------------------------------------------------------------------------


def test_a_refusal_leaves_the_callers_transaction_alive(books):
    books.grant(5)
    with tenant_context(books.workspace.id):
        with pytest.raises(InsufficientCredits):
            books.spend(6)
        with pytest.raises(Conflict):
            books.capture(books.hold(1), 2)
        books.spend(2)
    assert books.state() == (2, 1)


def test_a_rolled_back_cause_takes_its_charge_along(books):
    """C-1: an entry is written in the transaction of what causes it."""
    books.grant(5)
    with pytest.raises(ZeroDivisionError), tenant_context(books.workspace.id):
        books.spend(2)
        books.hold(2)
        _ = 1 / 0
    assert books.state() == (5, 0) and books.amounts() == [5] and books.holds() == []


def test_operations_work_for_staff_too(books, others):
    """In a system context, which passes over row-level security, they stay in their workspace."""
    others.grant(50)
    with system_context():
        sam = cast.actor_for(cast.staff())
        for key, outer in (("in a transaction", atomic), ("in none", nullcontext)):
            with outer():
                grant(
                    workspace_id=books.workspace.id,
                    amount="2.50",
                    action="grant",
                    reference=("user", sam.user_id),
                    key=key,
                    actor=sam,
                )
    assert books.state() == (5, 0) and others.state() == (50, 0)
    with tenant_context(others.workspace.id), pytest.raises(InsufficientCredits):
        spend(
            workspace_id=books.workspace.id,
            amount=1,
            action="pull",
            reference=("test", "1"),
            key="across",
            actor=SYSTEM,
        )
    assert books.state() == (5, 0)
