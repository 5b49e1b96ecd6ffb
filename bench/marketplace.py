"""The marketplace with a million leads on sale: browsing (M-2). Buying is a section of its own.

Server time: whole requests through Django, in this process, without the network. Every search is
the first of its kind after a sale, so that nothing kept answers it: bring the mirror up to date,
count, facets of the open panels, the first page, its rows and the page itself. The yardstick is
the same filter counted by hand on the same mirror.
"""

import logging
import os
import statistics
import time
from collections.abc import Callable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.test import Client

from accounts.workspaces.models import User
from accounts.workspaces.operations import create_workspace
from bench.memory import memory_of
from bench.options import Options
from bench.population import actor_of, person
from bench.report import Row, figure, quantile
from cursive.lib.limits import amount_of
from cursive.lib.tenancy import system_context
from leads.filters.tree import EVERYBODY, Group
from leads.filters.url import decode, to_query
from marketplace.limits import BROWSE
from marketplace.listings.answers import Answers
from marketplace.listings.mirror import market
from marketplace.listings.operations import mark_sold
from marketplace.listings.search import FACET_FIELDS, count, find, search

SECTION = "marketplace"
LISTINGS = {True: 20_000, False: 1_000_000}  # quick, and not
ROUNDS = {True: 1, False: 3}
SALES = {True: 5, False: 20}
WORST_MS = 200  # p95, for count, facets and first page together
OPEN = "&".join(f"open={name}" for name in ("price_cents", "seniority", "industry", "country"))

#: What is asked, as addresses have it. Wide ones, narrow ones, texts, groups, ranges, nothing.
FILTERS = (
    "",
    "country.in.US",
    "country.in.US;industry.in.it_services,software",
    "country.in.US;industry.in.software;seniority.in.director,vp",
    "country.in.US;state.in.TX;seniority.in.c_suite,director,vp;employee_band.in.201-500,51-200",
    "seniority.in.c_suite",
    "country.in.DE,FR,NL",
    "country.in.DE;department.in.marketing;employee_band.in.201-500,51-200",
    "title.contains.engineer",
    "title.contains.head;country.in.US",
    "any(title.contains.sales;title.contains.marketing);quality_score.gte.80",
    "company_name.contains.company 77",
    "company_name.starts_with.company 1;country.in.GB",
    "city.in.City 12,City 7,City 99",
    "postal_code.starts_with.787",
    "price_cents.lte.50",
    "price_cents.between.50,150;quality_score.gte.90",
    "quality_score.gte.80",
    "quality_score.gte.95",
    "source_date.within_days.7",
    "source_date.within_days.30;quality_score.gte.80",
    "source_date.within_days.90;country.in.US",
    "phone.is_set",
    "email.is_set;phone.is_set;linkedin_url.is_set",
    "linkedin_url.is_set;title.is_set;company_name.is_set;source_date.within_days.30",
    "verification_status.in.valid",
    "verification_status.not_in.unknown,risky;price_cents.lte.100;country.in.US",
    "categories.has_any.saas",
    "categories.has_none.retail;industry.not_in.gambling,tobacco",
    "any(all(country.in.US;state.in.CA);all(country.in.GB;seniority.in.vp));none(phone.is_not_set)",
)

# The columns of a listing that aren't the same for all, by its number n.
_VARIED = {
    "line": "n + 1",
    "first_name": "(ARRAY['Ada','Björn','Chloé','Dev','Emeka','Fatima','Greta'])[1 + mod(n, 7)]",
    "initial": "chr(65 + mod(n, 26))",
    "title": "(ARRAY['VP','Head of','Director','Manager','Senior','Chief'])[1 + mod(n * 7, 6)]"
    " || ' ' || (ARRAY['Engineering','Sales','Marketing','Data','Finance','Engineer'])"
    "[1 + mod(n, 6)]"
    " || ' ' || mod(n * 31, 300)",
    "seniority": "(ARRAY['vp','director','c_suite','senior','manager','entry'])"
    "[1 + mod(n * 11, 6)]",
    "department": "(ARRAY['engineering','sales','marketing','finance','it'])[1 + mod(n, 5)]",
    "company_name": "'Company ' || mod(n * 997, 300000)",
    "industry": "(ARRAY['software','it_services','banking','retail','insurance','media','tobacco',"
    "'law','logistics','gambling'])[1 + mod(n * 13, 10)]",
    "employee_band": "(ARRAY['11-50','51-200','201-500','1001-5000'])[1 + mod(n * 3, 4)]",
    "revenue_band": "(ARRAY['1m_10m','10m_50m','over_1b',''])[1 + mod(n * 5, 4)]",
    "country": "(ARRAY['US','US','US','GB','DE','FR','NL','US'])[1 + mod(n * 17, 8)]",
    "state": "(ARRAY['TX','CA','NY','FL','England','Bayern','Bretagne',''])[1 + mod(n * 19, 8)]",
    "city": "'City ' || mod(n * 23, 2000)",
    "postal_code": "(10000 + mod(n * 29, 89999))::text",
    "has_email": "mod(n, 10) <> 3",
    "has_phone": "mod(n, 3) = 1",
    "has_linkedin": "mod(n, 5) < 2",
    "categories": "(CASE mod(n / 5000, 4) WHEN 0 THEN ARRAY['saas']"
    " WHEN 1 THEN ARRAY['retail','crm'] WHEN 2 THEN ARRAY['saas','crm'] ELSE '{}' END"
    ")::varchar(40)[]",
    "verification_status": "(ARRAY['valid','valid','catch_all','unknown','risky'])[1 + mod(n, 5)]",
    "collected_on": "current_date - mod(n * 37, 180)",
    "quality": "40 + mod(n * 41, 61)",
    "price_cents": "10 + mod(n * 43, 491)",
    "listed_at": "now() - n * interval '1 second'",
}


def run(options: Options) -> list[Row]:
    """Put leads on sale, then load the mirror, browse, and browse right after sales."""
    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.WARNING)
    leads = LISTINGS[options.quick]
    buyers = Buyers()
    made, _ = timed(offer, buyers.seller_id, leads)
    before = memory_of([os.getpid()]).rss
    loaded, worked = timed(market().follow)
    held = memory_of([os.getpid()]).rss - before
    rows = [
        figure(SECTION, "listings on sale", leads, ""),
        figure(SECTION, "put on sale by SQL", made / 1_000, "s"),
        figure(SECTION, "the first search of a process reads the market", loaded / 1_000, "s"),
        figure(SECTION, "  processor time of that", worked / 1_000, "s"),
        figure(SECTION, "memory that this holds (RSS)", held, "MB"),
    ]
    return [*rows, *_browse(buyers, options), *_after_sales(buyers, options)]


class Buyers:
    """Who asks: each no more often than the limit allows."""

    def __init__(self) -> None:
        self._made = 0
        self._left = 0
        self.client, self.id = Client(), UUID(int=0)
        self.seller_id = self._workspace()[1]

    def _workspace(self) -> tuple[User, UUID]:
        self._made += 1
        owner = person(2_000_000 + self._made)
        return owner, create_workspace(actor=actor_of(owner), name=f"Buyer {self._made}").id

    def ask(self, path: str) -> None:
        """One request for a page. RuntimeError where it isn't answered."""
        if not self._left:
            owner, self.id = self._workspace()
            self.client, self._left = Client(), amount_of(BROWSE)[0] - 1
            self.client.force_login(owner)
            self.client.get("/dashboard/")
        self._left -= 1
        answer = self.client.get(path, headers={"HX-Request": "true"})
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")


def offer(seller_id: UUID, count: int) -> None:
    """Put so many leads of one partner on sale, in SQL."""
    names = ", ".join(_VARIED)
    with connections["admin"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO marketplace_listing (seller_id, submission_id, status, status_reason,"
            f" max_sales, sold, created_at, verified_at, changed, {names})"
            f" SELECT %s, %s, 'listed', '', 1, 0, now(), now(), 0, {', '.join(_VARIED.values())}"
            " FROM generate_series(1, %s) AS n",
            [seller_id, seller_id, count],
        )
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE marketplace_listing")


def _browse(buyers: Buyers, options: Options) -> Sequence[Row]:
    """All filters, each time after a sale."""
    trees = [decode(text, scope="listings") for text in FILTERS]
    paths = [f"/marketplace/?{to_query(tree) or 'f='}&arranged=1&{OPEN}" for tree in trees]
    buyers.ask(paths[0])
    pages, searches, counts = Times(), Times(), Times()
    for _ in range(ROUNDS[options.quick]):
        for tree, path in zip(trees, paths, strict=True):
            _sell(1)
            pages.add(buyers.ask, path)
            _sell(1)
            searches.add(_search, tree, buyers.id)
            counts.add(_count, tree, buyers.id)
    what = f"{len(FILTERS)} filters"
    whole = f"{what}: count, {len(FACET_FIELDS)} facets, first page"
    return [
        figure(SECTION, f"{what}: the page, p50", statistics.median(pages.wall), "ms"),
        figure(SECTION, f"{what}: the page, p95", pages.p95, "ms", at_most=WORST_MS),
        figure(SECTION, "  processor time of that, p95", quantile(pages.processor, 0.95), "ms"),
        figure(
            SECTION,
            f"{whole}, p50",
            statistics.median(searches.wall),
            "ms",
            yardstick=statistics.median(counts.wall),
        ),
        figure(
            SECTION, f"{whole}, p95", searches.p95, "ms", yardstick=counts.p95, at_most=WORST_MS
        ),
        figure(SECTION, "  processor time of that, p95", quantile(searches.processor, 0.95), "ms"),
    ]


def _search(tree: Group, buyer_id: UUID) -> None:
    search(tree, buyer_id=buyer_id, facets=FACET_FIELDS, page_size=50)


def _count(tree: Group, buyer_id: UUID) -> None:
    """The same filter, counted alone; what is kept is let go first."""
    market().answers = Answers()
    count(tree, buyer_id=buyer_id)


def _sell(leads: int) -> list[int]:
    """Sell the best of what is left, in a transaction of its own, as PostgreSQL sees a sale."""
    ids = find(EVERYBODY, buyer_id=UUID(int=0), limit=leads)
    with system_context():
        mark_sold(listing_ids=ids)
    return ids


def _after_sales(buyers: Buyers, options: Options) -> Sequence[Row]:
    """The first search after a sale of one lead, and after one of 1,000: what they sold is gone."""
    rows = []
    tree = decode("country.in.US;seniority.in.vp", scope="listings")
    for sold in (1, 1_000):
        times = Times()
        for _ in range(SALES[options.quick]):
            gone = _sell(sold)
            times.add(_search, tree, buyers.id)
            if set(gone) & set(find(EVERYBODY, buyer_id=buyers.id, limit=sold)):
                raise RuntimeError("a lead that was sold is still found")
        name = f"a search right after {sold:,} {'lead was' if sold == 1 else 'leads were'} sold"
        worst = WORST_MS if sold == 1 else None
        rows.append(figure(SECTION, f"{name}, p95", times.p95, "ms", at_most=worst))
    return rows


def timed(work: Callable[..., object], *values: object) -> tuple[float, float]:
    """How long it takes by the clock, and of the processors, in milliseconds."""
    began, worked = time.perf_counter(), time.process_time()
    work(*values)
    return (time.perf_counter() - began) * 1_000, (time.process_time() - worked) * 1_000


class Times:
    """Milliseconds of several calls."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    def add(self, work: Callable[..., object], *values: object) -> None:
        """Measure one more."""
        wall, processor = timed(work, *values)
        self.wall.append(wall)
        self.processor.append(processor)

    @property
    def p95(self) -> float:
        """By the clock."""
        return quantile(self.wall, 0.95)
