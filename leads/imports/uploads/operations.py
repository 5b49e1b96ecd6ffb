"""Taking in a file, saying how it is read and what its columns mean, and opening it again."""

import datetime
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, InvalidInput, NotFound
from cursive.lib.tables import Table, TableRefused, open_table
from leads.records.column_names import OWN_TARGETS
from leads.records.mapping import Mapping as ColumnMapping
from leads.records.mapping import guess_mapping, header_key

from .models import RememberedMapping, Upload
from .purposes import Purpose

MAX_BYTES = 200_000_000
MAX_UNPACKED = 4_000_000_000
SAMPLE_ROWS = 5
LONGEST_CELL = 200
# An upload that nothing came of is kept so long; one that was used, as long as its job's files.
KEPT = datetime.timedelta(days=30)
KINDS = ("csv", "xlsx")


def receive_upload(
    *,
    workspace_id: UUID,
    actor: Actor,
    file: File,
    purpose: Purpose,
    country: str,
    reading: Mapping[str, Any] | None = None,
) -> Upload:
    """Keep a file and find out how it is read and what its columns mean; nothing else is written.

    `file` is read piece by piece. `country` (ISO alpha-2) is where its phone numbers are from.
    `reading` says of how it is read what is known: see `read_otherwise`.
    Raises InvalidInput for one that is too large, and TableRefused, with the reason and what to
    do, for one that is no table; then nothing is kept.
    """
    size = file.size or 0
    if size > MAX_BYTES:
        raise InvalidInput(
            f"The file is larger than {MAX_BYTES // 1_000_000} MB.",
            fields={"file": f"At most {MAX_BYTES // 1_000_000} MB. Split it, or pack it (.gz)."},
        )
    upload = Upload(
        workspace_id=workspace_id,
        purpose=purpose.code,
        file_name=_clean_name(file.name),
        size=size,
        created_by_id=actor.user_id,
        **(reading or {}),
    )
    default_storage.save(upload.storage_name, file)
    try:
        with tenancy.atomic():
            _look_at(upload, purpose, country)
            upload.save(force_insert=True)
            record(
                action="upload",
                resource="upload",
                resource_id=upload.id,
                actor=actor,
                workspace_id=workspace_id,
                new={"file": upload.file_name, "size": size, "purpose": purpose.code},
            )
    except BaseException as error:
        default_storage.delete(upload.storage_name)
        if isinstance(error, TableRefused):
            error.fields.setdefault("file", error.message)
        raise
    return upload


def read_otherwise(
    *,
    workspace_id: UUID,
    upload_id: UUID,
    purpose: Purpose,
    country: str,
    delimiter: str = "",
    encoding: str = "",
    header: bool | None = None,
    header_line: int | None = None,
) -> Upload:
    """Say how the file is read; what isn't said is found out. Its columns are guessed anew.

    `header_line` is the line with the column names, from 1; `header`, whether there are any.

    Raises TableRefused where it can't be read so; then everything stays as it was.
    """
    with tenancy.atomic():
        upload = upload_of(workspace_id, upload_id, purpose, lock=True)
        upload.delimiter, upload.encoding = delimiter, encoding
        upload.header, upload.header_line = header, header_line
        _look_at(upload, purpose, country)
        upload.row_count = None
        upload.save()
    return upload


def map_columns(
    *, workspace_id: UUID, upload_id: UUID, purpose: Purpose, fields: Mapping[str, str | None]
) -> Upload:
    """Say what columns mean (column → field, None: left out); remembered for files like this one.

    Columns that aren't named keep their meaning. Raises MappingError.
    """
    with tenancy.atomic():
        upload = upload_of(workspace_id, upload_id, purpose, lock=True)
        mapping = upload.columns_mapped.with_fields(dict(fields), purpose.targets)
        if not mapping.fields:
            sentence = "No column is used. Say what at least one column means."
            raise InvalidInput(sentence, fields={"mapping": sentence})
        upload.mapping = mapping.as_dict()
        upload.save(update_fields=["mapping"])
        RememberedMapping.objects.bulk_create(
            [
                RememberedMapping(
                    workspace_id=workspace_id,
                    purpose=purpose.code,
                    header_key=upload.header_key,
                    fields={each.column: each.field for each in mapping.columns},
                    updated_at=timezone.now(),
                )
            ],
            update_conflicts=True,
            unique_fields=["workspace", "purpose", "header_key"],
            update_fields=["fields", "updated_at"],
        )
    return upload


def upload_of(workspace_id: UUID, upload_id: UUID, purpose: Purpose, *, lock: bool) -> Upload:
    """The upload. Raises NotFound."""
    uploads = Upload.objects.filter(workspace_id=workspace_id, purpose=purpose.code, id=upload_id)
    upload = (uploads.select_for_update(of=("self",)) if lock else uploads).first()
    if upload is None:
        raise NotFound("There is no such upload.")
    return upload


def discard_upload(upload: Upload) -> None:
    """Forget an upload with whatever was made of it: its bytes go with the commit.

    Runs in the caller's transaction.
    """
    name = upload.storage_name
    upload.delete()
    tenancy.on_commit(lambda: default_storage.delete(name))


def open_upload(upload: Upload) -> Table:
    """The file as a table, as it was said to be read. Close it.

    Raises Conflict where it is no longer kept, TableRefused where it can't be read.
    """
    with local_copy(upload.storage_name) as path:
        return open_table(
            path,
            delimiter=upload.delimiter or None,
            encoding=upload.encoding or None,
            header=upload.header,
            header_line=upload.header_line,
            max_bytes=MAX_UNPACKED,
        )


@contextmanager
def local_copy(name: str) -> Iterator[Path]:
    """A path on this machine under which a stored file's bytes can be opened, while inside."""
    if not default_storage.exists(name):
        raise Conflict("This file is no longer kept. Upload it again.")
    try:
        yield Path(default_storage.path(name))
        return
    except NotImplementedError:
        pass  # kept elsewhere: the copy may go once it is open
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        path = Path(folder) / "file"
        with default_storage.open(name) as stored, path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        yield path


def remove_expired_uploads() -> int:
    """Delete the bytes of uploads that are older than 30 days, in all workspaces; how many."""
    with tenancy.system_context():
        old = Upload.objects.filter(
            created_at__lt=timezone.now() - KEPT, file_removed_at__isnull=True
        )
        ids = []
        for upload in old.only("id", "workspace_id").iterator(500):
            default_storage.delete(upload.storage_name)
            ids.append(upload.id)
        # What was in its first rows is personal data too.
        Upload.objects.filter(id__in=ids).update(file_removed_at=timezone.now(), sample=[])
    return len(ids)


def _look_at(upload: Upload, purpose: Purpose, country: str) -> None:
    """Find out how the file is read, its columns, and what they mean."""
    with open_upload(upload) as table:
        if table.kind not in KINDS:
            raise TableRefused("This file is neither CSV nor Excel. Save it as .xlsx or as CSV.")
        sample = table.sample
        if not sample and next(iter(table.rows()), None) is None:
            raise TableRefused(_no_rows(table))
        upload.kind, upload.description = table.kind, table.description[:200]
        upload.has_header, upload.columns = table.has_header, table.columns
    upload.header_key = header_key(upload.columns)
    upload.sample = [[cell[:LONGEST_CELL] for cell in row] for row in sample[:SAMPLE_ROWS]]
    is_for_leads = set(OWN_TARGETS) <= set(purpose.targets)
    guessed = guess_mapping(upload.columns, sample, default_country=country, own=is_for_leads)
    kept, upload.is_remembered = _remembered(upload, guessed)
    allowed = set(purpose.targets)
    others = {each.column: None for each in kept.columns if each.field not in allowed | {None}}
    upload.mapping = (kept.with_fields(dict(others)) if others else kept).as_dict()


def _no_rows(table: Table) -> str:
    names = ", ".join(table.columns[:5])
    more = ", …" if len(table.columns) > 5 else ""
    return (
        f"This file has no rows below its column names ({names[:200]}{more}). Add them; where this"
        " is a person, put a line with the names of the columns above."
    )


def _remembered(upload: Upload, guessed: ColumnMapping) -> tuple[ColumnMapping, bool]:
    """What was said of such a file before; the guess where nothing was, or names say nothing."""
    if not upload.has_header:
        return guessed, False
    earlier = RememberedMapping.objects.filter(
        workspace_id=upload.workspace_id, purpose=upload.purpose, header_key=upload.header_key
    ).first()
    if earlier is None:
        return guessed, False
    fields: dict[str, Any] = {_folded(name): field for name, field in earlier.fields.items()}
    chosen = {
        each.column: fields[_folded(each.column)]
        for each in guessed.columns
        if _folded(each.column) in fields
    }
    return guessed.with_fields(chosen), True


def _folded(name: str) -> str:
    # As `header_key` compares names.
    return " ".join(name.casefold().split())


def _clean_name(name: str | None) -> str:
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in base if c.isprintable()).strip()[-200:] or "file"


def sample_columns(upload: Upload) -> Sequence[list[str]]:
    """Some filled values of each column, from the file's first rows."""
    return [
        [row[at] for row in upload.sample if at < len(row) and row[at].strip()][:3]
        for at in range(len(upload.columns))
    ]
