"""M-4, Must show 2: many buyers at once for the last listings, with repeats of the same key and
processes killed in the midst: each listing sold once, everybody charged for exactly theirs.

A small storm runs each time; MARKET_BUYERS=200 MARKET_LISTINGS=50 is the whole one.
"""

import os
import random
import sys
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest

from credits.ledger.checks import find_differences
from cursive.lib.errors import DomainError
from cursive.lib.tenancy import system_context
from leads.records.models import Lead
from marketplace.listings.models import Listing
from marketplace.purchases.models import Order, OrderLine
from marketplace.purchases.operations import NothingToBuy, purchase_listings
from partners.commission.checks import find_differences as find_partner_differences
from partners.commission.models import PartnerAccount, SoldLead
from tests import cast, market
from tests.faults.doom import KILLED, ended, hire
from tests.leads.records.pulling import give, in_threads
from tests.marketplace.purchases.buying import Buyer

pytestmark = pytest.mark.faults

SEED = int(os.environ.get("FAULT_SEED", "20261126"))
BUYERS = int(os.environ.get("MARKET_BUYERS", "24"))
LISTINGS = int(os.environ.get("MARKET_LISTINGS", "8"))
POINTS = int(os.environ.get("FAULT_POINTS", "12"))
PRICE, FUNDS = Decimal("0.66"), 1_000  # of a listing for $0.33
COMMISSION = 15
# A sale takes about so many statements.
STATEMENTS = 30


@pytest.fixture
def stock(db) -> list[Listing]:
    """The last listings, of two partners whose rows lie between each other's."""
    made = []
    for name, user in (("One", "Petra"), ("Two", "Paul")):
        seller, _ = market.partner(name, owner=cast.user(user))
        people = [market.person() for _ in range(LISTINGS // 2)]
        made += market.listings(seller, people, price_cents=33)
    return made


def buyers(count: int) -> list[Buyer]:
    owner = cast.user("Alice")
    made = [Buyer(cast.workspace(f"Buyer {at}", owner=owner), owner, 0) for at in range(count)]
    for each in made:
        give(each.workspace, FUNDS)
    return made


def check_sold_once(stock: list[Listing], everybody: list[Buyer]) -> None:
    """Each listing went to one buyer, who has its lead and paid for it; nobody paid for more."""
    with system_context():
        lines = list(OrderLine.objects.all())
        states = Counter(Listing.objects.values_list("status", "sold"))
        leads = {lead.id: lead for lead in Lead.objects.filter(source="marketplace")}
    assert states == {("sold_out", 1): len(stock)}
    assert sorted(line.listing_id for line in lines) == sorted(each.id for each in stock)
    assert {line.lead_id: line.workspace_id for line in lines} == {
        lead.id: lead.workspace_id for lead in leads.values()
    }
    bought = Counter(line.workspace_id for line in lines)
    for each in everybody:
        assert each.balance() == FUNDS - bought[each.workspace.id] * PRICE
    assert find_differences() == []
    check_commissions(stock)


def check_commissions(stock: list[Listing]) -> None:
    """Must show 2: each partner has the commission of each of theirs that was sold, once: 45 %
    of 33 cents (sold on the day of approval, all valid) are 15, and all is held."""
    theirs = Counter(each.seller_id for each in stock)
    with system_context():
        sold = list(SoldLead.objects.all())
        held = dict(PartnerAccount.objects.values_list("workspace_id", "held_cents"))
    assert sorted(each.listing_id for each in sold) == sorted(each.id for each in stock)
    assert {each.commission_cents for each in sold} == {COMMISSION}
    assert held == {seller_id: COMMISSION * leads for seller_id, leads in theirs.items()}
    assert find_partner_differences() == []


def test_many_buyers_for_the_last_listings(stock):
    """Threads; every buyer tries twice at once with one key, and then again."""
    everybody = buyers(BUYERS)
    chance = random.Random(SEED)
    # Baskets overlap, and together they are everything.
    baskets = [
        list({one.id: one for one in (stock[at % LISTINGS], *chance.sample(stock, 3))}.values())
        for at in range(BUYERS)
    ]

    def buy(at: int):
        who = everybody[at % BUYERS]
        try:
            # As the system alone: a connection each, since the server has 500.
            return purchase_listings(
                workspace=who.workspace,
                actor=who.actor,
                listing_ids=[listing.id for listing in baskets[at % BUYERS]],
                key="once",
            )
        except NothingToBuy as refused:
            return refused

    results = in_threads(2 * BUYERS, buy)
    check_sold_once(stock, everybody)
    for at, result in enumerate(results):
        twin = results[(at + BUYERS) % (2 * BUYERS)]
        wanted = {listing.id for listing in baskets[at % BUYERS]}
        if isinstance(result, Order):
            assert isinstance(twin, Order) and twin.id == result.id
            assert result.leads + result.left_out_count == len(wanted)
        else:
            # Told of each that it was sold.
            assert {reason: set(ids) for reason, ids in result.left_out.items()} == {"sold": wanted}
    orders = [order for order in results[:BUYERS] if isinstance(order, Order)]
    assert sum(order.leads for order in orders) == len(stock) and len(orders) > 1
    repeats = [
        everybody[at].buy(baskets[at], key="once")
        for at, order in enumerate(results[:BUYERS])
        if isinstance(order, Order)
    ]
    assert all(order.is_repeat for order in repeats)
    check_sold_once(stock, everybody)


def test_buyers_killed_at_any_statement(db):
    """Killed, a purchase happened whole or not at all; the same key then completes it."""
    chance = random.Random(SEED)
    points = chance.choices(range(4, STATEMENTS), k=POINTS)
    sys.stderr.write(f"FAULT_SEED={SEED}, killed before statements {points}\n")
    seller, _ = market.partner()
    everybody, stock, killed = buyers(4), [], 0
    for number, point in enumerate(points):
        pair = market.listings(seller, [market.person() for _ in range(2)], price_cents=33)
        stock += pair
        one, other = everybody[number % 4], everybody[(number + 1) % 4]
        delay = chance.choice((0.0, 0.0, 0.002))
        doomed = hire(partial(quietly, one, pair, f"one {number}"), dies_at=point, delay=delay)
        rival = hire(partial(quietly, other, pair[1:], f"other {number}"))
        killed += ended(doomed) == KILLED
        assert ended(rival) == 0
        # Whatever is committed agrees with itself.
        assert find_differences() == [] == find_partner_differences()
        with system_context():
            sold = Listing.objects.filter(sold__gt=0).count()
            assert OrderLine.objects.count() == sold == Lead.objects.count()
        quietly(one, pair, f"one {number}")
    assert killed > POINTS / 2
    check_sold_once(stock, everybody)


def quietly(who: Buyer, listings: list[Listing], key: object) -> None:
    with suppress(DomainError):
        who.buy(listings, key=str(key))
