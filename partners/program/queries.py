"""Whether a workspace sells, asked with a request's memberships; and what sellers are called."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from cursive.lib.tenancy import system_context

from .models import Partner

# Who sees the portal: those who sell, and those who did.
IN_PORTAL = (Partner.Status.APPROVED, Partner.Status.SUSPENDED)
FACT = "in_portal"


def in_portal() -> Exists:
    """The condition on memberships that their workspace has a portal."""
    partners = Partner.objects.filter(workspace_id=OuterRef("workspace_id"), status__in=IN_PORTAL)
    return Exists(partners)


def companies_of(seller_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The companies of these workspaces, those that are or were partners; one query."""
    with system_context():
        partners = Partner.objects.filter(workspace_id__in=set(seller_ids))
        return dict(partners.values_list("workspace_id", "company"))


def sees_portal(request: Any) -> bool:
    """Whether the request's workspace has a portal; for the navigation, without a query."""
    return bool(getattr(getattr(request, "membership", None), FACT, False))


def could_apply(request: Any) -> bool:
    """Whether the request's workspace has no portal yet."""
    return not sees_portal(request)
