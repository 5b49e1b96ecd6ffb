"""A disputed month of a plan: staff decide about its credits as about a purchase's (C-12)."""

import pytest
from django.test import Client

from credits.ledger.checks import find_differences
from credits.ledger.operations import SpendingFrozen
from credits.purchases.disputes import credits_at_stake, decide_dispute
from credits.purchases.models import Dispute, Reversal
from credits.stripe.providers import stripe_client
from cursive.lib.errors import Conflict
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.books import SYSTEM, Books, at_once
from tests.credits.stripe.paying import settle

TAKE_BACK = 'value="take_back"'


@pytest.fixture
def sam(db, settings) -> Client:
    """Staff in a browser."""
    settings.STAFF_MFA_REQUIRED = False
    client = Client()
    client.force_login(cast.staff())
    return client


def intent_of(alice) -> str:
    """The payment of her only invoice."""
    (invoice,) = alice.invoices()
    paid = stripe_client().v1.invoice_payments.list({"invoice": invoice.stripe_id})
    return str(paid.data[0].payment.payment_intent)


def disputed(alice) -> Dispute:
    alice.stripe.dispute(intent_of(alice))
    settle(alice.stripe)
    with system_context():
        return Dispute.objects.get(workspace=alice.workspace)


def reversals(alice) -> list[Reversal]:
    with system_context():
        return list(Reversal.objects.order_by("created_at", "id"))


def decide(alice, dispute: Dispute, decision: str = "take_back") -> Dispute:
    with tenant_context(alice.workspace.id):
        return decide_dispute(
            workspace_id=alice.workspace.id,
            dispute_id=dispute.id,
            decision=decision,
            reason="Lost",
            actor=SYSTEM,
        )


def test_staff_take_the_months_credits_back(alice, sam):
    alice.subscribe("pro")
    books = Books(alice.workspace)
    books.spend(30)
    dispute = disputed(alice)
    (invoice,) = alice.invoices()
    assert (dispute.purchase_id, dispute.paid_for) == (None, invoice.stripe_id)
    url = f"/admin/credits/dispute/{dispute.id}/decision/"
    html = sam.get(url).content.decode()
    assert TAKE_BACK in html and "100.00" in html
    assert sam.post(url, {"decision": "take_back", "reason": "Lost"}).status_code == 302
    (reversal,) = reversals(alice)
    assert (reversal.cause, reversal.credits, reversal.taken, reversal.owed) == (
        "dispute",
        100,
        70,
        30,
    )
    assert reversal.paid_for == invoice.stripe_id and books.state() == (0, 0)
    books.grant(5)
    books.spend(1)
    assert find_differences() == []


def test_a_refund_and_a_dispute_never_take_more_than_was_granted(alice):
    alice.subscribe("pro")
    books = Books(alice.workspace)
    books.grant(500)
    alice.stripe.refund(intent_of(alice), 2450)
    settle(alice.stripe)
    dispute = disputed(alice)
    results = at_once(3, lambda _: decide(alice, dispute))
    assert sum(isinstance(one, Conflict) for one in results) == 2
    assert sum(one.taken for one in reversals(alice)) == 100
    assert books.state() == (500, 0)


def test_where_everything_went_back_there_is_no_such_choice(alice, sam):
    alice.subscribe("pro")
    alice.stripe.refund(intent_of(alice))
    settle(alice.stripe)
    dispute = disputed(alice)
    with tenant_context(alice.workspace.id):
        assert credits_at_stake(dispute) == 0
    url = f"/admin/credits/dispute/{dispute.id}/decision/"
    assert TAKE_BACK not in sam.get(url).content.decode()
    assert sam.post(url, {"decision": "take_back", "reason": "x"}).status_code == 200
    with pytest.raises(Conflict):
        decide(alice, dispute)
    assert len(reversals(alice)) == 1
    books = Books(alice.workspace)
    books.grant(5)
    with pytest.raises(SpendingFrozen):
        books.spend(1)
    decide(alice, dispute, "resume")
    books.spend(1)
