"""The actions that need nothing but the leads themselves (L-17)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django import forms

from accounts.workspaces.models import Membership, Role
from cursive.lib.actors import Actor
from cursive.lib.errors import InvalidInput
from cursive.lib.jobs.models import Job
from leads.exports.operations import FORMATS, start_export
from leads.filters.tree import Group
from leads.records.acquisition import lock_acquisition
from leads.records.columns import DEFAULT_EXPORT
from leads.records.models import TRASH_KEPT, Lead
from leads.records.operations import MAX_TAGS, clean_tags
from leads.records.queries import members_of
from leads.scoring.operations import score_leads

from .changes import NOTHING, Change
from .forms import OwnerForm, StatusForm, TagsForm
from .registry import Batch, BulkAction, Outcome

# Long enough to notice a slip; later an undo would take back other people's work.
A_WEEK = datetime.timedelta(days=7)
STATUS_IN_WORDS = " ".join(f"WHEN '{code}' THEN '{label}'" for code, label in Lead.Status.choices)


def _said_of_status(old: str, new: str) -> str:
    return (
        f"'Status changed from ' || CASE {old} {STATUS_IN_WORDS} ELSE {old} END"
        f" || ' to ' || CASE {new} {STATUS_IN_WORDS} ELSE {new} END"
    )


class _SetsStatus(BulkAction):
    undoable = A_WEEK
    change: ClassVar[Change] = Change(
        kind="status",
        fields=("status",),
        assign="status = %(status)s, updated_at = %(now)s",
        wants="l.status <> %(status)s",
        was="ARRAY[l.status::text]",
        said=_said_of_status("l.status", "%(status)s"),
        back="status = b.was[1], updated_at = %(now)s",
        still="l.deleted_at IS NULL AND l.status = %(status)s",
        said_back="'Status is ' || CASE l.status "
        + STATUS_IN_WORDS
        + " ELSE l.status END || ' again: a bulk action was undone'",
    )

    def apply(self, batch: Batch) -> Outcome:
        return self.change.apply(batch, status=batch.params["status"])

    def revert(self, batch: Batch) -> int:
        return self.change.revert(batch, status=batch.params["status"])


class SetStatus(_SetsStatus):
    """Any status."""

    name, label, icon, order, in_bar = "set_status", "Set status", "flag", 10, True
    values = ("status",)

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """One of the statuses."""
        if values.get("status") not in Lead.Status.values:
            known = ", ".join(Lead.Status.values)
            raise InvalidInput("Choose a status.", fields={"status": f"One of: {known}."})
        return {"status": str(values["status"])}

    def title(self, params: Mapping[str, Any]) -> str:
        """Which status."""
        return f"Set status to {Lead.Status(params['status']).label}"

    def form(self, workspace_id: UUID, data: Any = None) -> forms.Form:
        """Which status?"""
        return StatusForm(data)


class Approve(_SetsStatus):
    """Worth pursuing: qualified, unless it is further already."""

    name, label, icon, order = "approve", "Approve", "circle-check", 50
    change = replace(_SetsStatus.change, wants="l.status NOT IN ('qualified', 'won')")

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """Always the same status."""
        return {"status": Lead.Status.QUALIFIED.value}


class Reject(_SetsStatus):
    """Not worth pursuing: lost. Who is won already is a customer, and isn't rejected."""

    name, label, icon, order = "reject", "Reject", "ban", 51
    change = replace(
        _SetsStatus.change,
        fails="l.status = 'won'",
        reason="This lead is won. Set its status if that is wrong.",
    )

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """Always the same status."""
        return {"status": Lead.Status.LOST.value}


class Assign(BulkAction):
    """To a member, or to nobody."""

    name, label, icon, order, in_bar = "assign", "Assign", "user", 20, True
    undoable = A_WEEK
    values = ("owner",)
    change = Change(
        kind="owner",
        fields=("owner_id",),
        assign="owner_id = %(owner)s, updated_at = %(now)s",
        wants="l.owner_id IS DISTINCT FROM %(owner)s",
        was=f"CASE WHEN l.owner_id IS NULL THEN {NOTHING} ELSE ARRAY[l.owner_id::text] END",
        said="%(said)s",
        back="owner_id = b.was[1]::uuid, updated_at = %(now)s",
        # The owner from before may have left the workspace meanwhile.
        still="l.deleted_at IS NULL AND l.owner_id IS NOT DISTINCT FROM %(owner)s"
        " AND (cardinality(b.was) = 0 OR EXISTS (SELECT 1 FROM accounts_membership m"
        " WHERE m.workspace_id = %(workspace)s AND m.user_id = b.was[1]::uuid))",
        said_back="'The owner from before is back: a bulk action was undone'",
    )

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """A member's id; None or an empty text for nobody."""
        owner = values.get("owner")
        if "owner" not in values or owner in ("", None):
            if "owner" in values:
                return {"owner": None, "name": ""}
            raise InvalidInput("Choose an owner.", fields={"owner": "A member's id, or null."})
        members = Membership.objects.filter(workspace_id=workspace_id).select_related("user")
        owner_id = _uuid(owner)
        found = members.filter(user_id=owner_id).first() if owner_id else None
        if found is None:
            raise InvalidInput(
                "The owner must be a member.",
                fields={"owner": "Choose a member of this workspace."},
            )
        return {"owner": str(found.user_id), "name": str(found.user)}

    def title(self, params: Mapping[str, Any]) -> str:
        """To whom."""
        return f"Assign to {params['name']}" if params["owner"] else "Remove the owner"

    def form(self, workspace_id: UUID, data: Any = None) -> forms.Form:
        """To whom?"""
        return OwnerForm(data, members=members_of(workspace_id))

    def apply(self, batch: Batch) -> Outcome:
        """Give them to the member."""
        name = batch.params["name"]
        said = f"Assigned to {name}" if name else "Owner removed"
        return self.change.apply(batch, owner=self._owner(batch), said=said)

    def revert(self, batch: Batch) -> int:
        """Give them back."""
        return self.change.revert(batch, owner=self._owner(batch))

    def _owner(self, batch: Batch) -> UUID | None:
        owner = batch.params["owner"]
        return UUID(owner) if owner else None


def _uuid(raw: object) -> UUID | None:
    try:
        return UUID(str(raw))
    except ValueError:
        return None


# Sorted as Python sorts, so that both ways of changing tags store them alike.
SORTED = 'ARRAY(SELECT DISTINCT t COLLATE "C" FROM unnest({}) t ORDER BY 1)::varchar(40)[]'
WITH_THEM = SORTED.format("l.tags || %(tags)s::varchar(40)[]")
WITHOUT_THEM = (
    "ARRAY(SELECT t FROM unnest(l.tags) WITH ORDINALITY x(t, n)"
    " WHERE t <> ALL({}) ORDER BY n)::varchar(40)[]"
)


class _Tags(BulkAction):
    undoable = A_WEEK
    values = ("tags",)
    change: Change

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        tags = values.get("tags")
        if isinstance(tags, str):
            tags = tags.split(",")
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise InvalidInput("Choose tags.", fields={"tags": "A list of tags."})
        clean = clean_tags(tags)
        if not clean:
            raise InvalidInput("Choose tags.", fields={"tags": "At least one tag."})
        return {"tags": clean}

    def title(self, params: Mapping[str, Any]) -> str:
        return f"{self.label}: {', '.join(params['tags'])}"[:200]

    def form(self, workspace_id: UUID, data: Any = None) -> forms.Form:
        return TagsForm(data)

    def apply(self, batch: Batch) -> Outcome:
        return self.change.apply(batch, tags=batch.params["tags"], most=MAX_TAGS)

    def revert(self, batch: Batch) -> int:
        return self.change.revert(batch, most=MAX_TAGS)


class AddTags(_Tags):
    """Tags that a lead has already stay; undo removes only those that came with it."""

    name, label, icon, order, in_bar = "add_tags", "Add tags", "tag", 30, True
    change = Change(
        kind="tags",
        fields=("tags",),
        assign=f"tags = {WITH_THEM}, updated_at = %(now)s",
        wants="NOT l.tags @> %(tags)s::varchar(40)[]",
        was="ARRAY(SELECT t::text FROM unnest(%(tags)s::text[]) t WHERE t <> ALL(l.tags))",
        said="'Tags added: ' || array_to_string("
        "ARRAY(SELECT t FROM unnest(%(tags)s::text[]) t WHERE t <> ALL(l.tags)), ', ')",
        fails=f"cardinality({WITH_THEM}) > %(most)s",
        reason=f"A lead has at most {MAX_TAGS} tags.",
        back=f"tags = {WITHOUT_THEM.format('b.was')}, updated_at = %(now)s",
        still="l.deleted_at IS NULL AND l.tags::text[] && b.was",
        said_back="'Tags removed: ' || array_to_string(b.was, ', ')"
        " || '. A bulk action was undone'",
    )


class RemoveTags(_Tags):
    """Undo brings back those that were there."""

    name, label, icon, order, in_bar = "remove_tags", "Remove tags", "tags", 31, False
    change = Change(
        kind="tags",
        fields=("tags",),
        assign=f"tags = {WITHOUT_THEM.format('%(tags)s::text[]')}, updated_at = %(now)s",
        wants="l.tags && %(tags)s::varchar(40)[]",
        was="ARRAY(SELECT t::text FROM unnest(%(tags)s::text[]) t WHERE t = ANY(l.tags))",
        said="'Tags removed: ' || array_to_string("
        "ARRAY(SELECT t FROM unnest(%(tags)s::text[]) t WHERE t = ANY(l.tags)), ', ')",
        back=f"tags = {SORTED.format('l.tags || b.was::varchar(40)[]')}, updated_at = %(now)s",
        still="l.deleted_at IS NULL AND NOT l.tags::text[] @> b.was"
        f" AND cardinality({SORTED.format('l.tags || b.was::varchar(40)[]')}) <= %(most)s",
        said_back="'Tags are back: ' || array_to_string(b.was, ', ')"
        " || '. A bulk action was undone'",
    )


class Delete(BulkAction):
    """Into the trash; the moment is the run's, by which undo knows its own again."""

    name, label, icon, order, in_bar = "delete", "Delete", "trash", 90, True
    role = Role.ADMIN
    keys_allowed = True  # as in deleting one: owners and admins make keys
    is_destructive = True
    undoable = TRASH_KEPT
    change = Change(
        kind="deletion",
        fields=(),
        assign="deleted_at = %(moment)s",
        wants="true",
        was=NOTHING,
        said="'Deleted'",
        back="deleted_at = NULL",
        # Who came back meanwhile, by whatever path, is not there twice.
        still="l.deleted_at = %(moment)s AND l.id <> ALL(%(back)s::uuid[])",
        said_back="'Restored: a bulk action was undone'",
    )

    def title(self, params: Mapping[str, Any]) -> str:
        """What is done."""
        return "Delete"

    def apply(self, batch: Batch) -> Outcome:
        """Put them in the trash."""
        return self.change.apply(batch, moment=batch.run.created_at)

    def revert(self, batch: Batch) -> int:
        """Take them out again. In the trash they weren't scored."""
        lock_acquisition(batch.workspace_id)
        restored = self.change.revert(batch, moment=batch.run.created_at, back=_back_already(batch))
        score_leads(workspace_id=batch.workspace_id, ids=batch.ids)
        return restored


def _back_already(batch: Batch) -> list[UUID]:
    """Whose equals are among the living: by two lists, see `changes` for why not by a join."""
    leads = Lead.objects.filter(workspace_id=batch.workspace_id)
    known = leads.filter(id__in=batch.ids).values_list("id", "dedup_hash", "catalogue_id")
    hashes = {digest for _, digest, _ in known}
    people = {person for _, _, person in known if person is not None}
    living = leads.living()
    hashes = set(living.filter(dedup_hash__in=hashes).values_list("dedup_hash", flat=True))
    people = set(living.filter(catalogue_id__in=people).values_list("catalogue_id", flat=True))
    return [id for id, digest, person in known if digest in hashes or person in people]


class Export(BulkAction):
    """To a CSV or XLSX file, by a job of its own."""

    name, label, icon, order = "export", "Export", "download", 80
    page = "leads:export"
    values = ("columns", "format")

    def read(self, *, workspace_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """Names of columns, without them the usual ones; csv or xlsx, without it csv."""
        columns = values.get("columns") or list(DEFAULT_EXPORT)
        if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
            raise InvalidInput("Choose columns.", fields={"columns": "A list of their names."})
        kind = values.get("format") or "csv"
        if not isinstance(kind, str) or kind not in FORMATS:
            known = ", ".join(FORMATS)
            raise InvalidInput(
                "There is no such kind of file.", fields={"format": f"One of: {known}."}
            )
        return {"columns": columns, "format": kind}

    def start(
        self,
        *,
        workspace_id: UUID,
        actor: Actor,
        params: Mapping[str, Any],
        ids: Sequence[UUID],
        filter: Group | None,
        key: str,
    ) -> Job:
        """Start the export."""
        return start_export(
            workspace_id=workspace_id,
            actor=actor,
            columns=params["columns"],
            format=params["format"],
            ids=ids,
            filter=filter,
            key=key,
        )


ACTIONS = (
    *(SetStatus(), Assign(), AddTags(), RemoveTags()),
    *(Approve(), Reject(), Export(), Delete()),
)
