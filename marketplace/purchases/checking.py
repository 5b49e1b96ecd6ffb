"""The job that has a reported address checked, and decides by the answer (M-5)."""

from dataclasses import dataclass
from uuid import UUID

from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.tenancy import system_context
from leads.verification.models import Status
from marketplace.listings.models import ListingPerson

from .asking import ask_about
from .models import LeadReport, OrderLine
from .reports import CHECK, JOB, decide_report, leave_to_staff

BOUNCES = "We asked for the address again, and the mailbox doesn't exist."
TAKES_MAIL = "We asked for the address again, and the mailbox takes mail."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out about the address as it was sold; nothing where nobody could say."""

    verdict: str


class LeadReportHandler(JobHandler):
    """One step: ask, outside of every transaction, then decide; twice is once."""

    kind = JOB
    label = "Check of a reported lead"

    def prepare(self, job: Job) -> Answer | None:
        """Ask for the address of the listing: what the buyer wrote over it doesn't count."""
        with system_context():
            report = LeadReport.objects.filter(
                workspace_id=job.workspace_id, id=job.params["report"]
            ).first()
            if report is None or report.state != LeadReport.State.CHECKING:
                return None
            line = OrderLine.objects.get(workspace_id=job.workspace_id, id=report.line_id)
            sold = ListingPerson.objects.filter(listing_id=line.listing_id).first()
        address = sold.record.get("email", "") if sold else ""
        if not address:
            return Answer("")
        verdict = ask_about(address, since=line.created_at, is_first=job.attempts <= 1)
        return Answer(verdict.status if verdict else "")

    def step(self, job: Job, prepared: Answer | None) -> Step:
        """Accept where the mailbox is gone, decline where it takes mail; else staff decide."""
        report_id = UUID(job.params["report"])
        if prepared is None:
            return Step(processed=1, cursor=job.cursor, done=True)
        known = {Status.INVALID: (True, BOUNCES), Status.VALID: (False, TAKES_MAIL)}
        said = known.get(Status(prepared.verdict)) if prepared.verdict else None
        if said is None:
            leave_to_staff(
                workspace_id=job.workspace_id, report_id=report_id, verdict=prepared.verdict
            )
        else:
            accepted, answer = said
            decide_report(
                workspace_id=job.workspace_id,
                report_id=report_id,
                accepted=accepted,
                actor=CHECK,
                answer=answer,
                verdict=prepared.verdict,
            )
        return Step(processed=1, cursor=job.cursor, done=True)

    def finish(self, job: Job) -> None:
        """Staff decide where the check itself has failed or was cancelled."""
        if job.status != Job.Status.COMPLETED:
            leave_to_staff(
                workspace_id=job.workspace_id, report_id=UUID(job.params["report"]), verdict=""
            )
