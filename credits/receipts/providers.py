"""The mail server."""

import logging
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from .models import PaymentMail

log = logging.getLogger(__name__)


def send_mail(mail: PaymentMail) -> str:
    """Send it; what went wrong, in a few words, or nothing."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    context = {**mail.context, "base_url": settings.BASE_URL}
    message = EmailMessage(
        mail.subject,
        render_to_string(f"credits/receipts/mails/{mail.kind}.txt", context),
        settings.DEFAULT_FROM_EMAIL,
        mail.recipients,
        headers={"Message-ID": f"<{mail.id}@{host}>"},
    )
    try:
        message.send()
    except OSError as error:  # every fault of smtplib and of the network
        log.warning("payment_mail_not_sent", exc_info=True, extra={"mail": str(mail.id)})
        return f"{type(error).__name__}: {error}"[:300]
    return ""
