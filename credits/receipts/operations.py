"""Queueing mail about money, and sending it.

A mail is a row that is written in the transaction of what it tells of. A worker claims it by
moving its next attempt on, sends it, and marks it sent; one that dies in between leaves it due.
It is then sent again under the same Message-ID, by which mail programs know it for the same.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db.models.functions import Now

from accounts.workspaces.models import Membership
from cursive.lib import tenancy

from .models import PaymentMail
from .providers import send_mail

log = logging.getLogger(__name__)

TASK = "credits.receipts.send_due_mail"
# How long after each try the next one comes; after the last the mail has failed.
LADDER = [timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 360)]


def queue_mail(
    *,
    workspace_id: UUID,
    kind: str,
    key: str,
    subject: str,
    context: Mapping[str, Any],
    to: Sequence[str] = (),
) -> bool:
    """Have a mail sent once this transaction is committed; whether it is new.

    `kind` names the template `credits/receipts/mails/<kind>.txt`, `context` is JSON for it, and
    the same `key` in a workspace is the same mail. Without `to` it goes to the owners.
    """
    mail = PaymentMail(
        workspace_id=workspace_id,
        kind=kind,
        key=key,
        recipients=list(to) or owners_of(workspace_id),
        subject=" ".join(subject.split())[:200],
        context=dict(context),
    )
    PaymentMail.objects.bulk_create([mail], ignore_conflicts=True)
    is_new = PaymentMail.objects.filter(workspace_id=workspace_id, id=mail.id).exists()
    if is_new:
        tenancy.on_commit(ring)
    return is_new


def owners_of(workspace_id: UUID) -> list[str]:
    """The addresses of a workspace's owners."""
    owners = Membership.objects.filter(workspace_id=workspace_id, user__is_active=True).owners()
    return sorted(owners.values_list("user__email", flat=True))


def ring() -> None:
    """Tell a worker that mail is due. A lost ring costs a sweep's wait."""
    try:
        current_app.send_task(TASK, retry=False)
    except Exception:  # the broker is down: the sweep finds the row
        log.warning("mail_bell_failed", exc_info=True)


def send_due_mail(limit: int = 100) -> int:
    """Send what is due, in all workspaces; how many were sent. One that fails stops no other."""
    sent = 0
    for _ in range(limit):
        mail = _claim()
        if mail is None:
            break
        sent += _send(mail)
    return sent


def _claim() -> PaymentMail | None:
    """The mail that is due longest, with its next attempt moved on."""
    with tenancy.system_context(), tenancy.atomic():
        mail: PaymentMail | None = (
            PaymentMail.objects.select_for_update(skip_locked=True)
            .filter(state=PaymentMail.State.DUE, next_attempt_at__lte=Now())
            .order_by("next_attempt_at", "id")
            .first()
        )
        if mail is not None:
            wait = LADDER[min(mail.attempts, len(LADDER) - 1)]
            mail.attempts += 1
            PaymentMail.objects.filter(id=mail.id).update(
                attempts=mail.attempts, next_attempt_at=Now() + wait
            )
    return mail


def _send(mail: PaymentMail) -> bool:
    error = send_mail(mail)
    with tenancy.system_context():
        row = PaymentMail.objects.filter(id=mail.id)
        if not error:
            row.update(state=PaymentMail.State.SENT, sent_at=Now(), error="")
        elif mail.attempts > len(LADDER):
            row.update(state=PaymentMail.State.FAILED, error=error)
            log.error("payment_mail_failed", extra={"mail": str(mail.id), "kind": mail.kind})
        else:
            row.update(error=error)
    return not error
