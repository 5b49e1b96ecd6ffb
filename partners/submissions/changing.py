"""What changes the leads of a submission, however many: publish, turn down, reprice, withdraw,
remove, put back. In batches, each one step of a job; what is small is done at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet
from django.urls import reverse

from cursive.lib.actors import Actor
from cursive.lib.errors import Conflict
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from leads.catalogue.suppression import are_suppressed, suppression_list
from marketplace.listings.models import Listing, ListingPerson, ListingQuerySet
from marketplace.listings.operations import (
    lock_listings,
    publish_listings,
    reject_listings,
    reprice_listings,
    withdraw_listings,
)
from marketplace.listings.people import candidate_in
from marketplace.listings.sellers import reinstate_seller, suspend_seller
from marketplace.listings.upkeep import relist_listings, remove_listings, suspend_listings
from partners.program.guards import lock_partner, require_selling

from .models import Submission

KIND = "submission_change"
BATCH = 2_000
#: So many are changed while somebody waits.
AT_ONCE = 1_000
ACTOR = Actor.system("submissions")
TITLES = {
    "publish": "Put {} on sale",
    "reject": "Turn {} down",
    "reprice": "Change the price of {}",
    "withdraw": "Take {} off sale",
    "drop": "Remove the leads of {}",
    "suspend": "Take leads off sale",
    "relist": "Put leads back on sale",
}
SUPPRESSED = "This person has asked not to be contacted."
NOT_CHOSEN = "Not among the leads of this submission that were approved."
#: What may be deleted.
NEVER_ON_SALE = (Listing.Status.DRAFT, Listing.Status.REJECTED)
_STATUSES: dict[str, list[str]] = {
    "publish": [Listing.Status.DRAFT],
    "reject": [Listing.Status.DRAFT],
    "suspend": [Listing.Status.LISTED],
}


def change(found: Submission, actor: Actor, action: str, **params: Any) -> Job | None:
    """Do `action` to a submission's leads in the caller's transaction, or by a job, which is
    returned, where there are many."""
    listings = _concerned(Listing.objects.filter(submission_id=found.id), action)
    ids = list(listings.order_by("id").values_list("id", flat=True)[: AT_ONCE + 1])
    if len(ids) <= AT_ONCE:
        _ACTIONS[action](found.workspace_id, {**params, "submission": str(found.id)}, ids)
        return None
    return start_change(found, actor, action, total=found.valid, **params)


def start_change(
    found: Submission, actor: Actor, action: str, *, total: int = 0, **params: Any
) -> Job:
    """Start the job that does `action` to all leads of a submission."""
    job, _ = enqueue_job(
        workspace_id=found.workspace_id,
        kind=KIND,
        title=TITLES[action].format(found),
        params={"submission": str(found.id), "action": action, **params},
        actor=actor,
        total=total,
    )
    found.change_job = job
    found.save(update_fields=["change_job"])
    return job


def suspend_all(workspace_id: UUID, reason: str) -> None:
    """Let nothing of a partner's be sold from the caller's commit on, and take it off sale: at
    once as far as it is little, else by a job."""
    listed = _concerned(Listing.objects.of_seller(workspace_id), "suspend")
    ids = list(listed.order_by("id").values_list("id", flat=True)[: AT_ONCE + 1])
    if len(ids) <= AT_ONCE:
        suspend_listings(seller_id=workspace_id, listing_ids=ids, reason=reason)
    else:
        _start_for_partner(workspace_id, "suspend", reason=reason)
    suspend_seller(workspace_id)


def relist_all(workspace_id: UUID) -> Job:
    """Let be sold again what a partner has listed, and put back by a job what the suspension took
    off sale: without those who have asked since not to be contacted. In the caller's
    transaction."""
    reinstate_seller(workspace_id)
    return _start_for_partner(workspace_id, "relist")


def _start_for_partner(workspace_id: UUID, action: str, **params: Any) -> Job:
    job, _ = enqueue_job(
        workspace_id=workspace_id,
        kind=KIND,
        title=TITLES[action],
        params={"submission": "", "action": action, **params},
        actor=ACTOR,
    )
    return job


def drop_leads(found: Submission, statuses: Sequence[str] = NEVER_ON_SALE) -> None:
    """Delete a submission's leads that were never on sale, those that are there now: at once as
    far as they are few, the others by a job. In the caller's transaction."""
    gone = Listing.objects.filter(submission_id=found.id, status__in=statuses)
    until = gone.aggregate(last=Max("id"))["last"] or 0
    if _drop(found.workspace_id, found.id, statuses, until, AT_ONCE) == AT_ONCE:
        start_change(found, ACTOR, "drop", until=until, statuses=list(statuses))


def _drop(
    workspace_id: UUID, submission_id: UUID, statuses: Sequence[str], until: int, limit: int
) -> int:
    return remove_listings(
        seller_id=workspace_id,
        submission_id=submission_id,
        statuses=statuses,
        until_id=until,
        limit=limit,
    )


class ChangeHandler(JobHandler):
    """Its cursor: `after`, the last line (of a submission) or id (of a partner) that is done, and
    counts of what became of them."""

    kind = KIND
    label = "Change of leads on sale"

    def __init__(self, over: Callable[[Job, Submission], None]) -> None:
        """`over` is told in the transaction that ends a job about a submission."""
        self._over = over

    def is_ours(self, job: Job) -> bool:
        """What staff decided, and what follows from it; not what the partner asked for."""
        return job.created_by_id is None and job.created_by_label == ACTOR.label

    def links(self, job: Job) -> list[tuple[str, str]]:
        """The submission."""
        if not (about := job.params["submission"]):
            return []
        return [("See the submission", reverse("partners:submission", args=[about]))]

    def step(self, job: Job, prepared: None) -> Step:
        """Change the next batch."""
        action, after = job.params["action"], job.cursor.get("after", 0)
        counts = Counter(job.cursor.get("counts", {}))
        if action == "drop":
            about, until = UUID(job.params["submission"]), job.params["until"]
            done = _drop(job.workspace_id, about, job.params["statuses"], until, BATCH)
            return Step(processed=done, cursor=job.cursor, done=done < BATCH)
        if action in {"publish", "relist", "suspend"}:
            # Under the lock that a suspension takes first: it comes before this batch or after it.
            partner = lock_partner(job.workspace_id)
            if action == "publish":
                require_selling(partner)  # else the job fails, and staff decide anew
            elif partner is None or partner.may_sell == (action == "suspend"):
                return Step(cursor=job.cursor, done=True)  # decided otherwise meanwhile
        column = "line" if job.params["submission"] else "id"
        rows = list(_next(job, action, column, after))
        if rows:
            counts += _ACTIONS[action](job.workspace_id, job.params, [id for id, _ in rows])
            after = rows[-1][1]
        cursor = {"after": after, "counts": dict(counts)}
        return Step(processed=len(rows), cursor=cursor, done=len(rows) < BATCH)

    def reopen(self, job: Job) -> None:
        """Go on with a decision that was cut short. Raises Conflict where staff have decided anew
        since."""
        if job.params["action"] not in {"publish", "reject"}:
            return
        waiting = Submission.objects.filter(
            workspace_id=job.workspace_id,
            id=job.params["submission"],
            status=Submission.Status.REVIEW,
        )
        if not waiting.update(status=Submission.Status.PUBLISHING):
            raise Conflict("This submission is decided already.")

    def finish(self, job: Job) -> None:
        """Say what came of it."""
        job.result = {"action": job.params["action"], **job.cursor.get("counts", {})}
        if about := job.params["submission"]:
            self._over(job, Submission.objects.get(workspace_id=job.workspace_id, id=about))


def _next(job: Job, action: str, column: str, after: int) -> QuerySet[Listing, tuple[int, int]]:
    mine = Listing.objects.of_seller(job.workspace_id).filter(**{f"{column}__gt": after})
    listings = _concerned(mine, action)
    if job.params["submission"]:
        listings = listings.filter(submission_id=job.params["submission"])
    return listings.order_by(column).values_list("id", column)[:BATCH]


def _concerned(listings: ListingQuerySet, action: str) -> ListingQuerySet:
    """Those of `listings` that `action` has something to do with."""
    if action == "withdraw":
        return listings.withdrawable()
    if action == "relist":
        return listings.suspended()
    if action == "reprice":
        return listings.repriceable()
    return listings.filter(status__in=_STATUSES[action])


def _suppressed(seller_id: UUID, ids: Sequence[int]) -> set[int]:
    """Those whose people are on the suppression list by now (A-18)."""
    if suppression_list() is None:
        return set()  # and nobody has to be read
    people = list(ListingPerson.objects.filter(workspace_id=seller_id, listing_id__in=ids))
    said = are_suppressed([candidate_in(one.record) for one in people])
    return {one.listing_id for one, is_listed in zip(people, said, strict=True) if is_listed}


def chosen(selection: dict[str, Any]) -> Q:
    """Which drafts an approval is about: `quality` at least, `statuses` of their check, and as
    `floor` the quality and id of the last of the best, where only so many are wanted."""
    condition = Q(verified_at__isnull=False, quality__gte=selection.get("quality", 0))
    condition &= ~Q(verification_status="invalid")
    if statuses := selection.get("statuses"):
        condition &= Q(verification_status__in=statuses)
    if floor := selection.get("floor"):
        condition &= Q(quality__gt=floor[0]) | Q(quality=floor[0], id__lte=floor[1])
    return condition


def _publish(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    lock_listings(ids)  # all at once, in their order; what follows takes them in three parts
    suppressed = _suppressed(seller_id, ids)
    wanted = Listing.objects.filter(chosen(params["selection"]), id__in=ids)
    mine = set(wanted.values_list("id", flat=True)) - suppressed
    told = {
        "approved": publish_listings(seller_id=seller_id, listing_ids=sorted(mine)),
        "suppressed": reject_listings(
            seller_id=seller_id, listing_ids=sorted(suppressed), reason=SUPPRESSED
        ),
        "rejected": reject_listings(
            seller_id=seller_id,
            listing_ids=sorted(set(ids) - mine - suppressed),
            reason=NOT_CHOSEN,
        ),
    }
    return Counter(told)


def _reject(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    done = reject_listings(seller_id=seller_id, listing_ids=ids, reason=params["reason"])
    return Counter(rejected=done)


def _reprice(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    # The price as it is now: of two changes at once the last one counts for all leads.
    cents = Submission.objects.values_list("price_cents", flat=True).get(
        workspace_id=seller_id, id=params["submission"]
    )
    done = reprice_listings(seller_id=seller_id, listing_ids=ids, price_cents=cents)
    return Counter(repriced=done)


def _withdraw(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    done = withdraw_listings(seller_id=seller_id, listing_ids=ids, reason=params["reason"])
    return Counter(withdrawn=done)


def _suspend(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    done = suspend_listings(seller_id=seller_id, listing_ids=ids, reason=params["reason"])
    return Counter(suspended=done)


def _relist(seller_id: UUID, params: dict[str, Any], ids: Sequence[int]) -> Counter[str]:
    back = sorted(set(ids) - _suppressed(seller_id, ids))
    return Counter(relisted=relist_listings(seller_id=seller_id, listing_ids=back))


_ACTIONS: dict[str, Callable[[UUID, dict[str, Any], Sequence[int]], Counter[str]]] = {
    "publish": _publish,
    "reject": _reject,
    "reprice": _reprice,
    "withdraw": _withdraw,
    "suspend": _suspend,
    "relist": _relist,
}
