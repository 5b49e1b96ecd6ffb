"""The files of enriched lists: parts while they are made, then one CSV, kept for 30 days."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.errors import Conflict, NotFound
from cursive.lib.jobs.models import Job
from cursive.lib.tables.writing import BOM, csv_lines

from .models import KEPT, Enrichment, MatchPart
from .output import header


class Gone(NotFound):
    """A link that was good once."""

    code = "gone"
    status = 410


def file_name(job: Job) -> str:
    """Where the finished file is in storage."""
    return f"enrichment/{job.workspace_id}/{job.id}.csv"


def _signer() -> signing.Signer:
    return signing.Signer(salt="leads.enrichment.file")


def _folder(job: Job) -> str:
    return f"enrichment/{job.workspace_id}/{job.id}"


def write_part(job: Job, name: str, lines: Iterable[str]) -> None:
    """Write a part; its name is its own, so that nobody else ever writes to it."""
    chunks = (line.encode() for line in lines)
    default_storage.save(f"{_folder(job)}/{name}", _Chunks(chunks))


def assemble(job: Job) -> str:
    """Put the parts that the job's cursor names together, under a header; the file's name."""
    name = file_name(job)
    if default_storage.exists(name):
        default_storage.delete(name)
    return default_storage.save(name, _Chunks(_whole(job)))


def _whole(job: Job) -> Iterator[bytes]:
    yield (BOM + "".join(csv_lines([header(job.params["columns"])]))).encode()
    for name in job.cursor["parts"]:
        with default_storage.open(f"{_folder(job)}/{name}") as part:
            yield from part.chunks()


def remove_parts(job: Job) -> None:
    """Delete the parts, also those that dead workers left."""
    folder = _folder(job)
    try:
        names = default_storage.listdir(folder)[1]
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)


def has_file(job: Job) -> bool:
    """Whether something of it can be downloaded now."""
    ended = job.finished_at
    return job.is_over and bool(job.cursor.get("parts")) and ended is not None and (
        ended + KEPT > timezone.now()
    )  # fmt: skip


def signed_url(job: Job) -> str:
    """The address under which whoever has it gets the file, until its 30 days are over.

    Raises Conflict where there is no file (yet, or any more).
    """
    if not has_file(job) or job.finished_at is None:
        raise Conflict("There is no file to download, or it is no longer kept.")
    token = _signer().sign_object(
        {
            "file": file_name(job),
            "name": _download_name(job.params["file"]),
            "until": int((job.finished_at + KEPT).timestamp()),
        }
    )
    return reverse("leads:enrichment_file", args=[token])


def open_signed(token: str) -> tuple[File, str]:
    """(the file, its name for the reader). Raises NotFound, or Gone past its time."""
    try:
        said: dict[str, Any] = _signer().unsign_object(token)
    except signing.BadSignature as error:
        raise NotFound("This link isn't one of ours. Copy it whole.") from error
    if said["until"] < timezone.now().timestamp() or not default_storage.exists(said["file"]):
        raise Gone("This file is no longer kept.")
    return default_storage.open(said["file"]), said["name"]


def _download_name(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return f"{stem}-enriched.csv"


def remove_expired_files(kind: str) -> int:
    """Delete what is past its 30 days, in all workspaces: files, parts, and who was who; how many.

    `kind` is that of deliveries. Lists stay, with their counts.
    """
    before = timezone.now() - KEPT
    with tenancy.system_context():
        jobs = Job.objects.filter(kind=kind, finished_at__lt=before, result__removed__isnull=True)
        removed = 0
        for job in jobs.iterator(500):
            remove_parts(job)
            default_storage.delete(file_name(job))
            job.result["removed"] = True
            job.save(update_fields=["result"])
            removed += 1
        old = Enrichment.objects.filter(created_at__lt=before)
        MatchPart.objects.filter(enrichment__in=old.values("id")).delete()
        old.exclude(people_ids=b"").update(people_ids=b"", sample=[])
    return removed


class _Chunks(File):
    """A file for storage that is made while it is read, so that memory stays flat."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__(None, name="list.csv")
        self._chunks = chunks

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """What storage writes."""
        return self._chunks
