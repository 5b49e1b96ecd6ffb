"""Listings come, change and go as their seller says (M-1, P-5)."""

from threading import Thread

import pytest
from django.db import DatabaseError, IntegrityError, connections

from cursive.lib.tenancy import atomic, system_context, tenant_context
from leads.catalogue import suppression
from marketplace.listings import operations
from marketplace.listings.masking import masked
from marketplace.listings.models import Listing, ListingPerson
from marketplace.listings.operations import (
    lock_listings,
    mark_sold,
    people_of,
    publish_listings,
    record_checks,
    reject_listings,
    reprice_listings,
    withdraw_listings,
)
from marketplace.listings.people import candidate_in, person_of
from marketplace.listings.tasks import withdraw_suppressed
from tests import cast, market
from tests.credits.books import at_once, start_and_wait


def again(listing: Listing) -> Listing:
    with system_context():
        return Listing.objects.get(id=listing.id)


def test_what_everybody_sees_doesnt_tell_who_it_is(db):
    """M-1."""
    seller, _ = market.partner()
    made = market.listing(seller, first_name="Grace", last_name="Hopper", phone="+15125550100")
    assert made.name == "Grace H."
    assert (made.has_email, made.has_phone, made.has_linkedin) == (True, True, False)
    shown = " ".join(str(value) for value in vars(made).values())
    for hidden in ("Hopper", "@", "5125550100", "company1.example"):
        assert hidden not in shown


def test_texts_that_are_shown_lead_around_no_sale(db):
    """M-1: neither a family name in the first name's column nor a way to reach somebody."""
    seller, _ = market.partner()
    made = market.listing(
        seller,
        first_name="Otto Hidden0",
        last_name="",
        title="CEO +1 415 555 2600, otto@evil.example",
        city="www.evil.example",
        company_name="Booking.com",
    )
    assert made.name == "Otto" == made.first_name
    assert (made.title, made.city) == ("CEO [hidden], [hidden]", "[hidden]")
    assert made.company_name == "Booking"
    with system_context():
        record = people_of([made.id])[made.id].record
    assert record["first_name"] == "Otto Hidden0" and "otto@evil.example" in record["title"]
    named = market.listing(
        seller, first_name="otto.Hidden0", last_name="van Hidden", title="Otto VAN  HIDDEN, CEO"
    )
    assert (named.name, named.title) == ("otto V.", "Otto [hidden], CEO")
    for first, last, title, shown in (
        ("Hidden Otto", "Hidden", "CEO", ("Otto H.", "CEO")),
        ("Hidden", "Hidden", "CEO", ("H.", "CEO")),
        ("Ann", "O'Brien", "Ann O\u2019Brien (CEO)", ("Ann O.", "Ann [hidden] (CEO)")),
        ("Ann", "M\u00fcller", "Head, Muller\u2019s team", ("Ann M.", "Head, Muller\u2019s team")),
        ("Ann", "M\u00fcller", "MULLER: Head", ("Ann M.", "[hidden]: Head")),
        ("Ann", "Smith-Jones", "Smith Jones, CEO smith", ("Ann S.", "[hidden], CEO [hidden]")),
        ("Smith-Jones Karl", "Smith Jones", "CEO", ("Karl S.", "CEO")),
        ("McDonald Ann", "Mc Donald", "CEO", ("Ann M.", "CEO")),
        ("M\u00fcller Jan", "Mueller", "CEO, M\u00fcller AG", ("Jan M.", "CEO, [hidden] AG")),
        ("PIET-ZWEIG", "Zweig", "CEO", ("PIET Z.", "CEO")),
        ("Ann", "de la Cruz", "Head de Ventas, CRUZ", ("Ann D.", "Head de Ventas, [hidden]")),
        ("Ann", "Lee", "Leeds office, Sleeper", ("Ann L.", "Leeds office, Sleeper")),
    ):
        made = market.listing(seller, first_name=first, last_name=last, title=title)
        assert (made.name, made.title) == shown
    assert market.listing(seller, first_name="Jean-Luc D'Arc").first_name == "Jean-Luc"
    turned = market.listing(seller, first_name="Hidden0, Otto", last_name="")
    assert turned.name == "Name not known" and turned.first_name == ""
    # A name that was written whole before is cut where it is shown.
    assert Listing(first_name="Otto Hidden0", initial="H").name == "Otto H."
    assert Listing(first_name="Hidden0,", initial="").name == "Name not known"


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("Head of Sales (EMEA), 2019-2024", "title", "Head of Sales (EMEA), 2019-2024"),
        ("ASP.NET / Node.js developer", "title", "ASP.NET / Node.js developer"),
        ("call (415) 555-2600 now", "title", "call [hidden] now"),
        ("ann\uff20acme\uff0ecom or acme.tech", "title", "[hidden] or [hidden]"),
        ("Abt.Leiter\uff1a Vertrieb\u2122", "title", "Abt.Leiter\uff1a Vertrieb\u2122"),
        ("\uff14\uff11\uff15\uff0c\uff15\uff15\uff15\uff0c2600", "title", "[hidden]"),
        ("$1,000,000 budget, 2,500 people", "title", "$1,000,000 budget, 2,500 people"),
        ("415\u2013555\u20112600", "title", "[hidden]"),
        ("415\u00b7555\u00b72600 or 415_555_2600", "city", "[hidden] or [hidden]"),
        ("Head of Sales, 2019\u20132024", "title", "Head of Sales, 2019\u20132024"),
        ("see t.me/otto", "title", "see [hidden]"),
        ("https://evil.example/a?b", "title", "[hidden]"),
        ("Sales at evil.co.uk", "title", "Sales at [hidden]"),
        ("12345-6789", "postal_code", "12345-6789"),
        ("+14155552600", "postal_code", "[hidden]"),
        ("St. Louis", "city", "St. Louis"),
        ("Amazon.com Inc.", "company_name", "Amazon Inc."),
        ("3M 24/7 Support", "company_name", "3M 24/7 Support"),
    ],
)
def test_what_is_masked_and_what_only_looks_like_it(text, column, expected):
    assert masked(text, column=column) == expected


def test_a_person_comes_back_as_it_went_in(db):
    seller, _ = market.partner()
    known = market.person(
        intent_topics=("cloud", "crm"), source_date=market.COLLECTED, company_founded=1999
    )
    made = market.listings(seller, [known])[0]
    with system_context():
        kept = people_of([made.id])[made.id]
    assert person_of(kept.record) == known
    assert candidate_in(kept.record).dedup_hash == kept.dedup_hash


def test_who_it_is_only_the_seller_reads(db):
    """X-1: the listing is everybody's, the person is not."""
    seller, _ = market.partner()
    acme, _ = cast.acme()
    market.listing(seller)
    with tenant_context(acme.id):
        assert Listing.objects.count() == 1
        assert ListingPerson.objects.count() == 0
    with tenant_context(seller.id):
        assert ListingPerson.objects.count() == 1
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT record FROM marketplace_listingperson")


def test_only_what_was_checked_and_isnt_invalid_is_published(db):
    """M-1."""
    seller, _ = market.partner()
    invalid = market.listing(seller, status="invalid")
    good = market.listing(seller, status="catch_all")
    unchecked = market.listing(seller, on_sale=False)
    with system_context(), atomic():
        Listing.objects.filter(id=unchecked.id).update(verified_at=None)
        assert publish_listings(seller_id=seller.id, listing_ids=[unchecked.id]) == 0
        with pytest.raises(IntegrityError), atomic():
            Listing.objects.filter(id=unchecked.id).update(status="listed")
    assert [again(one).status for one in (invalid, good, unchecked)] == [
        "draft",
        "listed",
        "draft",
    ]


def test_somebody_elses_listings_stay_as_they_are(db):
    seller, _ = market.partner()
    other, _ = market.partner("Others", owner=cast.user("Paul"))
    made = market.listing(seller)
    with system_context(), atomic():
        for change in (
            withdraw_listings(seller_id=other.id, listing_ids=[made.id], reason="x"),
            reprice_listings(seller_id=other.id, listing_ids=[made.id], price_cents=50),
            reject_listings(seller_id=other.id, listing_ids=[made.id], reason="x"),
            publish_listings(seller_id=other.id, listing_ids=[made.id]),
        ):
            assert change == 0
    assert (again(made).status, again(made).price_cents) == ("listed", 100)


def test_the_last_sale_ends_it(db):
    """M-1: at most max_sales buyers."""
    seller, _ = market.partner()
    made = market.listing(seller, max_sales=2)
    with system_context():
        mark_sold(listing_ids=[made.id])
        assert (again(made).sold, again(made).status) == (1, "listed")
        mark_sold(listing_ids=[made.id])
        assert (again(made).sold, again(made).status) == (2, "sold_out")
        with pytest.raises(IntegrityError), atomic():
            mark_sold(listing_ids=[made.id])


@pytest.mark.parametrize("cents", [0, 5, 9, 501])
def test_the_database_refuses_prices_out_of_range(db, cents):
    """P-2."""
    seller, _ = market.partner()
    made = market.listing(seller)
    with system_context(), pytest.raises(IntegrityError), atomic():
        reprice_listings(seller_id=seller.id, listing_ids=[made.id], price_cents=cents)
    assert again(made).price_cents == 100


def test_every_change_bears_the_number_of_its_transaction(db):
    seller, _ = market.partner()
    made = market.listing(seller)
    before = again(made).changed
    with system_context():
        record_checks(checks={made.id: "valid"})
    assert again(made).changed > before > 0


@pytest.mark.faults
def test_checks_lock_listings_in_the_order_of_sales(db):
    """M-4: whatever order the answers come in, nobody waits in a circle with a buyer."""
    seller, _ = market.partner()
    made = market.listings(seller, [market.person() for _ in range(40)])
    ids = [one.id for one in made]
    told: list[object] = []

    def note(_: int) -> int:
        with system_context(), atomic():
            return record_checks(checks=dict.fromkeys(reversed(ids), "unknown"))

    noting = Thread(target=lambda: told.extend(at_once(1, note)))
    with system_context(), atomic():
        lock_listings(ids[:1])
        assert start_and_wait(noting)
        rest = Listing.objects.filter(id__in=ids[1:]).select_for_update(skip_locked=True)
        assert len(rest) == 39  # it has taken none of the later ones yet
    noting.join()
    assert told == [40]
    assert {again(one).verification_status for one in made} == {"unknown"}


def test_who_is_suppressed_leaves_the_market(db, monkeypatch):
    """M-1, A-18: every night, whoever sells them; by address or number, in small portions."""
    seller, _ = market.partner()
    other, _ = market.partner("Others", owner=cast.user("Paul"))
    by_mail = market.listing(seller, email="gone@people.example")
    by_phone = market.listing(other, phone="+15125550100")
    draft = market.listing(seller, email="gone@people.example", on_sale=False)
    stays = [market.listing(seller) for _ in range(3)]
    assert withdraw_suppressed() == 0

    def suppressed(people):
        for mails, phones in people:
            yield "gone@people.example" in mails or "+15125550100" in phones

    monkeypatch.setattr(suppression, "_providers", [lambda: suppressed])
    monkeypatch.setattr(operations, "LOOKED_AT", 2)
    assert withdraw_suppressed() == 2
    assert {again(one).status for one in (by_mail, by_phone)} == {"withdrawn"}
    assert again(by_mail).status_reason == "On the suppression list."
    assert {again(one).status for one in stays} == {"listed"}
    assert again(draft).status == "draft"
    assert withdraw_suppressed() == 0
