"""L-22: exports as .xlsx, in parts, with texts that stay texts."""

import zipfile
from xml.etree import ElementTree

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.jobs import runner
from cursive.lib.jobs.models import Job
from cursive.lib.tables import open_table
from cursive.lib.tenancy import tenant_context
from leads.exports import operations
from leads.exports.operations import start_export
from leads.filters.tree import EVERYBODY
from tests import cast

COLUMNS = ["first_name", "phone", "tags", "score", "email_verified"]


def start(acme, **options) -> Job:
    with tenant_context(acme.id):
        return start_export(
            workspace_id=acme.id,
            actor=cast.actor_for(acme.alice),
            columns=COLUMNS,
            format="xlsx",
            **options,
        )


def download(alice: Client, job, tmp_path):
    answer = alice.get(f"/leads/exports/{job.id}/download/")
    assert answer.status_code == 200 and ".xlsx" in answer["Content-Disposition"]
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    path = tmp_path / "leads.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    return path


def rows_of(path) -> list[list[str]]:
    with open_table(path) as table:
        assert table.columns == COLUMNS
        return [row[1] for row in table.rows()]


def test_numbers_are_numbers_and_formulas_are_texts(acme, alice, tmp_path):
    cast.lead(acme, first_name="=1+1", phone="+15125550100", tags=["a", "<b>"], score=81)
    job = start(acme, filter=EVERYBODY)
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    path = download(alice, job, tmp_path)
    assert rows_of(path) == [["'=1+1", "'+15125550100", "a; <b>", "81", "no"]]
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))  # every part can be read
    assert "<f>" not in sheet and "<c><v>81</v></c>" in sheet
    assert "<c><v>" not in sheet.replace("<c><v>81</v></c>", "")


def test_in_parts_with_a_worker_that_dies_between(acme, alice, tmp_path, monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 4)
    for n in range(10):
        cast.lead(acme, first_name=f"P{n}")
    job = start(acme, filter=EVERYBODY)
    runner._advance(acme.id, job.id, runner._claim(acme.id, job.id))
    with tenant_context(acme.id):  # the next part is written, and its worker dies
        operations.ExportHandler().prepare(Job.objects.get(id=job.id))
        Job.objects.filter(id=job.id).update(lease_until=timezone.now())
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    found = [row[0] for row in rows_of(download(alice, job, tmp_path))]
    assert sorted(found) == [f"P{n}" for n in range(10)]
    assert default_storage.listdir(f"exports/{acme.id}")[1] == [f"{job.id}.xlsx"]


def test_more_than_a_sheet_holds_is_refused(acme, monkeypatch):
    monkeypatch.setattr(operations, "MOST_ROWS", 3)
    leads = [cast.lead(acme) for _ in range(3)]
    with pytest.raises(InvalidInput) as refusal:
        start(acme, filter=EVERYBODY)
    assert "room for 2 leads, and these are 3" in refusal.value.message
    with tenant_context(acme.id):
        assert not Job.objects.exists()
    assert start(acme, ids=[lead.id for lead in leads[:2]]).total == 2


def test_another_kind_of_file_is_another_request(acme):
    lead = cast.lead(acme)
    start(acme, ids=[lead.id], key="k")
    with tenant_context(acme.id):
        for options, error in (({"format": "csv"}, Conflict), ({"format": "pdf"}, InvalidInput)):
            with pytest.raises(error):
                start_export(
                    workspace_id=acme.id,
                    actor=cast.actor_for(acme.alice),
                    columns=COLUMNS,
                    ids=[lead.id],
                    key="k",
                    **options,
                )
        assert Job.objects.count() == 1


def test_the_dialog_offers_both(acme, alice):
    lead = cast.lead(acme)
    asked = {"lead": [str(lead.id)]}
    assert b"Excel (.xlsx), at most 1,048,575 leads" in alice.post("/leads/exports/", asked).content
    answer = alice.post("/leads/exports/", {**asked, "columns": ["email"], "format": "xlsx"})
    with tenant_context(acme.id):
        job = Job.objects.get()
    assert answer.status_code == 302 and job.params["format"] == "xlsx"
    runner.run_job(workspace_id=acme.id, job_id=job.id)
    assert b"Download XLSX" in alice.get(answer.url).content
