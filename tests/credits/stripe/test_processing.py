"""C-9, C-10: claimed by one, prepared outside, applied once; retried, then given up."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from credits.stripe import runner
from credits.stripe.models import StripeEvent
from credits.stripe.operations import retry_event
from credits.stripe.providers import StripeUnavailable
from credits.stripe.registry import EventHandler, Prepared, register_handler
from credits.stripe.tasks import forget_old_payloads, process_due_events, process_event
from cursive.celery import app
from cursive.lib.actors import Actor
from cursive.lib.tenancy import current_workspace_id, system_context, tenant_context, uuid7
from tests.credits.books import at_once
from tests.credits.stripe.paying import deliver, pass_time, stored, work_off
from tests.credits.stripe.watched import KIND, paid

MINUTES = (1, 5, 15, 60, 360)


def breaks(*_: object) -> None:
    raise RuntimeError("broken")


def only():
    """The one stored event, as it is now."""
    (event,) = stored()
    return event


def wait_of(event) -> timedelta:
    """How long after now, by the database's clock, the event is due."""
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            "SELECT next_attempt_at - statement_timestamp() FROM credits_stripeevent WHERE id = %s",
            [event.id],
        )
        return cursor.fetchone()[0]


def test_an_event_is_applied_in_its_workspace_and_done(books, handler):
    seen = []
    handler.on_prepare = lambda: seen.append(
        (
            current_workspace_id(),
            *(connections[one].in_atomic_block for one in ("default", "admin")),
        )
    )
    handler.on_apply = lambda: seen.append(current_workspace_id())
    deliver(paid(books.workspace.id))
    assert work_off() == 1
    event = only()
    assert (event.state, event.attempts, event.error) == ("done", 1, "")
    assert event.workspace_id == books.workspace.id and event.finished_at and not event.lease_token
    assert seen == [(None, False, False), books.workspace.id]
    assert books.amounts() == [1]
    assert work_off() == 0 and handler.applied == 1


def test_several_handlers_of_an_event_are_one_transaction(books, handler):
    class Second(EventHandler):
        types = (KIND,)

        def prepare(self, event):
            return Prepared(books.workspace.id)

        apply = breaks

    register_handler(Second())
    deliver(paid(books.workspace.id))
    work_off(well=False)
    assert handler.applied == 1 and books.amounts() == [], "what the first did is undone"
    assert (only().state, only().error) == ("pending", "RuntimeError: broken")


def test_handlers_that_disagree_whose_it_is_change_nothing(books, others, handler):
    class Second(EventHandler):
        types = (KIND,)

        def prepare(self, event):
            return Prepared(others.workspace.id)

        apply = breaks

    register_handler(Second())
    deliver(paid(books.workspace.id))
    work_off(well=False)
    assert only().error.startswith("SeveralWorkspaces") and handler.applied == 0


def test_what_no_handler_takes_for_ours_is_ignored(books, handler):
    deliver(paid(books.workspace.id, foreign=True))
    assert work_off() == 1
    assert (only().state, only().workspace_id, books.amounts()) == ("ignored", None, [])


@pytest.mark.parametrize(
    "metadata",
    [{"workspace_id": "00000000-0000-7000-8000-00000000dead"}, {"workspace_id": "x"}, {}, None],
)
def test_an_event_of_a_workspace_that_is_not_there_fails_visibly(db, handler, metadata, caplog):
    deliver(paid("x", metadata=metadata))
    with caplog.at_level(logging.ERROR):
        work_off(well=False)
    event = only()
    assert (event.state, event.attempts, event.workspace_id) == ("failed", 1, None)
    assert "workspace" in event.error
    assert "stripe_event_of_nobody" in caplog.messages
    pass_time(timedelta(days=1))
    assert work_off(well=False) == 0


def test_a_failing_event_walks_the_ladder_and_is_given_up(books, handler, caplog):
    """C-10: 1 min, 5 min, 15 min, 1 h, 6 h by the database's clock, then the dead letter."""
    handler.on_apply = breaks
    deliver(paid(books.workspace.id))
    for attempt, minutes in enumerate(MINUTES, start=1):
        assert work_off(well=False) == 1
        event = only()
        assert (event.state, event.attempts) == ("pending", attempt)
        assert event.error == "RuntimeError: broken"
        wait, step = wait_of(event), timedelta(minutes=minutes)
        assert step - timedelta(minutes=0.9) < wait <= step
        pass_time(wait - timedelta(seconds=30))
        assert work_off(well=False) == 0, "not yet"
        pass_time(timedelta(seconds=31))
    with caplog.at_level(logging.ERROR):
        assert work_off(well=False) == 1
    event = only()
    assert (event.state, event.attempts, handler.applied) == ("failed", 6, 6)
    assert event.finished_at is not None and event.workspace_id == books.workspace.id
    assert "stripe_event_given_up" in caplog.messages
    pass_time(timedelta(days=30))
    assert work_off(well=False) == 0
    assert books.amounts() == []


def test_a_service_that_is_down_for_a_while_delays_and_loses_nothing(books, handler):
    def down() -> None:
        raise StripeUnavailable("Stripe doesn't answer.")

    handler.on_prepare = down
    deliver(paid(books.workspace.id))
    work_off(well=False)
    assert only().error == "StripeUnavailable: Stripe doesn't answer."
    handler.on_prepare = lambda: None
    pass_time(timedelta(minutes=1))
    work_off()
    assert (only().state, only().error, books.amounts()) == ("done", "", [1])


def test_one_broken_event_does_not_hold_up_the_others(books, handler):
    deliver(paid("x", "pi_bad"))
    for number in range(3):
        deliver(paid(books.workspace.id, f"pi_{number}"))
    assert work_off(well=False) == 4
    assert [event.state for event in stored()] == ["failed", "done", "done", "done"]


@pytest.mark.faults
def test_twenty_workers_share_the_events(books, handler):
    """SKIP LOCKED: each event is taken by one, none waits for another's."""
    for number in range(40):
        deliver(paid(books.workspace.id, f"pi_{number}"))
    results = at_once(20, lambda _: runner.process_due_events())
    assert sum(results) == 40
    assert {(event.state, event.attempts) for event in stored()} == {("done", 1)}
    assert (handler.applied, len(books.amounts())) == (40, 40)


@pytest.mark.faults
def test_twenty_bells_for_one_event_are_one_attempt(books, handler):
    deliver(paid(books.workspace.id))
    results = at_once(20, lambda _: runner.process_event(only().id))
    assert sorted(results) == [False] * 19 + [True]
    assert (only().attempts, books.amounts()) == (1, [1])


def test_a_worker_that_was_thought_dead_changes_nothing(books, handler):
    """Its lease is over and another has done the event, when it comes back from preparing."""
    asleep, awake = threading.Event(), threading.Event()
    first = threading.current_thread

    def sleep_once() -> None:
        if first().name == "slow":
            asleep.set()
            assert awake.wait(30)

    handler.on_prepare = sleep_once
    deliver(paid(books.workspace.id))

    def slow() -> None:
        runner.process_due_events()
        connections.close_all()

    thread = threading.Thread(target=slow, name="slow")
    thread.start()
    assert asleep.wait(30)
    assert work_off() == 0, "it has its lease"
    pass_time(timedelta(minutes=2))
    assert work_off() == 1
    awake.set()
    thread.join(30)
    event = only()
    assert (event.state, event.attempts) == ("done", 2)
    assert (handler.prepared, handler.applied, books.amounts()) == (2, 1, [1])


def test_a_late_failure_does_not_undo_what_another_worker_did(books, handler):
    asleep, awake = threading.Event(), threading.Event()

    def sleep_once() -> None:
        if threading.current_thread().name == "slow":
            asleep.set()
            assert awake.wait(30)
            breaks()

    handler.on_prepare = sleep_once
    deliver(paid(books.workspace.id))

    def slow() -> None:
        runner.process_due_events()
        connections.close_all()

    thread = threading.Thread(target=slow, name="slow")
    thread.start()
    assert asleep.wait(30)
    pass_time(timedelta(minutes=2))
    work_off()
    awake.set()
    thread.join(30)
    assert (only().state, only().error) == ("done", "")


def test_an_event_that_kills_its_workers_is_given_up(books, handler):
    """Each claim is an attempt, also where nobody came back to say how it went."""
    deliver(paid(books.workspace.id))
    for _ in range(6):
        assert runner._claim() is not None
        pass_time(timedelta(hours=1))
    work_off(well=False)
    event = only()
    assert (event.state, event.attempts, handler.prepared) == ("failed", 7, 0)
    assert "None of 6 attempts" in event.error


def test_the_tasks_process_by_id_and_by_the_clock(books, handler):
    deliver(paid(books.workspace.id, "pi_1"))
    assert process_event(str(only().id)) is True
    assert process_event(str(only().id)) is False
    assert process_event(str(uuid7())) is False
    deliver(paid(books.workspace.id, "pi_2"))
    assert process_due_events() == 1
    assert books.amounts() == [1, 1]
    assert {"credits.stripe.process_event", "credits.stripe.process_due_events"} <= set(app.tasks)
    beat = app.conf.beat_schedule["stripe-events"]
    assert (beat["task"], beat["schedule"]) == ("credits.stripe.process_due_events", 60.0)


def rung(task: str, args: list[str]) -> bool:
    """Whether the workers were told, in a message that is on its way or arrives soon."""
    with app.connection_for_read() as broker, broker.SimpleQueue("celery") as queue:
        while True:
            try:
                message = queue.get(timeout=10)
            except queue.Empty:
                return False
            message.ack()
            if message.headers["task"] == task and message.payload[0] == args:
                return True


def test_a_new_event_rings_for_a_worker_and_an_old_one_for_staff(books, handler):
    deliver(paid(books.workspace.id))
    assert rung("credits.stripe.process_event", [str(only().id)])
    retry_event(event_id=only().id, actor=Actor.system("test"))
    assert rung("credits.stripe.process_event", [str(only().id)])


def test_a_sweep_whose_time_is_over_goes_on_at_once(books, handler, monkeypatch):
    monkeypatch.setattr(runner.process_due_events, "__defaults__", (0.000001,))
    for number in range(2):
        deliver(paid(books.workspace.id, f"pi_{number}"))
    assert process_due_events() == 1
    assert rung("credits.stripe.process_due_events", [])
    assert process_due_events() == 1
    assert books.amounts() == [1, 1]


def test_an_event_is_its_workspaces_alone(books, others, handler):
    """X-1: the restricted role sees what is known to be its workspace's, and nothing else."""
    deliver(paid(books.workspace.id, "pi_1"))
    work_off()
    deliver(paid(books.workspace.id, "pi_2"))
    for workspace, seen in ((books.workspace, 1), (others.workspace, 0)):
        with tenant_context(workspace.id), connections["default"].cursor() as cursor:
            assert StripeEvent.objects.count() == seen
            cursor.execute("SELECT count(*) FROM credits_stripeevent")
            assert cursor.fetchone()[0] == seen
    with system_context():
        assert StripeEvent.objects.count() == 2


def test_what_settled_events_said_is_forgotten_after_90_days(books, handler):
    deliver(paid(books.workspace.id))
    deliver(paid(books.workspace.id))
    assert work_off() == 2
    settled, failing = stored()
    with system_context():
        StripeEvent.objects.filter(id=failing.id).update(
            state="failed", finished_at=Now() - timedelta(days=400)
        )
    assert forget_old_payloads() == 0
    with system_context():
        StripeEvent.objects.filter(id=settled.id).update(finished_at=Now() - timedelta(days=91))
    assert forget_old_payloads() == 1
    assert forget_old_payloads() == 0
    settled, failing = stored()
    assert settled.payload == {} and failing.payload["type"] == failing.type
