"""Bringing scores up to date: of some leads at once, of a workspace as a job, of all at night.

Only rows whose score or factors are others now are written. They are locked in the order of their
ids, and computed from what they are once locked, so that a change made meanwhile is never lost.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.outbox import emit_all

from .models import ScoreDay
from .queries import KIND, count_leads, distribution_of, has_leads, rule_of, workspaces_to_score
from .rule import Rule, today

log = logging.getLogger(__name__)

# Leads of one transaction: so many are looked at, and at most so many written, which are locked
# for some tenths of a second. On most nights few of a workspace's leads are others.
LOOKED_AT = 20_000
BATCH = 2_500
# Leads in one event: a receiver gets at most about 50 KB at once, and not a call for each lead of
# a night.
EVENT_LEADS = 500


@dataclass(frozen=True, slots=True)
class Change:
    """A lead whose score is another now; `old` is None where it had none."""

    lead_id: UUID
    old: int | None
    new: int


def score_leads(
    *, workspace_id: UUID, ids: Iterable[UUID], cause: str = "update", day: date | None = None
) -> list[Change]:
    """Score these leads by the rule in force, in the caller's transaction; announce what changed.

    Call it after any change of what scores depend on (`rule.INPUTS`). Ids of deleted leads, or of
    another workspace, are passed over. `cause` goes into `lead.scored`: why it was computed again.
    """
    wanted = list(ids)
    if not wanted:
        return []
    with tenancy.atomic():
        rule = rule_of(workspace_id, day)
        written = _write(workspace_id, rule, "lead.id = ANY(%(ids)s::uuid[])", {"ids": wanted})
        changes = _changed(written)
        _announce(workspace_id, changes, cause)
    return changes


def _write(
    workspace_id: UUID, rule: Rule, which: str, params: dict[str, Any], most: int | None = None
) -> list[Change]:
    """Score the leads that `which` picks, and that are others now, the first `most` by id.

    Returns all that were written, also those of which only the factors changed. What they were is
    looked up in one document and not joined: of tables that were never analysed the planner knows
    so little that it goes through the workspace for each lead of the batch.
    """
    statement = f"""
        WITH stale AS MATERIALIZED (
            SELECT lead.id, lead.score FROM leads_lead lead
            WHERE lead.workspace_id = %(workspace)s AND lead.deleted_at IS NULL AND {which}
              AND (lead.score_factors IS DISTINCT FROM {rule.factors}
                   OR lead.score IS DISTINCT FROM {rule.score})
            ORDER BY lead.id LIMIT %(most)s FOR NO KEY UPDATE
        ), before AS MATERIALIZED (
            SELECT jsonb_object_agg(id, score) AS scores FROM stale
        )
        UPDATE leads_lead lead SET score = {rule.score}, score_factors = {rule.factors}
        WHERE lead.workspace_id = %(workspace)s AND {which}
          AND (SELECT scores FROM before) IS NOT NULL
          AND jsonb_exists((SELECT scores FROM before), lead.id::text)
        RETURNING lead.id, ((SELECT scores FROM before) ->> lead.id::text)::int, lead.score
    """
    with tenancy.connection().cursor() as cursor:
        values = {"workspace": workspace_id, "most": most, **rule.params, **params}
        cursor.execute(statement, values)
        return [Change(*row) for row in cursor.fetchall()]


def _changed(written: Iterable[Change]) -> list[Change]:
    return [one for one in written if one.old != one.new]


def _announce(workspace_id: UUID, changes: Sequence[Change], cause: str) -> None:
    emit_all(
        workspace_id,
        "lead.scored",
        (
            {
                "cause": cause,
                "leads": [
                    {"lead": str(change.lead_id), "old": change.old, "new": change.new}
                    for change in changes[at : at + EVENT_LEADS]
                ],
            }
            for at in range(0, len(changes), EVENT_LEADS)
        ),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of one batch: leads looked at, scores changed, the last id if more are left."""

    seen: int
    changed: int
    last: UUID | None


def _score_batch(workspace_id: UUID, after: UUID | None, cause: str, day: date | None) -> Batch:
    """Score the next leads in the order of their ids, in the caller's transaction.

    It ends where `LOOKED_AT` leads were looked at or `BATCH` written, whichever comes first.
    Batches of one workspace come one after the other, each with the rule as it is then: a run with
    an older rule can't overtake one with a newer.
    """
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"score:{workspace_id}"]
        )
    start = after or UUID(int=0)
    seen, last = _next_ids(workspace_id, start, LOOKED_AT)
    if last is None:
        return Batch(0, 0, None)
    is_end = seen < LOOKED_AT
    written = _write(
        workspace_id,
        rule_of(workspace_id, day),
        "lead.id > %(after)s AND lead.id <= %(last)s",
        {"after": start, "last": last},
        most=BATCH,
    )
    if len(written) == BATCH:  # there may be more to write before `last`
        is_end, last = False, max(one.lead_id for one in written)
        seen = _count_ids(workspace_id, start, last)
    changes = _changed(written)
    _announce(workspace_id, changes, cause)
    return Batch(seen, len(changes), None if is_end else last)


def _next_ids(workspace_id: UUID, after: UUID, most: int) -> tuple[int, UUID | None]:
    """How many of the next `most` leads there are, and the id of the last of them."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT count(*), (array_agg(id ORDER BY id DESC))[1] FROM (SELECT id FROM leads_lead"
            " WHERE workspace_id = %s AND id > %s ORDER BY id LIMIT %s) next",
            [workspace_id, after, most],
        )
        return cursor.fetchone()


def _count_ids(workspace_id: UUID, after: UUID, last: UUID) -> int:
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM leads_lead WHERE workspace_id = %s AND id > %s AND id <= %s",
            [workspace_id, after, last],
        )
        return cursor.fetchone()[0]


# --- a workspace, as a job ---
def start_scoring(*, workspace_id: UUID, actor: Actor, cause: str = "profile") -> Job | None:
    """Start the job that scores all leads of a workspace anew; None where there are none.

    `cause` goes into `lead.scored`: `profile` for a new ideal customer, `fit` for L-10's score.
    """
    if not has_leads(workspace_id):
        return None
    job, _ = enqueue_job(
        workspace_id=workspace_id,
        kind=KIND,
        title="Score all leads",
        params={"cause": cause},
        actor=actor,
    )
    return job


class ScoringHandler(JobHandler):
    """Scores a workspace's leads; `cursor` holds the last id and how many scores changed."""

    kind = KIND
    label = "Scoring"

    def step(self, job: Job, prepared: None) -> Step:
        """The next batch."""
        after, cause = job.cursor.get("after"), job.params["cause"]
        batch = _score_batch(job.workspace_id, UUID(after) if after else None, cause, None)
        changed = job.cursor.get("changed", 0) + batch.changed
        return Step(
            processed=batch.seen,
            cursor={"after": str(batch.last), "changed": changed},
            done=batch.last is None,
            total=self._total(job, batch),
            note=f"{changed:,} scores changed",
        )

    def _total(self, job: Job, batch: Batch) -> int | None:
        if batch.last is None:  # leads that came or went must not leave the bar short of its end
            return job.processed + batch.seen
        return None if job.cursor else count_leads(job.workspace_id)

    def finish(self, job: Job) -> None:
        """Say how many scores changed."""
        job.result = {"changed": job.cursor.get("changed", 0)}

    def links(self, job: Job) -> list[tuple[str, str]]:
        """Where the scores are shown."""
        return [("See the scores", reverse("leads:scoring"))]


# --- all workspaces, at night ---
class Unscored(Exception):
    """These workspaces couldn't be scored; the log says why, and the next run tries again."""


def score_everything(
    *, day: date | None = None, stop: Callable[[], bool] = lambda: False
) -> tuple[int, int]:
    """Score all leads of all workspaces as of `day` (today), and note how scores are spread.

    Returns how many leads were looked at and how many scores changed. A workspace is noted when it
    is done, so a run that was cut short goes on with those that are left. `stop` is asked between
    batches. Where a workspace breaks, the others are done before this raises `Unscored`.
    """
    day = day or today()
    seen = changed = 0
    broken: list[UUID] = []
    with tenancy.system_context():
        for workspace_id in workspaces_to_score(day):
            after: UUID | None = None
            try:
                while True:
                    if stop():
                        return seen, changed
                    with tenancy.atomic():
                        batch = _score_batch(workspace_id, after, "nightly", day)
                    seen, changed, after = seen + batch.seen, changed + batch.changed, batch.last
                    if after is None:
                        break
                note_day(workspace_id=workspace_id, day=day)
            except Exception:
                log.exception("scoring_failed", extra={"workspace": str(workspace_id)})
                broken.append(workspace_id)
    if broken:
        raise Unscored(", ".join(map(str, broken)))
    return seen, changed


def note_day(*, workspace_id: UUID, day: date) -> None:
    """Keep how the workspace's scores are spread as those of `day`."""
    now = distribution_of(workspace_id)
    ScoreDay.objects.bulk_create(
        [ScoreDay(workspace_id=workspace_id, day=day, histogram=list(now.bins), total=now.total)],
        update_conflicts=True,
        unique_fields=["workspace", "day"],
        update_fields=["histogram", "total"],
    )
