"""The mail with an invitation."""

import logging

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from .models import Invitation

log = logging.getLogger(__name__)


def send_invitation(invitation: Invitation) -> bool:
    """Send the mail; whether the mail server took it. `workspace` and `invited_by` are loaded."""
    path = reverse("accounts:invitation", args=[invitation.token])
    context = {
        "invitation": invitation,
        "workspace": invitation.workspace,
        "inviter": invitation.invited_by,
        "url": f"{settings.BASE_URL}{path}",
    }
    subject = f"Join {invitation.workspace.name} on Cursive"
    mail = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string("account/email/invitation_message.txt", context),
        settings.DEFAULT_FROM_EMAIL,
        [invitation.email],
    )
    mail.attach_alternative(
        render_to_string("account/email/invitation_message.html", context), "text/html"
    )
    try:
        mail.send()
    except OSError:  # every fault of smtplib and of the network
        log.warning("invitation_not_sent", exc_info=True, extra={"id": str(invitation.id)})
        return False
    return True
