"""The kept card is charged once for each crossing, at most three times a day (C-14)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.audit.models import AuditEntry
from accounts.workspaces.models import Membership, Role
from credits.ledger.checks import find_differences
from credits.ledger.operations import set_frozen
from credits.prices.models import Package
from credits.purchases.charging import run_reload
from credits.purchases.disputes import decide_dispute
from credits.purchases.models import AutoReload, CreditPurchase
from credits.purchases.reloads import forget_card, reloads_to_look_at
from credits.receipts.operations import send_due_mail
from credits.stripe.queries import customer_of
from cursive.lib.errors import Conflict, Forbidden, InvalidInput
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.books import SYSTEM, at_once

INTENTS = "/v1/payment_intents"


@pytest.fixture
def card(shop):
    """100 credits, bought with a card that was kept."""
    shop.buy("starter", keep_card=True)
    return shop


def sweep(shop) -> None:
    """What beat and the workers do each minute, and Stripe's events after that."""
    for workspace_id in reloads_to_look_at():
        run_reload(workspace_id)
    shop.settle()


def reloads(shop) -> list[CreditPurchase]:
    return [one for one in shop.purchases() if one.source == "auto_reload"]


def charges(shop) -> list[dict]:
    return [
        params
        for method, path, params, _ in shop.stripe.calls
        if (method, path) == ("POST", INTENTS)
    ]


def older(shop, **span: float) -> None:
    """Let time go by for what was tried so far."""
    with system_context():
        for one in CreditPurchase.objects.all():
            one.created_at -= timedelta(**span)
            one.save(update_fields=["created_at"])


def test_a_crossing_buys_once(card):
    card.set_reload(threshold=50, package="starter")
    sweep(card)
    assert reloads(card) == []
    card.books.spend(51)
    for _ in range(3):
        sweep(card)
    (purchase,) = reloads(card)
    assert (purchase.state, purchase.cents, purchase.threshold) == ("paid", 4_900, 50)
    assert purchase.paid_with == "Visa •••• 4242"
    assert card.amounts() == ["100.00", "-51.00", "100.00"]
    assert card.books.entries()[-1].actor_label == "auto-reload"
    assert len(charges(card)) == 1
    card.books.spend(100)
    sweep(card)
    assert len(reloads(card)) == 2 and card.books.state() == (149 - 100 + 100, 0)
    assert find_differences() == []


def test_a_package_that_is_too_small_is_not_bought_again_and_again(card):
    card.set_reload(threshold=5_000, package="starter")
    for _ in range(4):
        sweep(card)
    assert len(reloads(card)) == 1  # switched on while under it
    card.books.spend(10)
    sweep(card)
    assert len(reloads(card)) == 1


def test_held_credits_count_as_there(card):
    card.set_reload(threshold=50)
    held = card.books.hold(80)
    sweep(card)
    assert reloads(card) == []
    card.books.capture(held, 80)
    sweep(card)
    assert len(reloads(card)) == 1


def test_a_crossing_that_mended_itself_is_not_charged(card):
    card.set_reload(threshold=50)
    card.books.spend(60)
    card.books.grant(100)
    sweep(card)
    assert reloads(card) == []
    card.books.spend(139)
    sweep(card)
    assert len(reloads(card)) == 1


def test_many_spends_past_it_are_one_crossing(card):
    card.set_reload(threshold=50)
    at_once(8, lambda _: card.books.spend(10))
    at_once(4, lambda _: run_reload(card.workspace.id))
    sweep(card)
    assert len(reloads(card)) == 1 and len(charges(card)) == 1
    assert card.books.state() == (120, 0)


def test_at_most_three_a_day_and_then_the_next(card):
    card.set_reload(threshold=50, package="starter")
    for _ in range(4):
        card.books.spend(card.books.state()[0])
        sweep(card)
    assert len(reloads(card)) == 3 and card.books.state() == (0, 0)
    sweep(card)
    assert len(reloads(card)) == 3
    older(card, hours=25)
    sweep(card)
    assert len(reloads(card)) == 4 and card.books.state() == (100, 0)


def test_off_nothing_is_charged(card):
    card.set_reload(threshold=50)
    card.set_reload(on=False)
    card.books.spend(90)
    sweep(card)
    assert run_reload(card.workspace.id) is None
    assert reloads(card) == []


def test_a_frozen_workspace_is_not_charged(card):
    card.set_reload(threshold=50)
    card.books.spend(90)
    with tenant_context(card.workspace.id):
        set_frozen(workspace_id=card.workspace.id, frozen=True, actor=SYSTEM, reason="Test")
    sweep(card)
    assert run_reload(card.workspace.id) is None
    assert reloads(card) == []


# ---- Money that goes back -----------------------------------------------------------------------


def assert_stopped(shop, what: str) -> None:
    reload = shop.reload()
    assert not reload.enabled and reload.off_reason == f"A payment was {what}."
    (queued,) = shop.mails("reload_stopped")
    assert queued.recipients == ["alice@cast.example"] and what in queued.subject
    mail.outbox.clear()
    send_due_mail()
    sent = next(one for one in mail.outbox if f"a payment was {what}" in one.subject)
    assert "Visa •••• 4242" in sent.body and "/credits/auto-reload/" in sent.body


def test_a_refund_never_charges_the_card_again(card):
    card.set_reload(threshold=50)
    (bought,) = card.purchases()
    card.stripe.refund(bought.payment_intent_id)
    card.settle()
    assert card.books.state() == (0, 0)
    sweep(card)
    assert reloads(card) == [] and charges(card) == []
    assert_stopped(card, "refunded")
    assert find_differences() == []


def test_a_refund_of_what_it_bought_itself_stops_it(card):
    card.set_reload(threshold=50)
    card.books.spend(60)
    sweep(card)
    (bought,) = reloads(card)
    card.stripe.refund(bought.payment_intent_id)
    card.settle()
    sweep(card)
    assert len(reloads(card)) == 1 and len(charges(card)) == 1
    assert_stopped(card, "refunded")


def test_a_dispute_stops_it_and_losing_it_charges_nothing(card):
    card.set_reload(threshold=50)
    (bought,) = card.purchases()
    card.stripe.dispute(bought.payment_intent_id)
    card.settle()
    assert_stopped(card, "disputed")
    (dispute,) = card.disputes()
    with tenant_context(card.workspace.id):
        decide_dispute(
            workspace_id=card.workspace.id,
            dispute_id=dispute.id,
            decision="take_back",
            reason="Lost",
            actor=SYSTEM,
        )
    sweep(card)
    assert card.books.state() == (0, 0)
    assert reloads(card) == [] and charges(card) == []


def test_credits_of_another_card_that_go_back_are_no_crossing(card):
    """It stays on, and the next spend under the threshold is none either: it was under before."""
    other = card.start("starter")
    card.stripe.pay(other.session_id, card="5555555555554444")
    card.settle()
    card.set_reload(threshold=150)
    card.stripe.refund(card.purchase(other.id).payment_intent_id)
    card.settle()
    card.books.spend(10)
    sweep(card)
    assert card.reload().enabled and card.mails("reload_stopped") == []
    assert card.amounts() == ["100.00", "100.00", "-100.00", "-10.00"]
    assert reloads(card) == []
    card.books.grant(100)
    card.books.spend(50)
    sweep(card)
    assert len(reloads(card)) == 1


def test_a_spend_that_was_mended_before_the_refund_is_not_charged(card):
    card.set_reload(threshold=50)
    card.books.spend(60)
    other = card.start("starter")
    card.stripe.pay(other.session_id, card="5555555555554444")
    card.settle()
    card.stripe.refund(card.purchase(other.id).payment_intent_id)
    card.settle()
    sweep(card)
    assert card.books.state() == (40, 0) and card.reload().enabled
    assert reloads(card) == []


# ---- Declined, down, killed -------------------------------------------------------------------


@pytest.mark.parametrize("number", ["4000000000000341", "4000002500003155", "4000000000009995"])
def test_a_declined_card_switches_it_off_and_tells_the_owner(card, number):
    card.set_reload(threshold=50)
    card.books.spend(90)
    method = card.stripe.set_card(customer_of(card.workspace.id), number)
    with system_context():
        AutoReload.objects.update(payment_method=method)
        bob = cast.user("Bob")
        Membership.objects.create(workspace=card.workspace, user=bob, role=Role.ADMIN)
    for _ in range(3):
        sweep(card)
    (purchase,) = reloads(card)
    assert purchase.state == "failed" and purchase.failure
    reload = card.reload()
    assert not reload.enabled and reload.off_reason == purchase.failure
    assert card.amounts() == ["100.00", "-90.00"]
    (queued,) = card.mails("reload_off")
    assert queued.recipients == ["alice@cast.example"]
    mail.outbox.clear()
    send_due_mail()
    sent = next(one for one in mail.outbox if "declined" in one.subject)
    assert purchase.failure in sent.body and "$49.00" in sent.body
    assert "/credits/auto-reload/" in sent.body
    assert find_differences() == []


@pytest.mark.parametrize("lost", [False, True])
def test_while_stripe_is_down_it_waits_and_charges_once(card, lost):
    card.set_reload(threshold=50)
    card.books.spend(90)
    card.stripe.fail(INTENTS, status=0, lost=lost)
    for workspace_id in reloads_to_look_at():
        run_reload(workspace_id)
    (purchase,) = reloads(card)
    assert purchase.state == "pending"
    assert card.books.state() == (10, 0)
    older(card, minutes=3)
    sweep(card)
    assert card.books.state() == (110, 0)
    # The first purchase's, and this one.
    assert len(list(card.stripe.account.all("payment_intent"))) == 2
    assert find_differences() == []


def test_switched_off_while_stripe_was_down_it_is_not_charged_any_more(card):
    card.set_reload(threshold=50)
    card.books.spend(90)
    card.stripe.fail(INTENTS, status=0)
    run_reload(card.workspace.id)
    card.set_reload(on=False)
    older(card, minutes=3)
    sweep(card)
    (purchase,) = reloads(card)
    assert purchase.state == "failed" and card.books.state() == (10, 0)


def test_switched_off_after_it_was_charged_the_credits_come_all_the_same(card):
    card.set_reload(threshold=50)
    card.books.spend(90)
    card.stripe.fail(INTENTS, status=0, lost=True)
    run_reload(card.workspace.id)
    card.set_reload(on=False)
    older(card, minutes=3)
    sweep(card)
    assert reloads(card)[0].state == "paid" and card.books.state() == (110, 0)


def test_events_alone_credit_it_where_the_worker_died(card, monkeypatch):
    from credits.purchases import charging

    card.set_reload(threshold=50)
    card.books.spend(90)

    class Killed(BaseException):
        pass

    def die(**_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(charging, "settle", die)
        with pytest.raises(Killed):
            run_reload(card.workspace.id)
    assert card.books.state() == (10, 0)
    card.settle()
    assert card.books.state() == (110, 0)
    sweep(card)
    assert len(charges(card)) == 1


def test_a_package_that_is_gone_switches_it_off(card):
    card.set_reload(threshold=50, package="starter")
    with system_context():
        Package.objects.filter(code="starter").update(active=False)
    card.books.spend(90)
    sweep(card)
    reload = card.reload()
    assert not reload.enabled and "not for sale" in reload.off_reason
    assert reloads(card) == []


# ---- Setting it -------------------------------------------------------------------------------


def test_without_a_card_it_can_not_be_switched_on(shop):
    with pytest.raises(Conflict):
        shop.set_reload()
    shop.buy("starter")  # a card that isn't kept
    with pytest.raises(Conflict):
        shop.set_reload()


@pytest.mark.parametrize("values", [{"threshold": 0}, {"threshold": 10**7}, {"package": "gold"}])
def test_what_can_not_be_set_is_refused(card, values):
    with pytest.raises(InvalidInput):
        card.set_reload(**values)
    assert not card.reload().enabled


def test_members_may_not_set_it(card):
    card.actor = cast.actor_for(cast.user("Carol"))
    with pytest.raises(Forbidden):
        card.set_reload()
    assert not card.reload().enabled


def test_changes_are_audited_and_the_card_can_be_forgotten(card):
    card.set_reload(threshold=50)
    card.set_reload(threshold=60)
    with tenant_context(card.workspace.id):
        method = forget_card(workspace=card.workspace, actor=card.actor)
    assert method.startswith("pm_")
    reload = card.reload()
    assert not reload.enabled and reload.payment_method == reload.paid_with == ""
    with system_context():
        noted = AuditEntry.objects.filter(resource="auto_reload").order_by("id")
        assert [one.new["enabled"] for one in noted] == [True, True, False]
        assert noted[1].old["threshold"] == 50 and noted[1].new["threshold"] == 60


def test_another_card_takes_the_place_of_the_first(card):
    before = card.reload().payment_method
    card.buy("starter", keep_card=True)
    assert card.reload().payment_method not in {"", before}
    assert card.reload().enabled_at is None or card.reload().enabled_at < timezone.now()
