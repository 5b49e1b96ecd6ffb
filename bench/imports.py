"""Importing a file of 1,000,000 rows × 20 columns, against COPY of what came of it.

The import does what production does: it reads the file, finds out what its columns mean,
validates and normalises every value, leaves out doubles and people who are there already, writes
the plan, and then makes the leads. Both jobs run in a process like a worker's, whose highest memory
the kernel tells. The yardstick is one COPY of the leads that were made, indexes and generated
columns and all, into the table from which they were deleted.
"""

import csv
import gzip
import io
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from bench.options import ROOT, Options
from bench.report import Row, figure

SECTION = "imports"
SEED = 20_261_126
GOAL, MOST_MEMORY = 3.0, 300.0
HEADER = (
    *("First Name", "Last Name", "Email", "Email Status", "Phone", "Mobile", "Job Title"),
    *("Company", "Website", "Industry", "# Employees", "Annual Revenue", "Founded"),
    *("Person Linkedin Url", "City", "State", "Zip", "Country", "Intent Topics", "Last Updated"),
)
_FIRST = [
    "Ann",
    "Bob",
    "Chloé",
    "Dan",
    "Eva",
    "Finn",
    "Grace",
    "Hugo",
    "Ida",
    "Jürgen",
    "Kim",
    "Lea",
    "Mia",
    "Noah",
    "Olga",
    "Pat",
]
_LAST = [
    "Lee",
    "Ray",
    "Martin",
    "O'Neill",
    "Novak",
    "Müller",
    "Silva",
    "Rossi",
    "Young",
    "King",
    "Berg",
    "Costa",
    "Díaz",
]
_TITLES = [
    "CEO",
    "VP Sales",
    "Head of Marketing",
    "Software Engineer",
    "CFO",
    "Account Manager",
    "HR Lead",
]
_INDUSTRIES = ["Software", "Hospitals", "Banking", "Construction", "Retail", "Telecommunications"]
_PLACES = (
    ("Austin", "TX", "78701", "512"),
    ("Boston", "MA", "02108", "617"),
    ("Chicago", "IL", "60601", "312"),
    ("Denver", "CO", "80202", "303"),
)


def run(options: Options) -> list[Row]:
    """Rows a second, the ratio to COPY, and the worker's highest memory."""
    rows = options.imported
    path = options.folder / f"import-{rows}.csv.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, rows)
    workspace_id, import_id, preview_job = _upload(path)
    preview = work(workspace_id, preview_job)
    done = work(workspace_id, _confirm(workspace_id, import_id))
    made, copy = _copied_again()
    seconds = preview["seconds"] + done["seconds"]
    memory = max(preview["memory"], done["memory"])
    return [
        figure(
            SECTION,
            f"{rows:,} rows × {len(HEADER)} columns, from file to leads",
            seconds,
            "s",
            yardstick=copy,
            ratio_at_most=GOAL,
        ),
        figure(SECTION, "rows a second", rows / seconds, "a second", yardstick=made / copy),
        figure(SECTION, "reading, judging and staging", preview["seconds"], "s"),
        figure(SECTION, "making the leads", done["seconds"], "s"),
        figure(SECTION, "the worker's processor time", preview["worked"] + done["worked"], "s"),
        figure(SECTION, "leads made", made, ""),
        figure(SECTION, "highest memory of a worker", memory, "MB", at_most=MOST_MEMORY),
    ]


def write_file(path: Path, rows: int) -> None:
    """Write a file as a CRM exports it: 3 % doubles, 1 % of nobody."""
    partial = path.with_suffix(".tmp")
    with gzip.open(partial, "wt", 1, encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows_of(rows))
    partial.replace(path)


def rows_of(rows: int) -> Iterator[list[object]]:
    """People as a CRM has them, in the columns of HEADER."""
    chosen = random.Random(SEED)
    for at in range(rows):
        kind = chosen.random()
        # A double has the number, and so all that is made from it, of an earlier row.
        number = chosen.randrange(at) if at and kind < 0.03 else at
        own = random.Random(number)
        first, last = own.choice(_FIRST), own.choice(_LAST)
        company = own.randrange(50_000)
        city, state, postal, area = own.choice(_PLACES)
        handle = f"{first}.{last}.{number}".lower().replace("'", "")
        email = f"{handle}@company{company}.example".encode("ascii", "ignore").decode()
        digits = f"{2 + number // 1_000_000 % 8}{number % 1_000_000:06}"
        phone = f"({area}) {digits[:3]}-{digits[3:]}" if number % 2 else ""
        usable = kind < 0.99
        yield [
            first if usable else "",
            last,
            email if usable else "n/a",
            own.choice(("Verified", "Unverified")),
            phone if usable else "",
            "",
            own.choice(_TITLES),
            f"Company {company} Inc",
            f"https://www.company{company}.example/about",
            own.choice(_INDUSTRIES),
            own.randrange(1, 20_000),
            own.randrange(1, 900) * 1_000_000,
            own.randrange(1950, 2024),
            _profile(handle) if usable else "",
            city,
            state,
            postal,
            "United States",
            own.choice(("cloud; ai", "security", "")),
            f"2026-0{own.randrange(1, 9)}-1{own.randrange(10)}",
        ]


def _profile(handle: str) -> str:
    name = handle.replace(".", "-").encode("ascii", "ignore").decode()
    return f"http://www.linkedin.com/in/{name}"


def _upload(path: Path) -> tuple[UUID, UUID, UUID]:
    """(workspace, import, the job of its preview)."""
    from django.core.files import File

    from accounts.workspaces.models import User, Workspace
    from cursive.lib.actors import Actor
    from cursive.lib.tenancy import system_context, tenant_context
    from leads.imports.operations import upload_import

    with system_context():
        User.objects.create_user("bench@bench.example")
        workspace = Workspace.objects.create(name="Bench")
    with tenant_context(workspace.id), path.open("rb") as file:
        made = upload_import(
            workspace=workspace,
            actor=Actor.system("bench"),
            file=File(file, name=path.name),
            preview=True,
        )
        assert made.preview_job_id is not None
        return workspace.id, made.id, made.preview_job_id


def _confirm(workspace_id: UUID, import_id: UUID) -> UUID:
    from cursive.lib.actors import Actor
    from cursive.lib.tenancy import tenant_context
    from leads.imports.operations import confirm_import

    with tenant_context(workspace_id):
        job, _ = confirm_import(
            workspace_id=workspace_id,
            actor=Actor.system("bench"),
            import_id=import_id,
            options={"tags": ["bench"]},
        )
    return job.id


def work(workspace_id: UUID, job_id: UUID) -> dict[str, float]:
    """Let a process of its own do a job: its seconds, processor seconds, and most megabytes."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.imports", str(workspace_id), str(job_id)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise AssertionError(f"the worker ended badly: {done.stderr[-500:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _copied_again() -> tuple[int, float]:
    """How many leads were made, and the seconds that COPY needs for them."""
    from django.db import connections

    from bench.pull import COLUMNS

    out = f"COPY (SELECT {COLUMNS} FROM leads_lead) TO STDOUT"
    kept = io.BytesIO()
    with connections["owner"].cursor() as cursor:
        with cursor.copy(out) as copy:
            for block in copy:
                kept.write(bytes(block))
        # What triggers keep goes too: the COPY writes it anew, as the import did.
        cursor.execute("TRUNCATE leads_lead, leads_leadtag, leads_leadcontact CASCADE")
        cursor.execute("VACUUM ANALYZE leads_lead")
        began = time.perf_counter()
        with cursor.copy(f"COPY leads_lead ({COLUMNS}) FROM STDIN") as copy:
            copy.write(kept.getbuffer())
        return cursor.rowcount, time.perf_counter() - began


def main(workspace_id: str, job_id: str) -> None:
    """Be the worker."""
    import django

    django.setup()
    from cursive.lib.jobs.models import Job
    from cursive.lib.jobs.runner import run_job
    from cursive.lib.tenancy import tenant_context

    began, worked = time.perf_counter(), time.process_time()
    run_job(workspace_id=UUID(workspace_id), job_id=UUID(job_id))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    with tenant_context(UUID(workspace_id)):
        job = Job.objects.get(workspace_id=workspace_id, id=job_id)
        if job.status != Job.Status.COMPLETED:
            raise AssertionError(f"{job.status}: {job.error}")
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    found = {"seconds": seconds, "worked": worked, "memory": peak * 1024 / 1_000_000}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
