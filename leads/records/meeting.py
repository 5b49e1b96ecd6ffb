"""Who of the catalogue the leads are that came by another way (L-13).

A pull passes over people whom the workspace has bought in the marketplace, by the rule of `known`;
what it will cost is said before, from the set of owned people. So whoever brings in people from
elsewhere has them looked up, and those whom a pull would pass over join the set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pyroaring import BitMap

from cursive.lib.actors import Actor
from cursive.lib.errors import Unavailable
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from leads.catalogue.local import local_source
from leads.catalogue.source import CatalogueEmpty

from .acquisition import Candidate, candidates_of, lock_acquisition, own_people
from .known import known_among
from .models import Lead
from .person import FIELD_NAMES, Person
from .pulls import SourceResting

KIND = "meeting"
BATCH = 5_000


def meet_catalogue(*, workspace_id: UUID, brought_by: UUID, leads: int, actor: Actor) -> None:
    """Have the leads that a job or an order has brought looked up, in the caller's transaction;
    where a lead database is loaded."""
    if local_source().reader.snapshot() is None:
        return
    enqueue_job(
        workspace_id=workspace_id,
        kind=KIND,
        title=f"Look for {leads:,} {'lead' if leads == 1 else 'leads'} in the lead database",
        params={"brought_by": str(brought_by)},
        actor=actor,
        key=str(brought_by),
        total=leads,
    )


@dataclass(frozen=True, slots=True)
class Met:
    """So many leads, up to `last`, and whom the catalogue takes them for."""

    leads: int
    last: UUID
    candidates: Sequence[Candidate]


class MeetingHandler(JobHandler):
    """Works such a look-up; twice is once. `cursor` is the last lead: `after`."""

    kind = KIND
    label = "Look-up in the lead database"
    is_quiet = True

    def prepare(self, job: Job) -> Met | None:
        """Ask the catalogue about the next leads."""
        leads = Lead.objects.filter(
            workspace_id=job.workspace_id,
            job_id=UUID(job.params["brought_by"]),
            catalogue_id__isnull=True,
        )
        if after := job.cursor.get("after"):
            leads = leads.filter(id__gt=UUID(after))
        batch = list(leads.order_by("id")[:BATCH])
        if not batch:
            return None
        people = [_person_of(one) for one in batch]
        try:
            ids = {match.id for match in local_source().match(people) if match.id}
            records = local_source().records(sorted(ids))
        except CatalogueEmpty:
            records = {}
        except Unavailable as error:
            raise SourceResting(error.message) from error
        return Met(len(batch), batch[-1].id, candidates_of(records.values()))

    def step(self, job: Job, prepared: Met | None) -> Step:
        """Let those join the set whom a pull would pass over now."""
        if prepared is None:
            return Step(cursor=dict(job.cursor), done=True)
        lock_acquisition(job.workspace_id)
        known = known_among(job.workspace_id, prepared.candidates).before
        digests = [one.dedup_hash for one in prepared.candidates]
        same = Lead.objects.filter(workspace_id=job.workspace_id, dedup_hash__in=digests).living()
        for digest in same.values_list("dedup_hash", flat=True):
            known.add_hash(digest)
        owned = BitMap(
            one.catalogue_id
            for one in prepared.candidates
            if one.catalogue_id is not None and known.has(one)
        )
        own_people(workspace_id=job.workspace_id, ids=owned)
        return Step(
            processed=prepared.leads,
            cursor={"after": str(prepared.last)},
            done=prepared.leads < BATCH,
        )


def _person_of(lead: Lead) -> Person:
    """The lead's record as the catalogue compares it."""
    known: dict[str, Any] = {name: getattr(lead, name) or None for name in FIELD_NAMES}
    return Person(**{**known, "intent_topics": tuple(lead.intent_topics)})
