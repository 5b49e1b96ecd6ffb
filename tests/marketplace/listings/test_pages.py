"""M-1, M-2: the market's page: what is shown, what is hidden, and what there is to click."""

import datetime
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from django.db import connections

from cursive.lib.tenancy import system_context
from leads.catalogue.source import Superseded
from marketplace import limits
from marketplace.listings import queries, views
from marketplace.listings.models import Listing
from marketplace.listings.operations import mark_sold
from tests import market
from tests.marketplace.listings.conftest import HTMX
from tests.segments.conftest import text_of

OPEN = "arranged=1&tab=t1&open=country&open=price_cents"


def shown(answer) -> list[int]:
    return [row.listing.id for row in answer.context["rows"]]


def test_a_row_says_what_a_buyer_gets_and_not_who_it_is(seller, alice):
    """M-1: first name and initial; no address, number, domain, seller."""
    today = datetime.datetime.now(datetime.UTC).date()
    made = market.listing(
        seller,
        first_name="Grace",
        last_name="Hopper",
        phone="+15125550100",
        title="Rear Admiral",
        company_name="Navy",
        company_domain="navy.example",
        email="grace@navy.example",
        city="Austin",
        state="TX",
        industry="software",
        employee_band="51-200",
        price_cents=150,
        quality=91,
        status="unknown",
        collected_on=today - datetime.timedelta(days=12),
    )
    page = alice.get("/marketplace/")
    said = text_of(page)
    for words in (
        *("Grace H.", "Rear Admiral", "Navy", "Software · 51–200", "Austin, TX"),
        *("Not confirmed", "91", "12 days", "$1.50", "3.00 credits"),
        "1 lead on sale",
    ):
        assert words in said, words
    everything = page.content.decode()
    assert [label for _, label in page.context["rows"][0].known] == ["E-mail", "Phone"]
    for hidden in ("Hopper", "5125550100", "navy.example", seller.name, str(seller.id)):
        assert hidden not in everything
    assert f'name="listing" value="{made.id}"' in everything
    assert "HX-Request" in page.headers["Vary"]


def test_page_and_fragment_share_one_address(seller, alice):
    """M-2: live, and the address follows: back, reload and share."""
    market.listings(seller, [market.person(country="US"), market.person(country="DE")])
    page = alice.get("/marketplace/?f=country.in.DE")
    sent = f"{OPEN}&country.in=DE&price_cents.lte=2.50&sort=price"
    fragment = alice.get(f"/marketplace/?{sent}", headers=HTMX)
    assert b"<html" in page.content and b"<html" not in fragment.content
    assert b'hx-partial hx-target="#filters"' in fragment.content
    assert shown(page) == shown(fragment)
    address = "/marketplace/?f=price_cents.lte.250;country.in.DE&sort=price"
    assert fragment.headers["HX-Push-Url"] == address
    panels = {p.name: p for s in fragment.context["sections"] for p in s.panels}
    counts = {o.value: o.count for o in panels["country"].options if o.count}
    assert counts == {"US": 1, "DE": 1}
    assert panels["industry"].options == []
    assert 'value="2.50"' in fragment.content.decode()
    cleared = alice.get(f"/marketplace/?f=&{OPEN}", headers=HTMX)
    assert cleared.headers["HX-Push-Url"] == "/marketplace/"


def test_wrong_values_are_told_where_they_are(seller, alice):
    """X-5: 400, in dollars, and nothing typed is lost."""
    market.listing(seller)
    for typed in ("0", "0.05", "5.01", "abc"):
        answer = alice.get(f"/marketplace/?{OPEN}&price_cents.gte={typed}", headers=HTMX)
        assert answer.status_code == 400
        assert "Use a price from $0.10 to $5.00." in text_of(answer)
        assert "Some filters need another value" in text_of(answer)
    assert alice.get("/marketplace/?f=email.contains.x").status_code == 400
    assert alice.get("/marketplace/?sort=seller").status_code == 400
    assert alice.get("/marketplace/?cursor=x").status_code == 400


def test_empty_states_say_what_to_do(seller, alice):
    assert "Nothing is on sale" in text_of(alice.get("/marketplace/"))
    made = market.listing(seller)
    assert "Nothing on sale matches" in text_of(alice.get("/marketplace/?f=country.in.FR"))
    assert shown(alice.get("/marketplace/")) == [made.id]


def test_presets_are_one_click_and_another_back(seller, alice):
    """M-2: 7, 30, 90 days; 80+, 90+, 95+; phone, LinkedIn, company, title."""
    market.listing(seller, quality=96)

    def preset(page, label: str):
        every = [one for shelf in page.context["shelves"] for one in shelf.presets]
        return next(one for one in every if one.label == label)

    page = alice.get("/marketplace/?f=country.in.US&sort=price")
    labels = [[one.label for one in shelf.presets] for shelf in page.context["shelves"]]
    assert labels == [
        ["7 days", "30 days", "90 days"],
        ["80+", "90+", "95+"],
        ["Phone", "LinkedIn", "Company", "Title"],
    ]
    for label in ("90 days", "90+", "95+", "Company", "Title"):
        page = alice.get("/marketplace/" + preset(page, label).href)
    assert set(page.context["text"].split(";")) == {
        "source_date.within_days.90",
        "quality_score.gte.95",
        "country.in.US",
        "company_name.is_set",
        "title.is_set",
    }
    assert page.context["form"].sort == "price"
    assert preset(page, "95+").is_chosen and not preset(page, "90+").is_chosen
    assert {chip.text for chip in page.context["chips"]} >= {"With a company", "With a job title"}
    page = alice.get("/marketplace/" + preset(page, "95+").href)
    assert "quality_score" not in page.context["text"]


def test_pages_follow_each_other(seller, alice, monkeypatch):
    made = market.listings(seller, [market.person() for _ in range(5)])
    small = partial(queries.browse, page_size=2)
    monkeypatch.setattr(queries, "browse", small)
    seen, query = [], ""
    while True:
        page = alice.get(f"/marketplace/?f=country.in.US{query}")
        seen += shown(page)
        if not page.context["page"].next_cursor:
            break
        query = f"&cursor={page.context['page'].next_cursor}"
        assert f"cursor={quote(page.context['page'].next_cursor)}" in page.content.decode()
    assert seen == [one.id for one in reversed(made)]


def test_what_was_sold_since_is_left_out_of_the_rows(seller, alice, monkeypatch):
    """Between the search and its rows somebody has bought."""
    first, second = market.listings(seller, [market.person(), market.person()])
    found = queries.search

    def slow(*args, **options):
        answer = found(*args, **options)
        with system_context():
            mark_sold(listing_ids=[second.id])
        return answer

    monkeypatch.setattr(queries, "search", slow)
    assert shown(alice.get("/marketplace/")) == [first.id]


def test_a_restored_table_is_read_anew(seller, alice):
    gone, kept = market.listings(seller, [market.person(), market.person()])
    assert alice.get("/marketplace/").context["total"] == 2
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE marketplace_listing DISABLE TRIGGER note_removal")
        cursor.execute("DELETE FROM marketplace_listingperson WHERE listing_id = %s", [gone.id])
        cursor.execute("DELETE FROM marketplace_listing WHERE id = %s", [gone.id])
        cursor.execute("ALTER TABLE marketplace_listing ENABLE TRIGGER note_removal")
    page = alice.get("/marketplace/")
    assert (shown(page), page.context["total"]) == ([kept.id], 1)


def test_the_cart_gets_chosen_rows_or_the_first_many(seller, alice):
    """M-3: select-all on the page; the first N of the search, at most 1,000."""
    market.listings(seller, [market.person() for _ in range(3)])
    page = alice.get("/marketplace/?f=country.in.US&sort=price").content.decode()
    assert page.count('action="/marketplace/cart/items/"') == 2
    assert 'name="filter" value="country.in.US"' in page
    assert 'name="order" value="price"' in page
    assert 'name="count" value="3" min="1" max="3"' in page
    assert "data-select-all" in page and page.count('name="listing"') == 3


def test_searches_are_limited_for_each_user(seller, alice, acme, monkeypatch):
    """M-6: browse 60 a minute, purchase 10, others 100; buying fails closed."""
    rates = [(one.rate, one.fail_closed) for one in (limits.BROWSE, limits.PURCHASE, limits.OTHER)]
    assert rates == [("60/minute", False), ("10/minute", True), ("100/minute", False)]
    monkeypatch.setattr(views, "BROWSE", replace(limits.BROWSE, rate="1/minute"))
    assert alice.get("/marketplace/").status_code == 200
    refused = alice.get("/marketplace/")
    assert refused.status_code == 429 and int(refused["Retry-After"]) > 0
    assert "60 times within a minute" in text_of(refused)


def test_a_newer_search_takes_the_place_of_an_older_one(seller, alice, monkeypatch):
    def superseded(*args, **options):
        raise Superseded("gone")

    monkeypatch.setattr(queries, "search", superseded)
    assert alice.get(f"/marketplace/?{OPEN}", headers=HTMX).status_code == 204


def test_a_search_that_cant_be_answered_says_so(seller, alice, monkeypatch):
    def slow(*args, **options):
        raise queries.Unavailable("It takes too long. Narrow the filter.")

    monkeypatch.setattr(queries, "search", slow)
    page = alice.get("/marketplace/")
    assert page.status_code == 200
    assert "It takes too long." in text_of(page)


def test_options_and_suggestions(seller, alice):
    market.listing(seller, country="DE", title="Head of Data")
    options = alice.get("/marketplace/options/country/?q.country=ger", headers=HTMX)
    assert "Germany" in text_of(options) and "1" in text_of(options)
    assert "Head of Data" in text_of(alice.get("/marketplace/suggestions/title/?q=data"))
    for path in ("options/title/", "suggestions/country/", "options/last_name/"):
        assert alice.get(f"/marketplace/{path}").status_code == 404


def test_statements_of_the_page_are_few(seller, alice, django_assert_max_num_queries):
    """However many rows and prices: their number is bounded."""
    for cents in (10, 20, 30, 40):
        market.listings(seller, [market.person() for _ in range(3)], price_cents=cents)
    alice.get("/marketplace/")
    with django_assert_max_num_queries(14):
        page = alice.get("/marketplace/?f=country.in.US")
    assert len(shown(page)) == 12


def test_what_is_kept_for_us_is_shown_to_us(seller, alice, acme):
    made = market.listing(seller)
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    with system_context():
        Listing.objects.filter(id=made.id).update(reserved_for=acme.id, reserved_until=until)
    assert shown(alice.get("/marketplace/")) == [made.id]
