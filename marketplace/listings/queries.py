"""What the marketplace's page and API show: rows, prices, saved searches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from credits.prices.queries import prices_of
from cursive.lib.errors import Unavailable
from cursive.lib.ui.pagination import DEFAULT_PAGE_SIZE
from leads.filters.tree import Group
from leads.filters.vocabulary import VERIFICATION_STATUSES
from segments.builder.queries import Turn, shown

from .models import Listing
from .search import Found, forget_market, search

ACTION = "marketplace_lead"
# What checking an address said, where the word alone would promise too much or too little.
CHECKED = {
    "valid": "The mailbox takes mail.",
    "catch_all": "The domain takes mail for every name; whether for this one isn't known.",
    "risky": "It may bounce: a shared or throw-away address, say.",
    "unknown": "It was checked and nothing was found against it; whether it exists isn't known.",
}
_PLACES = ("industry", "employee_band", "country", "state", "city")


@dataclass(frozen=True, slots=True)
class Row:
    """One listing as buyers see it. `credits` is its price for one buyer."""

    listing: Listing
    credits: Decimal
    age: int
    words: Mapping[str, Any]

    @property
    def known(self) -> list[tuple[str, str]]:
        """What of the contact data a buyer gets: icon and words."""
        one = self.listing
        every = (
            ("mail", "E-mail", one.has_email),
            ("phone", "Phone", one.has_phone),
            ("brand-linkedin", "LinkedIn", one.has_linkedin),
        )
        return [(icon, label) for icon, label, has in every if has]

    @property
    def age_said(self) -> str:
        """How old the record is."""
        return "Today" if self.age <= 0 else f"{self.age} {'day' if self.age == 1 else 'days'}"

    @property
    def check(self) -> str:
        """What the last check of the address said, in a word."""
        status = self.listing.verification_status
        return {"unknown": "Not confirmed"}.get(status, VERIFICATION_STATUSES.get(status, ""))

    @property
    def check_said(self) -> str:
        """And what that means."""
        return CHECKED.get(self.listing.verification_status, "")


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a search. `problem` is a sentence where there is none."""

    found: Found | None = None
    rows: Sequence[Row] = ()
    problem: str = ""


def browse(
    workspace_id: UUID,
    tree: Group,
    *,
    order: str,
    facets: Sequence[str] = (),
    cursor: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
    client: str = "",
) -> Results:
    """Count, facets and one page of what the workspace could buy.

    `client` names the tab that asks: a newer search of the same tab ends this one, which then
    raises Superseded. What can't be answered now becomes the result's `problem`.
    """
    turn = Turn(f"market:{workspace_id}:{client}" if client else "")

    def ask() -> Found:
        return search(
            tree,
            buyer_id=workspace_id,
            order=order,
            facets=facets,
            cursor=cursor,
            page_size=page_size,
            cancel_key=turn.key,
        )

    try:
        found = turn.ask(ask)
        listings = Listing.objects.in_bulk(found.page.items)
        if len(listings) < len(found.page.items):
            # Rows are gone that no trigger has told of: the table was restored, or emptied.
            forget_market()
            found = turn.ask(ask)
            listings = Listing.objects.in_bulk(found.page.items)
    except Unavailable as error:
        return Results(problem=error.message)
    finally:
        turn.end()
    # In between, one may have been sold.
    there = [listings[id] for id in found.page.items if id in listings and listings[id].is_listed]
    return Results(found, rows_of(there))


def rows_of(listings: Sequence[Listing]) -> list[Row]:
    """Listings with their prices in credits, in their order."""
    prices = prices_of(ACTION, [one.price_cents for one in listings]) if listings else {}
    today = timezone.now().date()
    return [_row(one, prices[one.price_cents], today) for one in listings]


def _row(listing: Listing, credits: Decimal, today: date) -> Row:
    place = {name: getattr(listing, name) for name in _PLACES}
    words = shown({**place, "first_name": listing.name, "last_name": ""})
    return Row(listing, credits, (today - listing.collected_on).days, words)
