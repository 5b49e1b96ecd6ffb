"""Sending what is due: rung on commit, and by a sweep each minute."""

from celery import shared_task

from . import operations


@shared_task(name=operations.TASK)
def send_due_mail() -> int:
    """Send the mail about money that is due; how many were sent."""
    return operations.send_due_mail()
