"""How often the marketplace may be used, by each user; a key counts as one (M-6)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accounts.workspaces.requests import WorkspaceRequest
from credits.metering.operations import keep_allowance
from cursive.lib.limits import Limit, give_back, hit, hit_once

BROWSE = Limit(
    "marketplace_browse",
    "60/minute",
    "You have searched the marketplace 60 times within a minute. Wait a moment, then go on.",
)
PURCHASE = Limit(
    "marketplace_purchase",
    "10/minute",
    "You have bought 10 times within a minute. Wait a moment; your cart stays as it is.",
    fail_closed=True,
)
OTHER = Limit(
    "marketplace",
    "100/minute",
    "That was 100 times within a minute. Wait a moment, then go on.",
)


def use(limit: Limit, request: WorkspaceRequest) -> None:
    """Count one use by whoever asks. Raises TooMany past the limit."""
    keep_allowance(request, hit(limit, _subject(request)))


@dataclass(slots=True)
class Counted:
    """A purchase that is being counted; without `is_new` it is given back."""

    is_new: bool = False


@contextmanager
def purchase(request: WorkspaceRequest, key: str) -> Iterator[Counted]:
    """Count what the block buys under an idempotency key: once, and only if it bought something.

    The tries are counted as any other use. Raises TooMany past either limit.
    """
    use(OTHER, request)
    allowance, counted = hit_once(PURCHASE, _subject(request), key), Counted()
    try:
        yield counted
    finally:
        if counted.is_new:
            keep_allowance(request, allowance)
        else:
            give_back(PURCHASE, _subject(request), key)


def _subject(request: WorkspaceRequest) -> object:
    actor = request.actor
    return actor.user_id or actor.key_id or actor.label
