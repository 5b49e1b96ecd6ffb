"""Starting an export, and the job that writes it.

The file is written in parts, one a step, each by overwriting: a worker that dies leaves a part
that the next one writes again. The last step puts the parts together.
"""

import datetime
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from cursive.lib import limits, tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NoneFound
from cursive.lib.jobs.lease import raise_if_ended
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import earlier_job, enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.tables.sheet_writing import MOST_ROWS, row_xml, write_workbook
from cursive.lib.tables.writing import BOM, csv_lines
from leads.filters.document import dump, parse
from leads.filters.sentence import sentence
from leads.filters.tree import Group
from leads.records.columns import COLUMNS, DEFAULT_EXPORT, unknown_columns
from leads.records.models import Lead
from leads.records.queries import leads_of

BATCH = 5_000
MAX_IDS = 1_000
# What the file may be: its ending, and its media type.
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KEPT = datetime.timedelta(days=30)
EXPORTS_A_DAY = limits.Limit(
    "exports", "10/day", "Your workspace has made its 10 exports of the day."
)


def start_export(
    *,
    workspace_id: UUID,
    actor: Actor,
    columns: Sequence[str] = DEFAULT_EXPORT,
    ids: Sequence[UUID] = (),
    filter: Group | None = None,
    key: str = "",
    format: str = "csv",
) -> Job:
    """Start the job that writes these leads to a file: `ids`, or all that match `filter`.

    Ids of no living lead of the workspace are left out; without a filter it is never everybody.
    `format` is csv or xlsx; a sheet has room for 1,048,575 leads.

    The same `key` with the same request gives the same job, which isn't another export of the day.
    Raises `InvalidInput` for unknown columns, too many leads or nothing to export (`NoneFound`
    where none of the ids is a lead), `Conflict` for a key that was used otherwise, `TooMany` past
    10 a day a workspace; nothing has changed then.
    """
    if bad := unknown_columns(columns):
        raise InvalidInput(
            "There are no such columns.", fields={"columns": f"Unknown: {', '.join(bad)[:200]}."}
        )
    if not columns:
        raise InvalidInput("Choose columns.", fields={"columns": "Choose at least one."})
    if not ids and filter is None:
        raise InvalidInput("No lead is chosen.", fields={"ids": "Give ids or a filter."})
    if len(ids) > MAX_IDS:
        raise InvalidInput("Too many leads chosen.", fields={"ids": f"At most {MAX_IDS:,}."})
    if format not in FORMATS:
        raise InvalidInput("There is no such kind of file.", fields={"format": "csv or xlsx."})
    params: dict[str, Any] = {
        "columns": list(columns),
        "ids": [str(one) for one in ids],
        "filter": dump(filter) if filter is not None else None,
        "format": format,
    }
    leads = _selection(workspace_id, params["ids"], filter)
    with tenancy.atomic():
        earlier = earlier_job(
            workspace_id=workspace_id, kind=ExportHandler.kind, key=key, params=params
        )
        if earlier is not None:
            return earlier
        total = leads.count()
        if not total:
            error = NoneFound if filter is None else InvalidInput
            raise error("There is nothing to export.", fields={"ids": "There are no such leads."})
        if format == "xlsx" and total >= MOST_ROWS:
            raise InvalidInput(
                f"A sheet has room for {MOST_ROWS - 1:,} leads, and these are {total:,}.",
                fields={"format": "Choose CSV, or fewer leads."},
            )
        limits.hit(EXPORTS_A_DAY, workspace_id)
        what = sentence(filter) if filter is not None else "chosen leads"
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=ExportHandler.kind,
            title=f"Export of {total:,} {'lead' if total == 1 else 'leads'}",
            params=params,
            actor=actor,
            key=key,
            total=total,
        )
        record(
            action="export",
            resource="lead",
            resource_id=job.id,
            actor=actor,
            workspace_id=workspace_id,
            new={"leads": total, "columns": list(columns), "which": what},
        )
    return job


def _selection(workspace_id: UUID, ids: Sequence[str], filter: Group | None) -> Any:
    """Without a filter these ids and nobody else, also where there are none."""
    leads = leads_of(workspace_id, filter)
    return leads.filter(id__in=ids) if ids or filter is None else leads


class ExportHandler(JobHandler):
    """Writes parts of BATCH leads in the order of their ids, then the whole file."""

    kind = "export"
    label = "Export"

    def prepare(self, job: Job) -> dict[str, Any]:
        """Write the next part, or the whole file when all parts are there."""
        if job.cursor.get("written"):
            return {"file": self._assemble(job)}
        params = job.params
        filter = parse(params["filter"], scope="leads") if params["filter"] else None
        leads = _selection(job.workspace_id, params["ids"], filter).select_related("owner")
        if after := job.cursor.get("after"):
            leads = leads.filter(id__gt=after)
        rows = list(leads.order_by("id")[:BATCH])
        number = job.cursor.get("part", 0)
        self._write_part(job, number, rows)
        return {
            "rows": len(rows),
            "after": str(rows[-1].id) if rows else job.cursor.get("after"),
            "written": len(rows) < BATCH,
        }

    def step(self, job: Job, prepared: dict[str, Any]) -> Step:
        """Note what `prepare` wrote; the file's name is the job's result."""
        if "file" in prepared:
            return Step(cursor={**job.cursor, "file": prepared["file"]}, done=True)
        return Step(
            processed=prepared["rows"],
            cursor={
                "part": job.cursor.get("part", 0) + 1,
                "after": prepared["after"],
                "written": prepared["written"],
            },
            # Leads that came or went meanwhile must not leave the bar short of its end.
            total=job.processed + prepared["rows"] if prepared["written"] else None,
        )

    def finish(self, job: Job) -> None:
        """The job's result says where the file is (by API) and how long it stays."""
        if job.status == Job.Status.COMPLETED:
            until = timezone.now() + KEPT
            job.result = {
                "leads": job.processed,
                "available_until": until.isoformat(),
                "download": reverse("api-export-download", args=[job.id]),
            }
        if job.status == Job.Status.FAILED:
            return  # a retry goes on from the parts that are there
        if job.status == Job.Status.CANCELLED:
            default_storage.delete(file_name(job))  # as far as it was written
        for number in range(job.cursor.get("part", 0) + 1):
            default_storage.delete(_part_name(job, number))

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The download."""
        label = f"Download {format_of(job).upper()}"
        return [(label, reverse("leads:export_download", args=[job.id]))]

    def _write_part(self, job: Job, number: int, rows: Sequence[Lead]) -> None:
        readers = [COLUMNS[name].value for name in job.params["columns"]]
        cells = ([read(lead) for read in readers] for lead in rows)
        lines = csv_lines(cells) if format_of(job) == "csv" else map(row_xml, cells)
        _overwrite(_part_name(job, number), ContentFile("".join(lines).encode()))

    def _assemble(self, job: Job) -> str:
        name = file_name(job)
        if format_of(job) == "csv":
            _overwrite(name, _Chunks(_whole_file(job)))
            return name
        with tempfile.TemporaryFile() as file:
            columns = job.params["columns"]
            write_workbook(file, sheet="Leads", head=columns, rows=_parts(job))
            file.seek(0)
            _overwrite(name, File(file))
        return name


def remove_expired_exports() -> int:
    """Delete files and left-over parts of exports that ended over 30 days ago; how many jobs."""
    with tenancy.system_context():
        jobs = Job.objects.filter(
            kind=ExportHandler.kind,
            finished_at__lt=timezone.now() - KEPT,
            result__removed__isnull=True,
        )
        removed = 0
        for job in jobs.iterator(500):
            for number in range(job.cursor.get("part", 0) + 1):
                default_storage.delete(_part_name(job, number))
            default_storage.delete(file_name(job))
            job.result["removed"] = True
            job.save(update_fields=["result"])
            removed += 1
    return removed


def file_name(job: Job) -> str:
    """Where the job's file is in storage."""
    return f"exports/{job.workspace_id}/{job.id}.{format_of(job)}"


def format_of(job: Job) -> str:
    """What kind of file it writes: csv or xlsx."""
    return str(job.params.get("format", "csv"))


def open_export(job: Job) -> File:
    """The finished file. Raises `Conflict` where there is none (yet, or any more)."""
    if job.kind != ExportHandler.kind or job.status != Job.Status.COMPLETED:
        raise Conflict("This export isn't finished.")
    ended = job.finished_at or job.created_at
    if ended + KEPT < timezone.now() or not default_storage.exists(file_name(job)):
        raise Conflict("This file is no longer kept. Export again.")
    return default_storage.open(file_name(job))


def _part_name(job: Job, number: int) -> str:
    return f"exports/{job.workspace_id}/{job.id}.part{number:05}"


def _overwrite(name: str, content: File) -> None:
    if default_storage.exists(name):
        default_storage.delete(name)
    default_storage.save(name, content)


def _whole_file(job: Job) -> Iterator[bytes]:
    # The names of the API and of the loader, so that a file can come back in.
    yield (BOM + "".join(csv_lines([job.params["columns"]]))).encode()
    yield from _parts(job)


def _parts(job: Job) -> Iterator[bytes]:
    """The rows as they were written part by part, in order."""
    for number in range(job.cursor["part"]):
        with default_storage.open(_part_name(job, number)) as part:
            for chunk in part.chunks():
                raise_if_ended()
                yield chunk


class _Chunks(File):
    """A file for storage that is made while it is read, so that memory stays flat."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__(None, name="export.csv")
        self._chunks = chunks

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """What storage writes."""
        return self._chunks
