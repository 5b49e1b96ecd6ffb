"""A limit and a total in one round trip to Redis: for what is both rationed and paid for.

A moving window (how many in the last minute) and the total of a period are read, judged and
counted by one script, so no two calls can both take the last place. Only what is allowed counts.

The total is kept as one number for each source (each process that counts), and every source says
with each call how far it knows itself to be. So a total is mended by the larger number, wherever
it was lost or falls behind, and saying the same thing twice changes nothing.
"""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .limits import Allowance, Limit, amount_of

log = logging.getLogger(__name__)

# A store that doesn't answer is left alone for this long, so that not every call waits for it.
REST_SECONDS = 2.0
TIMEOUT_SECONDS = 0.5
OPEN = "meter:open"

# Times are microseconds of Redis's clock. `total` is the sum of all sources.
COUNT = """
local counts = redis.call('HMGET', KEYS[2], 'total', ARGV[4])
if not counts[1] then return {'unknown'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local most, span, cap = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local mine, known = tonumber(counts[2] or '0'), tonumber(ARGV[5])
local total = tonumber(counts[1])
if known > mine then
    total = redis.call('HINCRBY', KEYS[2], 'total', known - mine)
    redis.call('HSET', KEYS[2], ARGV[4], known)
    mine = known
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - span))
local used = redis.call('ZCARD', KEYS[1])
local verdict = 'allowed'
if cap >= 0 and total >= cap then
    verdict = 'spent'
elseif used >= most then
    verdict = 'hurried'
else
    mine = redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
    total = redis.call('HINCRBY', KEYS[2], 'total', 1)
    local stamp = string.format('%.0f', now)
    redis.call('ZADD', KEYS[1], stamp, stamp .. ':' .. ARGV[4] .. ':' .. mine)
    redis.call('PEXPIRE', KEYS[1], math.ceil(span / 1000))
    used = used + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {verdict, total, mine, used, oldest[2] or string.format('%.0f', now)}
"""

# Raises each source to what is known of it, and the total by as much.
RAISE = """
local total = tonumber(redis.call('HGET', KEYS[1], 'total') or '0')
for at = 2, #ARGV, 2 do
    local known = tonumber(ARGV[at + 1])
    local held = tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or '0')
    if known > held then
        redis.call('HSET', KEYS[1], ARGV[at], known)
        total = total + known - held
    end
end
redis.call('HSET', KEYS[1], 'total', string.format('%.0f', total))
redis.call('EXPIREAT', KEYS[1], ARGV[1])
return total
"""

Verdict = Literal["allowed", "hurried", "spent"]


class StoreDown(Exception):
    """Redis doesn't answer now."""


class NotKnown(Exception):
    """Redis has no total of this period: it is new, or was lost. `raise_counts` makes it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one call: `hurried` is past the limit, `spent` is past the period's cap.

    `total` is the period's, `mine` the part of it that this source has counted.
    """

    verdict: Verdict
    total: int
    mine: int
    window: Allowance


@cache
def _scripts(url: str) -> tuple[redis.Redis, Any, Any]:
    # Counting twice is worse than waiting once: nothing is tried again.
    store = redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return store, store.register_script(COUNT), store.register_script(RAISE)


class _Rest:
    until = 0.0


def _ask(question: Any, *values: Any, **named: Any) -> Any:
    if time.monotonic() < _Rest.until:
        raise StoreDown
    try:
        return question(*values, **named)
    except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError) as error:
        _Rest.until = time.monotonic() + REST_SECONDS
        log.warning("meter_store_down", exc_info=True)
        raise StoreDown from error


def wake() -> None:
    """Ask the store again at once, though it didn't answer a moment ago."""
    _Rest.until = 0.0


def _total_key(name: str) -> str:
    subject, _, period = name.partition(":")
    # The braces keep a subject's keys on one node of a cluster, as a script needs them.
    return f"meter:{{{subject}}}:{period}"


def count(
    limit: Limit, subject: object, *, name: str, cap: int | None, source: str, known: int
) -> Reading:
    """Count one use by `subject`, unless it is past `limit` or the total is at `cap`.

    `name` is 'subject:period'. `known` is what `source` knows itself to have counted in it.
    Raises `NotKnown` where the store has no total of that name, `StoreDown` without a store.
    """
    _, script, _ = _scripts(settings.REDIS_URL)
    amount, seconds = amount_of(limit)
    answer = _ask(
        script,
        keys=[f"meter:{{{subject}}}:{limit.name}", _total_key(name)],
        args=[amount, seconds * 1_000_000, -1 if cap is None else cap, source, known],
    )
    if answer[0] == "unknown":
        raise NotKnown(name)
    verdict, total, mine, used, oldest = answer
    reset = int(int(oldest) / 1_000_000) + seconds + 1
    window = Allowance(limit=amount, remaining=max(0, amount - int(used)), reset=reset)
    return Reading(cast(Verdict, verdict), int(total), int(mine), window)


def raise_counts(name: str, counts: Mapping[str, int], *, kept_until: int) -> None:
    """Tell the store what is known of each source; smaller numbers than its own change nothing.

    `kept_until` is the Unix time from which the store may forget the total.
    """
    store, _, script = _scripts(settings.REDIS_URL)
    pairs = [part for source, number in counts.items() for part in (source, number)]
    _ask(store.sadd, OPEN, name)
    _ask(script, keys=[_total_key(name)], args=[kept_until, *pairs])


def counts_of(name: str) -> dict[str, int]:
    """What the store has of each source. Raises `StoreDown`."""
    return counts_of_all([name])[name]


def counts_of_all(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """The same of several names, in one round trip; nothing for one that the store has lost."""
    listed = list(names)
    store, _, _ = _scripts(settings.REDIS_URL)
    pipeline = store.pipeline(transaction=False)
    for name in listed:
        pipeline.hgetall(_total_key(name))
    found = {}
    for name, counts in zip(listed, _ask(pipeline.execute), strict=True):
        counts.pop("total", None)
        found[name] = {source: int(number) for source, number in counts.items()}
    return found


def open_names() -> list[str]:
    """The names of all totals that the store was told of. Raises `StoreDown`."""
    store, _, _ = _scripts(settings.REDIS_URL)
    return sorted(_ask(store.smembers, OPEN))


def forget(names: Iterable[str]) -> None:
    """Take names off the list, where the store has no total of them any more."""
    store, _, _ = _scripts(settings.REDIS_URL)
    if listed := list(names):
        _ask(store.srem, OPEN, *listed)
