"""The lead list of a workspace with a million leads (L-6), and bulk actions on many of them (L-17).

Server time: a request through the whole of Django, in this process, without the network.
"""

import logging
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.workspaces.models import User
from accounts.workspaces.operations import create_workspace
from bench.options import Options
from bench.population import actor_of, copy_leads, person
from bench.report import Row, figure, quantile
from cursive.lib.jobs.runner import run_job
from cursive.lib.tenancy import atomic, connection, system_context, tenant_context
from cursive.lib.ui.pagination import keyset_page
from leads.bulk.models import BulkRun
from leads.bulk.operations import start_bulk
from leads.filters.url import decode
from leads.records.models import Lead
from leads.records.queries import SORTS, leads_of

SECTION = "leads"
LEADS = {True: 20_000, False: 1_000_000}  # quick, and not
FEW = 1_000
TIMES = {True: 5, False: 40}
WORST_MS = 200
PAGE_500 = 500
BULK = "score.gte.90"  # a tenth of the leads
LISTS = (
    ("first page", ""),
    ("status, score and tag", "f=status.in.qualified;score.gte.60;tags.has_any.customer"),
    ("the same by score", "sort=score&f=status.in.qualified;score.gte.60;tags.has_any.customer"),
    ("by company", "sort=company"),
    ("an unselective filter by name", "sort=name&f=tags.has_any.customer"),
    ("a very selective filter", "f=tags.has_any.rare;status.not_in.lost"),
    ("a filter that nobody matches", "f=tags.has_any.nobody"),
)
# No index helps here: all leads are read, once, where few or none are found.
SEARCHES = (
    ("search that finds many", "q=engineer"),
    ("search that finds one", "q=person777777%40people"),
    ("search that finds nobody", "q=zzzzqq"),
    ("a title that nobody has", "f=title.contains.zzzzqq"),
)


def run(options: Options) -> list[Row]:
    """Fill two workspaces, ask for the same pages of both, then change a tenth of the leads."""
    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.WARNING)
    count = LEADS[options.quick]
    large, small = _workspace(1, count), _workspace(2, FEW)
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    rows = []
    turns = TIMES[options.quick]
    paths: list[tuple[str, str, int | None]] = [
        (name, f"/leads/?{query}", WORST_MS) for name, query in LISTS
    ]
    paths += [(f"API: {name}", f"/api/leads?{query}", WORST_MS) for name, query in LISTS[:2]]
    paths += [(name, f"/leads/?{query}", None) for name, query in SEARCHES]
    for name, path, worst in paths:
        times, yardstick = _ask(large, path, turns), _ask(small, path, turns)
        rows.append(
            figure(
                SECTION,
                f"{name}, p95",
                quantile(times, 0.95),
                "ms",
                yardstick=quantile(yardstick, 0.95),
                at_most=worst,
            )
        )
    deep = f"/leads/?sort=newest&cursor={_cursor_of_page(large[1], PAGE_500)}"
    times = _ask(large, deep, turns)
    rows.insert(
        1,
        figure(
            SECTION,
            f"page {PAGE_500} by cursor, p95",
            quantile(times, 0.95),
            "ms",
            yardstick=rows[0].value,
            at_most=WORST_MS,
        ),
    )
    return [*rows, *_bulk(*large)]


def _workspace(number: int, leads: int) -> tuple[User, UUID]:
    owner = person(1_000_000 + number)
    workspace = create_workspace(actor=actor_of(owner), name=f"{leads:,} leads")
    with system_context(), atomic():
        first = Lead.objects.create(
            workspace=workspace, source="database", dedup_hash=f"{number:064}"
        )
        copy_leads(first, leads - 1)
    return owner, workspace.id


def _ask(whose: tuple[User, UUID], path: str, turns: int) -> list[float]:
    """Milliseconds of each answer, after two that warm up."""
    client = Client()
    client.force_login(whose[0])
    times = []
    for turn in range(turns + 2):
        began = time.perf_counter()
        answer = client.get(path)
        took = (time.perf_counter() - began) * 1_000
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        times += [took] if turn >= 2 else []
    return times


def _cursor_of_page(workspace_id: UUID, number: int) -> str:
    """The cursor that leads to a page, by going there page by page."""
    cursor = None
    with tenant_context(workspace_id):
        for _ in range(number - 1):
            leads = leads_of(workspace_id).only("id", "created_at")
            cursor = keyset_page(leads, order=SORTS["newest"].order, cursor=cursor).next_cursor
    if cursor is None:
        raise RuntimeError(f"there is no page {number}")
    return cursor


def _bulk(owner: User, workspace_id: UUID) -> Sequence[Row]:
    """Tag a tenth of the leads by filter as a job, and take it back; against a bare UPDATE."""
    filter = decode(BULK, scope="leads")
    with tenant_context(workspace_id):
        actor = actor_of(owner)
        bare = _timed(lambda: _update(workspace_id))
        started = start_bulk(
            workspace_id=workspace_id,
            actor=actor,
            action="add_tags",
            values={"tags": ["bench"]},
            filter=filter,
        )
    assert started.job is not None and started.run is not None
    job_id = started.job.id
    took = _timed(lambda: run_job(workspace_id=workspace_id, job_id=job_id))
    with tenant_context(workspace_id):
        done = BulkRun.objects.get(id=started.run.id).changed
    return [
        figure(SECTION, "bulk: leads tagged", done, ""),
        figure(SECTION, "bulk: tag them by filter", took, "s", yardstick=bare),
        figure(SECTION, "bulk: leads a second", done / took, "/s"),
    ]


def _update(workspace_id: UUID) -> None:
    """The same rows in one statement, nothing else."""
    with atomic(), connection().cursor() as cursor:
        cursor.execute(
            "UPDATE leads_lead SET tags = tags || '{bare}'::varchar(40)[], updated_at = %s"
            " WHERE workspace_id = %s AND deleted_at IS NULL AND score >= 90",
            [timezone.now(), workspace_id],
        )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
