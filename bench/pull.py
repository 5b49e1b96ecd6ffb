"""Pulling 10,000 leads as a job, against COPY of the same rows into the same table.

The pull does what production does: it holds the credits, reads people from the catalogue in
batches, leaves out whom the workspace owns, inserts, captures, writes events and the bill. The
yardstick is one COPY of what the pull has made, indexes and generated columns and all, into the
table from which it was deleted. By turns, in one process, and last the books are proven.
"""

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import connections

from accounts.workspaces.models import User, Workspace
from bench.catalogue import prepare
from bench.memory import memory_of
from bench.options import Options
from bench.report import Row, figure
from credits.ledger.checks import find_differences
from credits.ledger.operations import grant
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import system_context, tenant_context, uuid7
from leads.filters.tree import EVERYBODY
from leads.records.models import Lead, OwnedPeople
from leads.records.pulls import start_pull

SECTION = "pull"
LEADS = 10_000
TURNS = 3
GOAL = 5.0
SYSTEM = Actor.system("bench")
COLUMNS = ", ".join(
    f'"{field.column}"' for field in Lead._meta.local_concrete_fields if not field.generated
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One pull and its yardstick, in seconds; megabytes that the pull added at its highest."""

    pull: float
    copy: float
    memory: float
    skipped: int


def run(options: Options) -> list[Row]:
    """Seconds for 10,000 leads, their ratio to COPY, and the memory that it takes."""
    directory, _ = prepare(options.folder / f"catalogue-{options.rows}", options.rows)
    settings.CATALOGUE_DIR = directory
    workspace_id = funded_workspace()
    turns = [_turn(workspace_id) for _ in range(TURNS + 1)][1:]  # the first one warms up
    if differences := find_differences():
        raise AssertionError(f"the books are wrong after this: {differences[0]}")
    pull = statistics.median(turn.pull for turn in turns)
    copy = statistics.median(turn.copy for turn in turns)
    return [
        figure(
            SECTION,
            f"{LEADS:,} leads, from hold to bill",
            pull,
            "s",
            yardstick=copy,
            ratio_at_most=GOAL,
        ),
        figure(SECTION, "leads a second", LEADS / pull, "a second", yardstick=LEADS / copy),
        figure(SECTION, "memory added, at most", max(t.memory for t in turns), "MB"),
        figure(SECTION, "people passed over", turns[-1].skipped, ""),
    ]


def funded_workspace() -> UUID:
    """A new workspace with a million credits."""
    with system_context():
        User.objects.create_user("bench@bench.example")
        workspace_id = Workspace.objects.create(name="Bench").id
    with tenant_context(workspace_id):
        grant(
            workspace_id=workspace_id,
            amount=Decimal(1_000_000),
            action="grant",
            reference=("bench", "1"),
            key="funds",
            actor=SYSTEM,
        )
    return workspace_id


def _turn(workspace_id: UUID) -> Turn:
    _empty(workspace_id)
    with highest_memory() as added:
        began = time.perf_counter()
        job = _pull(workspace_id)
        pull = time.perf_counter() - began
    if job.result.get("delivered") != LEADS:
        raise AssertionError(f"delivered {job.result}, not {LEADS:,} ({job.error})")
    rows = _made()
    _empty(workspace_id)
    return Turn(pull, _copied(rows), added[0], job.cursor["owned"] + job.cursor["doubles"])


def _made() -> bytes:
    """What the pull has made, as COPY writes it."""
    out = f"COPY (SELECT {COLUMNS} FROM leads_lead) TO STDOUT"
    with connections["owner"].cursor() as cursor, cursor.copy(out) as copy:
        return b"".join(bytes(block) for block in copy)


def _pull(workspace_id: UUID) -> Job:
    with tenant_context(workspace_id):
        job, _ = start_pull(
            workspace_id=workspace_id,
            actor=SYSTEM,
            filter=EVERYBODY,
            limit=LEADS,
            order="score",
            key="",
            segment_id=uuid7(),
            title="Bench",
        )
    run_job(workspace_id=workspace_id, job_id=job.id)
    with tenant_context(workspace_id):
        return Job.objects.get(workspace_id=workspace_id, id=job.id)


def _copied(rows: bytes) -> float:
    """Seconds for COPY of rows and its commit."""
    began = time.perf_counter()
    with connections["owner"].cursor() as cursor:
        with cursor.copy(f"COPY leads_lead ({COLUMNS}) FROM STDIN") as copy:
            copy.write(rows)
        copied = cursor.rowcount
    seconds = time.perf_counter() - began
    if copied != LEADS:
        raise AssertionError(f"copied {copied} rows, not {LEADS:,}")
    return seconds


def _empty(workspace_id: UUID) -> None:
    """The table as it was before the first turn."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE leads_lead CASCADE")
        cursor.execute("VACUUM ANALYZE leads_lead")
    with tenant_context(workspace_id):
        OwnedPeople.objects.filter(workspace_id=workspace_id).delete()


@contextmanager
def highest_memory() -> Iterator[list[float]]:
    """What this process holds more than at the beginning, at its highest, in megabytes."""
    own = [os.getpid()]
    before = memory_of(own).rss
    highest, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            highest[0] = max(highest[0], memory_of(own).rss - before)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield highest
    finally:
        over.set()
        thread.join()
