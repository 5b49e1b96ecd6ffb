"""A partner's file of 100,000 rows, from upload to reviewed: validated, checked, graded, on sale.

It does what production does: the file is read, every value is normalised, everybody is compared
with all that is offered, addresses are checked by the built-in check, leads are graded, staff
approve, and they are put on sale. The file's 20,000 domains are looked up at a name server on this
machine, since no other answers alike twice; it takes its part of the processors. Both jobs run in
processes like a worker's, whose highest memory the kernel tells. The yardstick is COPY of the
listings and people that came of it, indexes and triggers and all, into the tables they were in.
"""

import csv
import gzip
import io
import os
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from bench.imports import HEADER, rows_of, work
from bench.options import Options
from bench.report import Row, figure

SECTION = "partners"
COMPANIES = 20_000
MOST_MEMORY = 300.0
_TABLES = ("marketplace_listing", "marketplace_listingperson")


def run(options: Options) -> list[Row]:
    """Rows a second, the ratio to COPY, and the workers' highest memory."""
    rows = options.submitted
    path = options.folder / f"submission-{rows}.csv.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, rows)  # each time: its records are fresh as of today
    began = time.perf_counter()
    workspace_id, submission_id, job = _upload(path)
    upload = time.perf_counter() - began
    with name_server() as address:
        os.environ["VERIFICATION_DNS"] = address
        checked = work(workspace_id, job)
    published = work(workspace_id, _approve(workspace_id, submission_id))
    listed, copy = _copied_again()
    seconds = upload + checked["seconds"] + published["seconds"]
    memory = max(checked["memory"], published["memory"])
    return [
        figure(
            SECTION,
            f"{rows:,} rows, from upload to on sale",
            seconds,
            "s",
            yardstick=copy,
        ),
        figure(SECTION, "rows a second", rows / seconds, "a second", yardstick=listed / copy),
        figure(SECTION, "upload", upload, "s"),
        figure(SECTION, "validation: read, compared, checked, graded", checked["seconds"], "s"),
        figure(SECTION, "publication", published["seconds"], "s"),
        figure(
            SECTION, "the workers' processor time", checked["worked"] + published["worked"], "s"
        ),
        figure(SECTION, "leads on sale", listed, ""),
        figure(SECTION, "highest memory of a worker", memory, "MB", at_most=MOST_MEMORY),
    ]


def write_file(path: Path, rows: int) -> None:
    """Write a file as a list seller has it: 3 % doubles, 1 % of nobody, all of it fresh."""
    today = date.today()
    partial = path.with_suffix(".tmp")
    with gzip.open(partial, "wt", 1, encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for at, row in enumerate(rows_of(rows)):
            name, _, domain = str(row[2]).partition("@")
            if domain:
                number = int("".join(filter(str.isdigit, domain))) % COMPANIES
                row[2] = f"{name}@company{number}.example"
            row[-1] = (today - timedelta(days=at % 60)).isoformat()
            writer.writerow(row)
    partial.replace(path)


class _Names(socketserver.BaseRequestHandler):
    """Says that every domain has a mail server, mx. with the domain behind it (RFC 1035).

    By hand, since a library would take more of the processor than what is measured.
    """

    HEADER = 12
    # A pointer to the name that was asked for; MX, IN, 300 seconds, 7 bytes: 10, mx and a pointer.
    ANSWER = bytes.fromhex("c00c 000f 0001 0000012c 0007 000a 026d78 c00c")

    def handle(self) -> None:
        """Answer one question."""
        data, sock = self.request
        end = data.index(0, self.HEADER) + 5  # the name's end, its type and class
        head = data[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
        answer = head + data[self.HEADER : end] + self.ANSWER
        sock.sendto(answer, self.client_address)


@contextmanager
def name_server() -> Iterator[str]:
    """The address of a name server that runs inside."""
    server = socketserver.UDPServer(("127.0.0.1", 0), _Names)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _upload(path: Path) -> tuple[UUID, UUID, UUID]:
    """(workspace, submission, the job that validates it)."""
    from django.core.files import File

    from accounts.workspaces.models import User, Workspace
    from cursive.lib.actors import Actor
    from cursive.lib.tenancy import system_context, tenant_context
    from partners.program.models import Partner
    from partners.submissions.operations import upload_submission

    with system_context():
        User.objects.create_user("bench@bench.example")
        workspace = Workspace.objects.create(name="Bench")
    with tenant_context(workspace.id), path.open("rb") as file:
        Partner.objects.create(
            workspace=workspace,
            company="Bench",
            sources="A bench.",
            consent="Nobody is real.",
            tax_country="US",
            status=Partner.Status.APPROVED,
        )
        made = upload_submission(
            workspace=workspace,
            actor=Actor.system("bench"),
            file=File(file, name=path.name),
            details={
                "price": "1.00",
                "source": "Bench",
                "guarantee": "yes",
                "collected_on": date.today(),
            },
            validate=True,
        )
        assert made.job_id is not None
        return workspace.id, made.id, made.job_id


def _approve(workspace_id: UUID, submission_id: UUID) -> UUID:
    """The job that publishes."""
    from cursive.lib.actors import Actor
    from cursive.lib.tenancy import system_context, tenant_context
    from partners.submissions.operations import submit_for_review
    from partners.submissions.review import approve_submission

    actor = Actor.system("bench")
    with tenant_context(workspace_id):
        submit_for_review(workspace_id=workspace_id, actor=actor, submission_id=submission_id)
    with system_context():
        job = approve_submission(
            workspace_id=workspace_id, actor=actor, submission_id=submission_id
        )
    return job.id


def _copied_again() -> tuple[int, float]:
    """How many leads are on sale, and the seconds that COPY needs for them and their people."""
    from django.db import connections

    kept = {table: io.BytesIO() for table in _TABLES}
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "DELETE FROM marketplace_listingperson WHERE listing_id IN"
            " (SELECT id FROM marketplace_listing WHERE status <> 'listed')"
        )
        cursor.execute("DELETE FROM marketplace_listing WHERE status <> 'listed'")
        for table, content in kept.items():
            with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                for block in copy:
                    content.write(bytes(block))
        cursor.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
        began = time.perf_counter()
        for table, content in kept.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(content.getbuffer())
        copied = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM marketplace_listing")
        return cursor.fetchone()[0], copied
