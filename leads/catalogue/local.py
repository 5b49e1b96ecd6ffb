"""The catalogue on this machine: a DuckDB snapshot behind the common interface."""

import datetime
import hashlib
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.cache import cache
from pyroaring import BitMap

from cursive.lib.errors import InvalidInput
from leads.filters.document import digest
from leads.filters.tree import Group, fields_used
from leads.records.person import FIELD_NAMES, Person

from . import facets as facet_queries
from . import layout, suggestions
from .aliases import Aliases, Standing
from .bitmaps import fingerprint
from .dialect import ALWAYS, DuckDB
from .masking import mask_record
from .matching import match_people
from .running import Runner, Search
from .snapshots import Reader, Snapshot
from .source import Batch, CatalogueEmpty, Count, FacetValue, Match, Order, Record
from .tombstones import current_aliases, current_tombstones

logger = logging.getLogger(__name__)

MOST_TAKEN = 10_000
_CACHED_SECONDS = 86_400
_TAKE_SECONDS = 120.0  # nobody looks on: a job fetches the next batch
_PERSON = ", ".join(FIELD_NAMES)


class LocalSource:
    """A CatalogueSource over the snapshot in force in a directory.

    `tombstones` returns the ids of people who must no longer be found, `aliases` who was merged
    with whom; `time_limit` is in seconds a call. Counts and facets are kept by version, filter
    and, where it matters, day: the last `kept_answers` in this process, and in the shared cache
    unless `share_answers` is off.
    """

    def __init__(
        self,
        directory: Path,
        *,
        tombstones: Callable[[], BitMap] = BitMap,
        aliases: Callable[[], Aliases] = Aliases,
        time_limit: float = 10.0,
        memory: str = "256MB",
        today: Callable[[], datetime.date] = lambda: datetime.datetime.now(datetime.UTC).date(),
        kept_answers: int = 4_096,
        share_answers: bool = True,
    ) -> None:
        self.reader = Reader(directory, memory=memory)
        self.runner = Runner(time_limit=time_limit)
        self._tombstones = tombstones
        self._aliases = aliases
        self._merged_there = ("", Aliases(), BitMap())
        self._stood = (BitMap(), BitMap(), Standing(BitMap(), {}))
        self._today = today
        self._most_kept = kept_answers
        self._share = share_answers
        self._answers: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()

    def version(self) -> str:
        """Return the number of the version in force, as text."""
        return str(self._snapshot().number)

    def count(
        self, filter: Group, *, owned: BitMap | None = None, cancel_key: str | None = None
    ) -> Count:
        """Count exactly; see CatalogueSource."""
        snapshot = self._snapshot()
        dead = self._standing(snapshot).dead

        def ask(among: str = "") -> int:
            dialect = self._dialect(snapshot)
            where = self._living(snapshot, dialect, filter, dead)
            if where == ALWAYS and not among:
                return snapshot.rows
            with self.runner.search(snapshot, cancel_key) as search:
                sql = f"SELECT count(*) FROM f WHERE {where}{among}"
                return int(search.fetch(sql, dialect.parameters)[0][0])

        total = self._answer(self._key(snapshot, dead, filter, "count"), ask, shared=True)
        if not owned or not total:
            return Count(total, total)

        def ask_known() -> int:  # twice as fast as leaving them out while counting
            return ask(f" AND id IN (SELECT id FROM {snapshot.ids.table(owned)})")

        key = self._key(snapshot, dead, filter, f"known-{fingerprint(owned)}")
        return Count(total, total - self._answer(key, ask_known, shared=False))

    def facets(
        self, filter: Group, fields: Sequence[str], *, cancel_key: str | None = None
    ) -> Mapping[str, list[FacetValue]]:
        """Count by the values of fields; see CatalogueSource."""
        unknown = [field for field in fields if field not in facet_queries.FACET_FIELDS]
        if unknown:
            raise InvalidInput(f"There are no counts for {', '.join(unknown)}.")
        snapshot = self._snapshot()
        dead = self._standing(snapshot).dead
        found: dict[str, list[FacetValue]] = {}
        with self.runner.search(snapshot, cancel_key) as search:
            # Kept by the filter that counts for a field: while somebody adds and removes values
            # of one field, the people behind that field's own facet stay the same.
            for narrowed, some in facet_queries.plan(filter, fields).items():
                kind = f"facets-{','.join(sorted(some))}"
                answer = self._answer(
                    self._key(snapshot, dead, narrowed, kind),
                    partial(self._count_values, search, snapshot, narrowed, dead, some),
                    shared=True,
                )
                found |= {field: [FacetValue(*v) for v in answer[field]] for field in some}
        return {field: found[field] for field in fields}

    def _count_values(
        self, search: Search, snapshot: Snapshot, filter: Group, dead: BitMap, fields: list[str]
    ) -> dict[str, list[Any]]:
        dialect = self._dialect(snapshot)
        where = self._living(snapshot, dialect, filter, dead)
        found = facet_queries.count_values(search, snapshot, dialect, where, fields)
        return {field: [astuple(value) for value in values] for field, values in found.items()}

    def preview(
        self,
        filter: Group,
        *,
        limit: int = 20,
        order: Order = "score",
        owned: BitMap | None = None,
        cancel_key: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the first people, masked; see CatalogueSource."""
        snapshot = self._snapshot()
        dead = self._standing(snapshot).dead
        left_out = dead | owned if owned else dead
        with self.runner.search(snapshot, cancel_key) as search:
            ranks = self._ranks(search, snapshot, filter, limit, order, left_out, None)
            records = self._records(search, ranks)
            if owned and len(records) < limit:
                # All new ones are there, so that whoever else fits is owned.
                rest, shown = limit - len(records), BitMap(record.id for record in records)
                ranks = self._ranks(search, snapshot, filter, rest, order, dead | shown, None)
                records += self._records(search, ranks)
        return [mask_record({"id": r.id, **asdict(r.person)}) for r in records]

    def take(
        self,
        filter: Group,
        *,
        limit: int,
        order: Order = "score",
        owned: BitMap | None = None,
        after_cursor: str | None = None,
    ) -> Batch:
        """Return a batch of people for a pull, at most 10,000; see CatalogueSource."""
        limit = min(limit, MOST_TAKEN)
        snapshot = self._snapshot()
        dead = self._standing(snapshot).dead
        left_out = dead | owned if owned else dead
        after = _read_cursor(after_cursor, snapshot.number)
        with self.runner.search(snapshot, time_limit=_TAKE_SECONDS) as search:
            ranks = self._ranks(search, snapshot, filter, limit, order, left_out, after)
            records = self._records(search, ranks)
        cursor = None
        if records and len(records) == limit:
            last = records[-1]
            day = last.person.source_date
            cursor = f"{snapshot.number}:{day.toordinal() if day else 0}:{last.rank}"
        return Batch(records, cursor, str(snapshot.number))

    def suggest(self, field: str, prefix: str, *, limit: int = 10) -> list[FacetValue]:
        """Return values that begin like `prefix`, or have a word that does."""
        if field not in suggestions.SUGGESTED:
            raise InvalidInput(f"There are no suggestions for {field}.")
        snapshot = self._snapshot()
        with self.runner.search(snapshot) as search:
            return suggestions.suggest(search, snapshot, field, prefix, limit)

    def record(self, id: int) -> Record | None:
        """Return one person by id."""
        snapshot = self._snapshot()
        dead, answers = self._standing(snapshot)
        id = answers.get(id, id)
        if not 0 < id < snapshot.next_id or id in dead:
            return None
        with self.runner.search(snapshot) as search:
            ranks = [row[0] for row in search.fetch("SELECT rank FROM p WHERE id = $1", [id])]
            return next(iter(self._records(search, ranks)), None)

    def match(self, people: Sequence[Person]) -> list[Match]:
        """Say who each is; see CatalogueSource."""
        snapshot = self._snapshot()
        standing = self._standing(snapshot)
        with self.runner.search(snapshot, time_limit=_TAKE_SECONDS) as search:
            return match_people(search, people, standing)

    def records(self, ids: Sequence[int]) -> dict[int, Record]:
        """Return people by id; see CatalogueSource."""
        snapshot = self._snapshot()
        dead, answers = self._standing(snapshot)
        asked = {id: answers.get(id, id) for id in ids}
        found = self._by_id(snapshot, asked.values(), dead)
        return {id: found[one] for id, one in asked.items() if one in found}

    def own_records(self, ids: Sequence[int]) -> dict[int, Record]:
        """As `records`, but each as its own record, also one that a merge hides: for staff."""
        snapshot, gone = self._snapshot(), self._tombstones()
        return self._by_id(snapshot, ids, gone)

    # --- behind them ----------------------------------------------------------------------
    def _snapshot(self) -> Snapshot:
        snapshot = self.reader.snapshot()
        if snapshot is None:
            raise CatalogueEmpty("The lead database is empty: no catalogue has been loaded yet.")
        return snapshot

    def _standing(self, snapshot: Snapshot) -> Standing:
        """Who isn't found in a version, and who answers for whom. Asked once a call."""
        gone, aliases = self._tombstones(), self._aliases()
        if not aliases.everyone:
            return Standing(gone, {})
        there = self._merged_in(snapshot, aliases)
        stood = self._stood
        if stood[0] is not there or stood[1] is not gone:
            stood = self._stood = (there, gone, aliases.standing(gone, there))
        return stood[2]

    def _merged_in(self, snapshot: Snapshot, aliases: Aliases) -> BitMap:
        """Who of the merged people is in a version, kept until it or they change."""
        version, of, there = self._merged_there
        if (version, of) != (snapshot.build_id, aliases):
            with self.runner.search(snapshot) as search:
                rows = search.fetch(
                    "SELECT id FROM f WHERE id IN (SELECT unnest($1::INTEGER[]))",
                    [list(aliases.everyone)],
                )
            there = BitMap(row[0] for row in rows)
            self._merged_there = (snapshot.build_id, aliases, there)
        return there

    def _by_id(self, snapshot: Snapshot, ids: Iterable[int], left_out: BitMap) -> dict[int, Record]:
        known = [id for id in ids if 0 < id < snapshot.next_id and id not in left_out]
        with self.runner.search(snapshot, time_limit=_TAKE_SECONDS) as search:
            rows = search.fetch(
                "SELECT rank FROM f WHERE id IN (SELECT unnest($1::INTEGER[]))", [known]
            )
            found = self._records(search, [row[0] for row in rows])
        return {record.id: record for record in found}

    def _dialect(self, snapshot: Snapshot) -> DuckDB:
        return DuckDB(snapshot, as_of=self._today())

    def _living(self, snapshot: Snapshot, dialect: DuckDB, filter: Group, left_out: BitMap) -> str:
        """Compile the filter, less the people in `left_out`."""
        where = dialect.where(filter)
        if not left_out:
            return where
        lacks = f"id NOT IN (SELECT id FROM {snapshot.ids.table(left_out)})"
        return lacks if where == ALWAYS else f"{where} AND {lacks}"

    def _ranks(
        self,
        search: Search,
        snapshot: Snapshot,
        filter: Group,
        limit: int,
        order: Order,
        left_out: BitMap,
        after: tuple[int, int] | None,
    ) -> list[int]:
        """Return the ranks of the first people, in order. Wide columns aren't touched here."""
        dialect = self._dialect(snapshot)
        where = self._living(snapshot, dialect, filter, left_out)
        if after is not None:
            where += f" AND {_beyond(dialect, order, *after)}"
        by = "rank" if order == "score" else "source_date DESC, rank"
        mark = dialect.number(limit)
        rows = search.fetch(
            f"SELECT rank FROM f WHERE {where} ORDER BY {by} LIMIT {mark}", dialect.parameters
        )
        return [row[0] for row in rows]

    def _records(self, search: Search, ranks: Sequence[int]) -> list[Record]:
        """Fetch whole people in the order of `ranks`. A rank is a row's number plus one."""
        if not ranks:
            return []
        rows = search.fetch(
            f"SELECT id, rank, {_PERSON} FROM p WHERE rowid IN (SELECT unnest($1::BIGINT[]))",
            [[rank - 1 for rank in ranks]],
        )
        found = {row[1]: Record(row[0], row[1], _person(row[2:])) for row in rows}
        return [found[rank] for rank in ranks]

    def _key(self, snapshot: Snapshot, dead: BitMap, filter: Group, kind: str) -> str:
        day = self._today().isoformat() if "source_date" in fields_used(filter) else ""
        gone = fingerprint(dead) if dead else ""
        parts = (snapshot.build_id, gone, kind, day, digest(filter))
        return f"catalogue:{hashlib.sha256(':'.join(parts).encode()).hexdigest()}"

    def _answer(self, key: str, ask: Callable[[], Any], *, shared: bool) -> Any:
        """Return a kept answer: of this process, of the shared cache, or of the engine."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        shared = shared and self._share
        answer = _shared_get(key) if shared else None
        if answer is None:
            answer = ask()
            if shared:
                _shared_set(key, answer)
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._most_kept:
                self._answers.popitem(last=False)
        return answer


def _person(values: tuple[Any, ...]) -> Person:
    fields = dict(zip(FIELD_NAMES, values, strict=True))
    topics = fields["intent_topics"]
    fields["intent_topics"] = tuple(topics.split(layout.TOPIC_SEPARATOR)) if topics else ()
    return Person(**fields)


def _beyond(dialect: DuckDB, order: Order, day: int, rank: int) -> str:
    """The condition for people who come after one of that day and rank."""
    if order == "score":
        return f"rank > {dialect.number(rank)}"
    last, mark = dialect.number(day), dialect.number(rank)
    return f"source_date <= {last} AND (source_date < {last} OR rank > {mark})"


def _read_cursor(cursor: str | None, number: int) -> tuple[int, int] | None:
    """Return (day, rank) of a cursor, or None when it is of another version."""
    if cursor is None:
        return None
    try:
        version, day, rank = (int(part) for part in cursor.split(":"))
    except ValueError:
        raise InvalidInput("The cursor is not one of ours.") from None
    return (day, rank) if version == number else None


def _shared_get(key: str) -> Any:
    try:
        return cache.get(key)
    except Exception:
        logger.warning("catalogue_cache_down", exc_info=True)
        return None


def _shared_set(key: str, answer: Any) -> None:
    try:
        cache.set(key, answer, _CACHED_SECONDS)
    except Exception:
        logger.warning("catalogue_cache_down", exc_info=True)


@lru_cache(maxsize=8)
def _source_in(directory: Path, process: int) -> LocalSource:
    return LocalSource(
        directory,
        tombstones=current_tombstones,
        aliases=current_aliases,
        time_limit=getattr(settings, "CATALOGUE_TIME_LIMIT", 10.0),
        memory=getattr(settings, "CATALOGUE_MEMORY", "256MB"),
    )


def local_source() -> LocalSource:
    """Return this process's local catalogue, in the directory that the settings say."""
    return _source_in(Path(settings.CATALOGUE_DIR), os.getpid())
