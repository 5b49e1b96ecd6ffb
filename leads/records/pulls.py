"""Pulls: people of the catalogue become leads, as a job, charged for who is delivered (S-8).

Credits for what can be delivered are held with the job's row. Each step delivers one batch,
captures its price and moves the cursor in one transaction, so a worker may die anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from credits.ledger.jobs import capture_for, hold_for, record_charge, release_rest
from credits.prices.queries import price_of
from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.errors import InvalidInput, Unavailable
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import earlier_job, enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from cursive.lib.jobs.starters import started_by
from cursive.lib.outbox import emit
from leads.catalogue.local import local_source
from leads.filters.document import digest, dump, parse
from leads.filters.sentence import sentence
from leads.filters.tree import Group

from .acquisition import Candidate, acquire_people, candidates_of, owned_people
from .models import Lead
from .queries import address_of_job

KIND = "pull"
ACTION = "pull"
MAX_LIMIT = 50_000
BATCH = 5_000
# A batch is larger than what is missing, so that skipped people don't make many steps.
SMALLEST_BATCH = 100
MAX_KEY = 200
ORDERS = ("score", "fresh")
ACTOR = Actor.system("pull")


class SourceResting(Exception):
    """The catalogue can't answer now; the job is tried again later, not failed."""


def read_limit(raw: object) -> int:
    """How many leads to pull. Raises InvalidInput for all but a whole number 1 to 50,000."""
    if isinstance(raw, int) and not isinstance(raw, bool) and 1 <= raw <= MAX_LIMIT:
        return raw
    sentence = f"Use a whole number from 1 to {MAX_LIMIT:,}."
    raise InvalidInput(sentence, fields={"limit": sentence})


def read_order(raw: object) -> str:
    """Which people first: best score, or freshest record. Raises InvalidInput."""
    if isinstance(raw, str) and raw in ORDERS:
        return raw
    sentence = f"Use one of {', '.join(ORDERS)}."
    raise InvalidInput(sentence, fields={"order": sentence})


def read_key(raw: object) -> str:
    """An Idempotency-Key. Raises InvalidInput for one that can't be kept."""
    if isinstance(raw, str) and len(raw) <= MAX_KEY and raw.isprintable():
        return raw
    sentence = f"Use at most {MAX_KEY} printable characters."
    raise InvalidInput(sentence, fields={"Idempotency-Key": sentence})


def start_pull(
    *,
    workspace_id: UUID,
    actor: Actor,
    filter: Group,
    limit: object,
    order: object,
    key: str,
    segment_id: UUID,
    title: str,
) -> tuple[Job, bool]:
    """Hold the price of min(limit, people who are new), and write the job. Returns it, and whether
    it is new; see segments.saved.operations.pull_leads.
    """
    wanted, first = read_limit(limit), read_order(order)
    request = {"segment": str(segment_id), "limit": wanted, "order": first}
    with tenancy.atomic():
        earlier = earlier_pull(workspace_id, key, request)
        if earlier is not None:
            return earlier, False
        count = local_source().count(filter, owned=owned_people(workspace_id))
        wanted = min(wanted, count.net_new)
        price = price_of(ACTION)
        job, _ = enqueue_job(
            workspace_id=workspace_id,
            kind=KIND,
            title=f"Pull {wanted:,} {'lead' if wanted == 1 else 'leads'}: {title}"[:200],
            params={
                **request,
                "filter": dump(filter),
                "digest": digest(filter),
                "sentence": sentence(filter)[:500],
                "price": str(price),
                "by": started_by(actor),
                "owned": count.total - count.net_new,
                "new": count.net_new,
            },
            actor=actor,
            key=key,
            total=wanted,
        )
        job.cursor = dict.fromkeys(("delivered", "owned", "doubles"), 0)
        hold_for(job, price * wanted, action=ACTION, actor=actor)
        job.save(update_fields=["cursor"])
    return job, True


def earlier_pull(
    workspace_id: UUID, key: str, request: Mapping[str, Any] | None = None
) -> Job | None:
    """The job that this Idempotency-Key made, if any. Two at once with one key wait here.

    Raises `Conflict` where it was made by another request.
    """
    return earlier_job(workspace_id=workspace_id, kind=KIND, key=read_key(key), params=request)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The next people of the catalogue, with their identities, and where to go on."""

    candidates: list[Candidate]
    after: str | None


class PullHandler(JobHandler):
    """Works a pull. `total` is how many can be delivered, `cursor` how far it got:

    `after` (the catalogue's), `delivered`, passed over as `owned` or as `doubles` of others in
    this pull, and the open `hold` with its number.
    """

    kind = KIND
    label = "Pull"

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The lead list, whose newest are these; nothing where nobody was delivered."""
        delivered = job.result.get("delivered")
        return [("See the leads", address_of_job(job.id))] if delivered else []

    def prepare(self, job: Job) -> Prepared | None:
        """Read the next people outside the step; who is owned may be out of date by then."""
        missing = job.total - job.cursor["delivered"]
        if missing <= 0:
            return None
        try:
            batch = local_source().take(
                parse(job.params["filter"], scope="catalogue"),
                limit=_batch(missing, job.cursor),
                order=job.params["order"],
                owned=owned_people(job.workspace_id),
                after_cursor=job.cursor.get("after"),
            )
        except Unavailable as error:
            raise SourceResting(error.message) from error
        return Prepared(candidates_of(batch.records), batch.cursor)

    def step(self, job: Job, prepared: Prepared | None) -> Step:
        """Deliver, charge, announce and move on, all or nothing."""
        cursor = dict(job.cursor)
        if prepared is None:
            return Step(cursor=cursor, done=True)
        acquired = acquire_people(
            workspace_id=job.workspace_id,
            candidates=prepared.candidates,
            source=Lead.Source.DATABASE,
            limit=job.total - cursor["delivered"],
            segment_id=UUID(job.params["segment"]),
            job_id=job.id,
        )
        made = len(acquired.lead_ids)
        if made:
            price = Decimal(job.params["price"])
            capture_for(job, made * price, step=cursor["delivered"])
            emit(
                job.workspace_id,
                "lead.created",
                {
                    "leads": [str(lead_id) for lead_id in acquired.lead_ids],
                    "source": Lead.Source.DATABASE,
                    "segment": job.params["segment"],
                    "job": str(job.id),
                },
            )
        cursor["delivered"] += made
        cursor["owned"] += acquired.owned
        cursor["doubles"] += acquired.doubles
        if not acquired.left:  # else the rest of this batch is read once more, without those
            cursor["after"] = prepared.after
        is_last = prepared.after is None and not acquired.left
        return Step(
            processed=made,
            cursor=cursor,
            done=is_last or cursor["delivered"] >= job.total,
            note=_note(cursor),
        )

    def finish(self, job: Job) -> None:
        """Give back what is still held, and write the bill."""
        release_rest(job)
        _record_charge(job)
        cursor = job.cursor = {**job.cursor, "recorded": job.cursor["delivered"]}
        whole = job.status == Job.Status.COMPLETED and job.params["limit"] >= job.params["new"]
        job.result = {
            "delivered": cursor["delivered"],
            # Who asked for everybody was told how many were owned before; say it here too.
            "skipped_owned": cursor["owned"] + (job.params["owned"] if whole else 0),
            "skipped_doubles": cursor["doubles"],
            "charged": str(cursor["delivered"] * Decimal(job.params["price"])),
            "segment": job.params["segment"],
        }

    def reopen(self, job: Job) -> None:
        """Hold the price of what is missing anew; 402 where the balance no longer covers it."""
        missing = job.total - job.cursor["delivered"]
        hold_for(job, missing * Decimal(job.params["price"]), action=ACTION, actor=ACTOR)


def _record_charge(job: Job) -> None:
    """One audit entry for what the pull charged since it began, or was tried again (A-7)."""
    leads = job.cursor["delivered"] - job.cursor.get("recorded", 0)
    if not leads:
        return
    record_charge(
        job,
        leads * Decimal(job.params["price"]),
        action=ACTION,
        leads=leads,
        which=job.params["sentence"],
        segment=job.params["segment"],
    )


def _batch(missing: int, cursor: Mapping[str, Any]) -> int:
    """How many people to read for `missing` leads, where as many are passed over as before."""
    passed, delivered = cursor["owned"] + cursor["doubles"], cursor["delivered"]
    expected = missing * (1 + passed / max(delivered, 1)) * 1.1
    return min(BATCH, int(expected) + SMALLEST_BATCH)


def _note(cursor: Mapping[str, Any]) -> str:
    """Who was passed over, in words for people."""
    said = []
    if cursor["owned"]:
        said.append(f"{cursor['owned']:,} owned already")
    if cursor["doubles"]:
        said.append(f"{cursor['doubles']:,} the same person as another record")
    return f"Passed over: {', '.join(said)}" if said else ""
