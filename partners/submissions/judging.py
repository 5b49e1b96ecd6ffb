"""Which rows of a partner's file are leads that can be sold (P-3)."""

import datetime
from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from leads.imports.judging import WANTED, Found, Judge
from leads.imports.staging import INVALID
from leads.records.acquisition import Candidate
from leads.records.person import Person
from marketplace.listings.known import MARKET, OTHERS, OWN, offered_among

FRESH_DAYS = 90
NO_EMAIL = "There is no valid e-mail address. Every lead needs one."
STALE = f"This record is {FRESH_DAYS} days old or older. Only fresher ones are taken."
KNOWN = {
    OWN: "This person is in an earlier submission of yours.",
    OTHERS: "Another partner has submitted this person.",
    MARKET: "This person is or was on sale in the marketplace.",
}


def collected(person: Person, collected_on: datetime.date) -> datetime.date:
    """The day a record is from: its own, else the file's; none that is to come."""
    return min(person.source_date or collected_on, timezone.localdate())


class SubmissionJudge(Judge):
    """Takes who has an e-mail address and a fresh record, and is offered by nobody yet."""

    def __init__(
        self, *, seller_id: UUID, submission_id: UUID, collected_on: datetime.date
    ) -> None:
        self._seller_id, self._submission_id = seller_id, submission_id
        self._collected_on = collected_on
        self._stale = timezone.localdate() - datetime.timedelta(days=FRESH_DAYS)

    def refuse(self, candidate: Candidate) -> Found | None:
        """Who has no address, or a record that is too old."""
        if not candidate.person.email:
            return Found(INVALID, NO_EMAIL, "email")
        if collected(candidate.person, self._collected_on) <= self._stale:
            return Found(INVALID, STALE, "source_date")
        return None

    def know(self, candidates: Sequence[Candidate]) -> Sequence[Found]:
        """Who is offered already, and by whom."""
        offered = offered_among(candidates, seller_id=self._seller_id, but=self._submission_id)
        return [found(offered.as_whose(one)) for one in candidates]


def found(whose: str) -> Found:
    """What is made of somebody who is offered so; '' is by nobody."""
    return Found(whose, KNOWN[whose]) if whose else WANTED
