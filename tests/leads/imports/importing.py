"""What the tests of imports do again and again."""

from typing import Any

from django.core.files.base import ContentFile

from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tenancy import tenant_context
from leads.imports.models import Import
from leads.imports.operations import confirm_import, start_preview, upload_import
from leads.records.models import Lead

SKIP: dict[str, Any] = {"existing": "skip"}
FILL: dict[str, Any] = {"existing": "fill"}


def upload(acme, content: bytes | str, name: str = "people.csv") -> Import:
    """A file of Acme's, its preview asked for."""
    raw = content.encode() if isinstance(content, str) else content
    with tenant_context(acme.id):
        return upload_import(
            workspace=acme, actor=acme.actor, file=ContentFile(raw, name=name), preview=True
        )


def again(acme, found: Import) -> Import:
    """The import as it is now."""
    with tenant_context(acme.id):
        return (
            Import.objects.select_related("upload", "preview_job", "job").filter(id=found.id).get()
        )


def work(acme, job: Job | None) -> None:
    """Let a worker do a job."""
    assert job is not None
    runner.run_job(workspace_id=acme.id, job_id=job.id)


def preview(acme, content: bytes | str, name: str = "people.csv", **fields: str | None) -> Import:
    """A file with its finished preview; `fields` say what columns mean."""
    found = upload(acme, content, name)
    if fields:
        with tenant_context(acme.id):
            start_preview(workspace=acme, actor=acme.actor, import_id=found.id, fields=fields)
        found = again(acme, found)
    work(acme, found.preview_job)
    return again(acme, found)


def confirm(acme, found: Import, **options: Any) -> Job:
    """The job that carries out the plan."""
    with tenant_context(acme.id):
        job, _ = confirm_import(
            workspace_id=acme.id, actor=acme.actor, import_id=found.id, options=options
        )
    return job


def run(acme, content: bytes | str, name: str = "people.csv", **options: Any) -> Import:
    """The whole way: upload, preview, confirm, import."""
    found = preview(acme, content, name)
    assert found.state == "ready", found.preview_job.error
    work(acme, confirm(acme, found, **options))
    return again(acme, found)


def leads(acme) -> list[Lead]:
    """All living leads of Acme, in the order of their coming."""
    with tenant_context(acme.id):
        return list(Lead.objects.living().order_by("id"))
