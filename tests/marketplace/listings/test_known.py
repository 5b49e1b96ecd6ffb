"""P-3: somebody is offered already by any of their addresses and numbers (L-11, ADR 0016)."""

from importlib import import_module
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connections

from cursive.lib.tenancy import atomic, system_context
from leads.records.acquisition import candidate_of
from leads.records.person import Person
from marketplace.listings.known import offered_among
from marketplace.listings.models import Listing, ListingPerson
from marketplace.listings.operations import lock_listings, withdraw_people
from tests import cast, market
from tests.credits.books import at_once, start_and_wait

OTTO = {
    "first_name": "Otto",
    "last_name": "Zweig",
    "email": "otto@anvil.example",
    "work_email": "otto@anvil.example",
    "personal_email": "o.zweig+news@gmail.com",
    "phone": "+15125550100",
    "mobile_phone": "+15125550101",
}
KEYS = ["+15125550101", "ozweig@gmail.com"]


@pytest.fixture
def otto(db):
    """(seller, Otto's listing), beside one who has no more than the main ones."""
    seller, _ = market.partner()
    market.listing(seller)
    return seller, market.listing(seller, **OTTO)


def whose(asker, **fields) -> str:
    person = candidate_of(Person(**fields))
    return offered_among([person], seller_id=asker.id, but=uuid4()).as_whose(person)


@pytest.mark.parametrize(
    ("fields", "is_known"),
    [
        ({"email": "OZweig@googlemail.com"}, True),
        ({"email": "new@else.example", "work_email": "ozweig@gmail.com"}, True),
        ({"email": "new@else.example", "personal_email": "otto@anvil.example"}, True),
        ({"first_name": "Otto", "last_name": "Zweig", "phone": "+15125550101"}, True),
        ({"first_name": "Otto", "last_name": "Zweig", "direct_phone": "+15125550100",
          "email": "new@else.example"}, True),
        ({"first_name": "Ida", "last_name": "Berg", "phone": "+15125550101",
          "email": "ida@anvil.example"}, False),
        ({"email": "nobody@anvil.example"}, False),
    ],
)  # fmt: skip
def test_by_any_address_or_number_on_either_side(otto, fields, is_known):
    seller, _ = otto
    other, _ = market.partner("Others", owner=cast.user("Paul"))
    assert whose(seller, **fields) == ("own" if is_known else "")
    assert whose(other, **fields) == ("market" if is_known else "")


def test_who_asked_not_to_be_contacted_leaves_by_any_of_them(otto):
    """A-18."""
    _, listing = otto
    with system_context(), atomic():
        assert withdraw_people(emails=["ozweig@gmail.com"], phones=[]) == 1
        assert withdraw_people(emails=[], phones=["+15125550101"]) == 0
        listing.refresh_from_db()
    assert listing.status == "withdrawn"


def test_whoever_is_withdrawn_is_locked_in_everybodys_order(db):
    """A buyer has the first of two and wants the second: neither may wait for the other."""
    earlier, _ = market.partner()
    later, _ = market.partner("Others", owner=cast.user("Paul"))
    first, second = market.listing(later, email="a@x.example"), market.listing(
        earlier, email="b@x.example"
    )  # fmt: skip
    assert (earlier.id < later.id) and (first.id < second.id)

    def withdraw(_: int) -> int:
        with system_context(), atomic():
            return withdraw_people(emails=["a@x.example", "b@x.example"], phones=[])

    done: list = []
    other = Thread(target=lambda: done.extend(at_once(1, withdraw)))
    with system_context(), atomic():
        lock_listings([first.id])
        assert start_and_wait(other)
        assert Listing.objects.select_for_update(nowait=True).get(id=second.id) == second
    other.join()
    assert done == [2]


def test_bands_are_shown_and_those_that_were_hidden_are_again(db):
    """M-2: 1001-5000 is no telephone number."""
    seller, _ = market.partner()
    made = market.listing(seller, employee_band="1001-5000", revenue_band="10M-50M")
    assert (made.employee_band, made.revenue_band) == ("1001-5000", "10M-50M")
    with system_context():
        Listing.objects.update(employee_band="[hidden]")
    with connections["owner"].cursor() as cursor:
        cursor.execute(import_module("marketplace.migrations.0006_bands").SHOW)
    with system_context():
        made.refresh_from_db()
    assert (made.employee_band, made.revenue_band) == ("1001-5000", "10M-50M")


def test_what_was_listed_before_is_known_so_too(otto):
    """The migration's filling writes what a new listing is written with."""
    fill = import_module("marketplace.migrations.0004_other_keys").FILL
    with system_context():
        assert sorted(ListingPerson.objects.values_list("other_keys", flat=True)) == [[], KEYS]
        ListingPerson.objects.update(other_keys=[])
    with connections["owner"].cursor() as cursor:
        cursor.execute(fill)
    with system_context():
        assert sorted(ListingPerson.objects.values_list("other_keys", flat=True)) == [[], KEYS]
