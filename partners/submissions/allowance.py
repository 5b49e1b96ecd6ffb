"""How much of our checking a partner has in a day (P-3): asking about an address costs us, whatever
becomes of what is handed in.

So what counts is kept with each submission, and counts for 24 hours, given up or not. Whoever asks
holds the partner's lock (`lock_partner`): of two at the same moment the second knows of the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from cursive.lib.errors import TooMany
from partners.program.models import Partner

from .models import Submission

SPAN = timedelta(hours=24)
# How soon somebody may look whether one of the files under way is done.
SOON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a partner has of it now: addresses in 24 hours, and those that count already with the
    moments at which they were begun, oldest first."""

    most: int
    counted: Sequence[tuple[datetime, int]]

    @property
    def used(self) -> int:
        """How many addresses count."""
        return sum(checks for _, checks in self.counted)

    @property
    def left(self) -> int:
        """How many more there may be now."""
        return max(0, self.most - self.used)

    def free_at(self, checks: int) -> datetime | None:
        """When so many may be checked; None: never, they are more than a day's."""
        if checks > self.most:
            return None
        left = self.most - self.used
        for begun, number in self.counted:
            if left >= checks:
                break
            left += number
            free = begun + SPAN
        return free if self.left < checks else timezone.now()


def allowance_of(partner: Partner) -> Allowance:
    """What a partner has, and has used; one query."""
    lately = Submission.objects.filter(
        workspace_id=partner.workspace_id, checks_at__gt=timezone.now() - SPAN, checks__gt=0
    )
    counted = lately.order_by("checks_at").values_list("checks_at", "checks")
    return Allowance(partner.checks_a_day, [(at, number) for at, number in counted if at])


def require_allowance(partner: Partner) -> None:
    """Let another file of the locked partner's be checked. Raises TooMany where as many are under
    way as there may be, or nothing of the day is left."""
    under_way = Submission.objects.filter(
        workspace_id=partner.workspace_id, status=Submission.Status.VALIDATING
    ).count()
    if under_way >= partner.checks_at_once:
        raise TooMany(
            f"{under_way:,} of your files {'is' if under_way == 1 else 'are'} being checked, the"
            " most there may be at a time. Go on when one of them is done.",
            retry_after=int(SOON.total_seconds()),
        )
    found = allowance_of(partner)
    if not found.left:
        free = found.free_at(1) or timezone.now() + SPAN
        raise TooMany(
            f"We check up to {found.most:,} of your leads in 24 hours, and {found.used:,} were"
            f" checked, those of files that you gave up too. Go on at {_said(free)}."
            if found.most
            else "None of your leads are checked just now. Ask our support.",
            retry_after=max(1, round((free - timezone.now()).total_seconds())),
            limit=found.most,
            remaining=0,
            reset=int(free.timestamp()) + 1,
        )


def take_allowance(partner: Partner, about: Submission, checks: int) -> str:
    """Count so many addresses as checked for a submission of the locked partner's; why that can't
    be, in words, where they are more than what is left: then nothing is counted.

    What the same submission had checked before, in a try that failed, counts still.
    """
    found = allowance_of(partner)
    if checks > found.left:
        free = found.free_at(checks)
        then = f"Upload it again at {_said(free)}." if free else "Split it, or ask our support."
        return (
            f"It has {checks:,} leads to be checked. We check up to {found.most:,} of yours in 24"
            f" hours, and {found.left:,} of them are left. {then}"
        )
    about.checks, about.checks_at = counted_before(about) + checks, timezone.now()
    about.save(update_fields=["checks", "checks_at"])
    return ""


def counted_before(about: Submission) -> int:
    """How many addresses of a submission count from an earlier try."""
    is_counted = about.checks_at is not None and about.checks_at > timezone.now() - SPAN
    return about.checks if is_counted else 0


def _said(moment: datetime) -> str:
    """A moment, rounded up to the minute."""
    return f"{moment + timedelta(seconds=59):%Y-%m-%d %H:%M} UTC"
