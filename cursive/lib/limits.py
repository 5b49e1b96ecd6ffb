"""Rate limits behind one door (platform.md): sliding windows in Redis.

Money routes fail closed (`fail_closed=True`): when Redis doesn't answer they refuse; all others
fail open, since a limit is there to protect and not to take the product down.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import redis
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


_listeners: list[Callable[[Limit, str], None]] = []


def register_refusal_listener(listener: Callable[[Limit, str], None]) -> None:
    """Have `listener(limit, subject)` told of every refusal; it must not raise, and be quick."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_refused(limit: Limit, subject: object) -> None:
    """Tell the listeners that `subject` was refused; `hit` does it by itself."""
    for listener in _listeners:
        listener(limit, str(subject))


@cache
def _limiter() -> MovingWindowRateLimiter:
    storage = storage_from_string(
        settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5
    )
    return MovingWindowRateLimiter(cast(Storage, storage))


# Uses with a name, in a sorted set by time, and how many tries stand behind each, in a hash: a use
# that one try gives back is kept while another of the same name is at work or has succeeded.
_TAKE = """
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])) do
    redis.call('ZREM', KEYS[1], name)
    redis.call('HDEL', KEYS[2], name)
end
local used = redis.call('ZCARD', KEYS[1])
local known = redis.call('ZSCORE', KEYS[1], ARGV[4])
local allowed = known or used < tonumber(ARGV[3])
if allowed then
    if not known then
        redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
        used = used + 1
    end
    redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
    redis.call('EXPIRE', KEYS[1], ARGV[5])
    redis.call('EXPIRE', KEYS[2], ARGV[5])
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {allowed and 1 or 0, used, oldest[2] or ARGV[1]}
"""
_GIVE_BACK = """
if redis.call('HINCRBY', KEYS[2], ARGV[1], -1) <= 0 then
    redis.call('HDEL', KEYS[2], ARGV[1])
    redis.call('ZREM', KEYS[1], ARGV[1])
end
"""


@cache
def _store(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5)


@cache
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def amount_of(limit: Limit) -> tuple[int, int]:
    """(how many, in how many seconds) of a limit."""
    item = _item(limit.rate)
    return item.amount, item.get_expiry()


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
    if not allowed:
        raise _refusal(limit, subject, stats.reset_time)
    return Allowance(limit=item.amount, remaining=stats.remaining, reset=int(stats.reset_time) + 1)


def hit_once(limit: Limit, subject: object, use: str) -> Allowance | None:
    """Count one use by `subject` under a name, such as an idempotency key: again it costs nothing.

    What came to nothing is given back by `give_back`. Returns and raises as `hit` does.
    """
    most, seconds = amount_of(limit)
    now = time.time()
    try:
        allowed, used, oldest = cast(
            list[Any],
            _store(settings.REDIS_URL).eval(
                _TAKE, 2, *_keys(limit, subject), now, now - seconds, most, use, seconds + 1
            ),
        )
    except redis.RedisError as error:
        if limit.fail_closed:
            raise Unavailable("This can't be done right now. Try again in a minute.") from error
        log.warning("limits_store_down", exc_info=True)
        return None
    if not allowed:
        raise _refusal(limit, subject, float(oldest) + seconds)
    return Allowance(limit=most, remaining=most - used, reset=int(float(oldest) + seconds) + 1)


def give_back(limit: Limit, subject: object, use: str) -> None:
    """Undo one `hit_once`; the use counts on while another try of its name is there.

    Where the store doesn't answer it stays counted until its time is over.
    """
    try:
        _store(settings.REDIS_URL).eval(_GIVE_BACK, 2, *_keys(limit, subject), use)
    except redis.RedisError:
        log.warning("limits_store_down", exc_info=True)


def _keys(limit: Limit, subject: object) -> tuple[str, str]:
    # The braces keep both on one node of a cluster.
    name = f"limits:{{{limit.name}:{subject}}}"
    return f"{name}:uses", f"{name}:tries"


def _refusal(limit: Limit, subject: object, free_at: float) -> TooMany:
    """What is raised past a limit; the listeners are told."""
    tell_refused(limit, subject)
    reset = int(free_at) + 1
    wait = max(1, reset - int(time.time()))
    most, _ = amount_of(limit)
    return TooMany(limit.sentence, retry_after=wait, limit=most, remaining=0, reset=reset)
