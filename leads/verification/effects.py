"""What an answer changes: the lead, its timeline, whoever listens, and the bill."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.outbox import emit
from leads.records.models import Lead, LeadActivity
from leads.scoring.operations import score_leads

from .models import Check, Status

AT_A_TIME = 1_000
CHANGED = ["email_verified", "email_verified_at", "verification_status"]
# An unknown status takes nothing back that was known; only a clear answer says what is verified.
TELL_LEADS = """
    UPDATE leads_lead l SET
        verification_status = CASE WHEN t.status = 'unknown' AND l.verification_status <> ''
            THEN l.verification_status ELSE t.status END,
        email_verified = CASE t.status WHEN 'valid' THEN true WHEN 'invalid' THEN false
            ELSE l.email_verified END,
        email_verified_at = CASE t.status WHEN 'valid' THEN %(today)s::date
            WHEN 'invalid' THEN NULL ELSE l.email_verified_at END,
        updated_at = %(now)s
    FROM unnest(%(leads)s::uuid[], %(statuses)s::text[]) t (lead_id, status)
    WHERE l.workspace_id = %(workspace)s AND l.id = t.lead_id
"""


@dataclass(slots=True)
class Told:
    """What became of answers: how many leads by status, whom nothing could be said about."""

    counts: Counter[str] = field(default_factory=Counter)
    void: int = 0
    unanswered: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Leads that got an answer, also one that says 'unknown'."""
        return sum(self.counts.values()) - self.unanswered

    @property
    def charged(self) -> int:
        """Answers that are paid for: 'unknown' isn't."""
        return sum(self.counts.values()) - self.counts[Status.UNKNOWN]


def tell_leads(*, workspace_id: UUID, job_id: UUID) -> Told:
    """Write up to 1,000 of the job's answers to their leads, in the caller's transaction.

    A lead that was deleted meanwhile, or whose address has changed, is told nothing.
    """
    checks = list(
        Check.objects.filter(workspace_id=workspace_id, job_id=job_id, state=Check.State.ANSWERED)
        .select_for_update()
        .order_by("lead_id")[:AT_A_TIME]
    )
    told = Told()
    if not checks:
        return told
    addresses = dict(
        Lead.objects.filter(workspace_id=workspace_id, id__in=[check.lead_id for check in checks])
        .living()
        .select_for_update()
        .order_by("id")
        .values_list("id", "email")
    )
    reached = [check for check in checks if addresses.get(check.lead_id) == check.address]
    for check in checks:
        if addresses.get(check.lead_id) != check.address:
            told.void += 1
            told.errors.append(f"{check.address}: the lead was deleted or changed meanwhile.")
            continue
        told.counts[check.status] += 1
        if not check.provider:
            told.unanswered += 1
            told.errors.append(f"{check.address}: {check.reason}")
    over = Check.objects.filter(workspace_id=workspace_id, id__in=[check.id for check in checks])
    over.update(state=Check.State.DONE, finished_at=timezone.now(), is_void=True)
    over.filter(id__in=[check.id for check in reached]).update(is_void=False)
    if reached:
        _write(workspace_id, reached)
        score_leads(workspace_id=workspace_id, ids=[check.lead_id for check in reached])
        emit(
            workspace_id,
            "lead.updated",
            {
                "leads": [str(check.lead_id) for check in reached],
                "changed": CHANGED,
                "job": str(job_id),
            },
        )
    return told


def _write(workspace_id: UUID, checks: Sequence[Check]) -> None:
    now = timezone.now()
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            TELL_LEADS,
            {
                "workspace": workspace_id,
                "leads": [check.lead_id for check in checks],
                "statuses": [check.status for check in checks],
                "today": now.date(),
                "now": now,
            },
        )
    LeadActivity.objects.bulk_create(
        LeadActivity(
            workspace_id=workspace_id,
            lead_id=check.lead_id,
            kind="verification",
            text=f"E-mail check: {Status(check.status).label.lower()}. {check.reason}"[:500],
            actor_label="E-mail verification",
            created_at=now,
        )
        for check in checks
    )
