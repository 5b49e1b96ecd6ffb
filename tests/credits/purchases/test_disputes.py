"""A dispute stops all spending until staff decide (C-12)."""

import pytest

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.ledger.operations import SpendingFrozen
from credits.purchases.disputes import decide_dispute
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from tests.credits.books import SYSTEM, at_once
from tests.credits.stripe import paying


def decide(shop, dispute_id, decision="resume", reason="The card holder called"):
    with tenant_context(shop.workspace.id):
        return decide_dispute(
            workspace_id=shop.workspace.id,
            dispute_id=dispute_id,
            decision=decision,
            reason=reason,
            actor=SYSTEM,
        )


@pytest.fixture
def disputed(shop):
    """A purchase of 500 credits, 100 of them spent, then disputed."""
    purchase = shop.buy("growth")
    shop.books.spend(100)
    shop.stripe.dispute(purchase.payment_intent_id)
    shop.settle()
    return shop.purchase(purchase.id)


def test_it_freezes_spending(shop, disputed):
    (dispute,) = shop.disputes()
    assert (dispute.purchase_id, dispute.cents) == (disputed.id, 19_900)
    assert (dispute.reason, dispute.status) == ("fraudulent", "needs_response")
    before = shop.books.snapshot()
    for work in (shop.books.spend, shop.books.hold):
        with pytest.raises(SpendingFrozen):
            work(1)
    assert shop.books.snapshot() == before
    assert find_differences() == []
    with system_context():
        assert AuditEntry.objects.filter(resource="dispute", action="create").count() == 1


@pytest.mark.parametrize("won", [True, False])
def test_it_stays_frozen_when_the_bank_has_decided(shop, disputed, won):
    (dispute,) = shop.disputes()
    shop.stripe.close_dispute(dispute.stripe_id, won=won)
    shop.settle()
    (dispute,) = shop.disputes()
    assert dispute.status == ("won" if won else "lost")
    with pytest.raises(SpendingFrozen):
        shop.books.spend(1)


def test_staff_let_it_spend_again(shop, disputed):
    (dispute,) = shop.disputes()
    decide(shop, dispute.id)
    shop.books.spend(1)
    assert shop.books.state() == (399, 0)
    # Whatever Stripe still tells of it changes nothing.
    for event in shop.stripe.events:
        paying.deliver({**event, "id": f"{event['id']}x"})
    paying.work_off()
    shop.books.spend(1)
    assert find_differences() == []
    with pytest.raises(Conflict):
        decide(shop, dispute.id)


def test_staff_take_the_credits_back(shop, disputed):
    (dispute,) = shop.disputes()
    decide(shop, dispute.id, "take_back")
    (reversal,) = shop.reversals()
    assert (reversal.cause, reversal.taken, reversal.owed) == ("dispute", 400, 100)
    assert shop.books.state() == (0, 0)
    shop.books.grant(5)
    shop.books.spend(1)
    assert find_differences() == []


def test_a_refund_and_a_dispute_never_take_more_than_was_bought(shop):
    purchase = shop.buy("growth")
    shop.buy("growth")
    shop.stripe.refund(purchase.payment_intent_id, 9_950)
    shop.settle()
    shop.stripe.dispute(purchase.payment_intent_id)
    shop.settle()
    (dispute,) = shop.disputes()
    decide(shop, dispute.id, "take_back")
    assert sum(one.taken for one in shop.reversals()) == 500
    assert shop.books.state() == (500, 0)


def test_while_another_is_undecided_it_stays_frozen(shop, disputed):
    second = shop.purchases()[0]
    assert second.id == disputed.id
    with tenant_context(shop.workspace.id):
        from credits.purchases.disputes import note_dispute
        from credits.purchases.providers import DisputeFacts

        facts = DisputeFacts("dp_other", "ch_other", 4900, "fraudulent", "needs_response")
        note_dispute(workspace_id=shop.workspace.id, facts=facts, purchase_id=None)
    first, other = shop.disputes()
    decide(shop, first.id)
    with pytest.raises(SpendingFrozen):
        shop.books.spend(1)
    with pytest.raises(Conflict):  # no purchase belongs to it
        decide(shop, other.id, "take_back")
    decide(shop, other.id)
    shop.books.spend(1)


@pytest.mark.parametrize(
    ("decision", "reason", "refusal"),
    [("nothing", "x", InvalidInput), ("resume", "  ", InvalidInput)],
)
def test_a_decision_needs_a_reason(shop, disputed, decision, reason, refusal):
    (dispute,) = shop.disputes()
    with pytest.raises(refusal):
        decide(shop, dispute.id, decision, reason)
    with pytest.raises(NotFound):
        decide(shop, uuid7())
    with pytest.raises(SpendingFrozen):
        shop.books.spend(1)


def test_two_who_decide_at_once(shop, disputed):
    (dispute,) = shop.disputes()
    results = at_once(4, lambda _: decide(shop, dispute.id, "take_back"))
    assert sum(isinstance(one, Conflict) for one in results) == 3
    assert len(shop.reversals()) == 1 and shop.books.state() == (0, 0)
    assert find_differences() == []


def test_a_new_dispute_is_not_unfrozen_by_an_earlier_decision(shop, disputed):
    from credits.purchases.disputes import note_dispute
    from credits.purchases.providers import DisputeFacts

    (dispute,) = shop.disputes()

    def work(number: int):
        if number == 0:
            return decide(shop, dispute.id)
        facts = DisputeFacts("dp_new", "ch_new", 1, "fraudulent", "needs_response")
        with tenant_context(shop.workspace.id):
            return note_dispute(workspace_id=shop.workspace.id, facts=facts, purchase_id=None)

    at_once(2, work)
    with pytest.raises(SpendingFrozen):
        shop.books.spend(1)
    assert find_differences() == []


def test_a_dispute_of_another_payment_freezes_too(shop):
    """A plan's month, say: the workspace is known by the customer."""
    purchase = shop.buy("starter")
    with shop.stripe.account.lock:
        for kind in ("payment_intent", "charge", "checkout.session"):
            for thing in shop.stripe.account.all(kind):
                thing["metadata"] = {}
    shop.stripe.dispute(purchase.payment_intent_id)
    shop.settle()
    (dispute,) = shop.disputes()
    assert dispute.purchase_id is None
    with pytest.raises(SpendingFrozen):
        shop.books.spend(1)
