"""C-9: in any order, several times each, eight at once, by workers that are killed anywhere."""

import os
import random
import sys
from collections import Counter

import pytest

from credits.ledger.checks import find_differences
from tests.credits.books import at_once
from tests.credits.stripe.paying import deliver, stored
from tests.credits.stripe.watched import paid
from tests.credits.stripe.worker import process_all
from tests.faults.doom import KILLED, ended, hire

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
EVENTS, THINGS = 120, 60
KILLS = 12
WORKERS = 3
# Statements that a doomed worker begins; an event takes about a dozen.
DEATH_AFTER = (4, 60)
DELAY = (0, 0.004)


def test_nothing_is_lost_or_done_twice_by_workers_that_are_killed(books, others, handler, settings):
    settings.JOB_LEASE_SECONDS = 1
    chance = random.Random(SEED)
    sys.stderr.write(f"FAULT_SEED={SEED}\n")
    # Two events about each thing, as Stripe tells the same by several types.
    events = [
        paid((books if thing % 2 else others).workspace.id, f"pi_{thing}", f"evt_{number}")
        for number in range(EVENTS)
        for thing in [number % THINGS]
    ]
    deliveries = [event for event in events for _ in range(chance.randint(1, 10))]
    chance.shuffle(deliveries)
    answers = at_once(8, lambda at: [deliver(event).status_code for event in deliveries[at::8]])
    assert {status for some in answers for status in some} == {200}
    assert len(stored()) == EVENTS
    killed = 0
    while killed < KILLS:
        workers = [
            hire(
                process_all, dies_at=chance.randrange(*DEATH_AFTER), delay=chance.uniform(0, 0.004)
            )
            for _ in range(WORKERS)
        ]
        killed += sum(ended(worker) == KILLED for worker in workers)
        assert stored(state="pending"), f"all was done after {killed} kills: too short a storm"
        assert find_differences() == []
    assert ended(hire(process_all)) == 0
    assert Counter(event.state for event in stored()) == {"done": EVENTS}
    assert max(event.attempts for event in stored()) > 1, "no event was in a dead worker's hands"
    assert len(books.amounts()) == len(others.amounts()) == THINGS / 2
    assert find_differences() == []
