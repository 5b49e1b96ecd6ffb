"""Staff's look for duplicates in the lead database: the matcher on its best people (L-14).

It belongs to no workspace, so it can't be a job of one: a row says what is wanted and how far it
is, and a task does it. A worker that dies leaves a lease that ends; then the sweep begins anew.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import duckdb
from django.conf import settings
from django.utils import timezone
from pyroaring import BitMap

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.errors import Conflict, DomainError, InvalidInput, NotFound
from cursive.lib.jobs.bell import ring_task
from cursive.lib.watch import Ended, Watch
from leads.catalogue.engine import connect
from leads.catalogue.matching import email_key
from leads.catalogue.snapshots import Snapshots
from leads.catalogue.source import CatalogueEmpty
from leads.catalogue.staging import quoted
from leads.catalogue.tombstones import current_aliases, current_tombstones

from .apart import told_apart
from .clusters import group_by_average
from .models import FEWEST, MOST, CatalogueLook
from .pairs import Likely, find_pairs

log = logging.getLogger(__name__)

TASK = "leads.duplicates.work_looks"
SHOWN = 1_000  # pairs
BANDS = (95, 80, 50)  # the least confidence of each, in percent
MEMORY = "800MB"
SECONDS = 1_200.0  # a look takes no longer
LEASE = timedelta(seconds=60)
BEAT = 1.0
MOST_ATTEMPTS = 3
# The same columns as a workspace's leads have, from the snapshot's own.
LEADS = f"""
CREATE TABLE leads AS SELECT id AS number, first_name, last_name,
    {email_key("email")} AS email_key, phone AS phone_key, linkedin_url, title,
    company_name, company_domain, city, state, postal_code
FROM catalogue.p WHERE rank <= (
    SELECT max(rank) FROM (
        SELECT rank FROM catalogue.p WHERE id NOT IN (FROM gone) ORDER BY rank LIMIT $1
    )
) AND id NOT IN (FROM gone)
"""
BESIDE = f"""
CREATE TABLE beside AS
SELECT DISTINCT number, key FROM (
    SELECT number, email_key, phone_key, unnest([
        {email_key("work_email")}, {email_key("personal_email")}, mobile_phone, direct_phone
    ]) AS key
    FROM catalogue.p JOIN (SELECT number, email_key, phone_key FROM leads) ON id = number
) WHERE key <> '' AND key IS DISTINCT FROM email_key AND key IS DISTINCT FROM phone_key
"""


def start_look(*, people: int, actor: Actor) -> CatalogueLook:
    """Have a worker look at the best `people`. One that is under way already is that one.

    Raises `InvalidInput` for a number out of range, `CatalogueEmpty` where there is nobody.
    """
    if not FEWEST <= people <= MOST:
        sentence = f"Use a number from {FEWEST:,} to {MOST:,}."
        raise InvalidInput(sentence, fields={"people": sentence})
    if Snapshots(Path(settings.CATALOGUE_DIR)).current() is None:
        raise CatalogueEmpty("The lead database is empty: no catalogue has been loaded yet.")
    with tenancy.system_context(), tenancy.atomic():
        with tenancy.connection().cursor() as cursor:  # two at once wait here for each other
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [TASK])
        running = CatalogueLook.objects.active().order_by("id").first()
        if running is not None:
            return running
        look = CatalogueLook.objects.create(wanted=people, started_by=actor.label)
        _note("create", look, actor)
        tenancy.on_commit(_ring)
    return look


def cancel_look(*, look_id: int, actor: Actor) -> CatalogueLook:
    """End a look; what it would have found is not kept. Raises `NotFound` and `Conflict`."""
    with tenancy.system_context(), tenancy.atomic():
        look = CatalogueLook.objects.select_for_update().filter(id=look_id).first()
        if look is None:
            raise NotFound("There is no such look.")
        if look.is_over:
            raise Conflict(f"This look is over already: {look.get_state_display().lower()}.")
        look.cancel_requested = True
        if look.state == look.State.WAITING:  # no worker has it
            look.state, look.finished_at = look.State.CANCELLED, timezone.now()
        look.save(update_fields=["cancel_requested", "state", "finished_at"])
        _note("cancel", look, actor)
    return look


def work_due_looks() -> int:
    """Do the looks that nobody does, one after the other; how many."""
    done = 0
    with tenancy.system_context():
        while (look := _claim()) is not None:
            _work(look)
            done += 1
    return done


def _note(action: str, look: CatalogueLook, actor: Actor) -> None:
    new = {"people": look.wanted} if action == "create" else None
    record(action=action, resource="catalogue_look", resource_id=look.id, actor=actor, new=new)


def _ring() -> None:
    try:
        ring_task(TASK)
    except Exception:  # the broker is down or hangs: the sweep will find the row
        log.warning("look_bell_failed", exc_info=True)


def _claim() -> CatalogueLook | None:
    with tenancy.atomic():
        due = CatalogueLook.objects.due().select_for_update(skip_locked=True)
        look = due.order_by("id").first()
        if look is None:
            return None
        look.state = look.State.RUNNING
        look.attempts += 1
        look.started_at = timezone.now()
        look.lease_token, look.lease_until = uuid4(), timezone.now() + LEASE
        look.save()
    return look


def _work(look: CatalogueLook) -> None:
    states = CatalogueLook.State
    try:
        if look.cancel_requested:
            raise Ended
        if look.attempts > MOST_ATTEMPTS:
            _end(look, states.FAILED, error="Every worker that took it went down.")
            return
        found = _look(look)
    except Ended:
        _end(look, states.CANCELLED)
    except DomainError as refusal:
        _end(look, states.FAILED, error=refusal.message)
    except duckdb.OutOfMemoryException:
        said = f"It needed more than the {MEMORY} of memory that it may use. Look at fewer people."
        _end(look, states.FAILED, error=said)
    except Exception as error:
        log.exception("look_failed", extra={"look": look.id})
        said = f"Something broke on our side ({type(error).__name__})."
        _end(look, states.FAILED, error=said)
    else:
        _end(look, states.DONE, **found)


def _end(look: CatalogueLook, state: str, **values: Any) -> None:
    """Write how it ended, unless another worker has it meanwhile."""
    CatalogueLook.objects.filter(id=look.id, lease_token=look.lease_token).update(
        state=state, finished_at=timezone.now(), lease_token=None, lease_until=None, **values
    )


def _look(look: CatalogueLook) -> dict[str, Any]:
    snapshots = Snapshots(Path(settings.CATALOGUE_DIR))
    number = snapshots.current()
    if number is None:
        raise CatalogueEmpty("The lead database is empty: no catalogue has been loaded yet.")
    with TemporaryDirectory(prefix="duplicates-") as name:
        folder = Path(name)
        with (
            connect(folder / "work.duckdb", memory=MEMORY, threads=2, spill=folder) as db,
            _watched(look, db),
        ):
            people, of_people = _load(db, snapshots.path(number), look.wanted)
            apart = told_apart()
            pairs = find_pairs(db) if people > 1 else []
            found = [one for one in pairs if (one.left, one.right) not in apart]
            groups = group_by_average((one.left, one.right, one.weight) for one in found)
    return {
        "version": number,
        "people": people,
        "of_people": of_people,
        "pairs": len(found),
        "exact_pairs": sum(one.is_exact for one in found),
        "groups": len(groups),
        "grouped": sum(map(len, groups)),
        "by_confidence": _by_band(found),
        "shown": _first(found),
    }


def _load(db: duckdb.DuckDBPyConnection, snapshot: Path, wanted: int) -> tuple[int, int]:
    """Make the table `leads` of the best people; (how many they are, how many there are)."""
    db.execute(f"ATTACH {quoted(snapshot)} AS catalogue (READ_ONLY)")
    aliases = current_aliases()
    there = db.execute(
        "SELECT id FROM catalogue.p WHERE id IN (SELECT unnest($1::INTEGER[]))",
        [list(aliases.everyone)],
    ).fetchall()
    gone = aliases.standing(current_tombstones(), BitMap(row[0] for row in there)).dead
    db.execute("CREATE TEMP TABLE gone AS SELECT unnest($1::INTEGER[]) AS id", [list(gone)])
    db.execute(LEADS, [wanted])
    db.execute(BESIDE)
    [(people, of_people)] = db.execute(
        "SELECT (SELECT count(*) FROM leads),"
        " (SELECT count(*) FROM catalogue.p WHERE id NOT IN (FROM gone))"
    ).fetchall()
    db.execute("DETACH catalogue")
    return people, of_people


def _by_band(found: list[Likely]) -> list[list[int]]:
    counted = Counter(next(band for band in BANDS if one.confidence >= band) for one in found)
    return [[band, counted[band]] for band in BANDS]


def _first(found: list[Likely]) -> list[list[Any]]:
    surest = sorted(found, key=lambda one: (-one.confidence, -one.weight, one.left, one.right))
    return [
        [one.left, one.right, one.confidence, one.is_exact, one.reasons] for one in surest[:SHOWN]
    ]


@contextmanager
def _watched(look: CatalogueLook, db: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep the lease, and end what `db` does when the look is cancelled or its time is over."""
    mine = {"id": look.id, "lease_token": look.lease_token}
    ends = time.monotonic() + SECONDS

    def why_end() -> Exception | None:
        if time.monotonic() > ends:
            minutes = int(SECONDS / 60)
            return Conflict(f"It was ended after {minutes} minutes. Look at fewer people.")
        with tenancy.system_context():
            rows = CatalogueLook.objects.filter(**mine)
            if not rows.update(lease_until=timezone.now() + LEASE):
                return Ended("another worker has it")
            return Ended("cancelled") if rows.filter(cancel_requested=True).exists() else None

    with Watch(why_end, beat=BEAT) as watch, watch.interrupting(db.interrupt):
        yield
