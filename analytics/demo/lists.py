"""A list of the demo that was looked up and waits to be paid."""

import csv
import io

from django.core.files.base import ContentFile

from accounts.workspaces.models import Workspace
from cursive.lib.actors import Actor
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.catalogue.local import local_source
from leads.enrichment.models import Enrichment
from leads.enrichment.operations import ENRICHMENT, start_enrichment
from leads.imports.uploads.operations import receive_upload

KNOWN, STRANGERS = 130, 30


def make_list(workspace: Workspace, actor: Actor) -> None:
    """Upload and look up visitors of a fair, most of whom the catalogue has."""
    with tenant_context(workspace.id):
        if Enrichment.objects.filter(workspace=workspace).exists():
            return
        upload = receive_upload(
            workspace_id=workspace.id,
            actor=actor,
            file=ContentFile(_content(), name="Fair visitors.csv"),
            purpose=ENRICHMENT,
            country=workspace.country,
        )
        enrichment = start_enrichment(
            workspace_id=workspace.id,
            actor=actor,
            upload_id=upload.id,
            country=workspace.country,
        )
    assert enrichment.preview_job_id is not None
    run_job(workspace_id=workspace.id, job_id=enrichment.preview_job_id)


def _content() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("Stand", "First name", "Last name", "Company website", "E-mail"))
    for at, (_, _, one) in enumerate(local_source().records(range(1, KNOWN + 1)).values()):
        writer.writerow(
            (f"A{at % 12}", one.first_name, one.last_name, one.company_domain, one.email)
        )
    for at in range(STRANGERS):
        writer.writerow(("B1", "Visitor", f"Number {at}", "", f"visitor{at}@fair.example"))
    return text.getvalue().encode()
