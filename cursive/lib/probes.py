"""The ground floor's health checks and the heartbeat that they look at."""

import time

from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import connections

from .health import register_check

HEARTBEAT_KEY = "heartbeat"
HEARTBEAT_SECONDS = 90


def _database() -> None:
    # The probe runs in a thread of its own, and so on a connection of its own.
    connection = connections["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _cache() -> None:
    caches["redis"].set("health", 1, 10)


def _worker() -> None:
    """Beat rings every 20 s and a worker answers: a stale mark means that one of them is down."""
    seen = caches["redis"].get(HEARTBEAT_KEY)
    if seen is None or time.time() - seen > HEARTBEAT_SECONDS:
        raise RuntimeError("no heartbeat")


def _storage() -> None:
    default_storage.exists("health")


def beat() -> None:
    """Mark that beat and worker are alive."""
    caches["redis"].set(HEARTBEAT_KEY, time.time(), 10 * HEARTBEAT_SECONDS)


def register() -> None:
    """Register the checks. The demo is up before its worker has beaten for the first time."""
    register_check("database", _database, needed=True)
    register_check("cache", _cache, needed=True)
    register_check("worker", _worker, needed=not settings.DEMO)
    register_check("storage", _storage, needed=True)
