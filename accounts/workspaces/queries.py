"""Look-ups that come before any workspace is known, so they are the system's."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from cursive.lib.tenancy import system_context

from .models import Membership, User

# What apps above want to know of each membership: attribute → what makes the expression.
_facts: dict[str, Callable[[], Any]] = {}


def register_fact(name: str, expression: Callable[[], Any]) -> None:
    """Have `request.membership` say `name`, by an expression on memberships.

    It is asked with the memberships, so no page has a query for it. Apps call it in ready().
    """
    _facts[name] = expression


def memberships_of(user: User) -> list[Membership]:
    """The user's memberships in living workspaces, with their workspaces and facts, by name."""
    with system_context():
        found = list(
            Membership.objects.filter(user=user, workspace__deleted_at__isnull=True)
            .select_related("workspace")
            .annotate(**{name: make() for name, make in _facts.items()})
            .order_by("workspace__name", "id")
        )
    for one in found:
        one.user = user
    return found


def workspace_ids_of(email: str) -> list[UUID]:
    """The living workspaces of whoever signs in with this address; none for a stranger's."""
    with system_context():
        return list(
            Membership.objects.filter(
                user__email=email.strip().lower(), workspace__deleted_at__isnull=True
            )
            .order_by("id")
            .values_list("workspace_id", flat=True)
        )


def membership_in(user: User, workspace_id: UUID) -> Membership | None:
    """The user's membership in one living workspace, or None."""
    with system_context():
        return (
            Membership.objects.filter(
                user=user, workspace_id=workspace_id, workspace__deleted_at__isnull=True
            )
            .select_related("workspace")
            .first()
        )
