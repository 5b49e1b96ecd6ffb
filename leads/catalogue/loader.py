"""Loads a file of people into the catalogue: the next version, published when complete (L-4).

The work lies in a folder of its own beside the snapshots: parts of the input, runs of merged
people, and a manifest that says which of them count. Each step ends with the manifest replaced by
rename, so a load that was killed anywhere goes on from its last finished step when it is started
again with the same file and options, and nothing is loaded twice.
"""

import csv
import datetime
import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
from pyroaring import BitMap

from cursive.lib.errors import Conflict, InvalidInput
from cursive.lib.tables import TableRefused

from .building import build_snapshot
from .engine import connect
from .manifest import Manifest
from .merging import Suppressed, merge_range
from .progress import ProgressBar
from .reading import InputReader
from .snapshots import Snapshots, sync_directory
from .staging import (
    ABSENT,
    HASHES,
    digest_of,
    existing_sql,
    has_absent,
    quoted,
    write_part,
)

#: Rows of a part taken from the snapshot, and of a merged range: what fits into memory.
PART_ROWS = 100_000
RANGE_ROWS = 120_000
MEMORY = "144MB"
STALE_SECONDS = 14 * 86_400
_MAX_ID = 2**31 - 1

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: the version it published, people in it, rows read and rejected, records
    that were merged into others, people left out as suppressed, and where rejects are."""

    version: int
    rows: int
    read: int
    rejected: int
    merged: int
    suppressed: int
    reject_file: Path | None


class NobodyLeft(InvalidInput):
    """An empty version would take the place of people."""

    code = "nobody_left"

    def __init__(self, done: Manifest, reject_file: Path | None) -> None:
        where = f" Those are in {reject_file}, with reasons." if reject_file else ""
        super().__init__(
            f"Nobody would be left in the lead database: {done.rows_read:,} rows read,"
            f" {done.suppressed:,} left out as suppressed, {done.rejected:,} rejected.{where}"
            " Nothing was changed. If you want an empty lead database, add --allow-empty."
        )


def load_file(
    path: Path,
    directory: Path,
    *,
    mapping: str | None = None,
    country: str | None = None,
    replace: bool = False,
    limit: int | None = None,
    reject_file: Path | None = None,
    suppressed: Suppressed | None = None,
    tombstones: BitMap | None = None,
    merged: BitMap | None = None,
    bury: Callable[[Iterable[int]], object] | None = None,
    progress: ProgressBar | None = None,
    memory: str = MEMORY,
    part_rows: int = PART_ROWS,
    careful: bool = False,
    allow_empty: bool = False,
) -> Loaded:
    """Load `path` (CSV, packed CSV, Parquet) into the catalogue in `directory`.

    `mapping` says which column is which field, as parse_mapping reads it; `country` is where
    numbers without prefix are from; `replace` starts over from this file (people keep their ids);
    `limit` stops after that many rows. `suppressed` and `tombstones` are people who must not be
    in. Those of `merged` keep their ids also where a version is without them; whom of them
    `suppressed` leaves out, `bury` is told before the version is in force. `careful` reads every
    row one by one, also where whole columns could be checked at once.
    Raises TableRefused for a file that is no table, Conflict while another load runs, and
    NobodyLeft where `replace` would put an empty version in the place of people, unless
    `allow_empty`; then the version in force stays.
    """
    bar = progress or ProgressBar(quiet=True)
    options: dict[str, object] = {"mapping": mapping or "", "country": country or "",
                                  "replace": replace, "limit": limit}  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    with _only_one(directory):
        load = _Load(path, directory, options, memory=memory, part_rows=part_rows, show=bar.show)
        try:
            load.read(mapping, country, limit, careful)
            load.refuse_nothing(replace=replace)
            load.stage_base()
            load.merge(tombstones or BitMap(), suppressed, merged or BitMap())
            return load.publish(reject_file, allow_empty=allow_empty, bury=bury)
        finally:
            bar.close()


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    with (directory / "load.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Another load is running. Wait until it is done.") from None
        yield


class _Load:
    """One load and its folder."""

    def __init__(
        self,
        path: Path,
        directory: Path,
        options: dict[str, object],
        *,
        memory: str,
        part_rows: int,
        show: Show,
    ) -> None:
        self._path = path.resolve()
        self._snapshots = Snapshots(directory)
        self._memory, self._part_rows, self._show = memory, part_rows, show
        try:
            status = path.stat()
        except OSError as error:
            raise InvalidInput(f"{path} can't be opened: {error.strerror}.") from error
        name = digest_of(self._path, status.st_size, status.st_mtime_ns, json.dumps(options))
        self._folder = directory / "staging" / name
        self._remove_stale(directory / "staging")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._manifest = self._read_manifest(options)
        self._remove_strays()

    # --- the manifest ---------------------------------------------------------------------
    def _read_manifest(self, options: dict[str, object]) -> Manifest:
        try:
            return Manifest(**json.loads((self._folder / "manifest.json").read_text()))
        except FileNotFoundError:
            today = datetime.datetime.now(datetime.UTC).date()
            return Manifest(str(self._path), options, today.isoformat())

    def _save(self) -> None:
        partial = self._folder / "manifest.tmp"
        with partial.open("w") as file:
            json.dump(asdict(self._manifest), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / "manifest.json")
        sync_directory(self._folder)

    def _remove_strays(self) -> None:
        """Remove what a killed load left behind that its manifest doesn't know."""
        known = {*self._manifest.parts, *self._manifest.base_parts, *self._manifest.runs}
        for entry in self._folder.iterdir():
            is_known = entry.stem in known and entry.suffix in (".parquet", ".rejects")
            is_built = entry.name == "building.duckdb" and self._manifest.built is not None
            if entry.name != "manifest.json" and not is_known and not is_built:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    @staticmethod
    def _remove_stale(folder: Path) -> None:
        for entry in folder.iterdir() if folder.is_dir() else ():
            if time.time() - entry.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(entry, ignore_errors=True)

    def _file(self, name: str, suffix: str = ".parquet") -> Path:
        return self._folder / f"{name}{suffix}"

    @contextmanager
    def _connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with connect(memory=self._memory, spill=self._folder) as db:
            yield db

    # --- the steps ------------------------------------------------------------------------
    def read(
        self,
        mapping: str | None,
        country: str | None,
        limit: int | None,
        careful: bool,
    ) -> None:
        """Stage the input, part by part."""
        done = self._manifest
        if done.is_read:
            return
        with (
            self._connect() as db,
            InputReader(self._path, mapping=mapping, country=country, careful=careful) as reader,
        ):
            reader.go_to(done.position, done.rows_read)
            while not done.is_read:
                self._show("Reading", *reader.progress())
                left = (
                    self._part_rows
                    if limit is None
                    else min(self._part_rows, limit - done.rows_read)
                )
                name = f"in-{len(done.parts):06}"
                if left:
                    part = reader.stage(db, left, self._file(name), self._file(name, ".rejects"))
                    done.rows_read += part.read
                    done.rejected += part.rejected
                    done.position = part.position
                    if part.read:
                        done.parts.append(name)
                done.is_read = not left or part.read < left
                self._save()

    def refuse_nothing(self, *, replace: bool) -> None:
        """A version like the one before would only push an older one out of those kept."""
        if not (self._manifest.rows_read or replace) and self._snapshots.current():
            raise TableRefused("There are no rows in this file. Nothing was changed.")

    def stage_base(self) -> None:
        """Stage the people of the version in force, to be merged with; all or only their ids."""
        done, current = self._manifest, self._snapshots.current() or 0
        if done.built is not None and current in (done.base, done.built):
            return
        done.built = None
        if done.base != current:  # nothing staged yet, or of a version that was replaced since
            done.base, done.base_staged, done.base_parts = current, 0, []
            done.runs, done.merged, done.suppressed, done.ranges = [], 0, 0, 0
            done.absent, done.left_out = [], []
            done.next_id = self._first_free_id()
            self._save()
            self._remove_strays()
        if not current:
            return
        with self._connect() as db:
            db.execute(f"ATTACH {quoted(self._snapshots.path(current))} AS base (READ_ONLY)")
            total = db.execute("SELECT rows FROM base.meta").fetchall()[0][0]
            while done.base_staged < total:
                self._show("Taking over", done.base_staged, total)
                last = min(done.base_staged + self._part_rows, total)
                name = f"base-{len(done.base_parts):06}"
                select = existing_sql(
                    done.base_staged + 1, last, only_ids=bool(done.options["replace"])
                )
                write_part(db, select, self._file(name))
                done.base_parts.append(name)
                done.base_staged = last
                self._save()
            if "absent" not in done.base_parts and has_absent(db):
                write_part(db, ABSENT, self._file("absent"))
                done.base_parts.append("absent")
                self._save()

    def _first_free_id(self) -> int:
        """No id is given twice, also not one of a version that was switched back from."""
        highest = 1
        for number in self._snapshots.numbers():
            with connect(self._snapshots.path(number), read_only=True) as db:
                highest = max(highest, db.execute("SELECT next_id FROM meta").fetchall()[0][0])
        return highest

    def merge(self, tombstones: BitMap, suppressed: Suppressed | None, merged: BitMap) -> None:
        """Make one record of each person, range by range."""
        done = self._manifest
        if done.built is not None:
            return
        parts = [self._file(name) for name in (*done.parts, *done.base_parts)]
        if not parts:
            return
        if not done.ranges:
            staged = done.rows_read - done.rejected + done.base_staged
            done.ranges = max(1, min(HASHES, -(-staged // RANGE_ROWS)))
        as_of = datetime.date.fromisoformat(done.as_of)
        with self._connect() as db:
            for at in range(len(done.runs), done.ranges):
                self._show("Merging", at, done.ranges)
                name = f"run-{at:06}"
                found = merge_range(
                    db,
                    parts,
                    at * HASHES // done.ranges,
                    (at + 1) * HASHES // done.ranges,
                    self._file(name),
                    next_id=done.next_id,
                    as_of=as_of,
                    tombstones=tombstones,
                    suppressed=suppressed,
                    merged=merged - tombstones,
                )
                if found.next_id > _MAX_ID:
                    raise InvalidInput("The catalogue has no ids left: start a new one.")
                done.merged += found.merged
                done.suppressed += found.suppressed
                done.absent += found.absent
                done.left_out += found.left_out
                done.next_id = found.next_id
                done.runs.append(name)
                self._save()

    def publish(
        self,
        reject_file: Path | None,
        *,
        allow_empty: bool,
        bury: Callable[[Iterable[int]], object] | None,
    ) -> Loaded:
        """Build the snapshot, put it in force, and clear up."""
        done = self._manifest
        building = self._folder / "building.duckdb"
        if done.built is None:
            self._build(building)
        assert done.built is not None
        rejects = self._collect_rejects(
            reject_file or self._snapshots.directory / f"rejected_v{done.built}.csv"
        )
        # A first file may turn out to have nobody in it; people who are there aren't given up so.
        if done.options["replace"] and done.base_staged and not (done.built_rows or allow_empty):
            shutil.rmtree(self._folder)
            raise NobodyLeft(done, rejects)
        if bury and done.left_out:
            bury(done.left_out)
        self._snapshots.publish(building, done.built)
        shutil.rmtree(self._folder)
        return Loaded(
            done.built,
            done.built_rows,
            done.rows_read,
            done.rejected,
            done.merged,
            done.suppressed,
            rejects,
        )

    def _build(self, building: Path) -> None:
        done = self._manifest
        number = max([0, *self._snapshots.numbers()]) + 1
        building.unlink(missing_ok=True)
        done.built_rows = build_snapshot(
            building,
            [self._file(name) for name in done.runs],
            number=number,
            next_id=done.next_id,
            absent=done.absent,
            sources=[self._path.name],
            built_at=datetime.datetime.now(datetime.UTC),
            memory=self._memory,
            spill=self._folder,
            progress=lambda what, at, total: self._show(f"Building: {what}", at, total),
        )
        done.built = number
        self._save()

    def _collect_rejects(self, target: Path) -> Path | None:
        """Write the reject file: line, reason, and the row as it was."""
        if not self._manifest.rejected:
            return None
        partial = target.with_name(target.name + ".part")
        with partial.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(["line", "reason", "row"])
            for name in self._manifest.parts:
                rejects = self._file(name, ".rejects")
                if rejects.exists():
                    with rejects.open(newline="", encoding="utf-8") as part:
                        shutil.copyfileobj(part, file)
        partial.replace(target)
        return target
