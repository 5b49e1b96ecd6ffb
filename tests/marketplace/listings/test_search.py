"""M-1, M-2: what a workspace finds on the market, and that it is exact at once."""

import datetime
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursive.lib.errors import InvalidInput
from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue.facets import without
from leads.filters.registry import FIELDS
from leads.filters.tree import EVERYBODY
from marketplace.listings import search as searching
from marketplace.listings.models import Listing
from marketplace.listings.operations import (
    mark_sold,
    publish_listings,
    reprice_listings,
    withdraw_listings,
)
from marketplace.listings.search import count, facets_of, find, search, suggest
from tests import cast
from tests import market as stall
from tests.leads.filters.reference import matches
from tests.leads.filters.strategies import CODES, DAYS, LISTS, TEXTS, TODAY, groups
from tests.marketplace.listings.conftest import NOBODY, found, sale


def test_only_what_is_approved_and_not_sold_is_found(seller):
    """M-1."""
    listed = stall.listing(seller)
    stall.listing(seller, on_sale=False)
    stall.listing(seller, status="invalid")
    withdrawn = stall.listing(seller)
    with system_context(), atomic():
        withdraw_listings(seller_id=seller.id, listing_ids=[withdrawn.id], reason="x")
    assert found() == [listed.id]


def test_a_sale_an_approval_and_a_price_are_seen_at_once(seller):
    """M-2: nothing that was kept answers for what was before."""
    one, two = stall.listings(seller, [stall.person(), stall.person()])
    draft = stall.listing(seller, on_sale=False)
    assert count(sale(), buyer_id=NOBODY) == 2
    with system_context():
        mark_sold(listing_ids=[one.id])
    assert found() == [two.id]
    with system_context(), atomic():
        publish_listings(seller_id=seller.id, listing_ids=[draft.id])
    assert count(sale(), buyer_id=NOBODY) == 2
    assert found("price_cents.lte.50") == []
    with system_context(), atomic():
        reprice_listings(seller_id=seller.id, listing_ids=[two.id], price_cents=50)
    assert found("price_cents.lte.50") == [two.id]
    with system_context():
        Listing.objects.filter(id=two.id).delete()
    assert found() == [draft.id]


def test_ones_own_are_not_offered(seller):
    made = stall.listing(seller)
    assert found(buyer=seller.id) == []
    assert count(sale(), buyer_id=seller.id) == 0
    assert facets_of(sale(), ["country"], buyer_id=seller.id)["country"] == []
    assert found() == [made.id]


def test_what_somebody_is_paying_for_is_left_out_until_it_is_over(seller, monkeypatch):
    acme = cast.acme()[0]
    made, other = stall.listings(seller, [stall.person(), stall.person()])
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=15)
    assert count(sale(), buyer_id=NOBODY) == 2
    with system_context():
        Listing.objects.filter(id=made.id).update(reserved_for=acme.id, reserved_until=until)
    assert found() == [other.id]
    assert count(sale(), buyer_id=NOBODY) == 1
    assert set(found(buyer=acme.id)) == {made.id, other.id}
    over = until.timestamp() + 1
    monkeypatch.setattr(searching.time, "time", lambda: over)
    assert count(sale(), buyer_id=NOBODY) == 2


def test_orders_and_pages(seller):
    """M-2: sorted by quality, price, newest; every listing once, forwards and back."""
    draw = random.Random(3)
    for _ in range(3):
        stall.listings(
            seller,
            [stall.person() for _ in range(8)],
            quality=draw.choice([70, 80]),
            price_cents=draw.choice([10, 50]),
            collected_on=draw.choice(DAYS),
        )
    with system_context():
        rows = list(Listing.objects.all())
    keys = {
        "quality": lambda row: (-row.quality, -row.id),
        "price": lambda row: (row.price_cents, -row.id),
        "newest": lambda row: (-row.collected_on.toordinal(), -row.id),
    }
    for order, key in keys.items():
        wanted = [row.id for row in sorted(rows, key=key)]
        assert found(order=order) == wanted
        assert find(EVERYBODY, buyer_id=NOBODY, order=order, limit=5) == wanted[:5]
        seen, cursor, pages = [], None, []
        while True:
            answer = search(EVERYBODY, buyer_id=NOBODY, order=order, cursor=cursor, page_size=7)
            assert answer.total == 24
            seen += answer.page.items
            pages.append(answer.page)
            cursor = answer.page.next_cursor
            if cursor is None:
                break
        assert seen == wanted
        assert pages[0].previous_cursor is None
        back = pages[-1].previous_cursor
        again = search(EVERYBODY, buyer_id=NOBODY, order=order, cursor=back, page_size=7)
        assert again.page.items == pages[-2].items


@pytest.mark.parametrize("cursor", ["x", "WzFd", "a" * 5_000])
def test_a_cursor_of_elsewhere_is_refused(seller, cursor):
    with pytest.raises(InvalidInput):
        search(EVERYBODY, buyer_id=NOBODY, cursor=cursor)


def test_other_orders_and_facets_are_refused(seller):
    with pytest.raises(InvalidInput):
        search(EVERYBODY, buyer_id=NOBODY, order="seller")
    with pytest.raises(InvalidInput):
        search(EVERYBODY, buyer_id=NOBODY, facets=["email"])


def test_facets_count_what_one_more_choice_would_bring(seller):
    """M-2: a field's own conditions don't narrow its own counts; categories count one by one."""
    stall.listings(seller, [stall.person(country="US")] * 1, categories=("SaaS", "crm"))
    stall.listings(seller, [stall.person(country="DE")], categories=("crm",), status="risky")
    asked = ["country", "categories", "verification_status", "state"]
    answer = facets_of(sale("country.in.US"), asked, buyer_id=NOBODY)
    shown = {name: {one.value: one.count for one in values} for name, values in answer.items()}
    assert shown["country"] == {"US": 1, "DE": 1}
    assert shown["categories"] == {"saas": 1, "crm": 1}
    assert shown["verification_status"] == {"valid": 1}
    assert shown["state"] == {}


def test_suggestions_are_what_is_on_sale(seller):
    people = [stall.person(title=title) for title in ("Head of Data", "head of data", "Data Clerk")]
    made = stall.listings(seller, people)
    answer = suggest("title", "dat", buyer_id=NOBODY)
    assert [(one.value.lower(), one.count) for one in answer] == [
        ("data clerk", 1),
        ("head of data", 2),
    ]
    with system_context():
        mark_sold(listing_ids=[made[2].id])
    assert [one.count for one in suggest("title", "dat", buyer_id=NOBODY)] == [2]
    assert suggest("linkedin_url", "a", buyer_id=NOBODY) == []
    stall.listing(seller, state="Bayern", categories=("Health care",))
    assert [one.value for one in suggest("state", "bay", buyer_id=NOBODY)] == ["Bayern"]
    assert [one.value for one in suggest("categories", "car", buyer_id=NOBODY)] == ["health care"]


def random_listing(draw: random.Random) -> dict[str, object]:
    """Fields as a Listing has them; about a third is unknown."""

    def one(values):
        return draw.choice(values) if draw.random() > 0.3 else ""

    return {
        **{name: one(TEXTS[name]) for name in ("title", "company_name", "city", "postal_code")},
        **{
            name: one(CODES[name])
            for name in (
                *("seniority", "department", "industry", "employee_band", "revenue_band"),
                *("country", "verification_status"),
            )
        },
        "state": one(TEXTS["state"]),
        "categories": sorted(draw.sample(LISTS["categories"], draw.randint(0, 3))),
        "quality": draw.choice([0, 1, 50, 99, 100]),
        "price_cents": draw.choice([10, 50, 100, 500]),
        "collected_on": draw.choice(DAYS),
        **{name: draw.random() < 0.5 for name in ("has_email", "has_phone", "has_linkedin")},
    }


def as_record(listing: Listing) -> dict[str, object]:
    """What the filter language says of a listing."""
    own = {name: getattr(listing, name, None) for name in FIELDS}
    return {
        **own,
        "quality_score": listing.quality,
        "source_date": listing.collected_on,
        "email": "x" if listing.has_email else "",
        "phone": "x" if listing.has_phone else "",
        "linkedin_url": "x" if listing.has_linkedin else "",
    }


def test_the_same_listings_as_the_language_means(seller, monkeypatch):
    """M-2: every filter finds what the reference finds, by count, page and facet."""
    monkeypatch.setattr(searching, "_today", lambda: TODAY)
    draw = random.Random(11)
    now = datetime.datetime.now(datetime.UTC)
    with system_context():
        Listing.objects.bulk_create(
            Listing(
                seller=seller,
                submission_id=seller.id,
                line=line,
                status="listed",
                listed_at=now,
                verified_at=now,
                **random_listing(draw),
            )
            for line in range(150)
        )
        records = {row.id: as_record(row) for row in Listing.objects.all()}
    sizes = set()

    @settings(max_examples=80)
    @given(groups("listings"), st.sampled_from(["country", "verification_status", "categories"]))
    def check(group, facet):
        meant = {id for id, record in records.items() if matches(group, record, TODAY)}
        assert set(find(group, buyer_id=NOBODY, limit=1_000)) == meant
        answer = search(group, buyer_id=NOBODY, facets=[facet])
        assert answer.total == len(meant)
        others = without(group, facet)
        values = [r[facet] for r in records.values() if matches(others, r, TODAY)]
        counted = Counter(v for each in values for v in (each if type(each) is list else [each]))
        del counted[""]
        assert {one.value: one.count for one in answer.facets[facet]} == counted
        sizes.add(len(meant))

    check()
    assert len(sizes) > 20


def test_tenants_search_under_the_restricted_role(seller):
    """X-1: without the system's rights."""
    made = stall.listing(seller)
    acme, _ = cast.acme()
    with tenant_context(acme.id):
        assert find(sale(), buyer_id=acme.id, limit=5) == [made.id]
