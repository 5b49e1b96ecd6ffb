"""The base of every table that belongs to a workspace."""

import uuid
from typing import Any

import uuid_utils.compat
from django.db import models
from django_scopes import ScopedManager


def uuid7() -> uuid.UUID:
    """A new time-ordered id (RFC 9562, version 7): unguessable, and kind to B-tree indexes."""
    return uuid_utils.compat.uuid7()


def scoped_manager(
    queryset: type[models.QuerySet] = models.QuerySet,
) -> Any:
    """A manager that filters by the current workspace and raises where none is set.

    Typed as Any: django-scopes makes its class at run time, which no checker can follow.
    """
    return ScopedManager(
        _manager_class=models.Manager.from_queryset(queryset), workspace="workspace"
    )


class TenantModel(models.Model):
    """A row that belongs to exactly one workspace (X-1).

    Its migration must follow CreateModel with `ProtectTable`, which a house rule checks.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", editable=False
    )

    objects = scoped_manager()

    class Meta:
        abstract = True
        # Related look-ups go through the scoped manager too, not past it.
        base_manager_name = "objects"
