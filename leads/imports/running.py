"""The job that makes leads of the people whom a preview has staged."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.urls import reverse

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.audit_port import record
from cursive.lib.garbage import collector_resting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.outbox import emit
from leads.records.acquisition import Candidate, acquire_people, lock_acquisition
from leads.records.known import matching_leads
from leads.records.models import Lead

from .filling import fill_leads
from .models import Import
from .staging import NEW, Parts, Planned, person_of

KIND = "import"
EVENT_LEADS = 5_000
# PostgreSQL writes in a process of its own, so reading ahead costs no time; it reads files only.
_reading = ThreadPoolExecutor(1, thread_name_prefix="import")


class ImportHandler(JobHandler):
    """Imports part by part: `cursor` has the next `part`'s number, and the people so far by what
    became of them: `created`, `filled`, passed over as `owned` or as `doubles`.
    """

    kind = KIND
    label = "Import"

    def __init__(self) -> None:
        self._ahead: tuple[tuple[UUID, int], Future[list[Planned]]] | None = None

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The import, which leads to its leads and to the rows that were left out."""
        return [("See the import", reverse("leads:import", args=[job.params["import"]]))]

    @collector_resting()
    def prepare(self, job: Job) -> list[Planned]:
        """Read the next staged part; the one after it is read while this one is written."""
        number = job.cursor.get("part", 0)
        count = len(job.params["parts"])
        if number >= count:
            return []
        parts = self._parts(job)
        ahead, self._ahead = self._ahead, None
        people = (
            ahead[1].result()
            if ahead is not None and ahead[0] == (job.id, number)
            else parts.people(number)
        )
        if number + 1 < count:
            self._ahead = ((job.id, number + 1), _reading.submit(parts.people, number + 1))
        return people

    @collector_resting()
    def step(self, job: Job, prepared: list[Planned]) -> Step:
        """Make leads of a part's people, fill those there are, announce both, move on."""
        cursor = {"part": 0, "created": 0, "filled": 0, "owned": 0, "doubles": 0} | job.cursor
        sizes = job.params["parts"]
        if cursor["part"] >= len(sizes):
            return Step(cursor=cursor, done=True)
        options = job.params["options"]
        lock_acquisition(job.workspace_id)
        if options["existing"] == Import.Existing.FILL:
            rest = self._fill(job, prepared, cursor)
        else:
            rest = [each.candidate for each in prepared if each.outcome == NEW]
            cursor["owned"] += len(prepared) - len(rest)
        acquired = acquire_people(
            workspace_id=job.workspace_id,
            candidates=rest,
            source=Lead.Source.UPLOAD,
            job_id=job.id,
            own={
                "status": options["status"],
                "tags": options["tags"],
                **({"owner_id": UUID(options["owner"])} if options["owner"] else {}),
            },
        )
        self._announce(job, "lead.created", acquired.lead_ids)
        cursor["created"] += len(acquired.lead_ids)
        cursor["owned"] += acquired.owned
        cursor["doubles"] += acquired.doubles
        rows, invalid = sizes[cursor["part"]]
        cursor["part"] += 1
        return Step(
            processed=rows - invalid,
            failed=invalid,
            cursor=cursor,
            done=cursor["part"] >= len(sizes),
            note=_note(cursor),
        )

    def _fill(self, job: Job, people: Sequence[Planned], cursor: dict[str, Any]) -> list[Candidate]:
        """Fill the leads that are these people; return the people who are no lead yet."""
        found = matching_leads(job.workspace_id, [each.candidate for each in people])
        pairs = list(zip(people, found, strict=True))
        matches = [(lead, person_of(each)) for each, lead in pairs if lead is not None]
        filled = fill_leads(
            workspace_id=job.workspace_id,
            matches=matches,
            where_from=job.params["file"],
            actor_label=job.created_by_label,
        )
        self._announce(job, "lead.updated", filled)
        cursor["filled"] += len(filled)
        cursor["owned"] += len(matches) - len(filled)
        return [each.candidate for each, lead in pairs if lead is None]

    def _announce(self, job: Job, event: str, leads: Sequence[UUID]) -> None:
        """One event for many leads, as pulls do, with their ids."""
        for at in range(0, len(leads), EVENT_LEADS):
            emit(
                job.workspace_id,
                event,
                {
                    "leads": [str(each) for each in leads[at : at + EVENT_LEADS]],
                    "source": Lead.Source.UPLOAD,
                    "job": str(job.id),
                    "import": job.params["import"],
                },
            )

    def finish(self, job: Job) -> None:
        """Say what was done; the staged people go, the rows left out stay for 30 days."""
        cursor = job.cursor
        job.result = {
            "created": cursor.get("created", 0),
            "filled": cursor.get("filled", 0),
            "skipped_owned": cursor.get("owned", 0),
            "skipped_doubles": cursor.get("doubles", 0) + job.params["doubles"],
            "rejected": job.params["rejected"],
            "import": job.params["import"],
        }
        if job.status == Job.Status.FAILED:
            return  # a retry goes on from the parts that are there
        parts, count = self._parts(job), len(job.params["parts"])
        # Not before the end is committed: until then the last step may have to be done again.
        tenancy.on_commit(lambda: parts.remove_people(count))
        by = job.params["by"]
        record(
            action="import",
            resource="lead",
            resource_id=job.id,
            actor=Actor(
                kind=by["kind"],
                label=job.created_by_label,
                user_id=job.created_by_id,
                key_id=UUID(by["key"]) if by["key"] else None,
            ),
            workspace_id=job.workspace_id,
            new={**job.result, "file": job.params["file"], "status": job.status},
        )

    def _parts(self, job: Job) -> Parts:
        return Parts(job.workspace_id, UUID(job.params["preview"]))


def _note(cursor: dict[str, Any]) -> str:
    said = [f"{cursor['created']:,} imported"]
    if cursor["filled"]:
        said.append(f"{cursor['filled']:,} filled")
    if cursor["owned"]:
        said.append(f"{cursor['owned']:,} were there already")
    return ", ".join(said)
