"""The job that makes leads of the people whom a preview has staged."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

from django.urls import reverse

from cursive.lib import tenancy
from cursive.lib.audit_port import record
from cursive.lib.garbage import collector_resting
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.jobs.starters import starter_of
from cursive.lib.outbox import emit
from leads.catalogue.suppression import are_suppressed
from leads.records.acquisition import Candidate, acquire_people, lock_acquisition
from leads.records.known import matching_leads
from leads.records.models import Lead

from .filling import fill_leads
from .giving import give_to_existing, give_to_new
from .models import Import
from .own import NOTHING, Own
from .staging import NEW, Parts, Planned, Staged, person_of

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
        self._ahead: tuple[tuple[UUID, int], Future[Staged]] | None = None

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The import, which leads to its leads and to the rows that were left out."""
        return [("See the import", reverse("leads:import", args=[job.params["import"]]))]

    @collector_resting()
    def prepare(self, job: Job) -> Staged | None:
        """Read the next staged part; the one after it is read while this one is written."""
        number = job.cursor.get("part", 0)
        count = len(job.params["parts"])
        if number >= count:
            return None
        parts = self._parts(job)
        ahead, self._ahead = self._ahead, None
        staged = (
            ahead[1].result()
            if ahead is not None and ahead[0] == (job.id, number)
            else parts.staged(number)
        )
        if number + 1 < count:
            self._ahead = ((job.id, number + 1), _reading.submit(parts.staged, number + 1))
        return staged

    @collector_resting()
    def step(self, job: Job, prepared: Staged | None) -> Step:
        """Make leads of a part's people, fill those there are, announce both, move on."""
        cursor = {"part": 0, "created": 0, "filled": 0, "owned": 0, "doubles": 0}
        cursor |= {"suppressed": 0} | job.cursor
        sizes = job.params["parts"]
        if prepared is None:
            return Step(cursor=cursor, done=True)
        people = self._allowed(prepared.people(), cursor)
        options = job.params["options"]
        lock_acquisition(job.workspace_id)
        own = self._own(job, people, cursor["part"])
        if options["existing"] == Import.Existing.FILL:
            rest = self._fill(job, people, cursor, own)
        else:
            rest = [each.candidate for each in people if each.outcome == NEW]
            cursor["owned"] += len(people) - len(rest)
        acquired = acquire_people(
            workspace_id=job.workspace_id,
            candidates=rest,
            distinct=True,
            source=Lead.Source.UPLOAD,
            job_id=job.id,
            own={
                "status": options["status"],
                "tags": options["tags"],
                **({"owner_id": UUID(options["owner"])} if options["owner"] else {}),
            },
        )
        self._give_to_new(job, rest, acquired.lead_ids, own)
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

    def _allowed(self, people: Sequence[Planned], cursor: dict[str, Any]) -> list[Planned]:
        """Without those who were put on the suppression list since the preview (A-18)."""
        said = are_suppressed([each.candidate for each in people])
        kept = [each for each, is_suppressed in zip(people, said, strict=True) if not is_suppressed]
        cursor["suppressed"] += len(people) - len(kept)
        return kept

    def _own(self, job: Job, people: Sequence[Planned], part: int) -> dict[str, Own]:
        """What the rows say of the workspace's own fields, by the hash of who is in them."""
        said = self._parts(job).own(part)
        if not said:
            return {}
        return {each.candidate.dedup_hash: said[each.line] for each in people if each.line in said}

    def _give_to_new(
        self,
        job: Job,
        people: Sequence[Candidate],
        leads: Sequence[UUID],
        own: Mapping[str, Own],
    ) -> None:
        """Give the leads that people have become what is said of them."""
        hashes = [one.dedup_hash for one in people if one.dedup_hash in own] if leads else []
        if not hashes:
            return
        made = Lead.objects.filter(
            workspace_id=job.workspace_id, job_id=job.id, dedup_hash__in=hashes
        ).living()
        found = dict(made.values_list("id", "dedup_hash"))
        give_to_new(
            workspace_id=job.workspace_id,
            wanted={each: own[found[each]] for each in leads if each in found},
        )

    def _fill(
        self,
        job: Job,
        people: Sequence[Planned],
        cursor: dict[str, Any],
        own: Mapping[str, Own],
    ) -> list[Candidate]:
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
        options = job.params["options"]
        wanted: dict[UUID, Own] = {}
        for each, lead in pairs:
            if lead is not None:
                said = own.get(each.candidate.dedup_hash, NOTHING)
                wanted.setdefault(
                    lead,
                    Own(
                        said.status or options["status"],
                        said.owner or options["owner"],
                        tuple(sorted({*said.tags, *options["tags"]})),
                        said.notes,
                    ),
                )
        given = give_to_existing(
            workspace_id=job.workspace_id,
            wanted=wanted,
            where_from=job.params["file"],
            actor_label=job.created_by_label,
        )
        filled = list(dict.fromkeys([*filled, *given]))
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
            "rejected": job.params["rejected"] + cursor.get("suppressed", 0),
            "suppressed": cursor.get("suppressed", 0),
            "import": job.params["import"],
        }
        if job.status == Job.Status.FAILED:
            return  # a retry goes on from the parts that are there
        parts, count = self._parts(job), len(job.params["parts"])
        # Not before the end is committed: until then the last step may have to be done again.
        tenancy.on_commit(lambda: parts.remove_people(count))
        record(
            action="import",
            resource="lead",
            resource_id=job.id,
            actor=starter_of(job),
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
    if cursor["suppressed"]:
        said.append(f"{cursor['suppressed']:,} asked meanwhile not to be contacted")
    return ", ".join(said)
