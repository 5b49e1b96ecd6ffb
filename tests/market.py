"""Builders for the marketplace: Petra's partner workspace, and listings on sale."""

from datetime import date, timedelta
from itertools import count

from accounts.workspaces.models import User, Workspace
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.records.acquisition import candidate_of
from leads.records.person import Person
from marketplace.listings.models import Listing
from marketplace.listings.operations import (
    Draft,
    draft_listings,
    publish_listings,
    record_checks,
)
from partners.program.models import Partner
from tests import cast

COLLECTED = date(2026, 11, 1)
# What a partner says of a file, which is fresh whenever the tests run.
DETAILS: dict[str, object] = {
    "price": "1.20",
    "categories": "Software, SaaS",
    "source": "Trade fair",
    "guarantee": "on",
    "collected_on": (date.today() - timedelta(days=5)).isoformat(),
}
_numbers = count(1)


def partner(
    name: str = "Lists & Co", *, owner: User | None = None, **fields: object
) -> tuple[Workspace, User]:
    """A workspace that sells, approved, and its owner: Petra where nobody is named."""
    petra = owner or cast.user("Petra")
    made = cast.workspace(name, owner=petra)
    with tenant_context(made.id):
        Partner.objects.create(
            workspace=made,
            **{
                "company": name,
                "sources": "Trade fairs.",
                "consent": "They signed for it.",
                "tax_country": "US",
                "status": Partner.Status.APPROVED,
                "applied_by": petra,
            }
            | fields,
        )
    return made, petra


def person(**fields: object) -> Person:
    """Somebody with an address nobody else has, at a company."""
    number = next(_numbers)
    return Person(
        **{
            "first_name": "Ada",
            "last_name": f"Lovelace{number}",
            "email": f"ada{number}@company{number}.example",
            "title": "Head of Sales",
            "company_name": f"Company {number}",
            "company_domain": f"company{number}.example",
            "country": "US",
        }
        | fields
    )


def listings(
    seller: Workspace,
    people: list[Person],
    *,
    price_cents: int = 100,
    status: str = "valid",
    quality: int = 80,
    max_sales: int = 1,
    on_sale: bool = True,
    categories: tuple[str, ...] = (),
    collected_on: date = COLLECTED,
    submission_id: object = None,
) -> list[Listing]:
    """Listings of these people, checked and on sale unless told otherwise, in their order."""
    with system_context(), atomic():
        ids = draft_listings(
            seller_id=seller.id,
            submission_id=submission_id or seller.id,
            drafts=[
                Draft(line, candidate_of(each), collected_on)
                for line, each in enumerate(people, start=2)
            ],
            price_cents=price_cents,
            max_sales=max_sales,
            categories=categories,
        )
        Listing.objects.filter(id__in=ids).update(quality=quality)
        record_checks(checks=dict.fromkeys(ids, status))
        if on_sale:
            publish_listings(seller_id=seller.id, listing_ids=ids)
        found = Listing.objects.in_bulk(ids)
    return [found[each] for each in ids]


def listing(seller: Workspace, *, on_sale: bool = True, **fields: object) -> Listing:
    """One listing of somebody; `fields` are those of a Person, or of `listings`."""
    options = {
        name: fields.pop(name)
        for name in (
            *("price_cents", "status", "quality", "max_sales", "categories", "collected_on"),
            "submission_id",
        )
        if name in fields
    }
    return listings(seller, [person(**fields)], on_sale=on_sale, **options)[0]
