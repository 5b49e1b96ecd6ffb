"""N-14: without Stripe nobody can pay, but Cursive is only degraded."""

from datetime import timedelta

import pytest
from django.test import Client

from tests.credits.stripe.paying import deliver, local_stripe, pass_time, work_off
from tests.credits.stripe.watched import paid

__all__ = ["local_stripe"]


def health() -> tuple[int, str]:
    answer = Client().get("/api/health")
    return answer.status_code, answer.json()["checks"]["stripe"]


@pytest.fixture
def alive(monkeypatch):
    """All that is needed is up: a worker has beaten."""
    from cursive.lib import probes

    monkeypatch.setattr(probes, "HEARTBEAT_SECONDS", 10**9)
    probes.beat()


def test_stripe_is_asked_now_and_then(local_stripe, alive):
    assert health() == (200, "ok")
    asked = len(local_stripe.calls)
    assert asked == 1
    for _ in range(3):
        assert health() == (200, "ok")
    assert len(local_stripe.calls) == asked


def test_a_stripe_that_fails_or_is_away_degrades(local_stripe, alive, settings):
    local_stripe.fail("/v1/events", status=500, times=1)
    assert health() == (200, "down (StripeUnavailable)")
    assert Client().get("/api/health").json()["status"] == "ok", "it isn't asked to fail again"
    settings.STRIPE_LOCAL_URL = "http://127.0.0.1:1"
    from django.core.cache import cache

    cache.clear()
    alive_again = Client().get("/api/health")
    assert alive_again.json()["checks"]["stripe"] == "down (StripeUnavailable)"


def test_without_redis_stripe_is_not_called_down(local_stripe, alive, settings):
    from django.core.cache import caches

    settings.CACHES = {
        name: {**configured, "LOCATION": "redis://127.0.0.1:1/0"}
        for name, configured in settings.CACHES.items()
    }
    assert caches["default"] is not None
    checks = Client().get("/api/health").json()["checks"]
    assert checks["cache"].startswith("down") and checks["stripe"] == "ok"


def test_events_that_nobody_processes_degrade(books, handler, local_stripe, alive):
    deliver(paid(books.workspace.id))
    assert health() == (200, "ok")
    pass_time(timedelta(minutes=6))
    assert health() == (200, "down (EventsAreLate)")
    work_off()
    assert health() == (200, "ok")
