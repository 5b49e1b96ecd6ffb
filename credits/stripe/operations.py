"""What changes around Stripe: events come in and are retried, workspaces become customers."""

import hashlib
import json
import logging
import time
from datetime import timedelta
from uuid import UUID

import stripe
from django.db.models.functions import Now

from accounts.security.models import Kind, Risk
from accounts.security.operations import note_security_event
from accounts.workspaces.models import Membership, Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.tenancy import system_context, uuid7

from .bell import ring
from .models import StripeCustomer, StripeEvent
from .providers import StripeUnavailable, calling, payment_mode, stripe_client
from .queries import customer_of
from .registry import WORKSPACE_KEY, handlers_of
from .signatures import BadSignature, read_event

log = logging.getLogger(__name__)

_STORE = """
INSERT INTO credits_stripeevent
    (id, stripe_event_id, type, payload, state, attempts, error, finished_at)
VALUES (%s, %s, %s, %s, %s, 0, '', CASE WHEN %s THEN statement_timestamp() END)
ON CONFLICT (stripe_event_id) DO NOTHING
"""
# What events say of people isn't kept for ever; the rows are, since each is processed only once.
PAYLOADS_KEPT = timedelta(days=90)
FORGET_BATCH = 5_000
# While another process makes the same customer, Stripe refuses our call; so long we wait for it.
WAITS = (0.2, 0.4, 0.8)


def receive_event(*, body: bytes, signature: str, actor: Actor) -> bool:
    """Verify an event and store it once, and ring for a worker; whether it is new (C-9).

    `body` is the raw one, `signature` the Stripe-Signature header. A type that nobody handles is
    stored as ignored. Raises `BadSignature`, which is noted as a security event, or
    `InvalidInput`, having stored nothing.
    """
    try:
        event = read_event(body, signature)
    except BadSignature as refusal:
        note_security_event(
            kind=Kind.SIGNATURE_FAILED,
            risk=Risk.MEDIUM,
            actor=actor,
            detail={"webhook": "stripe", "reason": refusal.message},
        )
        raise
    ignored = not handlers_of(event.type)
    state = StripeEvent.State.IGNORED if ignored else StripeEvent.State.PENDING
    row_id = uuid7()
    with system_context():
        with tenancy.connection().cursor() as cursor:
            cursor.execute(
                _STORE, [row_id, event.event_id, event.type, event.payload, state.value, ignored]
            )
            is_new = cursor.rowcount == 1
        if is_new and not ignored:
            tenancy.on_commit(lambda: ring(row_id))
    return is_new


def retry_event(*, event_id: UUID, actor: Actor) -> StripeEvent:
    """Have a failed or waiting event processed now; its attempts are counted anew (C-10).

    As the system, for staff. Raises `NotFound`, or `Conflict` where it is done or ignored, or
    being processed at this moment.
    """
    with system_context(), tenancy.atomic():
        event = StripeEvent.objects.select_for_update().filter(id=event_id).first()
        if event is None:
            raise NotFound("There is no such event.")
        if not event.can_retry:
            raise Conflict(f"This event is {event.get_state_display().lower()}.")
        free = StripeEvent.objects.filter(id=event_id, lease_until__gte=Now()).count() == 0
        if not free:
            raise Conflict("This event is being processed right now.")
        before = {"state": event.state, "attempts": event.attempts, "error": event.error}
        StripeEvent.objects.filter(id=event_id).update(
            state=StripeEvent.State.PENDING,
            attempts=0,
            next_attempt_at=Now(),
            finished_at=None,
            lease_token=None,
            lease_until=None,
        )
        record(
            action="retry",
            resource="stripe_event",
            resource_id=event.stripe_event_id,
            actor=actor,
            workspace_id=event.workspace_id,
            old=before,
            new={"type": event.type, "state": StripeEvent.State.PENDING.value},
            severity="warning",
        )
        tenancy.on_commit(lambda: ring(event_id))
        event.refresh_from_db()
    return event


def forget_payloads() -> int:
    """Empty the payloads of events that were done or ignored 90 days ago; how many.

    As the system, batch by batch. What failed keeps its payload until it is settled.
    """
    settled = [StripeEvent.State.DONE, StripeEvent.State.IGNORED]
    forgotten = 0
    with system_context():
        while True:
            old = StripeEvent.objects.filter(
                state__in=settled, finished_at__lt=Now() - PAYLOADS_KEPT
            ).exclude(payload={})
            ids = list(old.values_list("id", flat=True)[:FORGET_BATCH])
            forgotten += StripeEvent.objects.filter(id__in=ids).update(payload={})
            if len(ids) < FORGET_BATCH:
                return forgotten


def ensure_customer(*, workspace: Workspace, actor: Actor) -> str:
    """The id of the workspace's customer at Stripe, made where there is none yet.

    However many ask at once get the same one. It is written by the system's role in a
    transaction of its own, so that a page that fails later doesn't forget it: the caller may
    be in a transaction, but holds no locks. Raises `StripeUnavailable`, `StripeRefused`.
    """
    known = customer_of(workspace.id)
    if known is not None:
        return known
    made = _make_customer(workspace)
    with system_context(), tenancy.atomic():
        kept, new = StripeCustomer.objects.get_or_create(
            workspace_id=workspace.id, mode=payment_mode(), defaults={"customer_id": made}
        )
        if new:
            record(
                action="create",
                resource="stripe_customer",
                resource_id=made,
                actor=actor,
                workspace_id=workspace.id,
            )
    return kept.customer_id


def _make_customer(workspace: Workspace) -> str:
    """A new customer of Stripe's; the same one to all who ask within a day (idempotency key)."""
    params: stripe.params.CustomerCreateParams = {
        "name": workspace.name,
        "metadata": {WORKSPACE_KEY: str(workspace.id)},
    }
    if email := _owners_address(workspace.id):
        params["email"] = email
    # Stripe refuses a key that comes again with other values, such as a new name.
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:16]
    key = f"customer:{workspace.id}:{digest}"
    for wait in (*WAITS, None):
        with calling("set up the payment account"):
            try:
                return stripe_client().v1.customers.create(params, {"idempotency_key": key}).id
            except stripe.APIError as error:
                if error.http_status != 409:
                    raise
        if wait is not None:
            time.sleep(wait)
        if known := customer_of(workspace.id):
            return known
    raise StripeUnavailable("The payment account is just being set up. Try again in a minute.")


def _owners_address(workspace_id: UUID) -> str:
    """Where Stripe writes to: the owner who has been one for longest."""
    with system_context():
        owner = (
            Membership.objects.filter(workspace_id=workspace_id)
            .owners()
            .order_by("created_at", "id")
            .values_list("user__email", flat=True)
            .first()
        )
    return owner or ""
