"""What mail about orders says. `credits.receipts` sends each once, like all mail about money."""

from django.urls import reverse

from accounts.workspaces.models import User, Workspace
from credits.receipts.operations import queue_mail

from .models import LeadReport, OrderLine


def mail_outcome(report: LeadReport, line: OrderLine) -> None:
    """What became of a report, to whoever made it, else to the owners."""
    workspace = Workspace.objects.get(id=report.workspace_id)
    accepted = report.state == LeadReport.State.ACCEPTED
    makers = User.objects.filter(id__in=[report.created_by_id], is_active=True)
    outcome = "credits given back" if accepted else "declined"
    queue_mail(
        workspace_id=workspace.id,
        kind="lead_report",
        key=f"lead-report:{report.id}:{report.state}",
        subject=f"Your report of a lead of {line.order.number}: {outcome}",
        context={
            "workspace": workspace.name,
            "number": line.order.number,
            "reason": report.get_reason_display(),
            "accepted": accepted,
            "answer": report.answer,
            "credits": str(line.credits),
            "path": reverse("marketplace:order", args=[line.order_id]),
        },
        to=list(makers.values_list("email", flat=True)),
    )
