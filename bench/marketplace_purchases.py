"""Purchases in the marketplace, against the ledger's own spends in the same run.

A purchase does what it does in production: it locks the listings, finds out whom the buyer owns,
makes leads with their scores, charges, writes order, lines, audit and events. The yardstick is one
`spend` as the ledger's operation makes it, by as many clients on as many accounts: no purchase can
be quicker than the payment in it. Both by turns. Then 200 buyers at once want the same last 50.
Last, the books are proven.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import uuid4

from django.db import connections

from accounts.workspaces.models import User, Workspace
from bench.clients import Work, together
from bench.options import Options
from bench.report import Row, figure
from credits.ledger.checks import find_differences
from credits.ledger.operations import grant, spend
from cursive.lib.actors import Actor
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
from marketplace.purchases.operations import NothingToBuy, purchase_listings

SECTION = "purchases-marketplace"
CLIENTS = 8
TURNS = 2
SECONDS, WARM_UP_SECONDS = 3.0, 0.5
# Leads in one purchase: one, and as many as somebody chooses on two pages of a search.
SIZES = (1, 100)
RACERS, LAST = 200, 50
STOCK = {1: 12_000, 100: 60_000}
SYSTEM = Actor.system("bench")
FUNDS = Decimal(10_000_000)
CENTS = 10
COLLECTED = date(2026, 11, 1)
BATCH = 10_000


def run(options: Options) -> list[Row]:
    """Purchases and leads a second, beside spends; and how long the last 50 take."""
    with system_context():
        User.objects.create_user("bench@bench.example")
    seller = _workspaces(1, "Seller")[0]
    buyers = _workspaces(CLIENTS, "Buyer", funded=True)
    rows = []
    for size in SIZES:
        stock = _list(seller, STOCK[size] // (10 if options.quick else 1), f"of{size}")
        bought = spent = bought_ms = spent_ms = 0.0
        shares = [stock[number::CLIENTS] for number in range(CLIENTS)]
        for turn in range(TURNS):
            pace = _pace(lambda number, until: _spends(buyers[number], until))
            spent, spent_ms = spent + pace.rate / TURNS, spent_ms + pace.milliseconds / TURNS
            half = [share[turn::TURNS] for share in shares]
            pace = _pace(_buyers(buyers, half, size))
            bought, bought_ms = bought + pace.rate / TURNS, bought_ms + pace.milliseconds / TURNS
        name = "one lead each" if size == 1 else f"{size} leads each"
        rows.append(
            figure(
                SECTION,
                f"purchases of {name}, {CLIENTS} buyers at once",
                bought,
                "a second",
                yardstick=spent,
            )
        )
        rows.append(figure(SECTION, f"leads bought, {name}", bought * size, "a second"))
        cost = f"processor time in the web process, {name}"
        rows.append(figure(SECTION, cost, bought_ms, "ms", yardstick=spent_ms))
    rows.append(_race(seller))
    if differences := find_differences():
        raise AssertionError(f"the books are wrong after this: {differences[0]}")
    return rows


def _workspaces(count: int, name: str, *, funded: bool = False) -> list[Workspace]:
    with system_context():
        made = Workspace.objects.bulk_create(
            Workspace(name=f"{name} {number}") for number in range(count)
        )
        for workspace in made if funded else ():
            grant(
                workspace_id=workspace.id,
                amount=FUNDS,
                action="grant",
                reference=("bench", "1"),
                key="funds",
                actor=SYSTEM,
            )
    return made


def _list(seller: Workspace, count: int, name: str) -> list[int]:
    """So many listings on sale."""
    ids: list[int] = []
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        drafts = [Draft(at, candidate_of(_person(f"{name}.{at}")), COLLECTED) for at in numbers]
        with system_context(), atomic():
            made = draft_listings(
                seller_id=seller.id, submission_id=uuid4(), drafts=drafts, price_cents=CENTS
            )
            record_checks(checks=dict.fromkeys(made, "valid"))
            publish_listings(seller_id=seller.id, listing_ids=made)
        ids += made
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE marketplace_listing")
        cursor.execute("VACUUM ANALYZE marketplace_listingperson")
    return ids


def _person(name: str) -> Person:
    return Person(
        first_name="Ada",
        last_name=f"Lovelace {name}",
        email=f"ada.{name}@{name}.example",
        title="Head of Sales",
        company_name=f"Company {name}",
        company_domain=f"{name}.example",
        country="US",
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """How much all clients do a second, and what one costs them; PostgreSQL's own part not."""

    rate: float
    milliseconds: float


def _pace(work: Work) -> Pace:
    told, _ = together(work, CLIENTS, seconds=SECONDS, warm_up=WARM_UP_SECONDS)
    if None in told or not all(done for done, _, _ in told):
        raise AssertionError("a client broke, or had nothing to do")
    return Pace(
        sum(done / took for done, took, _ in told),
        1_000 * sum(busy for _, _, busy in told) / sum(done for done, _, _ in told),
    )


def _buyers(buyers: Sequence[Workspace], shares: Sequence[list[int]], size: int) -> Work:
    """Each client buys from a share of its own, `size` at once, until time or stock is over."""
    at = [0] * len(buyers)

    def work(number: int, until: float) -> tuple[int, float, float]:
        share, done = shares[number], 0
        began, busy = time.perf_counter(), time.thread_time()
        while time.perf_counter() < until and at[number] + size <= len(share):
            chosen = share[at[number] : at[number] + size]
            at[number] += size
            done += 1
            _buy(buyers[number], chosen)
        return done, time.perf_counter() - began, time.thread_time() - busy

    return work


def _buy(buyer: Workspace, chosen: list[int]) -> int:
    with tenant_context(buyer.id):
        return purchase_listings(
            workspace=buyer, actor=SYSTEM, listing_ids=chosen, key=str(uuid4())
        ).leads


def _spends(buyer: Workspace, until: float) -> tuple[int, float, float]:
    done, began, busy = 0, time.perf_counter(), time.thread_time()
    while time.perf_counter() < until:
        with tenant_context(buyer.id):
            spend(
                workspace_id=buyer.id,
                amount=Decimal("0.01"),
                action="pull",
                reference=("bench", "1"),
                key=str(uuid4()),
                actor=SYSTEM,
            )
        done += 1
    return done, time.perf_counter() - began, time.thread_time() - busy


def _race(seller: Workspace) -> Row:
    """Everybody wants the last 50; how long until the last buyer has an answer."""
    buyers = _workspaces(RACERS, "Racer", funded=True)
    last = _list(seller, LAST, "last")
    gate, won = threading.Barrier(RACERS + 1), [0] * RACERS

    def race(number: int) -> None:
        try:
            gate.wait()
            won[number] = _buy(buyers[number], last)
        except NothingToBuy:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    with system_context():
        sold = Listing.objects.filter(id__in=last, sold=1).count()
    if (sum(won), sold) != (LAST, LAST):
        raise AssertionError(f"{sum(won)} of the last {LAST} were bought, {sold} sold")
    return figure(
        SECTION, f"{RACERS} buyers at once for the last {LAST}, all answered", seconds, "s"
    )
