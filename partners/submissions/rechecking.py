"""What is on sale is checked again after 60 days, and withdrawn where it takes no mail (P-6b)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from cursive.lib import tenancy
from cursive.lib.actors import Actor
from cursive.lib.jobs.models import Job
from cursive.lib.jobs.operations import enqueue_job
from cursive.lib.jobs.registry import JobHandler, Step
from marketplace.listings.models import Listing, ListingQuerySet
from marketplace.listings.operations import withdraw_listings

from . import checking
from .quality import grade_again

KIND = "listing_recheck"
AFTER = timedelta(days=60)
# One night's work for one partner; the rest has its turn the next night.
A_NIGHT, PARTNERS_A_NIGHT = 50_000, 1_000
REASON = "Checked again after 60 days: its e-mail address takes no mail any more."
ACTOR = Actor.system("re-verification")


def start_rechecks() -> int:
    """Start a job for each partner with listings that are due; how many were started."""
    with tenancy.system_context(), tenancy.atomic():
        running = Job.objects.active().filter(kind=KIND, workspace_id=OuterRef("seller_id"))
        sellers = (
            due().filter(~Exists(running)).order_by("seller_id").values_list("seller_id", flat=True)
        )
        chosen = list(sellers.distinct()[:PARTNERS_A_NIGHT])
        for seller_id in chosen:
            enqueue_job(
                workspace_id=seller_id,
                kind=KIND,
                title="Check unsold leads again",
                params={},
                actor=ACTOR,
            )
    return len(chosen)


def due() -> ListingQuerySet:
    """Listings whose last check is 60 days old, of all partners: unsold ones, and those with a
    buyer that may have another."""
    return Listing.objects.on_sale().filter(verified_at__lt=timezone.now() - AFTER)


class RecheckHandler(JobHandler):
    """Asks round by round; who was answered for isn't due any more, and who wasn't has another turn
    the next night. Its cursor counts those `checked` and those `withdrawn`, and has the id `after`
    which it goes on; while some are waited for, the `tries`, and the last of their ids (`until`).
    """

    kind = KIND
    label = "Check of unsold leads"

    def is_ours(self, job: Job) -> bool:
        """Always: a partner who could end it would keep bad leads on sale."""
        return True

    def prepare(self, job: Job) -> checking.Asked:
        """Ask for the next addresses."""
        return checking.ask(job, lambda: self._next(job))

    def _next(self, job: Job) -> Mapping[int, str]:
        left = A_NIGHT - job.cursor.get("checked", 0)
        size = max(0, min(left, checking.round_size()))
        mine = due().of_seller(job.workspace_id).filter(id__gt=job.cursor.get("after", 0))
        if "until" in job.cursor:
            mine = mine.filter(id__lte=job.cursor["until"])
        return checking.addresses_of(job.workspace_id, mine.order_by("id")[:size])

    def step(self, job: Job, prepared: checking.Asked) -> Step:
        """Note what was answered and what it makes of the quality, and withdraw who takes no
        mail."""
        result = checking.settle(job, prepared)
        grade_again(listing_ids=list(result.answers), today=timezone.localdate())
        cursor: dict[str, Any] = {"checked": 0, "withdrawn": 0, **job.cursor}
        cursor["checked"] += len(result.answers)
        cursor["tries"] = result.tries
        if prepared.next:
            cursor.pop("until", None)
            cursor["until" if result.waiting else "after"] = max(prepared.next)
        cursor["withdrawn"] += withdraw_listings(
            seller_id=job.workspace_id, listing_ids=result.invalid, reason=REASON
        )
        return Step(
            processed=len(result.answers),
            cursor=cursor,
            total=cursor["checked"] + (not result.is_last),
            done=result.is_last,
            later=result.later,
        )

    def finish(self, job: Job) -> None:
        """Say what came of it; what wasn't asked has its turn another night."""
        checking.forget(job)
        job.result = {name: job.cursor.get(name, 0) for name in ("checked", "withdrawn")}
