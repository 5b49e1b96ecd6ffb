"""What applicants and partners are told by mail. `credits.receipts` sends them once each."""

from django.urls import reverse

from credits.receipts.operations import queue_mail

from .models import Partner

SUBJECTS = {
    "approved": "You can sell leads on Cursive now",
    "rejected": "Your application to sell leads on Cursive",
    "suspended": "Your sales on Cursive are suspended",
    "reinstated": "You can sell leads on Cursive again",
}


def mail_decision(partner: Partner, decision: str) -> None:
    """What staff decided, to whoever applied, else to the owners."""
    applicant = partner.applied_by
    opens_portal = decision in {"approved", "reinstated"}
    queue_mail(
        workspace_id=partner.workspace_id,
        kind=f"partner_{decision}",
        key=f"partner:{decision}:{partner.decided_at:%Y-%m-%dT%H:%M:%S.%f}",
        subject=SUBJECTS[decision],
        context={
            "company": partner.company,
            "reason": partner.status_reason,
            "path": reverse("partners:home" if opens_portal else "partners:join"),
        },
        to=[applicant.email] if applicant is not None and applicant.is_active else [],
    )
