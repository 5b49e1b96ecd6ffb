"""Any order of operations, with keys used again, against a model of a few lines (C-1 … C-6)."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.workspaces.models import User
from credits.ledger.checks import find_differences
from credits.ledger.operations import InsufficientCredits
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.books import Books

AMOUNTS = st.decimals(min_value="0.01", max_value="60", places=2)


class Ledger(RuleBasedStateMachine):
    """The operations beside dictionaries that say what they should have done."""

    spends = Bundle("spends")
    holds = Bundle("holds")
    used = Bundle("used")

    owner: User
    made = 0

    @initialize()
    def start(self) -> None:
        type(self).made += 1
        self.books = Books(cast.workspace(f"Number {self.made}", owner=self.owner))
        self.balance = self.held = Decimal(0)
        self.amounts: list[Decimal] = []
        self.refunded: dict[int, Decimal] = {}
        self.left: dict[object, Decimal] = {}

    @rule(target=used, credits=AMOUNTS)
    def grant(self, credits):
        entry = self.books.grant(credits)
        self.balance += credits
        self.amounts.append(credits)
        return ("grant", credits, entry)

    @rule(target=spends, credits=AMOUNTS)
    def spend(self, credits):
        if credits > self.balance:
            with pytest.raises(InsufficientCredits):
                self.books.spend(credits)
            return multiple()
        entry = self.books.spend(credits)
        self.balance -= credits
        self.amounts.append(-credits)
        self.refunded[entry.id] = Decimal(0)
        return entry

    @rule(target=used, spent=spends)
    def remember(self, spent):
        return ("spend", -spent.amount, spent)

    @rule(spent=spends, credits=AMOUNTS)
    def refund(self, spent, credits):
        if self.refunded[spent.id] + credits > -spent.amount:
            with pytest.raises(Conflict):
                self.books.refund(spent, credits)
            return
        self.books.refund(spent, credits)
        self.refunded[spent.id] += credits
        self.balance += credits
        self.amounts.append(credits)

    @rule(target=holds, credits=AMOUNTS)
    def hold(self, credits):
        if credits > self.balance:
            with pytest.raises(InsufficientCredits):
                self.books.hold(credits)
            return multiple()
        held = self.books.hold(credits)
        self.balance -= credits
        self.held += credits
        self.left[held.id] = credits
        return held

    @rule(target=spends, held=holds, credits=AMOUNTS)
    def capture(self, held, credits):
        if credits > self.left[held.id]:
            with pytest.raises(Conflict):
                self.books.capture(held, credits)
            return multiple()
        entry = self.books.capture(held, credits)
        self.left[held.id] -= credits
        self.held -= credits
        self.amounts.append(-credits)
        self.refunded[entry.id] = Decimal(0)
        return entry

    @rule(held=consumes(holds))
    def release(self, held):
        self.books.release(held)
        rest = self.left.pop(held.id)
        self.held -= rest
        self.balance += rest

    @rule(first=used, other=AMOUNTS)
    def use_a_key_again(self, first, other):
        operation, credits, entry = first
        call = getattr(self.books, operation)
        if entry.hold_id is None:
            assert call(credits, entry.key).id == entry.id
        if other != credits:
            with pytest.raises(Conflict):
                call(other, entry.key)

    @invariant()
    def equals_the_model(self):
        if hasattr(self, "books"):
            assert self.books.state() == (self.balance, self.held)

    def teardown(self) -> None:
        entries = self.books.entries()
        assert [entry.amount for entry in entries] == self.amounts
        assert sum(self.amounts) == self.balance + self.held
        if entries:
            assert entries[-1].balance_after == self.balance + self.held
        assert find_differences() == []


def test_the_ledger_equals_its_model(db):
    with system_context():
        Ledger.owner = cast.user("Alice")
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
