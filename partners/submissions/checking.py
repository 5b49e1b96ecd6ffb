"""Asking whether listings' addresses take mail: by the queue of `leads.verification`, its cache,
its limits and its circuit breakers. Nobody is charged (P-3, P-6b).

A job asks round by round. Where providers have a key, a round is queued as ListingChecks, which
are asked for in as many steps as it takes; where there is only the built-in check, which costs
nothing and may be repeated, a round is asked at once, each domain of it a single time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.errors import Unavailable
from cursive.lib.jobs.lease import raise_if_ended
from cursive.lib.jobs.models import Job
from leads.verification.asking import BACKOFF, GIVEN_UP_AFTER, OUTAGE, ask_for, wait_for
from leads.verification.known import answer_known, recall
from leads.verification.models import MOST_TRIES, Status
from leads.verification.providers import BuiltIn, Verdict, is_built_in
from marketplace.listings.models import Listing, ListingPerson
from marketplace.listings.operations import record_checks

from .models import ListingCheck

# A round: built-in answers come by the thousand, a provider's five at once.
OURSELVES_AT_A_TIME, QUEUED_AT_A_TIME, ASKED_AT_A_TIME = 4_000, 1_000, 200
SECONDS_A_STEP = 20.0
_AT_SIGHT = 2_000
_QUEUE = """
    INSERT INTO partners_listingcheck (id, workspace_id, listing_id, job_id, address, state, tries,
        next_attempt_at, created_at, provider, not_again, status, reason)
    SELECT t.id, %(workspace)s, t.listing_id, %(job)s, t.address, 'waiting', 0,
        %(now)s, %(now)s, '', '', '', ''
    FROM unnest(%(ids)s::uuid[], %(listings)s::bigint[], %(addresses)s::text[])
        t (id, listing_id, address)
    ON CONFLICT DO NOTHING
"""


@dataclass(slots=True)
class Round:
    """What a step of asking brought: listing → status of L-15; who could not be asked about,
    now (`waiting`) or however often it was tried (`unanswered`), and so isn't checked; whether
    anybody is left to ask, and how long there is nothing to do."""

    answers: dict[int, str] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    unanswered: list[int] = field(default_factory=list)
    is_last: bool = False
    later: timedelta | None = None
    #: What the job's cursor has as `tries` until the next step.
    tries: list[Any] | None = None

    @property
    def invalid(self) -> list[int]:
        """Those whose address takes no mail."""
        return sorted(id for id, status in self.answers.items() if status == Status.INVALID)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found out before a step: who is next, and what was said of them at once, if it
    was; `is_outage` where nobody's domain can be looked up just now."""

    next: Mapping[int, str] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] | None = None
    is_queued: bool = False
    is_outage: bool = False


def addresses_of(workspace_id: UUID, listings: QuerySet[Listing]) -> dict[int, str]:
    """The addresses of a partner's listings, by listing, in their order."""
    ids = list(listings.values_list("id", flat=True))
    people = ListingPerson.objects.filter(workspace_id=workspace_id, listing_id__in=ids)
    found = dict(people.values_list("listing_id", "record__email"))
    return {id: found[id] for id in ids if found.get(id)}


def round_size() -> int:
    """How many listings are asked about in one round, by whom is asked."""
    return OURSELVES_AT_A_TIME if is_built_in() else QUEUED_AT_A_TIME


def ask(job: Job, choose: Callable[[], Mapping[int, str]]) -> Asked:
    """Ask what is queued; where nothing is, choose who comes next, and ask ourselves where nobody
    else can be. Outside of a step's transaction; may be done twice."""
    if _checks(job).exists():
        due = _due(job)[:ASKED_AT_A_TIME]
        known = recall(check.address for check in due)
        unknown = [check.id for check in due if check.address not in known]
        if unknown:
            seconds = min(SECONDS_A_STEP, settings.JOB_LEASE_SECONDS / 3)
            ask_for(job.workspace_id, unknown, seconds=seconds, model=ListingCheck)
        return Asked(is_queued=True)
    chosen = choose()
    if not chosen or not is_built_in():
        return Asked(chosen)
    verdicts: dict[str, Verdict] = {}
    addresses = list(dict.fromkeys(chosen.values()))
    for at in range(0, len(addresses), _AT_SIGHT):
        raise_if_ended()
        verdicts |= BuiltIn().ask_all(addresses[at : at + _AT_SIGHT])
    return Asked(chosen, verdicts, is_outage=BuiltIn.breaker.is_open())


def settle(job: Job, asked: Asked) -> Round:
    """Record what was answered with the listings, and queue who comes next. In a step."""
    if not asked.is_queued:
        if not asked.next:
            return Round(is_last=True)
        if asked.verdicts is None:
            _queue(job, asked.next)
            return Round()
        found = _found(job, asked, asked.verdicts)
    else:
        due = list(_due(job)[:QUEUED_AT_A_TIME])
        known = recall(check.address for check in due)
        answer_known(
            ListingCheck, job.workspace_id, {one.id: known.get(one.address) for one in due}
        )
        answered = _checks(job).filter(state=ListingCheck.State.ANSWERED)
        found = Round()
        for listing_id, status, provider, reason in answered.values_list(
            "listing_id", "status", "provider", "reason"
        ):
            if provider and reason != BuiltIn.NO_DNS.reason:
                found.answers[listing_id] = status
            else:
                found.unanswered.append(listing_id)
        over = [*found.answers, *found.unanswered]
        # They have said what they were for.
        _checks(job).filter(listing_id__in=over).delete()
        if not over and not _due(job)[:1] and _checks(job).exists():
            found.later = wait_for(_checks(job))
    if found.answers:
        # What isn't queued was asked of the built-in check.
        record_checks(checks=found.answers, may_say_valid=asked.is_queued)
    return found


def _found(job: Job, asked: Asked, verdicts: Mapping[str, Verdict]) -> Round:
    """What we found out ourselves. Who wasn't answered for is asked about again after a while, as
    at a provider (L-16): three times, or for a day while nobody's domain can be looked up."""
    found = Round({id: str(verdicts[to].status) for id, to in asked.next.items() if to in verdicts})
    missing = [id for id, address in asked.next.items() if address not in verdicts]
    if not missing:
        return found
    tries, since = job.cursor.get("tries") or (0, timezone.now().isoformat())
    if asked.is_outage:
        if timezone.now() - datetime.fromisoformat(since) >= GIVEN_UP_AFTER:
            raise Unavailable("For a day no domain could be looked up. Try again later.")
        found.waiting, found.later = missing, OUTAGE
    elif tries + 1 >= MOST_TRIES:
        found.unanswered = missing
        return found
    else:
        found.waiting, found.later = missing, BACKOFF[tries]
        tries += 1
    found.tries = [tries, since]
    return found


def forget(job: Job) -> int:
    """Take from the queue what a job that is over hasn't settled; about how many of them somebody
    was asked already."""
    asked = _checks(job).exclude(state=ListingCheck.State.WAITING, tries=0).count()
    _checks(job).delete()
    return asked


def _checks(job: Job) -> QuerySet[ListingCheck]:
    found: QuerySet[ListingCheck] = ListingCheck.objects.filter(
        workspace_id=job.workspace_id, job_id=job.id
    )
    return found


def _due(job: Job) -> QuerySet[ListingCheck]:
    checks = ListingCheck.objects.filter(workspace_id=job.workspace_id, job_id=job.id)
    found: QuerySet[ListingCheck] = checks.due().order_by("next_attempt_at", "id")
    return found


def _queue(job: Job, addresses: Mapping[int, str]) -> None:
    listings = list(addresses)
    with tenancy.connection().cursor() as cursor:
        cursor.execute(
            _QUEUE,
            {
                "workspace": job.workspace_id,
                "job": job.id,
                "now": timezone.now(),
                "ids": [tenancy.uuid7() for _ in listings],
                "listings": listings,
                "addresses": list(addresses.values()),
            },
        )
