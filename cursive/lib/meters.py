"""A limit and a total in one round trip to Redis: for what is both rationed and paid for.

A moving window (how many in the last minute) and the total of a period are read, judged and
counted by one script, so no two calls can both take the last place. Only what is allowed counts.

Asking and reading the answer are two steps, so that whoever asks can do something else meanwhile.

The total is kept as one number for each source (each process that counts), and every source says
with each call how far it knows itself to be. So a total is mended by the larger number, wherever
it was lost or falls behind, and saying the same thing twice changes nothing.
"""

import hashlib
import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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

# Times are microseconds of Redis's clock. `total` is the sum of all sources. The window is a list
# of times, the oldest first: each is pushed once and popped once.
COUNT = """
local counts = redis.call('HMGET', KEYS[2], 'total', ARGV[4])
if not counts[1] then return {'unknown'} end
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local most, span, cap = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held, known = tonumber(counts[2] or '0'), tonumber(ARGV[5])
local mine = math.max(held, known)
local total = tonumber(counts[1]) + mine - held
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - span do
    redis.call('LPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = oldest and redis.call('LLEN', KEYS[1]) or 0
local verdict = 'allowed'
if cap >= 0 and total >= cap then
    verdict = 'spent'
elseif used >= most then
    verdict = 'hurried'
else
    mine, total, used = mine + 1, total + 1, used + 1
    redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], math.ceil(span / 1000))
end
if mine > held then
    redis.call('HSET', KEYS[2], 'total', string.format('%.0f', total),
        ARGV[4], string.format('%.0f', mine))
end
return {verdict, total, mine, used, oldest or string.format('%.0f', now)}
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

COUNT_DIGEST = hashlib.sha1(COUNT.encode(), usedforsecurity=False).hexdigest()

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
def _store(url: str) -> redis.Redis:
    # Counting twice is worse than waiting once: nothing is tried again.
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


@cache
def _raise_script(url: str) -> Any:
    return _store(url).register_script(RAISE)


class _Connections:
    """Connections to the store, each used by one asker at a time.

    The library's own pool counts, looks at clocks and tells listeners with each use, which takes
    four times as long as the asking itself.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._pool = store.connection_pool
        self._idle: deque[Any] = deque()

    def take(self) -> Any:
        """One that nobody else has; it connects by itself. Raises ConnectionError."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._pool.make_connection()
        try:
            is_used = connection.can_read()
        except (redis.ConnectionError, redis.TimeoutError):  # the store has closed it
            is_used = True
        if is_used:
            connection.disconnect()
        return connection

    def give_back(self, connection: Any) -> None:
        """Let others have it; nothing may be left to read from it."""
        self._idle.append(connection)


@cache
def _connections(url: str) -> _Connections:
    return _Connections(_store(url))


# A forked process must not read its parent's answers.
os.register_at_fork(after_in_child=_connections.cache_clear)


class _Rest:
    until = 0.0


@contextmanager
def _asking() -> Iterator[None]:
    """Raise StoreDown for what the store doesn't do, and while it is left alone for that."""
    if time.monotonic() < _Rest.until:
        raise StoreDown
    try:
        yield
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


class Asked:
    """A use that the store counts just now. Its answer is to be read once, or dropped.

    It holds one connection, which belongs to nobody else until then.
    """

    def __init__(self, limit: Limit, name: str, arguments: list[Any]) -> None:
        self._connections = _connections(settings.REDIS_URL)
        self._limit, self._name, self._arguments = limit, name, arguments
        self._connection: Any = self._connections.take()
        try:
            self._connection.send_command("EVALSHA", COUNT_DIGEST, *arguments)
        except BaseException:
            self.drop()
            raise

    def reading(self) -> Reading:
        """What came of it.

        Raises `NotKnown` where the store has no total of that name, `StoreDown` without a store.
        """
        try:
            with _asking():
                answer = self._answer()
        except BaseException:
            self.drop()
            raise
        self._release()
        if answer[0] == "unknown":
            raise NotKnown(self._name)
        verdict, total, mine, used, oldest = answer
        amount, seconds = amount_of(self._limit)
        reset = int(int(oldest) / 1_000_000) + seconds + 1
        window = Allowance(limit=amount, remaining=max(0, amount - int(used)), reset=reset)
        return Reading(cast(Verdict, verdict), int(total), int(mine), window)

    def drop(self) -> None:
        """Leave the answer unread; the use may have been counted. Harmless after it was read."""
        if self._connection is not None:
            self._connection.disconnect()  # else the next one would read our answer
            self._release()

    def _answer(self) -> list[Any]:
        try:
            return cast(list[Any], self._connection.read_response())
        except redis.exceptions.NoScriptError:  # the store is new, and counted nothing
            self._connection.send_command("EVAL", COUNT, *self._arguments)
            return cast(list[Any], self._connection.read_response())

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        self._connections.give_back(connection)


def ask(
    limit: Limit, subject: object, *, name: str, cap: int | None, source: str, known: int
) -> Asked:
    """Have one use by `subject` counted, unless it is past `limit` or the total is at `cap`.

    `name` is 'subject:period'. `known` is what `source` knows itself to have counted in it.
    Raises `StoreDown` without a store.
    """
    amount, seconds = amount_of(limit)
    keys = [f"meter:{{{subject}}}:{limit.name}", _total_key(name)]
    values = [amount, seconds * 1_000_000, -1 if cap is None else cap, source, known]
    with _asking():
        return Asked(limit, name, [len(keys), *keys, *values])


def raise_counts(name: str, counts: Mapping[str, int], *, kept_until: int) -> None:
    """Tell the store what is known of each source; smaller numbers than its own change nothing.

    `kept_until` is the Unix time from which the store may forget the total.
    """
    pairs = [part for source, number in counts.items() for part in (source, number)]
    with _asking():
        _store(settings.REDIS_URL).sadd(OPEN, name)
        _raise_script(settings.REDIS_URL)(keys=[_total_key(name)], args=[kept_until, *pairs])


def counts_of(name: str) -> dict[str, int]:
    """What the store has of each source. Raises `StoreDown`."""
    return counts_of_all([name])[name]


def counts_of_all(names: Iterable[str]) -> dict[str, dict[str, int]]:
    """The same of several names, in one round trip; nothing for one that the store has lost."""
    listed = list(names)
    with _asking():
        pipeline = _store(settings.REDIS_URL).pipeline(transaction=False)
        for name in listed:
            pipeline.hgetall(_total_key(name))
        answers = pipeline.execute()
    found = {}
    for name, counts in zip(listed, answers, strict=True):
        counts.pop("total", None)
        found[name] = {source: int(number) for source, number in counts.items()}
    return found


def open_names() -> list[str]:
    """The names of all totals that the store was told of. Raises `StoreDown`."""
    with _asking():
        return sorted(cast(set[str], _store(settings.REDIS_URL).smembers(OPEN)))


def forget(names: Iterable[str]) -> None:
    """Take names off the list, where the store has no total of them any more."""
    if listed := list(names):
        with _asking():
            _store(settings.REDIS_URL).srem(OPEN, *listed)
