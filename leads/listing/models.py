"""How members look at their leads."""

from collections.abc import Collection
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from cursive.lib.tenancy import TenantModel, scoped_manager
from leads.filters.document import parse
from leads.filters.registry import Scope
from leads.filters.tree import Group
from leads.records.queries import SORTS

RESTORABLE = timedelta(days=30)


class ListColumns(TenantModel):
    """The columns that a member has chosen; who has none gets the usual ones."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    columns = ArrayField(models.CharField(max_length=40))

    class Meta(TenantModel.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "user"], name="list_columns_once")
        ]

    def __str__(self) -> str:
        return ", ".join(self.columns)


class NamedFilterQuerySet(models.QuerySet["NamedFilter"]):
    """Words for picking saved filters."""

    def living(self) -> "NamedFilterQuerySet":
        """Those that aren't deleted."""
        return self.filter(deleted_at__isnull=True)

    def restorable(self) -> "NamedFilterQuerySet":
        """Deleted ones that can still be brought back (A-19)."""
        return self.filter(deleted_at__gt=timezone.now() - RESTORABLE)

    def seen_by(self, user_id: object) -> "NamedFilterQuerySet":
        """A member's own, and those that others share."""
        return self.filter(Q(owner_id=user_id) | Q(is_shared=True))


class NamedFilter(TenantModel):
    """A filter with a name. `filter` is the canonical document over the subclass's `scope`.

    `sorts` are the orders that there are, `resource` is what the audit log calls it. A subclass
    has the constraints of SavedFilter under names of its own.
    """

    scope: ClassVar[Scope]
    sorts: ClassVar[Collection[str]]
    resource: ClassVar[str]

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    filter = models.JSONField()
    sort = models.CharField(max_length=12)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = scoped_manager(NamedFilterQuerySet)

    class Meta(TenantModel.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.name

    def tree(self) -> Group:
        """The filter as a tree. Raises FilterError if the registry no longer knows a field."""
        return parse(self.filter, scope=self.scope)


class SavedFilter(NamedFilter):
    """A filter of the lead list with a name."""

    scope = "leads"
    sorts = SORTS
    resource = "saved_filter"

    class Meta(NamedFilter.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                "workspace",
                "owner",
                Lower("name"),
                name="saved_filter_named_once",
                condition=Q(deleted_at__isnull=True),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_named"),
        ]
