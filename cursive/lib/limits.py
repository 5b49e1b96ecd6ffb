"""Rate limits behind one door (platform.md): sliding windows in Redis.

Money routes fail closed (`fail_closed=True`): when Redis doesn't answer they refuse; all others
fail open, since a limit is there to protect and not to take the product down.
"""

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import cast

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from .errors import TooMany, Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """A named limit: `rate` as '100/minute', counted for each subject."""

    name: str
    rate: str
    sentence: str
    fail_closed: bool = False


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left after a hit: for the X-RateLimit headers. `reset` is a Unix time."""

    limit: int
    remaining: int
    reset: int


@cache
def _limiter() -> MovingWindowRateLimiter:
    storage = storage_from_string(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5
    )
    return MovingWindowRateLimiter(cast(Storage, storage))


@cache
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def hit(limit: Limit, subject: object) -> Allowance | None:
    """Count one use by `subject` (a workspace's or user's id).

    Returns what is left, or None when the store doesn't answer and the limit fails open.
    Raises `TooMany` past the limit, `Unavailable` when the store is down and it fails closed.
    """
    item = _item(limit.rate)
    key = (limit.name, str(subject))
    try:
        allowed = _limiter().hit(item, *key)
        stats = _limiter().get_window_stats(item, *key)
    except Exception as error:
        if limit.fail_closed:
            raise Unavailable("This can't be done right now. Try again in a minute.") from error
        log.warning("limits_store_down", exc_info=True)
        return None
    reset = int(stats.reset_time) + 1
    if not allowed:
        wait = max(1, reset - int(time.time()))
        raise TooMany(limit.sentence, retry_after=wait, limit=item.amount, remaining=0, reset=reset)
    return Allowance(limit=item.amount, remaining=stats.remaining, reset=reset)
