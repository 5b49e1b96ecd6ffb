"""The client's manners: it gives up in time, and says what went wrong in our words."""

import time

import pytest

from credits.stripe import providers
from credits.stripe.providers import (
    StripeRefused,
    StripeUnavailable,
    calling,
    page_waits,
    payment_mode,
    stripe_client,
)
from tests.credits.stripe.paying import local_stripe

__all__ = ["local_stripe"]


def ask() -> None:
    with calling("look"):
        stripe_client().v1.events.list({"limit": 1})


def test_all_calls_of_a_page_share_its_time(local_stripe):
    with page_waits(0.6):
        ask()
        # A call that may take its eight seconds would have its answer.
        local_stripe.slow("/v1/events", 3)
        with pytest.raises(StripeUnavailable, match="doesn't answer"):
            ask()
        time.sleep(0.6)
        asked = len(local_stripe.calls)
        with page_waits(60), pytest.raises(StripeUnavailable):
            ask()
        assert len(local_stripe.calls) == asked, "no time was left to ask"
    local_stripe.heal()
    ask()


def test_a_page_waits_less_than_ten_seconds():
    assert providers.CALL_SECONDS < providers.PAGE_SECONDS < 10


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0, StripeUnavailable),
        (429, StripeUnavailable),
        (500, StripeUnavailable),
        (503, StripeUnavailable),
        (400, StripeRefused),
        (401, StripeRefused),
        (404, StripeRefused),
    ],
)
def test_what_stripe_answers_is_said_in_our_words(local_stripe, status, error):
    local_stripe.fail("/v1/events", status=status)
    with pytest.raises(error, match="Couldn't look"):
        ask()
    ask()


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        ("", "local"),
        ("sk_test_1", "test"),
        ("rk_test_1", "test"),
        ("sk_live_1", "live"),
        ("rk_live_1", "live"),
    ],
)
def test_the_keys_say_which_world_it_is(settings, key, mode):
    settings.STRIPE_SECRET_KEY = key
    assert payment_mode() == mode
