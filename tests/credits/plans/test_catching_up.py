"""What events missed is caught up from Stripe's own lists; one customer's trouble is its own."""

from datetime import timedelta

from django.utils import timezone

from credits.plans.catching_up import catch_up
from credits.plans.models import Subscription
from credits.plans.tasks import catch_up_with_stripe
from credits.stripe.models import StripeCustomer
from credits.stripe.providers import stripe_client
from cursive.lib.tenancy import system_context
from tests import cast
from tests.credits.books import at_once
from tests.credits.plans.subscribing import Subscriber

MONTHS = timedelta(days=100)


def test_a_subscription_that_nobody_told_of_is_found_with_its_credits(alice):
    alice.stripe.pay(alice.session_of(alice.open_checkout()))
    assert alice.grants() == []
    assert catch_up(timezone.now() - MONTHS) == 2
    assert alice.subscription().plan.code == "pro" and alice.grants() == [100]
    assert catch_up(timezone.now() - MONTHS) == 0
    assert alice.grants() == [100]


def test_renewals_and_endings_are_caught_up(alice):
    alice.subscribe("pro")
    alice.stripe.advance(alice.now() + timedelta(days=32))
    catch_up(timezone.now() - MONTHS)
    assert alice.grants() == [100, 100]
    stripe_client().v1.subscriptions.cancel(alice.subscription().stripe_id)
    catch_up(timezone.now() - MONTHS)
    assert alice.subscription().status == "canceled"


def test_it_runs_once_a_day_and_at_once_grants_once(alice):
    alice.stripe.pay(alice.session_of(alice.open_checkout()))
    at_once(3, lambda _: catch_up(timezone.now() - MONTHS))
    assert alice.grants() == [100]
    catch_up_with_stripe()
    before = len(alice.stripe.calls)
    catch_up_with_stripe()
    assert len(alice.stripe.calls) == before


def test_the_trouble_of_one_customer_is_its_own(alice):
    """One subscription is of nobody here, one has no plan of ours; the third is caught up."""
    stripe = alice.stripe
    rival, carol = cast.rival()
    other = Subscriber(rival, carol, stripe)
    other.stripe.pay(other.session_of(other.open_checkout()))
    alice.stripe.pay(alice.session_of(alice.open_checkout()))
    item = stripe.get(_subscription_at(stripe, other))["items"]["data"][0]
    v1 = stripe_client().v1
    product = v1.products.create({"name": "Else"})
    price = {
        "product": product.id,
        "currency": "usd",
        "unit_amount": 100,
        "recurring": {"interval": "month"},
    }
    v1.subscriptions.update(
        _subscription_at(stripe, other),
        {"items": [{"id": item["id"], "price": v1.prices.create(price).id}]},
    )
    nobody = v1.customers.create({"name": "Nobody of ours"})
    stripe.set_card(nobody.id, "4242424242424242")
    v1.subscriptions.create({"customer": nobody.id, "items": [{"price": alice.price("pro")}]})
    catch_up(timezone.now() - MONTHS)
    assert alice.grants() == [100]
    with system_context():
        assert Subscription.objects.count() == 1
        assert StripeCustomer.objects.count() == 2


def _subscription_at(stripe, who: Subscriber) -> str:
    listed = stripe_client().v1.subscriptions.list({"customer": who.customer})
    return listed.data[0].id
