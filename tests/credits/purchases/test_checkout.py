"""Buying by Checkout: one purchase, at our price, credited by Stripe's word alone (C-8)."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.audit.models import AuditEntry
from credits.ledger.checks import find_differences
from credits.ledger.operations import SpendingFrozen, set_frozen
from credits.prices.models import Package
from credits.purchases import operations
from credits.purchases.models import CreditPurchase
from credits.stripe.providers import StripeUnavailable
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, TooMany, Unavailable
from cursive.lib.tenancy import system_context, tenant_context
from tests import cast
from tests.credits.books import SYSTEM, at_once
from tests.credits.stripe import paying

SESSIONS = "/v1/checkout/sessions"


def made(stripe, path: str = SESSIONS) -> list[dict]:
    """The parameters of what was made at Stripe."""
    return [params for method, at, params, _ in stripe.calls if (method, at) == ("POST", path)]


def test_a_purchase_from_beginning_to_end(shop):
    shop.books.grant(0.5)
    purchase = shop.start("growth")
    assert (purchase.state, purchase.credits, purchase.cents) == ("pending", 500, 19_900)
    assert purchase.checkout_url.startswith(shop.stripe.url)
    assert shop.amounts() == ["0.50"]
    shop.stripe.pay(purchase.session_id)
    assert shop.amounts() == ["0.50"]  # nothing before Stripe has said so
    shop.settle()
    paid = shop.purchase(purchase.id)
    assert (paid.state, paid.paid_with) == ("paid", "Visa •••• 4242")
    assert shop.amounts() == ["0.50", "500.00"]
    entry = shop.books.entries()[-1]
    assert (entry.action, entry.reference_kind) == ("purchase", "purchase")
    assert entry.reference_id == str(purchase.id)
    assert entry.key == f"stripe:{paid.payment_intent_id}"
    assert entry.actor_label == "alice@cast.example"
    assert find_differences() == []
    with system_context():
        actions = AuditEntry.objects.filter(workspace_id=shop.workspace.id)
        assert set(actions.values_list("resource", "action")) >= {
            ("purchase", "create"),
            ("credits", "purchase"),
        }


def test_price_and_text_come_from_us(shop):
    purchase = shop.start("starter")
    (asked,) = made(shop.stripe)
    item = asked["line_items"]["0"]["price_data"]
    assert (str(item["unit_amount"]), item["currency"]) == ("4900", "usd")
    assert asked["metadata"]["purchase_id"] == str(purchase.id)
    assert "setup_future_usage" not in asked["payment_intent_data"]


@pytest.mark.parametrize("package", ["", "gold", "GROWTH", "growth\x00", "x" * 200])
def test_a_package_that_is_none_is_refused(shop, package):
    with pytest.raises(InvalidInput):
        shop.start(package)
    assert shop.purchases() == [] and made(shop.stripe) == []


def test_a_package_that_was_taken_off_sale_is_refused(shop):
    with system_context():
        Package.objects.filter(code="growth").update(active=False)
    with pytest.raises(InvalidInput):
        shop.start("growth")


@pytest.mark.parametrize("key", ["x" * 101, "a\x00b", "a\nb"])
def test_a_key_that_can_not_be_kept_is_refused(shop, key):
    with pytest.raises(InvalidInput):
        shop.start(key=key)
    assert shop.purchases() == []


def test_members_and_keys_without_the_scope_may_not_buy(shop):
    bob = cast.user("Bob")
    with system_context():
        from accounts.workspaces.models import Membership, Role

        Membership.objects.create(workspace=shop.workspace, user=bob, role=Role.MEMBER)
    nobodies = [
        cast.actor_for(bob, "member"),
        cast.actor_for(cast.user("Carol")),
        Actor("key", "API key Reader", scopes=frozenset({"read", "write"})),
    ]
    for actor in nobodies:
        with pytest.raises(Forbidden):
            shop.start(actor=actor)
    assert shop.purchases() == [] and made(shop.stripe) == []
    assert shop.start(actor=Actor("key", "API key Till", scopes=frozenset({"billing"})))


def assert_not_begun(shop) -> None:
    """There is a row, and nothing else came of it."""
    (purchase,) = shop.purchases()
    assert (purchase.state, purchase.session_id) == ("pending", None)
    assert not purchase.checkout_url and shop.amounts() == []
    with system_context():
        assert not AuditEntry.objects.filter(action="create", resource="purchase").exists()


# ---- Once -------------------------------------------------------------------------------------


def test_the_same_key_is_the_same_purchase(shop):
    """A double click, the browser's back button, a form that is sent again."""
    first = shop.start(key="one")
    again = shop.start(key="one")
    assert (first.id, first.session_id) == (again.id, again.session_id)
    assert len(made(shop.stripe)) == 1
    shop.stripe.pay(first.session_id)
    shop.settle()
    assert shop.start(key="one").state == "paid"
    assert shop.amounts() == ["500.00"]
    with pytest.raises(Conflict):
        shop.start("starter", key="one")
    assert len(shop.purchases()) == 1


def test_clicks_at_the_same_moment_are_one_purchase(shop):
    results = at_once(6, lambda _: shop.start(key="one"))
    assert {one.session_id for one in results} == {shop.purchases()[0].session_id}
    assert len(shop.purchases()) == 1
    with system_context():
        assert AuditEntry.objects.filter(action="create", resource="purchase").count() == 1


def test_events_that_come_again_credit_once(shop):
    purchase = shop.buy()
    for event in shop.stripe.events:
        again = {**event, "id": f"{event['id']}x"}
        assert paying.deliver(again).status_code == 200
    paying.work_off()
    assert shop.amounts() == ["500.00"]
    assert shop.purchase(purchase.id).state == "paid"


def test_another_amount_than_ours_credits_nothing_and_is_seen(shop):
    purchase = shop.start()
    with system_context():
        CreditPurchase.objects.filter(id=purchase.id).update(cents=100)
    shop.stripe.pay(purchase.session_id)
    paying.deliver_all(shop.stripe)
    paying.work_off(well=False)
    assert shop.amounts() == []
    errors = [one.error for one in paying.stored(type="checkout.session.completed")]
    assert "PaymentMismatch" in errors[0] and "19900" in errors[0]


# ---- What isn't paid --------------------------------------------------------------------------


def test_a_session_that_expires_closes_the_purchase(shop):
    purchase = shop.start()
    shop.stripe.expire(purchase.session_id)
    shop.settle()
    assert shop.purchase(purchase.id).state == "expired"
    assert shop.amounts() == []


@pytest.mark.parametrize("arrives", [True, False])
def test_a_payment_that_takes_days(shop, arrives):
    purchase = shop.start()
    shop.stripe.pay(purchase.session_id, delayed=True)
    shop.settle()
    assert shop.purchase(purchase.id).state == "pending" and shop.amounts() == []
    shop.stripe.settle(purchase.session_id, paid=arrives)
    shop.settle()
    after = shop.purchase(purchase.id)
    assert after.state == ("paid" if arrives else "failed")
    assert bool(after.failure) is not arrives
    assert shop.amounts() == (["500.00"] if arrives else [])


def test_a_declined_card_leaves_the_session_open_for_another(shop):
    from credits.stripe.local.errors import Refusal

    purchase = shop.start()
    with pytest.raises(Refusal):
        shop.stripe.pay(purchase.session_id, card="4000000000000002")
    shop.settle()
    assert shop.purchase(purchase.id).state == "pending"
    shop.stripe.pay(purchase.session_id)
    shop.settle()
    assert shop.amounts() == ["500.00"]


# ---- Limits and faults ------------------------------------------------------------------------


def test_five_an_hour(shop):
    for _ in range(5):
        shop.start()
    with pytest.raises(TooMany) as refused:
        shop.start()
    assert 0 < refused.value.retry_after <= 3601
    assert len(shop.purchases()) == 5 == len(made(shop.stripe))


def test_one_key_counts_once_however_often_it_is_tried(shop):
    for _ in range(3):
        shop.stripe.fail(SESSIONS, status=0)
        with pytest.raises(StripeUnavailable):
            shop.start(key="one")
    for _ in range(9):
        shop.start(key="one")
    for _ in range(4):
        shop.start()
    with pytest.raises(TooMany):
        shop.start()
    assert len(shop.purchases()) == 5


def test_what_stripe_did_not_answer_does_not_count(shop):
    shop.stripe.fail("/v1", status=0, times=99)
    for _ in range(7):
        with pytest.raises(StripeUnavailable):
            shop.start()
    shop.stripe.heal()
    for _ in range(5):
        shop.start()
    with pytest.raises(TooMany):
        shop.start()


def test_a_try_that_fails_beside_one_that_succeeds_gives_nothing_back(shop):
    shop.stripe.fail(SESSIONS, status=500, times=3)
    results = at_once(6, lambda _: shop.start(key="one"))
    assert any(isinstance(one, CreditPurchase) for one in results)
    for _ in range(4):
        shop.start()
    with pytest.raises(TooMany):
        shop.start()


def test_the_limit_is_exact_however_many_ask_at_once(shop):
    results = at_once(12, lambda _: shop.start())
    assert sum(isinstance(one, TooMany) for one in results) == 7
    assert len(shop.purchases()) == 5 == len(made(shop.stripe))


def test_without_the_limits_store_nothing_is_sold(shop, settings):
    from cursive.lib import limits

    cache.clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits._limiter.cache_clear()
    try:
        with pytest.raises(Unavailable):
            shop.start()
    finally:
        limits._limiter.cache_clear()
    assert shop.purchases() == [] and made(shop.stripe) == []


@pytest.mark.parametrize("path", ["/v1/customers", SESSIONS])
@pytest.mark.parametrize("status", [500, 0])
def test_where_stripe_is_down_nothing_is_half_bought(shop, path, status):
    shop.stripe.fail(path, status=status, times=9)
    with pytest.raises(StripeUnavailable):
        shop.start(key="one")
    assert_not_begun(shop)
    shop.stripe.heal()
    purchase = shop.start(key="one")
    shop.stripe.pay(purchase.session_id)
    shop.settle()
    assert shop.amounts() == ["500.00"]


def test_a_lost_answer_is_asked_for_again(shop):
    """Stripe made the session, but we never heard: the same click gets the same session."""
    shop.stripe.fail(SESSIONS, status=0, lost=True)
    with pytest.raises(StripeUnavailable):
        shop.start(key="one")
    assert_not_begun(shop)
    again = shop.start(key="one")
    (session,) = shop.stripe.account.all("checkout.session")
    assert (again.session_id, len(shop.purchases())) == (session["id"], 1)


def test_a_session_that_we_never_heard_of_has_its_row(shop):
    """Stripe answered too late, and nobody came back: its events are about something we know."""
    shop.stripe.fail(SESSIONS, status=0, lost=True)
    with pytest.raises(StripeUnavailable):
        shop.start()
    (session,) = shop.stripe.account.all("checkout.session")
    shop.stripe.expire(session["id"])
    shop.settle()
    (purchase,) = shop.purchases()
    assert (purchase.state, purchase.session_id) == ("expired", session["id"])
    assert {event.state for event in paying.stored()} <= {"done", "ignored"}


def test_the_row_outlives_the_page_that_was_refused(shop):
    shop.stripe.fail(SESSIONS, status=0)
    with pytest.raises(StripeUnavailable), tenant_context(shop.workspace.id), tenancy.atomic():
        shop.start()
    assert_not_begun(shop)


def test_what_never_began_is_closed_after_an_hour(shop):
    begun = shop.start()
    shop.stripe.fail(SESSIONS, status=0, lost=True)
    with pytest.raises(StripeUnavailable):
        shop.start(key="lost")
    assert operations.close_unbegun() == 0
    with system_context():
        CreditPurchase.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert operations.close_unbegun() == 1
    assert operations.close_unbegun() == 0
    states = {one.id: one.state for one in shop.purchases()}
    assert states.pop(begun.id) == "pending" and set(states.values()) == {"expired"}
    # Its key gives it as it is; and should it be paid after all, the credits come.
    again = shop.start(key="lost")
    assert again.state == "expired" and len(list(shop.stripe.account.all("checkout.session"))) == 2
    (lost,) = (
        one["id"]
        for one in shop.stripe.account.all("checkout.session")
        if one["id"] != begun.session_id
    )
    shop.stripe.pay(lost)
    shop.settle()
    assert shop.purchase(again.id).state == "paid" and shop.amounts() == ["500.00"]
    assert find_differences() == []


def test_lists_show_only_what_has_begun(shop, alice):
    shop.stripe.fail(SESSIONS, status=0)
    with pytest.raises(StripeUnavailable):
        shop.start(key="one")
    assert "Growth" not in alice.get("/credits/purchases/").content.decode()
    shop.start(key="one")
    assert "Growth" in alice.get("/credits/purchases/").content.decode()


def test_a_slow_stripe_is_given_up_in_time(shop, monkeypatch):
    """Both calls share one deadline, so a page answers within 10 seconds."""
    monkeypatch.setattr(operations, "CHECKOUT_SECONDS", 0.6)
    shop.stripe.slow("/v1/customers", 0.4)
    shop.stripe.slow(SESSIONS, 30)
    with pytest.raises(StripeUnavailable):
        shop.start()
    assert_not_begun(shop)
    assert operations.CHECKOUT_SECONDS < 10


def test_a_frozen_workspace_buys_nothing(shop):
    with tenant_context(shop.workspace.id):
        set_frozen(workspace_id=shop.workspace.id, frozen=True, actor=SYSTEM, reason="Test")
    with pytest.raises(SpendingFrozen):
        shop.start()
    assert shop.purchases() == [] and made(shop.stripe) == []


def test_an_event_about_a_purchase_that_is_not_there_fails_visibly(shop):
    purchase = shop.start()
    with system_context():
        CreditPurchase.objects.all().delete()
    shop.stripe.pay(purchase.session_id)
    paying.deliver_all(shop.stripe)
    paying.work_off(well=False)
    (event,) = paying.stored(type="checkout.session.completed")
    assert event.state == "pending" and "no such purchase" in event.error
    assert shop.amounts() == []
