"""Whose a customer or an object of Stripe's is, and how the inbox of events stands."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe
from django.db.models.functions import Now

from accounts.workspaces.models import Workspace
from cursive.lib.tenancy import system_context

from .models import StripeCustomer, StripeEvent
from .providers import StripeRefused, calling, payment_mode, stripe_client
from .registry import WORKSPACE_KEY, UnknownWorkspace


def customer_of(workspace_id: UUID) -> str | None:
    """The id of the workspace's customer at Stripe, or None where it never came near paying."""
    with system_context():
        return (
            StripeCustomer.objects.filter(workspace_id=workspace_id, mode=payment_mode())
            .values_list("customer_id", flat=True)
            .first()
        )


def workspace_of_customer(customer_id: str) -> UUID:
    """The workspace that a customer of Stripe's stands for.

    One that we have no row of is asked for at Stripe, whose metadata say whose it is. Call it
    outside of transactions. Raises `UnknownWorkspace`, `StripeUnavailable`.
    """
    with system_context():
        known = (
            StripeCustomer.objects.filter(customer_id=customer_id)
            .values_list("workspace_id", flat=True)
            .first()
        )
    if known is not None:
        return known
    try:
        with calling("look up the customer"):
            customer = stripe_client().v1.customers.retrieve(customer_id)
    except StripeRefused as refusal:
        raise UnknownWorkspace(f"There is no customer {customer_id}.") from refusal
    return workspace_of_metadata(customer)


def workspace_of_metadata(object: Mapping[str, Any] | stripe.StripeObject) -> UUID:
    """The workspace that we wrote into the metadata of an object when we made it at Stripe.

    Takes it as it is in an event or as the library gives it. Whether there is such a workspace
    is checked where the event is applied. Raises `UnknownWorkspace`.
    """
    fields = object.to_dict() if isinstance(object, stripe.StripeObject) else object
    written = (fields.get("metadata") or {}).get(WORKSPACE_KEY, "")
    try:
        return UUID(written)
    except ValueError:
        raise UnknownWorkspace(
            f"{fields.get('id', 'The object')} doesn't say which workspace it is of."
        ) from None


def workspace_exists(workspace_id: UUID) -> bool:
    """Whether there is such a workspace; one that waits for its deletion still is."""
    with system_context():
        return Workspace.objects.filter(id=workspace_id).exists()


def events_are_late(by: timedelta) -> bool:
    """Whether an event has been due for longer than `by`, so that nobody seems to process any."""
    with system_context():
        return StripeEvent.objects.due().filter(next_attempt_at__lt=Now() - by).exists()
