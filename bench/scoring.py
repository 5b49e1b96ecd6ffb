"""The night's scoring of a million leads, while somebody else writes.

Three nights of one workspace: one where a quarter of the leads is young enough to lose a point,
one where nothing changes, and one after which every score is another (as with a new ideal
customer). The yardstick is one plain UPDATE of as many rows: what the database needs for the
writing alone, though it keeps everybody else from all of these rows until it is done. Meanwhile a
writer changes leads one after the other; its slowest write is what a person may have to wait.
"""

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import connections

from accounts.profiles.models import BusinessProfile
from accounts.profiles.operations import create_profile
from accounts.workspaces.models import User, Workspace
from bench.options import Options
from bench.population import VARIED
from bench.report import Row, figure, quantile
from cursive.lib.actors import Actor
from cursive.lib.tenancy import atomic, connection, system_context, tenant_context
from leads.records.models import Lead
from leads.scoring.operations import score_everything
from leads.scoring.queries import effect_of, icp_of
from leads.scoring.rule import today

SECTION = "scoring"
LEADS, QUICK_LEADS = 1_000_000, 20_000
PAUSE = 0.02  # between two writes of the writer, in seconds
SLOWEST = 1.0  # what a person may have to wait, in seconds
GOAL = 2.0
ICP = {
    "titles": ["VP Engineering", "Head of Sales"],
    "industries": ["software"],
    "employee_bands": ["51-200", "201-500"],
    "intent_topics": ["CRM software"],
}
OTHER_ICP = ICP | {"titles": ["Owner", "Data Engineer"], "industries": ["banking"]}
# What scores depend on, different from lead to lead; a quarter came in the last 15 days.
SCORED = {
    "source": "(ARRAY['database','upload','pixel'])[1 + mod(n, 3)]",
    "email_verified": "mod(n, 5) < 3",
    "phone_verified": "mod(n, 7) = 0",
    "pages_viewed": "CASE WHEN mod(n, 3) = 2 THEN mod(n, 11) END",
    "seconds_on_site": "CASE WHEN mod(n, 3) = 2 THEN mod(n, 900) END",
    "intent_topics": "CASE WHEN mod(n, 4) = 0 THEN ARRAY['crm_software'] ELSE ARRAY['cloud'] END",
    "industry": "(ARRAY['software','banking','retail'])[1 + mod(n, 3)]",
    "employee_band": "(ARRAY['11-50','51-200','201-500','1001-5000'])[1 + mod(n, 4)]",
    "created_at": "now() - mod(n, 60) * interval '1 day'",
    "score": "NULL",
}


@dataclass(slots=True)
class Writes:
    """How long each write of the writer took, in seconds."""

    seconds: list[float] = field(default_factory=list)


def run(options: Options) -> list[Row]:
    """Seconds a night, against the plain UPDATE; the writer's waits; seconds of a trial."""
    leads = QUICK_LEADS if options.quick else LEADS
    workspace_id, actor = _workspace()
    _fill(workspace_id, leads)
    score_everything()  # as it is after the first night
    ids = _some_ids(workspace_id)
    day, rows = today(), []
    for number, (name, before) in enumerate(
        (
            ("a quarter is young", _nothing),
            ("nothing changes", _nothing),
            ("every score is another", _other_icp),
        )
    ):
        if name != "nothing changes":
            day += timedelta(days=1)
        before(workspace_id, actor)
        _forget_nights()
        _tidy()
        writes = Writes()
        (seen, changed), seconds = _beside_a_writer(
            workspace_id, ids, writes, partial(score_everything, day=day)
        )
        if seen != leads:
            raise AssertionError(f"scored {seen:,} leads, not {leads:,}")
        plain = _plain_update(workspace_id, changed) if changed else None
        rows += [
            figure(
                SECTION,
                f"{leads:,} leads, {name} ({changed:,} written)",
                seconds,
                "s",
                yardstick=plain,
                **({"ratio_at_most": GOAL} if plain and number else {}),
            ),
            figure(SECTION, "  slowest write meanwhile", max(writes.seconds), "s", at_most=SLOWEST),
            figure(SECTION, "  95 % of writes under", quantile(writes.seconds, 0.95), "s"),
        ]
    rows.append(figure(SECTION, "trying another ideal customer", _trial(workspace_id), "s"))
    return rows


def _workspace() -> tuple[UUID, Actor]:
    with system_context():
        user = User.objects.create_user("bench@bench.example")
        workspace_id = Workspace.objects.create(name="Bench").id
    actor = Actor(kind="user", label=user.email, user_id=user.id, role="owner")
    with tenant_context(workspace_id):
        create_profile(
            workspace_id=workspace_id,
            actor=actor,
            values={"name": "Bench", "sells": "Benches", **ICP},
        )
    return workspace_id, actor


def _fill(workspace_id: UUID, leads: int) -> None:
    """So many leads, made in the database from one that Django has made."""
    with system_context(), atomic():
        first = Lead.objects.create(
            workspace_id=workspace_id, source="database", dedup_hash="0" * 64
        )
        columns = [f.column or f.name for f in Lead._meta.local_concrete_fields if not f.generated]
        made = VARIED | SCORED
        values = ", ".join(made.get(column, f'"{column}"') for column in columns)
        listed = ", ".join(f'"{column}"' for column in columns)
        with connection().cursor() as cursor:
            cursor.execute(
                f"INSERT INTO leads_lead ({listed}) SELECT {values}"
                " FROM leads_lead, generate_series(1, %s) n WHERE id = %s",
                [leads - 1, first.id],
            )
    _tidy()


def _tidy() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE leads_lead")


def _forget_nights() -> None:
    with connections["admin"].cursor() as cursor:
        cursor.execute("DELETE FROM leads_scoreday")
        cursor.execute("DELETE FROM cursive_event")


def _some_ids(workspace_id: UUID) -> list[UUID]:
    with tenant_context(workspace_id):
        ids = Lead.objects.filter(workspace_id=workspace_id).values_list("id", flat=True)
        return random.Random(4).sample(list(ids), 5_000)


def _nothing(workspace_id: UUID, actor: Actor) -> None:
    pass


def _other_icp(workspace_id: UUID, actor: Actor) -> None:
    """Another ideal customer, without the job: the night finds it."""
    with tenant_context(workspace_id):
        BusinessProfile.objects.filter(workspace_id=workspace_id).update(**OTHER_ICP)
        Lead.objects.filter(workspace_id=workspace_id).update(score=None)


def _beside_a_writer(
    workspace_id: UUID,
    ids: list[UUID],
    writes: Writes,
    work: Callable[[], tuple[int, int]],
) -> tuple[tuple[int, int], float]:
    """(what `work` returns, its seconds), while another connection writes lead after lead."""
    over = threading.Event()

    def write() -> None:
        try:
            for at in range(1_000_000):
                if over.wait(PAUSE):
                    return
                began = time.perf_counter()
                with tenant_context(workspace_id):
                    Lead.objects.filter(workspace_id=workspace_id, id=ids[at % len(ids)]).update(
                        notes=f"Written {at}"
                    )
                writes.seconds.append(time.perf_counter() - began)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        began = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - began
    finally:
        over.set()
        writer.join()
    return result, seconds


def _plain_update(workspace_id: UUID, rows: int) -> float:
    """Seconds of one UPDATE of so many rows' score and factors, taken back afterwards."""
    _tidy()
    with system_context(), atomic(), connection().cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(
            "UPDATE leads_lead SET score = 100 - score, score_factors = '{\"email\": 20}'"
            " WHERE id IN (SELECT id FROM leads_lead WHERE workspace_id = %s LIMIT %s)",
            [workspace_id, rows],
        )
        seconds = time.perf_counter() - began
        connection().set_rollback(True)
    return seconds


def _trial(workspace_id: UUID) -> float:
    """Median seconds of what the settings page asks for while somebody types."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        with tenant_context(workspace_id):
            effect_of(workspace_id, icp_of(workspace_id))
        times.append(time.perf_counter() - began)
    return statistics.median(times)
