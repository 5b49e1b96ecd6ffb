"""The job of a verification: queue the addresses, have them asked for, tell the leads, charge.

Its cursor: `after` (the last lead that was queued, None when all are), the open `hold` and how
many were `held`, `queued`, `missed` (another job had them, or they were gone), `charged`, `void`,
`unanswered`, and `counts` by status.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from credits.ledger.jobs import capture_for, hold_for, record_charge, release_rest
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.ui.formatting import format_credits, format_number
from leads.filters.document import parse
from leads.records.models import Lead

from .asking import ask_for, wait_for
from .effects import Told, tell_leads
from .known import answer_known, recall
from .models import Check, KnownAddress, Status, has_its_lead
from .queries import ACTION, candidates

KIND = "verification"
ACTOR = Actor.system("verification")
QUEUED_AT_A_TIME = 2_000
ASKED_AT_A_TIME = 200
RECALLED_AT_A_TIME = 1_000
ALL_MISSED = "Nobody was left to check: another verification has these addresses already."
# A step stays well under the lease, the last call's fifteen seconds included.
SECONDS_A_STEP = 20.0
QUEUE = """
    INSERT INTO leads_check (id, workspace_id, lead_id, job_id, address, state, tries, is_void,
        next_attempt_at, created_at, provider, not_again, status, reason)
    SELECT t.id, %(workspace)s, t.lead_id, %(job)s, t.address, 'waiting', 0, false,
        %(now)s, %(now)s, '', '', '', ''
    FROM unnest(%(ids)s::uuid[], %(leads)s::uuid[], %(addresses)s::text[])
        t (id, lead_id, address)
    ON CONFLICT DO NOTHING
"""
REOPEN = """
    UPDATE leads_check c SET state = 'waiting', next_attempt_at = %(now)s, finished_at = NULL
    WHERE c.workspace_id = %(workspace)s AND c.job_id = %(job)s AND c.state = 'cancelled'
        AND NOT EXISTS (SELECT 1 FROM leads_check o WHERE o.workspace_id = c.workspace_id
            AND o.lead_id = c.lead_id AND o.state IN ('waiting', 'asking', 'answered'))
"""


def hold_price(job: Job, leads: int, actor: Actor) -> None:
    """Hold what so many answers cost at most, and note it in the job's cursor."""
    start = {"after": "", "queued": 0, "charged": 0, "void": 0, "unanswered": 0, "counts": {}}
    job.cursor = {**start, **job.cursor, "held": leads}
    hold_for(job, leads * Decimal(job.params["price"]), action=ACTION, actor=actor)


def selection(job: Job) -> QuerySet[Lead]:
    """The leads that the job is about, as they are now."""
    filter = parse(job.params["filter"], scope="leads") if job.params["filter"] else None
    return candidates(
        job.workspace_id, filter=filter, ids=job.params["ids"], again=job.params["again"]
    )


def queue_next(job: Job) -> dict[str, Any]:
    """Put the job's next leads into the queue, no more than are paid for; its cursor after.

    Who is in the queue for another job stays there.
    """
    cursor = dict(job.cursor)
    room = cursor["held"] - cursor["queued"]
    leads = selection(job)
    if cursor["after"]:
        leads = leads.filter(id__gt=cursor["after"])
    wanted = leads.order_by("id").values_list("id", "email")
    found = list(wanted[: min(QUEUED_AT_A_TIME, room)])
    if found:
        with tenancy.connection().cursor() as database:
            database.execute(
                QUEUE,
                {
                    "workspace": job.workspace_id,
                    "job": job.id,
                    "now": timezone.now(),
                    "ids": [tenancy.uuid7() for _ in found],
                    "leads": [lead for lead, _ in found],
                    "addresses": [address for _, address in found],
                },
            )
            cursor["queued"] += database.rowcount
    is_last = len(found) < QUEUED_AT_A_TIME or len(found) == room
    if is_last:
        cursor["missed"] = cursor["held"] - cursor["queued"]
    cursor["after"] = None if is_last else str(found[-1][0])
    return cursor


class VerificationHandler(JobHandler):
    """Works a verification."""

    kind = KIND
    label = "E-mail verification"

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The page of verifications."""
        return [("See all results", reverse("leads:verification"))]

    def facts(self, job: Job) -> list[tuple[str, str]]:
        """The answers by status, who was left out, and the bill."""
        result = job.result
        said = {status.label: result.get(status.value, 0) for status in Status}
        more = {
            "Deleted or changed meanwhile": result.get("not_reached", 0),
            "Left out": result.get("skipped", 0),
            "Checked by another run, or gone by then": result.get("missed", 0),
            "Not found": result.get("not_found", 0),
        }
        return [
            *((label, format_number(count)) for label, count in said.items()),
            *((label, format_number(count)) for label, count in more.items() if count),
            ("Charged", f"{format_credits(result.get('charged', 0))} credits"),
        ]

    def prepare(self, job: Job) -> None:
        """Ask for what is due; each answer is committed by itself."""
        if job.cursor["after"] is not None:
            return
        due = _due(job).filter(has_its_lead())[:ASKED_AT_A_TIME]
        known = _known(job, due)
        unknown = [check.id for check in due if check.address not in known]
        if unknown:
            seconds = min(SECONDS_A_STEP, settings.JOB_LEASE_SECONDS / 3)
            ask_for(job.workspace_id, unknown, seconds=seconds)

    def step(self, job: Job, prepared: None) -> Step:
        """Queue the next leads; or tell leads what was found out, and charge it."""
        if job.cursor["after"] is not None:
            cursor = queue_next(job)
            is_last = cursor["after"] is None
            return Step(
                cursor=cursor,
                total=cursor["queued"] if is_last else None,
                done=is_last and not cursor["queued"],
                note="Collecting the addresses",
                errors=[ALL_MISSED] if is_last and not cursor["queued"] else [],
            )
        _recall(job)
        _drop_leadless(job)
        told, cursor = _settle(job)
        checks = Check.objects.filter(workspace_id=job.workspace_id, job_id=job.id).open()
        soonest = checks.order_by("next_attempt_at").first()
        step = Step(
            processed=told.done,
            failed=told.void + told.unanswered,
            cursor=cursor,
            errors=told.errors,
            done=soonest is None,
        )
        is_idle = not sum(told.counts.values()) and not told.void
        if soonest is not None and is_idle and not _due(job)[:1]:
            step.later, step.note = wait_for(checks), "Waiting to ask again"
        return step

    def finish(self, job: Job) -> None:
        """Tell what was found out, take the rest from the queue, give back what is still held."""
        while job.status != Job.Status.COMPLETED:
            told, job.cursor = _settle(job)
            job.processed += told.done
            job.failed += told.void + told.unanswered
            if not told.counts and not told.void:
                break
        checks = Check.objects.filter(workspace_id=job.workspace_id, job_id=job.id)
        checks.open().update(state=Check.State.CANCELLED, finished_at=timezone.now())
        release_rest(job)
        _record_charge(job)
        cursor = job.cursor = {**job.cursor, "recorded": job.cursor["charged"]}
        job.result = {
            **{status: cursor["counts"].get(status, 0) for status in Status.values},
            "not_reached": cursor["void"],
            "skipped": job.params["skipped"],
            "missed": cursor.get("missed", 0),
            "not_found": job.params["not_found"],
            "charged": str(cursor["charged"] * Decimal(job.params["price"])),
        }

    def reopen(self, job: Job) -> None:
        """Put back what was taken from the queue, and hold its price anew."""
        with tenancy.connection().cursor() as cursor:
            cursor.execute(
                REOPEN,
                {"workspace": job.workspace_id, "job": job.id, "now": timezone.now()},
            )
            again = cursor.rowcount
        unqueued = job.cursor["held"] - job.cursor["queued"]
        rest = unqueued if job.cursor["after"] is not None else 0
        if again + rest:
            hold_price(job, again + rest, ACTOR)
            job.cursor["held"] = job.cursor["queued"] + rest


def _known(job: Job, checks: Iterable[Check]) -> dict[str, KnownAddress]:
    """What is known of their addresses; who asks again wants to hear what is said from now on."""
    since = job.created_at if job.params["again"] else None
    return recall((check.address for check in checks), since=since)


def _drop_leadless(job: Job) -> None:
    """Ask no more for leads that were deleted or changed: they end as not reached, unpaid."""
    due = _due(job).exclude(has_its_lead()).values_list("id", flat=True)
    Check.objects.filter(
        workspace_id=job.workspace_id, id__in=list(due[:RECALLED_AT_A_TIME])
    ).update(state=Check.State.ANSWERED, status=Status.UNKNOWN, provider="", lease_until=None)


def _due(job: Job) -> QuerySet[Check]:
    checks = Check.objects.filter(workspace_id=job.workspace_id, job_id=job.id).due()
    return checks.order_by("next_attempt_at", "id")


def _recall(job: Job) -> None:
    """Answer from what is known already; it costs the same, so that nobody learns who asked."""
    due = _due(job)[:RECALLED_AT_A_TIME]
    known = _known(job, due)
    answer_known(Check, job.workspace_id, {check.id: known.get(check.address) for check in due})


def _settle(job: Job) -> tuple[Told, dict[str, Any]]:
    """Tell leads what was found out, and charge it: what was told, and the job's cursor after."""
    told = tell_leads(workspace_id=job.workspace_id, job_id=job.id)
    cursor = dict(job.cursor)
    if told.charged:
        price = Decimal(job.params["price"])
        capture_for(job, told.charged * price, step=cursor["charged"])
    cursor["charged"] += told.charged
    cursor["void"] += told.void
    cursor["unanswered"] += told.unanswered
    cursor["counts"] = dict(Counter(cursor["counts"]) + told.counts)
    return told, cursor


def _record_charge(job: Job) -> None:
    """One audit entry for what the job charged since it began, or was tried again (A-7)."""
    answers = job.cursor["charged"] - job.cursor.get("recorded", 0)
    if not answers:
        return
    amount = answers * Decimal(job.params["price"])
    record_charge(job, amount, action=ACTION, addresses=answers)
