"""A cache that outlives its server: what it can't keep in Redis it keeps in this process.

What is cached may always be missing, so nothing is wrong then; and limits that count in the cache,
such as those of signing in, go on with each process counting for itself. Whoever has to know
whether Redis answers asks the cache `redis`.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# For so long Redis isn't asked again: each try may wait for its whole time limit.
AWAY_SECONDS = 5.0


def _steady(name: str) -> Callable[..., Any]:
    def call(self: "SteadyCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.away_until:
            try:
                return getattr(super(SteadyCache, self), name)(*args, **kwargs)
            except RedisError:
                self.away_until = time.monotonic() + AWAY_SECONDS
                log.warning("cache_down", exc_info=True)
        return getattr(self.local, name)(*args, **kwargs)

    call.__name__ = name
    call.__doc__ = f"`{name}` in Redis, or in this process while Redis doesn't answer."
    return call


class SteadyCache(RedisCache):
    """Django's cache on Redis, that falls back to the process's memory for some seconds."""

    def __init__(self, server: str, params: Mapping[str, Any]) -> None:
        super().__init__(server, dict(params))
        self.away_until = 0.0
        mine = {name: value for name, value in params.items() if name != "OPTIONS"}
        self.local: BaseCache = LocMemCache(f"beside {server}", mine)

    add = _steady("add")
    get = _steady("get")
    set = _steady("set")
    touch = _steady("touch")
    delete = _steady("delete")
    get_many = _steady("get_many")
    has_key = _steady("has_key")
    incr = _steady("incr")
    set_many = _steady("set_many")
    delete_many = _steady("delete_many")
    clear = _steady("clear")
