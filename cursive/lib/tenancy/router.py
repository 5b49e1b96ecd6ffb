"""Sends each query to the role of the current context."""

from typing import Any

from django.db import models

from .context import current_alias


class TenantRouter:
    """`default` inside requests and tasks, `admin` in a system context, `owner` for migrations."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
        """Where to read from."""
        return current_alias()

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        """Where to write to."""
        return current_alias()

    def allow_relation(self, obj1: models.Model, obj2: models.Model, **hints: Any) -> bool:
        """One database behind all aliases."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Migrations are the owner's."""
        return db == "owner"
