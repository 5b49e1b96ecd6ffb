"""Rate limits: counted for each subject, with the figures that the headers need."""

import threading

import pytest
from django.test import override_settings

from cursive.lib import limits
from cursive.lib.errors import TooMany, Unavailable
from cursive.lib.tenancy import uuid7

THREE = limits.Limit("test-three", "3/minute", "Too quick.")


def test_the_edge_and_what_is_left():
    who = uuid7()
    left = [limits.hit(THREE, who).remaining for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(TooMany) as refusal:
        limits.hit(THREE, who)
    assert refusal.value.message == "Too quick." and 0 < refusal.value.retry_after <= 61
    assert limits.hit(THREE, uuid7()).remaining == 2


def test_many_at_once_get_no_more_than_the_limit():
    who, passed = uuid7(), []

    def one() -> None:
        try:
            limits.hit(THREE, who)
            passed.append(1)
        except TooMany:
            return

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 3


@pytest.fixture
def store_down():
    limits._limiter.cache_clear()
    with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
        yield
    limits._limiter.cache_clear()


def test_without_its_store_a_money_limit_refuses_and_others_let_pass(store_down):
    assert limits.hit(THREE, uuid7()) is None
    closed = limits.Limit("test-money", "3/minute", "Too quick.", fail_closed=True)
    with pytest.raises(Unavailable):
        limits.hit(closed, uuid7())
