"""From an uploaded file to leads: preview, confirm, and tidy up."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.workspaces.models import Workspace
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import cancel_job, enqueue_job
from cursive.lib.jobs.starters import started_by
from cursive.lib.tables.writing import BOM, csv_lines
from cursive.lib.texts import read_text
from leads.records.column_names import REJECT_LINE, REJECT_REASONS
from leads.records.models import Lead
from leads.records.operations import check_own, clean_tags

from . import previewing, running
from .models import Import
from .staging import DOUBLE, INVALID, OWNED, OWNED_PARTLY, SUPPRESSED, Parts
from .uploads.operations import (
    KEPT,
    discard_upload,
    map_columns,
    read_otherwise,
    receive_upload,
)
from .uploads.purposes import IMPORT

LONGEST_LABEL = 80
# Of so many columns the names are told.
_SHOWN = 20
OPTIONS = ("tags", "owner", "status", "existing")


def upload_import(
    *,
    workspace: Workspace,
    actor: Actor,
    file: File,
    label: str = "",
    preview: bool = False,
    fields: Mapping[str, str | None] | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Import:
    """Keep a file to be imported; its columns are guessed. With `preview` that starts at once,
    with what `fields` say that columns mean. `reading` is what `read_otherwise` takes.

    Raises InvalidInput, TableRefused and MappingError; then nothing is kept.
    """
    label = read_text(label, field="label", longest=LONGEST_LABEL)
    upload = None
    try:
        with tenancy.atomic():
            upload = receive_upload(
                workspace_id=workspace.id,
                actor=actor,
                file=file,
                purpose=IMPORT,
                country=workspace.country,
                reading=reading,
            )
            made = Import.objects.create(
                workspace_id=workspace.id,
                upload=upload,
                label=label,
                created_by_id=actor.user_id,
                created_by_label=actor.label,
            )
            if preview:
                start_preview(workspace=workspace, actor=actor, import_id=made.id, fields=fields)
            return _locked(workspace.id, made.id)
    except BaseException:
        if upload is not None:
            default_storage.delete(upload.storage_name)
        raise


def read_file_otherwise(*, workspace: Workspace, import_id: UUID, **said: Any) -> Import:
    """Say how the file is read (see read_otherwise); an earlier preview no longer counts."""
    with tenancy.atomic():
        found = _changeable(workspace.id, import_id)
        read_otherwise(
            workspace_id=workspace.id,
            upload_id=found.upload_id,
            purpose=IMPORT,
            country=workspace.country,
            **said,
        )
        _forget_preview(found, Actor.system("import"))
    return found


def start_preview(
    *,
    workspace: Workspace,
    actor: Actor,
    import_id: UUID,
    fields: Mapping[str, str | None] | None = None,
) -> Job:
    """Say what the columns mean (None: as they are), and start the job that makes the preview.

    It takes the place of an earlier preview. Raises MappingError, or Conflict where the import
    has begun.
    """
    with tenancy.atomic():
        found = _changeable(workspace.id, import_id)
        upload = found.upload
        if fields is not None:
            upload = map_columns(
                workspace_id=workspace.id, upload_id=upload.id, purpose=IMPORT, fields=fields
            )
        if not upload.columns_mapped.fields:
            names = ", ".join(f"“{name[:40]}”" for name in upload.columns[:_SHOWN])
            more = len(upload.columns) - _SHOWN
            raise InvalidInput(
                f"No column is known. The file was read as {upload.description}, with the columns"
                f" {names}{f' and {more:,} more' if more > 0 else ''}. Say what at least one column"
                " means, or how the file is read.",
                fields={"mapping": "Map at least one column."},
            )
        _forget_preview(found, actor)
        job, _ = enqueue_job(
            workspace_id=workspace.id,
            kind=previewing.KIND,
            title=f"Preview of {upload.file_name}"[:200],
            params={
                "import": str(found.id),
                "upload": str(upload.id),
                "country": workspace.country,
            },
            actor=actor,
        )
        found.preview_job = job
        found.save(update_fields=["preview_job", "plan"])
    return job


def _forget_preview(found: Import, actor: Actor) -> None:
    """An import without a preview; a job that still makes one is told to end."""
    earlier = found.preview_job
    found.preview_job, found.plan = None, {}
    found.save(update_fields=["preview_job", "plan"])
    if earlier is None:
        return
    if not earlier.is_over:
        cancel_job(workspace_id=found.workspace_id, job_id=earlier.id, actor=actor)
        return
    parts, count = Parts(found.workspace_id, earlier.id), earlier.cursor.get("part", 0) + 1
    tenancy.on_commit(lambda: parts.remove(count))


def discard_import(*, workspace_id: UUID, actor: Actor, import_id: UUID) -> None:
    """Throw an import away that hasn't begun, with its file and its preview.

    Raises NotFound, and Conflict where it has begun.
    """
    with tenancy.atomic():
        found = _changeable(workspace_id, import_id)
        preview = found.preview_job
        _forget_preview(found, actor)
        if preview is not None:
            Job.objects.filter(id=preview.id).update(params={**preview.params, "discarded": True})
        record(
            action="discard",
            resource="import",
            resource_id=found.id,
            actor=actor,
            workspace_id=workspace_id,
            old={"file": found.upload.file_name},
        )
        discard_upload(found.upload)


def confirm_import(
    *, workspace_id: UUID, actor: Actor, import_id: UUID, options: Mapping[str, Any]
) -> tuple[Job, bool]:
    """Carry out the plan that the preview showed: start the job. Returns it, and whether it is new.

    `options` are `tags` (a list), `owner` (a member's user id or None), `status` (new), `existing`
    (skip, or fill their empty fields). Confirming twice is one import. Raises InvalidInput by
    field, and Conflict where there is no finished preview.
    """
    with tenancy.atomic():
        found = _locked(workspace_id, import_id)
        if found.job is not None:
            return found.job, False
        if found.state != "ready":
            raise Conflict("Wait for the preview: nothing is imported before it has been seen.")
        chosen = _read_options(workspace_id, options)
        counts = found.plan["counts"]
        fills = chosen["existing"] == Import.Existing.FILL and counts.get(OWNED, 0)
        if not counts.get("new", 0) and not fills:
            raise Conflict("There is nobody to import in this file.")
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=running.KIND,
            title=f"Import of {found.upload.file_name}"[:200],
            params={
                "import": str(found.id),
                "preview": str(found.preview_job_id),
                "parts": found.plan["parts"],
                "doubles": counts.get(DOUBLE, 0),
                "rejected": counts.get(INVALID, 0) + counts.get(SUPPRESSED, 0),
                "options": chosen,
                "file": found.upload.file_name,
                "by": started_by(actor),
            },
            actor=actor,
            key=str(found.id),
            total=found.plan["rows"],
        )
        found.job, found.options = job, chosen
        found.save(update_fields=["job", "options"])
    return job, True


def _read_options(workspace_id: UUID, options: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise InvalidInput("There is no such option.", fields={unknown[0]: "No such option."})
    owner = options.get("owner") or None
    try:
        owner = UUID(str(owner)) if owner else None
    except ValueError:
        raise InvalidInput(
            "The owner must be a member.", fields={"owner": "Use a member's id."}
        ) from None
    status = options.get("status") or Lead.Status.NEW
    check_own(workspace_id, {"status": status, "owner_id": owner})
    existing = options.get("existing") or Import.Existing.SKIP
    if existing not in Import.Existing.values:
        known = " or ".join(Import.Existing.values)
        raise InvalidInput(
            "Say what happens to people already there.", fields={"existing": f"Use {known}."}
        )
    return {
        "tags": clean_tags(options.get("tags") or []),
        "owner": str(owner) if owner else "",
        "status": str(status),
        "existing": str(existing),
    }


def left_out_file(found: Import) -> Iterator[str]:
    """The rows that don't become leads, or not whole, as CSV, piece by piece: line, reason, the
    file's columns.

    Cells that a spreadsheet would take for a formula are made harmless. Raises Conflict, before
    the first piece, where there is no preview or its files are no longer kept.
    """
    if found.preview_job_id is None or not found.plan:
        raise Conflict("There is no preview of this file yet.")
    if found.files_removed_at is not None:
        raise Conflict("These rows are no longer kept. Upload the file again.")
    fills = found.options.get("existing") == Import.Existing.FILL
    hidden = OWNED if fills else OWNED_PARTLY
    parts = Parts(found.workspace_id, found.preview_job_id)
    return _lines(parts, len(found.plan["parts"]), found.upload.columns, hidden)


def _lines(parts: Parts, count: int, columns: list[str], hidden: str) -> Iterator[str]:
    yield BOM + "".join(csv_lines([[REJECT_LINE, REJECT_REASONS[0], *columns]]))
    for number in range(count):
        rows = (
            [each.line, each.reason, *each.values]
            for each in parts.left_out(number)
            if each.outcome != hidden
        )
        yield "".join(csv_lines(rows))


def remove_expired_imports() -> int:
    """Delete what imports that are older than 30 days have staged, in all workspaces; how many."""
    with tenancy.system_context():
        old = Import.objects.filter(
            created_at__lt=timezone.now() - KEPT, files_removed_at__isnull=True
        ).select_related("preview_job")
        ids = []
        for found in old.iterator(500):
            if found.preview_job is not None:
                count = found.preview_job.cursor.get("part", 0) + 1
                Parts(found.workspace_id, found.preview_job.id).remove(count)
            plan = {name: value for name, value in found.plan.items() if name != "samples"}
            Import.objects.filter(id=found.id).update(plan=plan)
            ids.append(found.id)
        Import.objects.filter(id__in=ids).update(files_removed_at=timezone.now())
    return len(ids)


def _locked(workspace_id: UUID, import_id: UUID) -> Import:
    found = (
        Import.objects.select_for_update(of=("self",))
        .filter(workspace_id=workspace_id, id=import_id)
        .select_related("upload", "preview_job", "job")
        .first()
    )
    if found is None:
        raise NotFound("There is no such import.")
    return found


def _changeable(workspace_id: UUID, import_id: UUID) -> Import:
    found = _locked(workspace_id, import_id)
    if found.job is not None:
        raise Conflict("This import has begun; it can't be changed any more.")
    return found
