"""Reports of bad leads: made by the buyer, decided by a check or by staff, paid back once (M-5).

A decision runs as the system, since it gives credits back to one workspace and takes a commission
from another. Its locks are taken in one order: the report, the listing, the lead, the buyer's
account, then whatever the registry's listeners lock.
"""

from uuid import UUID

from django.utils import timezone

from accounts.workspaces.models import Workspace
from credits.ledger.operations import refund
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.outbox import emit
from cursive.lib.texts import read_text
from leads.records.models import Lead, LeadActivity
from leads.records.operations import MAX_TAGS
from leads.records.queries import living_leads
from leads.scoring.operations import score_leads
from marketplace.listings.operations import record_checks, withdraw_listings

from .asking import can_ask
from .mails import mail_outcome
from .models import DECIDED_BY_CHECK, MAX_NOTE, LeadReport, OrderLine
from .registry import tell_refunded

JOB = "lead_report"
TAG = "refunded"
INVALID = "invalid"
LONGEST_ANSWER = 300
CHECK = Actor.system(DECIDED_BY_CHECK)
# What is so for one buyer is so for the next one. 'Something else' may be about this buyer alone.
BAD_FOR_ALL = frozenset({LeadReport.Reason.BOUNCED, LeadReport.Reason.WRONG_PERSON})


def report_lead(
    *, workspace: Workspace, actor: Actor, line_id: UUID, reason: str, note: str = ""
) -> LeadReport:
    """Say that a lead of an order is bad, within 14 days of the purchase, once for each lead.

    A bounced address is asked for again by a job, where a provider has a key; all else waits for
    staff. Raises `NotFound`, `InvalidInput` by field, `Conflict` where it is too late or reported
    already.
    """
    if reason not in LeadReport.Reason.values:
        known = ", ".join(LeadReport.Reason.values)
        raise InvalidInput("Say what is wrong with it.", fields={"reason": f"One of: {known}."})
    text = read_text(note, field="note", longest=MAX_NOTE, lines=True)
    if reason == LeadReport.Reason.OTHER and not text:
        raise InvalidInput("Say what is wrong with it.", fields={"note": "Describe it shortly."})
    with tenancy.atomic():
        line = (
            OrderLine.objects.select_for_update(of=("self",))
            .filter(workspace_id=workspace.id, id=line_id)
            .first()
        )
        if line is None:
            raise NotFound("There is no such lead among your orders.")
        if LeadReport.objects.filter(workspace_id=workspace.id, line_id=line.id).exists():
            raise Conflict("This lead is reported already.")
        if not line.can_be_reported:
            raise Conflict("A lead can be reported for 14 days after the purchase.")
        is_checked = reason == LeadReport.Reason.BOUNCED and can_ask()
        made: LeadReport = LeadReport.objects.create(
            workspace_id=workspace.id,
            line_id=line.id,
            reason=reason,
            note=text,
            state=LeadReport.State.CHECKING if is_checked else LeadReport.State.OPEN,
            created_by_id=actor.user_id,
            created_by_label=actor.label[:200],
        )
        record(
            action="create",
            resource="lead_report",
            resource_id=made.id,
            actor=actor,
            workspace_id=workspace.id,
            new={"line": str(line.id), "reason": reason},
        )
        if is_checked:
            enqueue_job(
                workspace_id=workspace.id,
                kind=JOB,
                title="Check of a reported lead",
                params={"report": str(made.id)},
                actor=actor,
                key=str(made.id),
                total=1,
            )
    return made


def leave_to_staff(*, workspace_id: UUID, report_id: UUID, verdict: str) -> LeadReport:
    """Have staff decide what a check couldn't; `verdict` is what it found, if anything."""
    with tenancy.system_context(), tenancy.atomic():
        report = _locked(workspace_id, report_id)
        if report.state == LeadReport.State.CHECKING:
            report.state, report.verdict = LeadReport.State.OPEN, verdict
            report.save(update_fields=["state", "verdict"])
    return report


def decide_report(
    *,
    workspace_id: UUID,
    report_id: UUID,
    accepted: bool,
    actor: Actor,
    answer: str = "",
    verdict: str = "",
) -> LeadReport:
    """Accept or decline a report; the buyer is mailed, with `answer` as the reason.

    Accepted, the line's credits go back, once, the seller's books are told, and the buyer keeps
    the lead, marked; what bounced or is somebody else isn't sold to others any more. The same
    decision again changes nothing; what only a check has declined may be accepted later. Raises
    `NotFound`, `Conflict` where it is decided otherwise, `InvalidInput` where it is declined
    without a reason.
    """
    text = read_text(answer, field="answer", longest=LONGEST_ANSWER)
    state = LeadReport.State.ACCEPTED if accepted else LeadReport.State.DECLINED
    if not accepted and not text:
        sentence = "Say why it is declined: the buyer reads it."
        raise InvalidInput(sentence, fields={"answer": sentence})
    with tenancy.system_context(), tenancy.atomic():
        report = _locked(workspace_id, report_id)
        if report.state == state:
            return report
        if report.is_decided and not (accepted and report.can_be_accepted):
            raise Conflict(f"This report is {report.get_state_display().lower()} already.")
        report.state, report.decided_at = state, timezone.now()
        report.decided_by_label = actor.label[:200]
        report.answer, report.verdict = text, verdict or report.verdict
        report.save(update_fields=["state", "decided_at", "decided_by_label", "answer", "verdict"])
        line = OrderLine.objects.select_related("order").get(
            workspace_id=workspace_id, id=report.line_id
        )
        if accepted:
            _give_back(report, line, actor)
        record(
            action="accept" if accepted else "decline",
            resource="lead_report",
            resource_id=report.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"reason": report.reason, "verdict": report.verdict, "answer": text},
        )
        mail_outcome(report, line)
    return report


def _locked(workspace_id: UUID, report_id: UUID) -> LeadReport:
    report: LeadReport | None = (
        LeadReport.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=report_id)
        .first()
    )
    if report is None:
        raise NotFound("There is no such report.")
    return report


def _give_back(report: LeadReport, line: OrderLine, actor: Actor) -> None:
    _take_off_sale(report, line)
    _mark_lead(report, line)
    refund(
        workspace_id=line.workspace_id,
        amount=line.credits,
        spend_key=line.order.spend_key,
        key=f"lead-report:{line.id}",
        actor=actor,
        metadata={"line": str(line.id), "reason": report.reason, "staff": actor.kind == "user"},
    )
    line.refunded_at = report.decided_at
    line.save(update_fields=["refunded_at"])
    tell_refunded([line.id], reason=report.get_reason_display())
    emit(
        line.workspace_id,
        "order.refunded",
        {
            "order": str(line.order_id),
            "lead": str(line.lead_id),
            "reason": report.reason,
            "credits": str(line.credits),
        },
    )


def _take_off_sale(report: LeadReport, line: OrderLine) -> None:
    if report.reason not in BAD_FOR_ALL:
        return
    if report.verdict == INVALID:
        record_checks(checks={line.listing_id: INVALID})
    said = f"A buyer reported it ({report.get_reason_display().lower()})."
    withdraw_listings(seller_id=line.seller_id, listing_ids=[line.listing_id], reason=said)


def _mark_lead(report: LeadReport, line: OrderLine) -> None:
    """The buyer keeps the lead, and sees that it was found bad; nothing where they deleted it."""
    living = living_leads(line.workspace_id, [line.lead_id])
    lead = (
        Lead.objects.select_for_update(of=("self",))
        .filter(workspace_id=line.workspace_id, id__in=living.values())
        .living()
        .first()
    )
    if lead is None:
        return
    changed = ["updated_at"]
    lead.updated_at = timezone.now()
    if TAG not in lead.tags and len(lead.tags) < MAX_TAGS:
        lead.tags = sorted([*lead.tags, TAG])
        changed.append("tags")
    if report.verdict == INVALID:
        lead.verification_status = INVALID
        lead.email_verified, lead.email_verified_at = False, None
        changed += ["verification_status", "email_verified", "email_verified_at"]
    lead.save(update_fields=changed)
    score_leads(workspace_id=line.workspace_id, ids=[lead.id])
    LeadActivity.objects.create(
        workspace_id=line.workspace_id,
        lead=lead,
        kind="report",
        text=f"Reported ({report.get_reason_display().lower()}): its credits were given back.",
        actor_label="Cursive",
    )
    emit(line.workspace_id, "lead.updated", {"lead": str(lead.id), "changed": sorted(changed[1:])})
