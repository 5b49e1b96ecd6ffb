"""Enriching a list of 10,000 people: looking it up, and delivering it as a file and as leads.

Half of the rows say an e-mail address, a quarter a LinkedIn address, a quarter name and company;
one in six is nobody. The look-up's yardstick is the engine asked by hand: one hash join of the
addresses with the columns that hold them. The delivery's is the same file, written by the csv
module from records in memory. By turns, in one process, and last the books are proven.
"""

import csv
import io
import statistics
import time
from dataclasses import astuple
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile

from bench.catalogue import prepare
from bench.options import Options
from bench.pull import SYSTEM, funded_workspace, highest_memory
from bench.report import Row, figure
from credits.ledger.checks import find_differences
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import tenant_context
from leads.catalogue.local import local_source
from leads.catalogue.source import Record
from leads.enrichment.models import Enrichment
from leads.enrichment.operations import ENRICHMENT, pay_enrichment, start_enrichment
from leads.imports.uploads.operations import receive_upload

SECTION = "enrichment"
ROWS = 10_000
TURNS = 3
BY_HAND = """
    SELECT rank, id FROM (
        SELECT rank, id, email AS k FROM snap.p UNION ALL
        SELECT rank, id, work_email FROM snap.p UNION ALL
        SELECT rank, id, personal_email FROM snap.p
    ) JOIN (SELECT unnest($1::VARCHAR[]) AS k) USING (k)
"""


def run(options: Options) -> list[Row]:
    """Seconds for looking 10,000 rows up and for delivering them, and the memory that it takes."""
    directory, _ = prepare(options.folder / f"catalogue-{options.rows}", options.rows)
    settings.CATALOGUE_DIR = directory
    workspace_id = funded_workspace()
    looked_up, asked, delivered, written, memory = [], [], [], [], 0.0
    for turn in range(TURNS):
        people = _people(options.rows, turn)
        with highest_memory() as added:
            enrichment, seconds = _look_up(workspace_id, _list_of(people))
            looked_up.append(seconds)
            delivered.append(_deliver(workspace_id, enrichment))
        memory = max(memory, added[0])
        asked.append(_by_hand(people))
        written.append(_by_csv(people))
    if differences := find_differences():
        raise AssertionError(f"the books are wrong after this: {differences[0]}")
    deliver, write = statistics.median(delivered), statistics.median(written)
    return [
        figure(
            SECTION,
            f"looking {ROWS:,} rows up",
            statistics.median(looked_up),
            "s",
            yardstick=statistics.median(asked),
        ),
        figure(SECTION, f"delivering {ROWS:,} rows, charged", deliver, "s", yardstick=write),
        figure(SECTION, "memory added, at most", memory, "MB", at_most=300),
    ]


def _people(rows: int, turn: int) -> list[Record]:
    """People of the catalogue, others at each turn."""
    step = max(1, rows // (ROWS * (TURNS + 1)))
    first = 1 + turn * ROWS * step
    found = local_source().records(range(first, first + ROWS * step, step)).values()
    return list(found)


def _list_of(people: list[Record]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("E-mail", "LinkedIn", "First name", "Last name", "Company"))
    for at, (_, _, one) in enumerate(people):
        if at % 6 == 5:
            row = (f"nobody{at}@nowhere.example", "", "", "", "")
        elif at % 4 < 2:
            row = (one.email or "", "", "", "", "")
        elif at % 4 == 2:
            row = ("", one.linkedin_url or "", "", "", "")
        else:
            row = ("", "", one.first_name or "", one.last_name or "", one.company_name or "")
        writer.writerow(row)
    return text.getvalue().encode()


def _look_up(workspace_id: UUID, content: bytes) -> tuple[Enrichment, float]:
    with tenant_context(workspace_id):
        upload = receive_upload(
            workspace_id=workspace_id,
            actor=SYSTEM,
            file=ContentFile(content, name="bench.csv"),
            purpose=ENRICHMENT,
            country="US",
        )
        enrichment = start_enrichment(
            workspace_id=workspace_id, actor=SYSTEM, upload_id=upload.id, country="US"
        )
    assert enrichment.preview_job_id is not None
    seconds = _work(workspace_id, enrichment.preview_job_id)
    with tenant_context(workspace_id):
        enrichment = Enrichment.objects.get(id=enrichment.id)
    if enrichment.people < enrichment.rows // 2:
        raise AssertionError(f"found {enrichment.people} of {enrichment.rows}")
    return enrichment, seconds


def _deliver(workspace_id: UUID, enrichment: Enrichment) -> float:
    with tenant_context(workspace_id):
        job = pay_enrichment(workspace_id=workspace_id, actor=SYSTEM, enrichment_id=enrichment.id)
    return _work(workspace_id, job.id)


def _work(workspace_id: UUID, job_id: UUID) -> float:
    """Seconds until the job is completed."""
    began = time.perf_counter()
    run_job(workspace_id=workspace_id, job_id=job_id)
    seconds = time.perf_counter() - began
    with tenant_context(workspace_id):
        job = Job.objects.get(workspace_id=workspace_id, id=job_id)
    if job.status != Job.Status.COMPLETED:
        raise AssertionError(f"{job.title}: {job.status} {job.error} {job.errors}")
    return seconds


def _by_hand(people: list[Record]) -> float:
    snapshot = local_source().reader.snapshot()
    assert snapshot is not None
    with snapshot.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(BY_HAND, [[one.person.email for one in people]]).fetchall()
        return time.perf_counter() - began


def _by_csv(people: list[Record]) -> float:
    began = time.perf_counter()
    writer = csv.writer(io.StringIO())
    writer.writerows(astuple(one.person) for one in people)
    return time.perf_counter() - began
