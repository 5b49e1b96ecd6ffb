"""Reading a file for a job: part by part, with what was found noted in the job's cursor.

The job's `params` name the `upload` and the `country` of its numbers; its cursor has `part` (the
next one's number), `position` in the file, `rows` so far, `parts` ([rows, invalid rows] of each),
and what a preview shows (`counts`, `reasons`, `warnings`, `repairs`, `samples`).
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cursive.lib.errors import Conflict
from cursive.lib.jobs.models import Job

from .judging import Judge
from .planning import SAMPLES, Part, Planner
from .staging import INVALID, Parts
from .uploads.models import Upload

PART_ROWS = 10_000
REASONS = 50
SHOWN = ("reasons", "warnings", "repairs", "samples", "parts")


@dataclass(frozen=True, slots=True)
class PartRead:
    """What a part that was staged came to, without its rows, and where the file goes on."""

    rows: int
    is_last: bool
    samples: dict[str, list[dict[str, Any]]]
    counts: dict[str, Counter[str]]
    position: list[int]
    progress: tuple[int, int]

    @property
    def invalid(self) -> int:
        """Rows that are nobody."""
        return self.counts["counts"][INVALID]


class FileReader:
    """Stages the files of one kind of job.

    Between parts the file stays open, so that nothing is read twice; a worker that takes over
    opens it anew and goes on at the cursor.
    """

    def __init__(self, judge_for: Callable[[Job, Upload], Judge]) -> None:
        self._judge_for = judge_for
        self._open: tuple[object, Planner] | None = None

    def read_part(self, job: Job, limit: int) -> tuple[Part, PartRead]:
        """Read, judge and stage the next part, of at most `limit` rows. May be done twice.

        Raises Conflict where the file is gone, TableRefused where it can't be read.
        """
        number = job.cursor.get("part", 0)
        planner = self._planner(job)
        try:
            part = planner.next_part(limit)
            parts = Parts(job.workspace_id, job.id)
            parts.write(number, part.people, part.left_out)
            parts.write_own(number, part.own)
            read = PartRead(
                rows=part.rows,
                is_last=part.is_last,
                samples=part.samples(),
                counts={
                    "counts": part.counts,
                    "reasons": part.reasons(),
                    "warnings": part.warnings,
                    "repairs": part.repairs,
                },
                position=planner.position,
                progress=planner.progress(),
            )
        except BaseException:
            planner.close()
            raise
        self._open = (job.id, planner)
        return part, read

    def _planner(self, job: Job) -> Planner:
        held, self._open = self._open, None
        number = job.cursor.get("part", 0)
        if held is not None:
            owner, planner = held
            if owner == job.id and planner.part == number and number:
                return planner
            planner.close()
        upload = (
            Upload.objects.filter(workspace_id=job.workspace_id, id=job.params["upload"])
            .only(
                *("id", "workspace_id", "mapping"),
                *("delimiter", "encoding", "header", "header_line"),
            )
            .first()
        )
        if upload is None:
            raise Conflict("The file is no longer there. Upload it again.")
        planner = Planner(
            upload,
            judge=self._judge_for(job, upload),
            country=job.params["country"],
            position=job.cursor.get("position"),
            part=number,
        )
        try:
            planner.recall(Parts(job.workspace_id, job.id))
        except BaseException:
            planner.close()
            raise
        return planner

    def close(self) -> None:
        """Let go of the file."""
        held, self._open = self._open, None
        if held is not None:
            held[1].close()


def noted(cursor: dict[str, Any], read: PartRead) -> dict[str, Any]:
    """The cursor after a part."""
    counts = {**read.counts, "reasons": _few(cursor.get("reasons", {}), read.counts["reasons"])}
    return {
        **cursor,
        "part": cursor.get("part", 0) + 1,
        "position": read.position,
        "rows": cursor.get("rows", 0) + read.rows,
        "parts": [*cursor.get("parts", []), [read.rows, read.invalid]],
        "samples": _joined(cursor.get("samples", {}), read.samples),
        **{name: dict(Counter(cursor.get(name, {})) + more) for name, more in counts.items()},
    }


def estimate(cursor: dict[str, Any], read: PartRead) -> int:
    """How many rows the file has: known in the end, until then by how far it is read."""
    done, total = read.progress
    rows: int = cursor["rows"]
    return rows if read.is_last else max(rows + 1, rows * total // max(done, 1))


def _joined(first: dict[str, list[Any]], more: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {
        outcome: (first.get(outcome, []) + more.get(outcome, []))[:SAMPLES]
        for outcome in {*first, *more}
    }


def _few(known: dict[str, int], reasons: Counter[str]) -> Counter[str]:
    """Reasons that differ from row to row are counted together, past so many."""
    found: Counter[str] = Counter()
    for reason, rows in reasons.items():
        is_kept = reason in known or len(known) + len(found) < REASONS
        found[reason if is_kept else "Other reasons."] += rows
    return found
