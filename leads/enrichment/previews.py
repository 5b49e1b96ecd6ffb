"""The job that looks the rows of a list up: who they are is kept, so that what was promised is
what is delivered. It costs nothing, and so tells nothing but counts (ADR 0024)."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from pyroaring import BitMap

from cursive.lib import limits, tenancy
from cursive.lib.errors import InvalidInput, Unavailable
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.tables import Position, RowProblem, Table
from leads.catalogue.local import local_source
from leads.catalogue.masking import mask_record
from leads.catalogue.source import CatalogueSource
from leads.imports.uploads.operations import open_upload
from leads.records.person import Person
from leads.records.pulls import SourceResting
from leads.records.reading import PersonReader, Rejection

from .matches import UNSEARCHABLE, RowMatch, pack, unpack
from .models import Enrichment, MatchPart

KIND = "enrichment_preview"
# A look-up scans the catalogue's keys once, whatever the number of rows.
PART = 10_000
# Of a wide file fewer rows are taken at once, so that memory stays bounded.
MOST_CELLS = 1_000_000
# Rows that are read together: one may be large.
AT_ONCE = 100
SAMPLE = 5
#: A look-up says how many of a list are in the database, so it isn't for asking again and again.
A_DAY = limits.Limit(
    "enrichment_previews",
    "20/day",
    "Your workspace has looked up its 20 lists of the day.",
    fail_closed=True,
)
SAMPLED_ROWS = 200


@dataclass(frozen=True, slots=True)
class Prepared:
    """The next rows of a list: who they are, and where the file goes on."""

    matches: list[RowMatch]
    unreadable: int
    position: Position
    is_last: bool
    estimate: int
    sample: list[dict[str, Any]]


def part_size(columns: int) -> int:
    """How many rows of so many columns are worked on at once."""
    return max(1, min(PART, MOST_CELLS // max(columns, 1)))


class LookUpHandler(JobHandler):
    """Matches PART rows a step. Its cursor: `part`, the file's `position`, and what was counted."""

    kind = KIND
    label = "Enrichment preview"

    def prepare(self, job: Job) -> Prepared:
        """Read the next rows and look them up."""
        enrichment = enrichment_of_job(job)
        at = job.cursor.get("position")
        reader = PersonReader(enrichment.columns_mapped, default_country=enrichment.country)
        people: list[Person | None] = []
        batch: list[list[str]] = []

        def read_batch() -> None:
            found = reader.read_all(batch)
            people.extend(None if isinstance(each, Rejection) else each for each in found)
            batch.clear()

        unreadable = 0
        with open_list(enrichment) as table:
            size = part_size(len(table.columns))
            is_last = True
            for row in table.rows(Position(*at) if at else None):
                if isinstance(row, RowProblem):
                    unreadable += 1
                else:
                    batch.append(row[1])
                if len(batch) >= AT_ONCE:
                    read_batch()
                if len(people) + len(batch) + unreadable >= size:
                    is_last = False
                    break
            position = table.position
            done, total = table.progress()
        read_batch()
        rows = job.cursor.get("rows", 0) + len(people)
        source = local_source()
        try:
            matches = _matches(source, people)
            sample = [] if job.cursor else _sample(source, people)
        except Unavailable as error:
            raise SourceResting(error.message) from error
        estimate = rows if is_last else max(rows + 1, rows * total // max(done, 1))
        return Prepared(matches, unreadable, position, is_last, estimate, sample)

    def step(self, job: Job, prepared: Prepared) -> Step:
        """Keep who the rows are, count them, and move on."""
        cursor = {
            **dict.fromkeys(("part", "rows", "found", "ambiguous", "without_key", "unreadable"), 0),
            "position": None,
            "sample": prepared.sample,
            **job.cursor,
        }
        kinds = [kind for _, kind in prepared.matches]
        if kinds:
            MatchPart.objects.create(
                workspace_id=job.workspace_id,
                enrichment_id=UUID(job.params["enrichment"]),
                number=cursor["part"],
                start=cursor["position"],
                rows=len(kinds),
                matches=pack(prepared.matches),
            )
            cursor["part"] += 1
        cursor["position"] = list(prepared.position)
        cursor["rows"] += len(kinds)
        cursor["found"] += sum(id > 0 for id, _ in prepared.matches)
        cursor["ambiguous"] += kinds.count("ambiguous")
        cursor["without_key"] += kinds.count(UNSEARCHABLE[1])
        cursor["unreadable"] += prepared.unreadable
        if prepared.is_last and not cursor["rows"]:
            raise InvalidInput(
                "The file has no rows that can be read under its column names. Upload one that has."
            )
        return Step(
            processed=len(kinds),
            failed=prepared.unreadable,
            cursor=cursor,
            done=prepared.is_last,
            total=prepared.estimate + cursor["unreadable"],
        )

    def finish(self, job: Job) -> None:
        """Write down what was found. The result names counts, and never who."""
        if job.status == Job.Status.FAILED and not job.cursor.get("rows"):
            # Nobody was looked up, so it isn't one of the day's.
            use = job.params["enrichment"]
            tenancy.on_commit(lambda: limits.give_back(A_DAY, job.workspace_id, use))
        if job.status != Job.Status.COMPLETED:
            return
        enrichment = enrichment_of_job(job)
        parts = MatchPart.objects.filter(
            workspace_id=job.workspace_id, enrichment_id=enrichment.id
        ).values_list("matches", flat=True)
        people = BitMap()
        for stored in parts.iterator(20):
            people |= BitMap(id for id, _ in unpack(bytes(stored)) if id)
        people.run_optimize()
        counts = ("rows", "found", "ambiguous", "without_key", "unreadable")
        for name in counts:
            setattr(enrichment, name, job.cursor[name])
        enrichment.sample = job.cursor.pop("sample")
        enrichment.people, enrichment.people_ids = len(people), people.serialize()
        enrichment.matched_at = timezone.now()
        enrichment.save()
        # Different people only: a row that is repeated 2, 4, 8 times would make a count of rows
        # say of each address whether it was found.
        job.result = {
            "enrichment": str(enrichment.id),
            "people": len(people),
            **{name: job.cursor[name] for name in ("rows", "without_key", "unreadable")},
        }

    def reopen(self, job: Job) -> None:
        """It is one of the day's again. Raises TooMany."""
        if not job.cursor.get("rows"):
            limits.hit_once(A_DAY, job.workspace_id, job.params["enrichment"])

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The page with the price."""
        return [("See the price", reverse("leads:enrichment", args=[job.params["enrichment"]]))]


def enrichment_of_job(job: Job) -> Enrichment:
    """The list that a preview or a delivery works on."""
    return Enrichment.objects.get(workspace_id=job.workspace_id, id=job.params["enrichment"])


def open_list(enrichment: Enrichment) -> Table:
    """The file as it was read when matching began; close it.

    Raises Conflict where it is no longer kept, TableRefused where it can't be read.
    """
    return open_upload(enrichment.as_read())


def _matches(source: CatalogueSource, people: Sequence[Person | None]) -> list[RowMatch]:
    known = [person for person in people if person is not None]
    found: Iterator[RowMatch] = iter(source.match(known))
    return [UNSEARCHABLE if person is None else next(found) for person in people]


def _sample(source: CatalogueSource, people: Sequence[Person | None]) -> list[dict[str, Any]]:
    """Some people whom name and company or LinkedIn address find alone, masked.

    Addresses and numbers of the list have no part in it: whom they belong to is what is sold.
    """
    open_keys = [
        Person(
            first_name=person.first_name,
            last_name=person.last_name,
            linkedin_url=person.linkedin_url,
            company_name=person.company_name,
            company_domain=person.company_domain,
        )
        for person in people[:SAMPLED_ROWS]
        if person is not None
    ]
    ids = list(dict.fromkeys(id for id, _ in source.match(open_keys) if id))[:SAMPLE]
    records = source.records(ids)
    shown = ("first_name", "last_name", "title", "company_name", "email", "phone", "country")
    masked = (mask_record(asdict(records[id].person)) for id in ids if id in records)
    return [{name: one[name] for name in shown} for one in masked]
