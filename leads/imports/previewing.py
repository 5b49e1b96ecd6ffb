"""The job that reads a file and works out what importing it would do; no lead is touched."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from cursive.lib import tenancy
from cursive.lib.errors import Conflict
from cursive.lib.garbage import collector_resting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step

from .models import Import
from .planning import SAMPLES, Planner
from .staging import INVALID, Parts
from .uploads.models import Upload

KIND = "import_preview"
PART_ROWS = 10_000
REASONS = 50


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a part that was staged came to, without its rows, and where the file goes on."""

    rows: int
    is_last: bool
    samples: dict[str, list[dict[str, Any]]]
    counts: dict[str, Counter[str]]
    position: list[int]
    progress: tuple[int, int]


class PreviewHandler(JobHandler):
    """Stages a file part by part. `cursor` has `part` (the next one's number), `position` in the
    file, `rows` so far, and what the preview shows (`counts`, `reasons`, `samples`, …).

    Between steps the file stays open, so that nothing is read twice; a worker that takes over
    opens it anew and goes on at the cursor.
    """

    kind = KIND
    label = "Import preview"

    def __init__(self) -> None:
        self._open: tuple[object, Planner] | None = None

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The preview."""
        return [("See the preview", reverse("leads:import", args=[job.params["import"]]))]

    @collector_resting()
    def prepare(self, job: Job) -> Prepared:
        """Read, judge and stage the next part."""
        cursor = job.cursor
        planner = self._planner(job)
        try:
            part = planner.next_part(PART_ROWS)
            Parts(job.workspace_id, job.id).write(cursor.get("part", 0), part.people, part.left_out)
            Parts(job.workspace_id, job.id).write_own(cursor.get("part", 0), part.own)
            prepared = Prepared(
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
        return prepared

    def _planner(self, job: Job) -> Planner:
        held, self._open = self._open, None
        number = job.cursor.get("part", 0)
        position = job.cursor.get("position")
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
        planner = Planner(upload, country=job.params["country"], position=position, part=number)
        try:
            planner.recall(Parts(job.workspace_id, job.id))
        except BaseException:
            planner.close()
            raise
        return planner

    def step(self, job: Job, prepared: Prepared) -> Step:
        """Note what was staged."""
        cursor, counts = job.cursor, prepared.counts
        rows = cursor.get("rows", 0) + prepared.rows
        invalid = counts["counts"][INVALID]
        counts["reasons"] = _few(cursor.get("reasons", {}), counts["reasons"])
        done, total = prepared.progress
        return Step(
            processed=prepared.rows - invalid,
            failed=invalid,
            cursor={
                "part": cursor.get("part", 0) + 1,
                "position": prepared.position,
                "rows": rows,
                "parts": [*cursor.get("parts", []), [prepared.rows, invalid]],
                "samples": _joined(cursor.get("samples", {}), prepared.samples),
                **{
                    name: dict(Counter(cursor.get(name, {})) + more)
                    for name, more in counts.items()
                },
            },
            done=prepared.is_last,
            # How many rows there are is known in the end; until then it is estimated.
            total=rows if prepared.is_last else max(rows + 1, rows * total // max(done, 1)),
        )

    def finish(self, job: Job) -> None:
        """Give the plan to the import; leave nothing behind of a preview that was given up."""
        held, self._open = self._open, None
        if held is not None:
            held[1].close()
        if job.status != Job.Status.COMPLETED:
            if job.status == Job.Status.CANCELLED:
                parts, count = Parts(job.workspace_id, job.id), job.cursor.get("part", 0) + 1
                tenancy.on_commit(lambda: parts.remove(count))
            return
        cursor = job.cursor
        counts = cursor["counts"]
        plan = {"rows": cursor["rows"], "counts": counts} | {
            name: cursor[name] for name in ("reasons", "warnings", "repairs", "samples", "parts")
        }
        Import.objects.filter(workspace_id=job.workspace_id, preview_job_id=job.id).update(
            plan=plan
        )
        Upload.objects.filter(workspace_id=job.workspace_id, id=job.params["upload"]).update(
            row_count=cursor["rows"]
        )
        job.result = {"rows": cursor["rows"], **counts}
        # They are with the import now.
        job.cursor = {"part": cursor["part"], "position": cursor["position"]}


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
