"""Finding the duplicates among a workspace's leads: a job that any member starts, or the night.

The leads' columns go by COPY to a file, the matcher reads that with bounded memory, and what it
finds is written in one statement. A worker killed before that leaves nothing behind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import duckdb
from django.db.models import Max
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.jobs.lease import interrupting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from leads.catalogue.engine import connect
from leads.records.models import Lead
from leads.records.queries import leads_of

from .models import DuplicateCandidate
from .pairs import find_pairs

KIND = "duplicates"
ACTOR = Actor.system("duplicate search")
MEMORY = "800MB"
COLUMNS = (
    "id",
    "first_name",
    "last_name",
    "email_key",
    "phone_key",
    "linkedin_url",
    "title",
    "company_name",
    "company_domain",
    "city",
    "state",
    "postal_code",
)

# Those of deleted leads find no lead to stand beside.
OTHERS = "SELECT lead_id, key FROM leads_leadcontact WHERE workspace_id = %s"


@dataclass(slots=True)
class Found:
    """A pair of leads that may be one person."""

    first: UUID
    second: UUID
    confidence: int  # percent
    is_exact: bool
    reasons: list[str]


def start_search(*, workspace_id: UUID, actor: Actor, key: str = "") -> Job:
    """Start looking for duplicates; a search that is under way already is that one."""
    with tenancy.atomic():
        running = (
            Job.objects.filter(workspace_id=workspace_id, kind=KIND).active().order_by("id").first()
        )
        if running is not None:
            return running
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=KIND,
            title="Search for duplicates",
            params={},
            actor=actor,
            key=key,
        )
    return job


def start_nightly_searches() -> int:
    """Start a search where leads came in or were changed since the last; in how many workspaces.

    An edit or a fill may make two leads alike; which change did, only the search finds out.
    """
    day = timezone.now().date().isoformat()
    with tenancy.system_context():
        newest = (
            Lead.objects.living()
            .values_list("workspace_id")
            .annotate(at=Greatest(Max("created_at"), Max("updated_at")))
        )
        last = dict(
            Job.objects.filter(kind=KIND).values_list("workspace_id").annotate(Max("created_at"))
        )
        due = [who for who, at in newest if who not in last or at > last[who]]
    for workspace_id in due:
        with tenancy.tenant_context(workspace_id):
            start_search(workspace_id=workspace_id, actor=ACTOR, key=f"night-{day}")
    return len(due)


class DuplicateSearchHandler(JobHandler):
    """Two steps: matching outside every lock, then writing what was found."""

    kind = KIND
    label = "Duplicate search"

    def prepare(self, job: Job) -> tuple[int, list[Found]]:
        """(how many leads there are, the pairs that were found)."""
        with TemporaryDirectory(prefix="duplicates-") as name:
            folder = Path(name)
            database = folder / "work.duckdb"
            with connect(database, memory=MEMORY, threads=2, spill=folder) as db:
                count = load_leads(db, folder, job.workspace_id)
                with interrupting(db.interrupt):
                    return count, _found(db) if count > 1 else []

    def step(self, job: Job, prepared: tuple[int, list[Found]]) -> Step:
        """Write the pairs; open ones that aren't found any more go."""
        count, found = prepared
        write_candidates(job.workspace_id, found)
        job.result = {"leads": count, "pairs": len(found)}
        return Step(processed=count, total=count, done=True, note=f"{len(found):,} pairs found")

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The list of candidates."""
        return [("Look at the duplicates", reverse("leads:duplicates"))]


def load_leads(db: duckdb.DuckDBPyConnection, folder: Path, workspace_id: UUID) -> int:
    """Make the tables that `find_pairs` reads of the workspace's living leads; how many they are.

    They are numbered by id.
    """
    query, params = (
        leads_of(workspace_id).order_by("id").values_list(*COLUMNS).query.sql_with_params()
    )
    leads = _copied(query, params, folder / "leads.csv", COLUMNS)
    db.execute(f"CREATE TABLE leads AS SELECT row_number() OVER () AS number, * FROM {leads}")
    others = _copied(OTHERS, [workspace_id], folder / "others.csv", ("id", "key"))
    db.execute(f"CREATE TABLE beside AS SELECT number, key FROM leads JOIN {others} USING (id)")
    for path in folder.glob("*.csv"):
        path.unlink()
    [(count,)] = db.execute("SELECT count(*) FROM leads").fetchall()
    return int(count)


def _copied(query: str, params: Sequence[Any], path: Path, columns: Sequence[str]) -> str:
    """Write a query's rows to a file; what DuckDB reads it by, all as text."""
    with (
        tenancy.connection().cursor() as cursor,
        path.open("wb") as file,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", params) as copy,
    ):
        for block in copy:
            file.write(block)
    named = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
    if not path.stat().st_size:  # DuckDB doesn't read empty files
        nothing = ", ".join(f"NULL::VARCHAR AS {name}" for name in columns)
        return f"(SELECT {nothing} WHERE false)"
    return (
        f"read_csv('{path}', header = false, delim = ',', quote = '\"', escape = '\"',"
        f" strict_mode = false, nullstr = '', max_line_size = 10000000, columns = {{{named}}})"
    )


def _found(db: duckdb.DuckDBPyConnection) -> list[Found]:
    pairs = find_pairs(db)
    ids = dict(db.execute("SELECT number, id FROM leads").fetchall()) if pairs else {}
    found = []
    for one in pairs:
        first, second = sorted((UUID(str(ids[one.left])), UUID(str(ids[one.right]))))
        found.append(Found(first, second, one.confidence, one.is_exact, one.reasons))
    return found


def write_candidates(workspace_id: UUID, found: Iterable[Found]) -> None:
    """Make the open candidates what was found. What was decided stays decided."""
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE duplicate_found (id uuid, first_id uuid, second_id uuid,"
            " confidence smallint, is_exact boolean, reasons varchar(80)[]) ON COMMIT DROP"
        )
        with cursor.copy("COPY duplicate_found FROM STDIN") as copy:
            for one in found:
                said = (one.confidence, one.is_exact, one.reasons)
                copy.write_row((tenancy.uuid7(), one.first, one.second, *said))
        table = DuplicateCandidate._meta.db_table
        # Leads may have gone while the matcher was at work.
        cursor.execute(
            f"""
            INSERT INTO {table} (id, workspace_id, first_id, second_id, confidence, is_exact,
                reasons, state, created_at, decided_by_label)
            SELECT f.id, %s, f.first_id, f.second_id, f.confidence, f.is_exact, f.reasons,
                'open', now(), ''
            FROM duplicate_found f
            JOIN leads_lead a ON a.id = f.first_id AND a.workspace_id = %s
            JOIN leads_lead b ON b.id = f.second_id AND b.workspace_id = %s
            ON CONFLICT (workspace_id, first_id, second_id) DO UPDATE
            SET confidence = excluded.confidence, is_exact = excluded.is_exact,
                reasons = excluded.reasons
            WHERE {table}.state = 'open'
            """,
            [workspace_id] * 3,
        )
        cursor.execute(
            f"DELETE FROM {table} c WHERE workspace_id = %s AND state = 'open' AND NOT EXISTS"
            " (SELECT 1 FROM duplicate_found f"
            " WHERE f.first_id = c.first_id AND f.second_id = c.second_id)",
            [workspace_id],
        )
        cursor.execute("DROP TABLE duplicate_found")
