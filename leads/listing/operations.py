"""What changes how members look at their leads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from accounts.workspaces.models import Role
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, Forbidden, InvalidInput, NotFound
from cursive.lib.texts import read_text
from leads.filters.document import dump
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.columns import COLUMNS, unknown_columns
from leads.sidebar.saving import NAME_LENGTH

from .models import RESTORABLE, ListColumns, NamedFilter, SavedFilter

MOST_FILTERS = 100


def choose_columns(*, workspace_id: UUID, user_id: UUID, columns: Sequence[str]) -> None:
    """Remember which columns a member wants to see; none brings back the usual ones.

    Raises InvalidInput for columns that no lead has.
    """
    if bad := unknown_columns(columns):
        raise InvalidInput(
            "There are no such columns.", fields={"columns": f"Unknown: {', '.join(bad)[:200]}."}
        )
    chosen = ListColumns.objects.filter(workspace_id=workspace_id, user_id=user_id)
    if not columns:
        chosen.delete()
        return
    in_order = [name for name in COLUMNS if name in columns]
    ListColumns.objects.update_or_create(
        workspace_id=workspace_id, user_id=user_id, defaults={"columns": in_order}
    )


def save_filter(
    *,
    workspace_id: UUID,
    actor: Actor,
    name: str,
    filter: Group,
    sort: str,
    is_shared: bool = False,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter:
    """Keep a filter under a name, for the actor alone or for the workspace.

    `kind` is what it is a filter of: a model of named filters. Raises InvalidInput (name, sort),
    Conflict past 100 and where the actor has the name already.
    """
    if actor.user_id is None:
        raise Forbidden("Only members keep filters.")
    if sort not in kind.sorts:
        raise InvalidInput("There is no such order.", fields={"sort": "Unknown."})
    own = kind.objects.filter(workspace_id=workspace_id, owner_id=actor.user_id)
    if own.living().count() >= MOST_FILTERS:
        raise Conflict(f"You have {MOST_FILTERS} saved filters. Delete one that you don't need.")
    saved = kind(
        workspace_id=workspace_id,
        owner_id=actor.user_id,
        name=_read_name(name),
        filter=dump(filter),
        sort=sort,
        is_shared=is_shared,
    )
    with tenancy.atomic():
        _write(saved, create=True)
        _record("create", saved, actor, new=_facts(saved, filter))
    return saved


def change_filter(
    *,
    workspace_id: UUID,
    actor: Actor,
    filter_id: UUID,
    name: str,
    is_shared: bool,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter:
    """Rename a saved filter, share it or stop sharing it. Raises as `save_filter` does."""
    with tenancy.atomic():
        saved = _locked(kind, workspace_id, actor, filter_id)
        old = _facts(saved)
        saved.name, saved.is_shared = _read_name(name), is_shared
        if _facts(saved) == old:
            return saved
        _write(saved)
        _record("update", saved, actor, old=old, new=_facts(saved))
    return saved


def delete_filter(
    *,
    workspace_id: UUID,
    actor: Actor,
    filter_id: UUID,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter:
    """Delete a saved filter; it can be brought back for 30 days (A-19)."""
    with tenancy.atomic():
        saved = _locked(kind, workspace_id, actor, filter_id)
        saved.deleted_at = timezone.now()
        saved.save(update_fields=["deleted_at"])
        _record("delete", saved, actor, old=_facts(saved))
    return saved


def restore_filter(
    *,
    workspace_id: UUID,
    actor: Actor,
    filter_id: UUID,
    kind: type[NamedFilter] = SavedFilter,
) -> NamedFilter:
    """Undo a deletion. Raises Conflict where the name was used again meanwhile."""
    with tenancy.atomic():
        saved = _locked(kind, workspace_id, actor, filter_id, deleted=True)
        saved.deleted_at = None
        _write(saved)
        _record("restore", saved, actor, new=_facts(saved))
    return saved


def purge_saved_filters(kind: type[NamedFilter] = SavedFilter) -> int:
    """Delete for good, in every workspace, what was deleted over 30 days ago (A-19)."""
    with tenancy.system_context():
        old = kind.objects.filter(deleted_at__lte=timezone.now() - RESTORABLE)
        return old.delete()[0]


def _read_name(raw: object) -> str:
    return read_text(raw, field="name", longest=NAME_LENGTH, missing="Give the filter a name.")


def _locked(
    kind: type[NamedFilter],
    workspace_id: UUID,
    actor: Actor,
    filter_id: UUID,
    *,
    deleted: bool = False,
) -> NamedFilter:
    """One that the actor may change: their own, or as an admin one that is shared."""
    filters = kind.objects.select_for_update().filter(workspace_id=workspace_id)
    filters = filters.restorable() if deleted else filters.living()
    saved = filters.seen_by(actor.user_id).filter(id=filter_id).first()
    if saved is None:
        raise NotFound("There is no such saved filter.")
    if saved.owner_id != actor.user_id and actor.role not in (Role.OWNER, Role.ADMIN):
        raise Forbidden("Only who made a saved filter, an admin or an owner can change it.")
    return saved


def _write(saved: NamedFilter, *, create: bool = False) -> None:
    try:
        with tenancy.atomic():
            saved.save(force_insert=create)
    except IntegrityError as error:
        said = f"There is a saved filter “{saved.name}” already."
        raise Conflict(said, fields={"name": said}) from error


def _facts(saved: NamedFilter, filter: Group | None = None) -> dict[str, object]:
    facts: dict[str, object] = {"name": saved.name, "shared": saved.is_shared}
    return facts if filter is None else {**facts, "filter": sentence(filter)}


def _record(action: str, saved: NamedFilter, actor: Actor, **values: Any) -> None:
    record(
        action=action,
        resource=saved.resource,
        resource_id=saved.id,
        actor=actor,
        workspace_id=saved.workspace_id,
        **values,
    )
