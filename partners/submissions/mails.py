"""What partners are told of a review, by the mail that is sent once each."""

from typing import Any

from django.urls import reverse

from accounts.workspaces.models import Workspace
from credits.receipts.operations import queue_mail

from .models import Submission


def mail_approved(found: Submission) -> None:
    """That a submission is approved, all of it or a part."""
    _queue(found, "submission_approved", f"{found} is approved: {found.approved:,} leads on sale")


def mail_rejected(found: Submission) -> None:
    """That a submission isn't approved, and why."""
    _queue(found, "submission_rejected", f"{found} is not approved")


def _queue(found: Submission, kind: str, subject: str) -> None:
    workspace = Workspace.objects.get(id=found.workspace_id)
    context: dict[str, Any] = {
        "workspace": workspace.name,
        "number": str(found),
        "file": found.upload.file_name,
        "approved": found.approved,
        "left_out": found.valid - found.approved,
        "reason": found.reject_reason,
        "path": reverse("partners:submission", args=[found.id]),
    }
    # A submission that is decided again, since it was cut short, is told of again.
    assert found.reviewed_at is not None
    key = f"{kind}:{found.id}:{found.reviewed_at.isoformat()}"
    queue_mail(workspace_id=workspace.id, kind=kind, key=key, subject=subject, context=context)
