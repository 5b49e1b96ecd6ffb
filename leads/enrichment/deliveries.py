"""The job that writes an enriched list, and charges for whom it delivers (C-6, L-13, L-20).

The most that it can cost is held when it is paid. A step writes one part of the file, captures the
price of its new people and moves the cursor: the file's part is there before the step is committed,
and a part that no committed step names is nobody's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap

from credits.ledger.jobs import capture_for, hold_for, record_charge, release_rest
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict, Unavailable
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.outbox import emit
from cursive.lib.tables import Position, RowProblem
from leads.catalogue.local import local_source
from leads.catalogue.source import Record
from leads.records.acquisition import (
    Candidate,
    acquire_people,
    candidates_of,
    lock_acquisition,
    own_people,
    owned_people,
)
from leads.records.models import Lead
from leads.records.pulls import SourceResting

from . import files, output
from .matches import GONE, RowMatch, unpack
from .models import Enrichment, MatchPart
from .previews import enrichment_of_job, open_list
from .prices import ACTION, NOTHING, Tariff

KIND = "enrichment"
ACTOR = Actor.system("enrichment")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One part: its file, who is in it, and whom of them the workspace didn't own just now."""

    part: str
    rows: int
    found: int
    gone: int
    ids: BitMap
    new: BitMap
    candidates: list[Candidate]


NOTHING_DELIVERED = {
    "parts": [],
    **dict.fromkeys(("rows", "found", "gone", "people", "owned", "leads", "recorded"), 0),
}


class DeliveryHandler(JobHandler):
    """Works a delivery. `cursor`: the `parts` of the file so far, rows and how many of them have
    somebody (`found`) or had (`gone`), `people` charged, `owned` people who were free, `leads`
    made, and the open `hold` with its number.
    """

    kind = KIND
    label = "Enrichment"

    def prepare(self, job: Job) -> Prepared | str:
        """Write the next part of the file; the whole file when all parts are there."""
        parts = job.cursor["parts"]
        if len(parts) >= job.params["parts"]:
            return files.assemble(job)
        enrichment = enrichment_of_job(job)
        part = MatchPart.objects.get(
            workspace_id=job.workspace_id, enrichment_id=enrichment.id, number=len(parts)
        )
        matches = unpack(bytes(part.matches))
        try:
            records = local_source().records(sorted({id for id, _ in matches if id}))
        except Unavailable as error:
            raise SourceResting(error.message) from error
        people = {record.id: record for record in records.values()}
        ids = BitMap(people)
        new = _charged_of(job, ids)
        name = f"{part.number:05}-{uuid4().hex[:12]}"
        rows = _rows(enrichment, part, matches, records)
        files.write_part(job, name, output.lines(rows, set(new)))
        found = sum(id in records for id, _ in matches)
        return Prepared(
            part=name,
            rows=part.rows,
            found=found,
            gone=sum(id > 0 for id, _ in matches) - found,
            ids=ids,
            new=new,
            candidates=candidates_of(people[id] for id in new) if job.params["leads"] else [],
        )

    def step(self, job: Job, prepared: Prepared | str) -> Step:
        """Charge for the part's new people, who are owned from now on, and move on."""
        cursor = dict(job.cursor)
        if isinstance(prepared, str):
            return Step(cursor=cursor, done=True)
        lock_acquisition(job.workspace_id)
        if _charged_of(job, prepared.ids) != prepared.new:
            # Another job delivered some of them meanwhile: the part says who is charged, and so
            # it is written again.
            return Step(cursor=cursor, note=job.note)
        made = self._own(job, prepared)
        before = cursor["people"]
        cursor |= {
            "parts": [*cursor["parts"], prepared.part],
            "rows": cursor["rows"] + prepared.rows,
            "found": cursor["found"] + prepared.found,
            "gone": cursor["gone"] + prepared.gone,
            "people": before + len(prepared.new),
            "owned": cursor["owned"] + len(prepared.ids) - len(prepared.new),
            "leads": cursor["leads"] + made,
        }
        tariff = Tariff.from_dict(job.params)
        amount = tariff.charge(cursor["people"]) - tariff.charge(before)
        if amount:
            capture_for(job, amount, step=len(cursor["parts"]))
        return Step(processed=prepared.rows, cursor=cursor)

    def _own(self, job: Job, prepared: Prepared) -> int:
        """Make leads of the new people where that is wanted, and note that they are owned."""
        made: Sequence[UUID] = ()
        if prepared.candidates:
            made = acquire_people(
                workspace_id=job.workspace_id,
                candidates=prepared.candidates,
                source=Lead.Source.ENRICHMENT,
                job_id=job.id,
            ).lead_ids
        own_people(workspace_id=job.workspace_id, ids=prepared.new)
        if made:
            emit(
                job.workspace_id,
                "lead.created",
                {
                    "leads": [str(lead_id) for lead_id in made],
                    "source": Lead.Source.ENRICHMENT,
                    "job": str(job.id),
                },
            )
        return len(made)

    def finish(self, job: Job) -> None:
        """Give back what is still held, write the bill, and keep the file of what was delivered."""
        release_rest(job)
        _record_charge(job)
        cursor = job.cursor = {**job.cursor, "recorded": job.cursor["people"]}
        if cursor["parts"] and job.status != Job.Status.COMPLETED:
            files.assemble(job)  # so far: it was paid for
        if job.status != Job.Status.FAILED:  # a retry goes on from the parts
            tenancy.on_commit(lambda: files.remove_parts(job))
        until = (job.finished_at or timezone.now()) + files.KEPT
        job.result = {
            "enrichment": job.params["enrichment"],
            **{name: cursor[name] for name in ("rows", "found", "gone", "people", "leads")},
            "charged": str(charged(job)),
            **({"available_until": until.isoformat()} if cursor["parts"] else {}),
        }

    def reopen(self, job: Job) -> None:
        """Hold the price of who is missing anew; 402 where the balance no longer covers it."""
        tariff = Tariff.from_dict(job.params)
        missing = tariff.charge(job.params["new"]) - charged(job)
        hold_for(job, missing, action=ACTION, actor=ACTOR)

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The file."""
        page = reverse("leads:enrichment", args=[job.params["enrichment"]])
        return [("Download CSV", files.signed_url(job)), ("See the list", page)]


def charged(job: Job) -> Decimal:
    """Credits that a delivery has charged so far."""
    people = job.cursor.get("people", 0)
    return Tariff.from_dict(job.params).charge(people) if people else NOTHING


def _charged_of(job: Job, ids: BitMap) -> BitMap:
    """Whom of a part's people the workspace doesn't own; never more than were promised.

    People who were one when it was paid, by a merge that was undone since, are free.
    """
    new = ids - owned_people(job.workspace_id)
    return BitMap(islice(new, max(job.params["new"] - job.cursor["people"], 0)))


def _rows(
    enrichment: Enrichment,
    part: MatchPart,
    matches: Sequence[RowMatch],
    records: dict[int, Record],
) -> Iterator[tuple[Sequence[str], str, Record | None]]:
    """The part's rows with who they are. Raises Conflict where the file isn't the same any more."""
    with open_list(enrichment) as table:
        if table.columns != enrichment.columns:
            raise Conflict("The file has changed since it was matched. Upload it again.")
        good = (
            row[1]
            for row in table.rows(Position(*part.start) if part.start else None)
            if not isinstance(row, RowProblem)
        )
        count = 0
        for values, (id, kind) in zip(islice(good, part.rows), matches, strict=False):
            person = records.get(id)
            count += 1
            yield values, GONE if id and person is None else kind, person
        if count != part.rows:
            raise Conflict("The file has changed since it was matched. Upload it again.")


def _record_charge(job: Job) -> None:
    """One audit entry for what was charged since it began, or was tried again (A-7)."""
    tariff = Tariff.from_dict(job.params)
    recorded = job.cursor["recorded"]
    amount = charged(job) - tariff.charge(recorded)
    if not amount:
        return
    record_charge(
        job,
        amount,
        action=ACTION,
        people=job.cursor["people"] - recorded,
        list=job.params["file"],
    )
