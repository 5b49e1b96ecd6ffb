"""Counting: exact, within limits, and never lost (C-17, C-19)."""

import multiprocessing
import os
import signal
import time

import pytest
import redis
from django.core.cache import cache
from django.db import connections

from credits.metering import counting
from credits.metering.counting import own_unwritten, write_counts_of_store
from credits.metering.operations import CountedCall, known_terms
from cursive.lib import meters
from cursive.lib.tenancy import atomic
from tests.credits.books import at_once
from tests.credits.metering.conftest import write_own

# ---- Limits ------------------------------------------------------------------------------------


def test_the_edges_of_free(acme):
    """C-19: calls 999, 1,000 and 1,001."""
    acme.used_before(998)
    end = known_terms(acme.id).period_end
    first, second, third = acme.count(), acme.count(), acme.count()
    assert [(one.limit, one.remaining, one.allowed) for one in (first, second, third)] == [
        (1000, 1, True),
        (1000, 0, True),
        (1000, 0, False),
    ]
    assert {one.reset for one in (first, second, third)} == {int(end.timestamp())}
    assert third.kind == "plan" and "1,000 API calls of the Free plan" in third.refusal
    assert third.error().retry_after > 0
    assert acme.total() == 1000


def test_the_edges_of_the_minute(acme):
    """100 a minute, whoever calls."""
    shown = [acme.count() for _ in range(101)]
    assert [one.remaining for one in shown] == [*range(99, -1, -1), 0]
    assert {one.limit for one in shown} == {100}
    assert [one.allowed for one in shown] == [True] * 100 + [False]
    assert 0 < shown[-1].error().retry_after <= 61
    assert acme.total() == 100, "a refused call is no use of the plan"


def test_the_window_moves(acme, settings):
    settings.API_RATE = "2/second"
    assert [acme.count().allowed for _ in range(3)] == [True, True, False]
    time.sleep(1.05)
    assert [acme.count().allowed for _ in range(3)] == [True, True, False]
    assert acme.total() == 4


def test_a_count_that_nobody_waited_for_leaves_others_their_own_answer(acme, rival):
    """A request may break before its place was asked about; its connection goes on."""
    acme.count()
    CountedCall(workspace_id=acme.id).drop()
    shown = [rival.count().remaining, rival.count().remaining]
    assert shown == [99, 98]
    assert acme.count().remaining in (97, 98), "whether it counted isn't known"
    assert acme.total() in (2, 3)


def test_a_connection_that_the_store_has_closed_is_none_to_count_on(acme, settings):
    """A store that was started anew, or cleans up, is no outage."""
    assert acme.count().remaining == 99
    store = redis.Redis.from_url(settings.REDIS_URL)
    store.client_kill_filter(_type="normal", skipme=True)
    assert [acme.count().remaining for _ in range(2)] == [98, 97]
    assert acme.written() == 0, "nothing had to be counted in PostgreSQL"


def test_the_tighter_limit_is_shown(acme):
    acme.used_before(850)
    assert (acme.count().limit, acme.total()) == (100, 851)
    acme.count(50)
    shown = acme.count()  # 52 calls in this minute, 902 in the plan
    assert (shown.limit, shown.remaining) == (100, 48)
    acme.used_before(950)
    cache.clear()
    shown = acme.count()
    assert (shown.limit, shown.kind) == (1000, "plan")


def test_calls_past_a_limit_that_charges_go_on(acme):
    """C-20's ground: Pro is never blocked."""
    acme.plan(calls=10, past_limit="charged", call_price_usd="0.001")
    acme.used_before(10)
    shown = acme.count(5)
    assert shown.allowed and (shown.limit, shown.remaining) == (100, 95)
    assert acme.total() == 15


def test_without_a_limit_only_the_minute_counts(acme):
    acme.plan(calls=None)
    acme.used_before(5_000_000)
    assert acme.count().limit == 100
    assert acme.total() == 5_000_001


def test_another_workspace_has_its_own_limits(acme, rival):
    acme.count(101)
    assert rival.count().remaining == 99
    assert rival.total() == 1


def test_many_at_once_get_no_more_than_the_plan_has(acme, quick):
    acme.used_before(900)
    allowed = at_once(8, lambda _: sum(acme.count().allowed for _ in range(50)))
    assert sum(allowed) == 100
    assert acme.total() == 1000


# ---- Nothing is lost ---------------------------------------------------------------------------


def test_100_000_calls_over_8_threads_are_all_counted(acme, quick):
    """Must show 5."""
    acme.plan(calls=None)
    at_once(8, lambda _: bool(acme.count(12_500)))
    assert acme.total() == 100_000
    write_own()
    assert acme.written() == 100_000


def test_a_lost_redis_loses_nothing_that_was_written(acme, quick):
    acme.count(30)
    write_own()
    cache.clear()
    assert acme.total() == 30
    acme.count()
    assert acme.total() == 31


def test_a_lost_redis_loses_nothing_that_was_not_written_yet(acme, quick):
    """The process says with its next call how far it was."""
    acme.count(30)
    cache.clear()
    assert acme.count().limit
    assert acme.total() == 31
    assert acme.written() == 0
    write_own()
    assert acme.written() == 31


def test_redis_that_is_lost_while_others_count_too(acme, quick):
    acme.count(5)
    write_own()
    acme.used_before(70)
    cache.clear()
    at_once(8, lambda _: bool(acme.count(25)))
    cache.clear()
    acme.count()
    assert acme.total() == 5 + 70 + 200 + 1


def _child(workspace_id, ready) -> None:
    connections.close_all()
    for _ in range(40):
        CountedCall(workspace_id=workspace_id).decision()
    ready.send(counting._own.source)
    signal.pause()


def test_a_killed_process_loses_none_of_the_count(acme, quick):
    """Must show 5: kill -9."""
    acme.count(2)
    connections.close_all()
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_child, args=(acme.id, there))
    child.start()
    assert here.poll(20)
    assert here.recv() != counting._own.source
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert acme.total() == 42
    assert acme.written() == 0
    write_counts_of_store()
    assert acme.written() == 40 + 2
    cache.clear()
    acme.count()
    assert acme.total() == 43


def test_without_redis_no_call_is_refused_and_each_is_written_at_once(acme, quick, store_down):
    acme.used_before(999)
    decisions = [acme.count() for _ in range(3)]
    assert [one.allowed for one in decisions] == [True] * 3
    assert [one.remaining for one in decisions] == [0, 0, 0]
    assert acme.written() == 1002
    assert acme.total() == 1002


def test_redis_comes_and_goes(acme, quick, settings):
    there = settings.REDIS_URL
    for _ in range(3):
        acme.count(4)
        settings.REDIS_URL = "redis://127.0.0.1:9/0"
        meters.wake()
        acme.count(5)
        settings.REDIS_URL = there
        meters.wake()
    acme.count()
    assert acme.total() == 28
    write_own()
    assert acme.written() == 28


def test_calls_at_once_without_redis(acme, store_down):
    at_once(8, lambda _: bool(acme.count(10)))
    assert acme.written() == 80


def test_the_total_follows_what_is_rolled_back(acme, quick, store_down):
    """The caller's transaction may fail: its call was a call all the same."""
    with pytest.raises(ZeroDivisionError), atomic():
        acme.count()
        raise ZeroDivisionError
    assert acme.written() == 1


def test_writing_that_fails_is_done_the_next_time(acme, quick):
    acme.count(3)
    with pytest.raises(ZeroDivisionError), own_unwritten():
        raise ZeroDivisionError
    write_own()
    assert acme.written() == 3


def test_a_period_that_redis_has_lost_is_let_go(acme, quick):
    acme.count()
    write_counts_of_store()
    meters.raise_counts("00000000-0000-7000-8000-000000000001:1", {}, kept_until=1)
    write_counts_of_store()
    assert meters.open_names() == [acme.period.name]


def test_old_numbers_never_lower_newer_ones(acme, quick):
    acme.used_before(20)
    acme.used_before(10)
    assert acme.total() == 20


def test_who_may_write_the_counts(acme):
    """Only the system's role."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('app_user', 'credits_usagecount', 'UPDATE')")
        assert cursor.fetchone() == (False,)
