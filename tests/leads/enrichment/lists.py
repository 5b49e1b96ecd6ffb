"""What the tests of enrichment share: lists of people, and words for working on them."""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.test import Client

from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from leads.catalogue.local import local_source
from leads.enrichment.models import Enrichment
from leads.enrichment.operations import ENRICHMENT, pay_enrichment, start_enrichment
from leads.enrichment.queries import get_listed
from leads.imports.uploads.models import Upload
from leads.imports.uploads.operations import receive_upload
from leads.records.acquisition import owned_people
from leads.records.person import Person
from tests.leads.records.pulling import work

HEADER = ("Note", "E-mail", "First name", "Last name", "Company", "Score")
STRANGERS = "nobody{}@nowhere.example"


def people(count: int, *, skip: int = 0) -> list[Person]:
    """The first of the small catalogue's people with an address, after `skip` of them."""
    records = local_source().records(range(1, skip + 2 * count + 200))
    found = [record.person for record in records.values() if record.person.email]
    return sorted(found, key=lambda person: person.email or "")[skip : skip + count]


def as_csv(found: Iterable[Person], *, strangers: int = 0) -> bytes:
    """A list of these people by their addresses, and of some whom nobody knows."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for at, person in enumerate(found):
        writer.writerow(
            (f"=row {at}", person.email, person.first_name, person.last_name, "", str(at))
        )
    for at in range(strangers):
        writer.writerow((f"stranger {at}", STRANGERS.format(at), "", "", "", "-5"))
    return text.getvalue().encode()


def send(workspace: Workspace, actor: Actor, content: bytes, name: str = "list.csv") -> Upload:
    """Upload a list."""
    with tenant_context(workspace.id):
        return receive_upload(
            workspace_id=workspace.id,
            actor=actor,
            file=ContentFile(content, name=name),
            purpose=ENRICHMENT,
            country="US",
        )


def enriched_list(workspace: Workspace, actor: Actor) -> tuple[Upload, Enrichment]:
    """An upload, and the list that it became; nobody has looked it up yet."""
    upload = send(workspace, actor, as_csv([], strangers=1))
    return upload, begin(workspace, actor, upload)


def begin(workspace: Workspace, actor: Actor, upload: Upload, **options: Any) -> Enrichment:
    """Start looking it up."""
    with tenant_context(workspace.id):
        return start_enrichment(
            workspace_id=workspace.id,
            actor=actor,
            upload_id=upload.id,
            country="US",
            **options,
        )


def look_up(workspace: Workspace, actor: Actor, content: bytes, **options: Any) -> Enrichment:
    """Upload a list and look it up, to the end."""
    enrichment = begin(workspace, actor, send(workspace, actor, content, **options))
    run_job_of(workspace, enrichment.preview_job_id)
    return again(workspace, enrichment)


def run_job_of(workspace: Workspace, job_id: object, **options: Any) -> Job:
    """Work on a job until it is over."""
    with tenant_context(workspace.id):
        job = Job.objects.get(id=job_id)
    return work(workspace, job, **options)


def again(workspace: Workspace, enrichment: Enrichment) -> Enrichment:
    """As it is in the database."""
    with tenant_context(workspace.id):
        return Enrichment.objects.get(id=enrichment.id)


def pay(workspace: Workspace, actor: Actor, enrichment: Enrichment, **options: Any) -> Job:
    """Pay for it."""
    with tenant_context(workspace.id):
        return pay_enrichment(
            workspace_id=workspace.id, actor=actor, enrichment_id=enrichment.id, **options
        )


def owned(workspace: Workspace) -> int:
    """How many people of the catalogue the workspace owns."""
    with tenant_context(workspace.id):
        return len(owned_people(workspace.id))


def download(workspace: Workspace, enrichment: Enrichment) -> tuple[list[str], list[list[str]]]:
    """The file behind the signed link, as somebody who isn't signed in gets it: header, rows."""
    with tenant_context(workspace.id):
        url = get_listed(workspace.id, enrichment.id).download_url
    assert url
    answer = Client().get(url)
    assert answer.status_code == 200, answer
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


def column(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """One column's cells."""
    at = header.index(name)
    return [row[at] for row in rows]


def stored_files(folder: Path) -> list[str]:
    """The names of all files under a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def credits(text: str) -> Decimal:
    """Credits."""
    return Decimal(text)
