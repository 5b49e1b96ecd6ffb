"""The official client, and what its errors mean here.

With no keys the same client talks to the local server of test payments (C-16); nothing else
differs. A call gives up within CALL_SECONDS, and all calls inside `page_waits()` together within
PAGE_SECONDS, so that a page says so in time.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from stripe import StripeClient

from cursive.lib.errors import DomainError, Unavailable
from cursive.lib.http.client import CallFailed, ForbiddenAddress, call

log = logging.getLogger(__name__)

CALL_SECONDS = 8
PAGE_SECONDS = 9

# When the calls of a page have to be over (`time.monotonic`), None where nobody waits for them.
_page_ends: ContextVar[float | None] = ContextVar("page_ends", default=None)


class StripeUnavailable(Unavailable):
    """Stripe doesn't answer, or not in time. Nothing was bought."""

    code = "stripe_unavailable"


class StripeRefused(DomainError):
    """Stripe answered with a refusal. `stripe_code` is its code: 'card_declined'."""

    code = "stripe_refused"
    status = 402

    def __init__(self, message: str, *, stripe_code: str = "") -> None:
        super().__init__(message, stripe_code=stripe_code)
        self.stripe_code = stripe_code


def test_payments() -> bool:
    """Whether payments are only tried out: there are no keys, and a local server answers (C-16)."""
    return not settings.STRIPE_SECRET_KEY


def payment_mode() -> str:
    """Which world the keys belong to: 'local' without any, Stripe's 'test' mode, or 'live'."""
    if test_payments():
        return "local"
    return "test" if "_test_" in settings.STRIPE_SECRET_KEY else "live"


class _WayOut(stripe.HTTPClient):
    """The library's calls through ours: a hard deadline, a closed network, one log line each."""

    name = "cursive"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """(body, status, headers), as the library asks for them."""
        try:
            answer = call(
                method,
                url,
                service="stripe",
                endpoint=_endpoint(method, url),
                deadline=_seconds_left(),
                cap=5_000_000,
                headers=headers,
                body=post_data.encode() if isinstance(post_data, str) else post_data,
                allow_loopback=test_payments(),
            )
        except (CallFailed, ForbiddenAddress) as error:
            raise stripe.APIConnectionError(error.message) from error
        return answer.body.decode(errors="replace"), answer.status, answer.headers

    def close(self) -> None:
        """Every call closes its own connection."""


def _endpoint(method: str, url: str) -> str:
    """What a call counts under: the path without ids of objects."""
    return f"{method.upper()} {re.sub(r'/[a-z]+_[A-Za-z0-9_]+', '/:id', urlsplit(url).path)}"


def stripe_client() -> StripeClient:
    """A client for Stripe, or for the local server of test payments."""
    if not test_payments():
        return StripeClient(
            settings.STRIPE_SECRET_KEY, http_client=_WayOut(), max_network_retries=0
        )
    return StripeClient(
        "sk_test_local",
        base_addresses={"api": settings.STRIPE_LOCAL_URL},
        http_client=_WayOut(),
        max_network_retries=0,
    )


@contextmanager
def page_waits(seconds: float = PAGE_SECONDS) -> Iterator[None]:
    """Let all calls inside take no longer than `seconds` together: somebody looks at a page.

    What comes too late is `StripeUnavailable`, as ever. Contexts nest; the earliest end counts.
    """
    outer, ends = _page_ends.get(), time.monotonic() + seconds
    token = _page_ends.set(ends if outer is None else min(outer, ends))
    try:
        yield
    finally:
        _page_ends.reset(token)


def _seconds_left() -> float:
    """How long the next call may take. Raises the library's error where no time is left."""
    ends = _page_ends.get()
    if ends is None:
        return CALL_SECONDS
    left = ends - time.monotonic()
    if left <= 0:
        raise stripe.APIConnectionError("The page can't wait any longer.")
    return min(left, CALL_SECONDS)


@contextmanager
def calling(what: str, *, may_refuse: bool = False) -> Iterator[None]:
    """Turn the library's errors inside into ours: `StripeUnavailable` or `StripeRefused`.

    `what` says what was tried, for people: 'start the checkout'. A refusal is logged as an error,
    but where the caller expects it (`may_refuse`).
    """
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeUnavailable(
            f"Couldn't {what}: the payment service doesn't answer. Try again in a minute."
        ) from error
    except stripe.CardError as error:
        raise StripeRefused(
            error.user_message or "The card was declined.", stripe_code=error.code or ""
        ) from error
    except stripe.StripeError as error:
        if (error.http_status or 500) >= 500:
            raise StripeUnavailable(
                f"Couldn't {what}: the payment service has a problem. Try again in a minute."
            ) from error
        level = logging.INFO if may_refuse else logging.ERROR
        log.log(level, "stripe_refused", extra={"what": what, "stripe_code": error.code})
        raise StripeRefused(f"Couldn't {what}.", stripe_code=error.code or "") from error
