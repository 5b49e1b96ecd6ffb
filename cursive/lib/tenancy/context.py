"""Which workspace is being worked for, and under which database role.

Two roles reach the tables at run time. `default` connects as the restricted role, which sees
only the rows of the workspace that `tenant_context` has set. `admin` connects as a role that
passes over row-level security; `system_context` is the only way to it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django_scopes import scope, scopes_disabled

_workspace: ContextVar[UUID | None] = ContextVar("workspace", default=None)
_system: ContextVar[bool] = ContextVar("system", default=False)


def current_workspace_id() -> UUID | None:
    """The workspace that work is being done for, or None outside every workspace."""
    return _workspace.get()


def in_system_context() -> bool:
    """Whether queries go to the role that passes over row-level security."""
    return _system.get()


def current_alias() -> str:
    """The database alias that this context's queries go to: `default` or `admin`."""
    return "admin" if _system.get() else "default"


def atomic() -> AbstractContextManager[None]:
    """`transaction.atomic()` on the alias of the current context."""
    return transaction.atomic(using=current_alias())


def connection() -> BaseDatabaseWrapper:
    """The connection of the current context, for SQL that the ORM has no words for."""
    return connections[current_alias()]


def on_commit(function: Callable[[], object]) -> None:
    """Run `function` once the current context's transaction is committed."""
    transaction.on_commit(function, using=current_alias())


def _set_workspace(workspace_id: UUID | None) -> None:
    # `true` makes it last for the transaction only: a session setting would leak to the next
    # user of a pooled connection.
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.workspace', %s, true)",
            [str(workspace_id) if workspace_id else ""],
        )


@contextmanager
def tenant_context(workspace_id: UUID) -> Iterator[None]:
    """Do everything inside for one workspace, in one transaction under the restricted role.

    Set in three places only: the request middleware, API authentication and the task runner.
    Contexts nest; the outer workspace is set again when the inner one ends well (a released
    savepoint would otherwise leak the inner setting outward; a rolled back one restores it).
    """
    outer = _workspace.get()
    outer_system = _system.get()
    workspace_token = _workspace.set(workspace_id)
    system_token = _system.set(False)
    try:
        with transaction.atomic(using="default"), scope(workspace=workspace_id):
            _set_workspace(workspace_id)
            yield
    finally:
        _workspace.reset(workspace_token)
        _system.reset(system_token)
    if connections["default"].in_atomic_block and not outer_system:
        _set_workspace(outer)


@contextmanager
def system_context() -> Iterator[None]:
    """Do everything inside across workspaces, as the role that passes over row-level security.

    For Django admin, sweepers, sign-in look-ups and cross-workspace matching. Operations that
    are called inside still name their workspace in every query.
    """
    token = _system.set(True)
    try:
        with scopes_disabled():
            yield
    finally:
        _system.reset(token)
