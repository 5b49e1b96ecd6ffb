"""S-1, S-5: the sidebar's fields and the filter document say the same, both ways."""

from urllib.parse import quote

import pytest
from django.http import QueryDict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leads.filters.document import digest, parse
from leads.filters.tree import EVERYBODY, Condition, Group
from leads.filters.url import encode
from leads.filters.wording import in_dollars
from leads.sidebar.controls import controls
from leads.sidebar.forms import FilterForm, SearchForm, compose, query_of_tree, split
from leads.sidebar.looks import Look
from leads.sidebar.queries import chips_of, sections_of
from tests.leads.filters.reference import matches
from tests.leads.filters.strategies import PEOPLE, TODAY, groups


def form(text: str) -> SearchForm:
    return SearchForm(QueryDict(text))


def tree(*items: object):
    return parse({"version": 1, "all": list(items)}, scope="catalogue")


def people(group) -> list[int]:
    return [at for at, person in enumerate(PEOPLE) if matches(group, person, as_of=TODAY)]


def as_sent(shown: SearchForm) -> QueryDict:
    """What a browser sends for this sidebar."""
    sent = QueryDict(mutable=True)
    if shown.rest_text:
        sent["f"] = shown.rest_text
    for name, operators in shown.chosen.items():
        for operator, values in operators.items():
            texts = ["true" if value is True else str(value) for value in values]
            sent.setlist(f"{name}.{operator}", texts)
    return sent


@settings(max_examples=200)
@given(groups("catalogue"))
def test_the_two_halves_mean_the_whole(group):
    """What the controls show and what they can't are together the same people."""
    chosen, rest = split(group)
    whole = compose(chosen, rest)
    assert people(whole) == people(group)
    assert split(whole) == (chosen, rest) or people(compose(*split(whole))) == people(group)


@settings(max_examples=200)
@given(groups("catalogue"))
def test_sending_the_shown_form_changes_nothing(group):
    """S-5: back, reload and share: the form as it is shown leads to the filter that it shows."""
    shown = SearchForm.of_tree(group)
    again = SearchForm(as_sent(shown))
    assert not again.errors
    assert not again.problem
    assert people(again.tree) == people(group)
    assert digest(SearchForm(as_sent(again)).tree) == digest(again.tree)


NOBODY = Group("all", (Condition("quality_score", "gte", 50), Condition("quality_score", "lte", 1)))


@settings(max_examples=200)
@given(groups("catalogue"))
@example(NOBODY)
def test_the_address_holds_the_filter(group):
    query = query_of_tree(group)
    assert query.isascii()
    assert digest(form(query.removeprefix("?")).tree) == digest(compose(*split(group)))


@settings(max_examples=200)
@given(groups("catalogue"))
def test_every_chip_removes_something(group):
    """Every part of a filter can be removed, down to nothing."""
    shown = SearchForm.of_tree(group)
    for _ in range(400):
        chips = chips_of(shown)
        if not chips:
            break
        assert chips[0].text
        following = form(chips[0].remove.removeprefix("?"))
        fewer = len(chips_of(following)) < len(chips)
        assert fewer or digest(following.tree) != digest(shown.tree)
        shown = following
    assert shown.tree == EVERYBODY


@given(
    st.dictionaries(
        st.sampled_from(
            [f"{name}.{op}" for name, control in controls().items() for op in control.operators]
            + ["f", "order", "open", "nonsense", "industry.like", "..", "shoe.in"]
        ),
        st.lists(st.text(max_size=30), max_size=3),
        max_size=6,
    )
)
def test_anything_may_be_sent(fields):
    """X-5: whatever comes in is a filter or a sentence why not, never an exception."""
    sent = QueryDict(mutable=True)
    for name, values in fields.items():
        sent.setlist(name, values)
    found = SearchForm(sent)
    assert (found.tree is None) == bool(found.errors or found.problem)


SIMPLE = [
    ("seniority.in=vp&seniority.in=director", "seniority.in.director,vp"),
    ("industry.not_in=gambling", "industry.not_in.gambling"),
    ("industry.in=software&industry.in=gambling&industry.not_in=gambling",
     "industry.in.software;industry.not_in.gambling"),
    ("title.contains=data", "title.contains.data"),
    ("title.contains=data&title.in=CTO", "any(title.contains.data;title.in.CTO)"),
    ("title.not_contains=intern&title.not_contains=junior",
     "title.not_contains.intern;title.not_contains.junior"),
    ("company_founded.gte=1990&company_founded.lte=2005", "company_founded.between.1990,2005"),
    ("company_founded.gte=1990", "company_founded.gte.1990"),
    ("source_date.within_days=30", "source_date.within_days.30"),
    ("source_date.gte=2026-01-01&source_date.lte=2026-02-01",
     "source_date.between.2026-01-01,2026-02-01"),
    ("email_verified.eq=true&email.is_set=true", "email.is_set;email_verified.eq.true"),
    ("intent_topics.has_any=payroll&intent_topics.has_none=seo",
     "intent_topics.has_any.payroll;intent_topics.has_none.seo"),
    ("naics.starts_with=5112", "naics.starts_with.5112"),
    ("company_founded.gte=&city.in=", ""),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "address"), SIMPLE)
def test_simple_fields(sent, address):
    found = form(sent)
    assert not found.errors
    assert query_of_tree(found.tree).removeprefix("?f=").replace("+", " ") == address
    assert found.rest == ()
    assert digest(form(f"f={address}").tree) == digest(found.tree)
    assert form(f"f={address}").chosen == found.chosen


def test_nested_groups_are_kept_by_edits():
    """S-1: what the sidebar has no control for stays as it is when something else changes."""
    nested = "any(title.contains.data;department.in.engineering)"
    found = form(f"f={nested}&seniority.in=vp")
    assert found.chosen == {"seniority": {"in": ["vp"]}}
    assert query_of_tree(found.tree) == (
        "?f=seniority.in.vp;any(title.contains.data;department.in.engineering)"
    )
    assert form(f"f={found.rest_text}").tree == form(f"f={nested}").tree
    assert [chip.text for chip in chips_of(found) if chip.read_only] == [
        "Either title containing “data” or working in engineering"
    ]


def test_the_documented_example_is_mostly_simple():
    """segments.md: `none` of one condition is an exclusion in the sidebar."""
    example = tree(
        {"field": "country", "op": "in", "value": ["US", "CA"]},
        {
            "any": [
                {"field": "title", "op": "contains", "value": "data engineer"},
                {"field": "department", "op": "in", "value": ["engineering"]},
            ]
        },
        {"none": [{"field": "industry", "op": "in", "value": ["gambling"]}]},
        {"field": "source_date", "op": "within_days", "value": 30},
    )
    chosen, rest = split(example)
    assert chosen == {
        "industry": {"not_in": ["gambling"]},
        "country": {"in": ["CA", "US"]},
        "source_date": {"within_days": [30]},
    }
    assert len(rest) == 1


def test_two_conditions_that_must_both_hold_are_not_made_one():
    """'data' and 'engineer' isn't 'data' or 'engineer'."""
    both = tree(
        {"field": "title", "op": "contains", "value": "data"},
        {"field": "title", "op": "contains", "value": "engineer"},
    )
    chosen, rest = split(both)
    assert chosen == {"title": {"contains": ["data"]}}
    assert len(rest) == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ("company_founded.gte=abc", "company_founded"),
        ("company_founded.gte=2000&company_founded.lte=1990", "company_founded"),
        ("company_founded.gte=99999999999999999999", "company_founded"),
        ("quality_score.lte=101", "quality_score"),
        ("quality_score.gte=1.5", "quality_score"),
        ("source_date.gte=yesterday", "source_date"),
        ("source_date.gte=2026-02-30", "source_date"),
        ("source_date.within_days=-3", "source_date"),
        ("industry.in=shoes", "industry"),
        ("title.contains=%00", "title"),
        ("city.in=" + "x" * 201, "city"),
    ],
)
def test_wrong_values_are_told_at_their_field(sent, field):
    found = form(sent)
    assert found.tree is None
    assert list(found.errors) == [field]
    assert "[" not in found.errors[field]


def test_too_many_conditions_are_told():
    found = form("&".join(f"title.contains=word{n}" for n in range(60)))
    assert found.tree is None
    assert "50" in found.problem


@pytest.mark.parametrize(
    "address", ["shoe.eq.1", "country.in", "all(all(all(all(all(", "%00", "x" * 9_000]
)
def test_a_broken_address_is_told(address):
    found = form(f"f={address}")
    assert found.tree is None
    assert found.problem


@pytest.mark.parametrize(
    "address", ["f=email.starts_with.a", "f=none:phone.contains.555", "f=any(email.in.a@b.example)"]
)
def test_an_address_of_a_page_asks_no_more(address):
    """L-3: what the sidebar doesn't ask inside masked fields, a written address can't either."""
    found = form(address)
    assert found.tree is None
    assert "masked until the person is pulled" in found.problem


def test_addresses_and_numbers_can_only_be_asked_for():
    """L-3: nothing in the sidebar searches inside an address that is masked until it is paid."""
    assert {name: controls()[name].operators for name in ("email", "phone", "linkedin_url")} == {
        "email": ("is_set",),
        "phone": ("is_set",),
        "linkedin_url": ("is_set",),
    }


class MarketForm(FilterForm):
    scope = "listings"


def panel(shown: FilterForm, name: str):
    every = sections_of(shown, {}, Look.of(QueryDict(""), "listings"))
    return next(one for section in every for one in section.panels if one.name == name)


def test_prices_are_typed_in_dollars_and_kept_in_cents():
    """M-2."""
    for typed, cents in (("0.10", 10), ("$1", 100), ("2.5", 250), (".75", 75), ("5,00", 500)):
        shown = MarketForm(QueryDict(f"price_cents.lte={quote(typed)}"))
        assert shown.tree == parse_sale({"field": "price_cents", "op": "lte", "value": cents})
    assert panel(shown, "price_cents").scale == {
        "low": "",
        "high": "5.00",
        "minimum": "0.10",
        "maximum": "5.00",
        "step": "0.01",
    }
    assert query_of_tree(shown.tree) == "?f=price_cents.lte.500"


@pytest.mark.parametrize("typed", ["0", "0.05", "5.01", "abc", "0.105", "-1", "$", "1e2"])
def test_a_price_that_cant_be_is_said_in_dollars(typed):
    """M-2: and what was typed stays."""
    shown = MarketForm(QueryDict(f"price_cents.gte={quote(typed)}"))
    assert shown.tree is None
    assert shown.errors == {"price_cents": "Use a price from $0.10 to $5.00."}
    assert panel(shown, "price_cents").scale["low"] in (typed, f"{float_of(typed):.2f}")


def float_of(typed: str) -> float:
    try:
        return float(typed)
    except ValueError:
        return -1.0


def parse_sale(*items: object):
    return parse({"version": 1, "all": list(items)}, scope="listings")


def test_what_is_offered_stands_first_and_together():
    """M-2: price, quality, age, the check of the address, categories."""
    shown = MarketForm(QueryDict(""))
    first = sections_of(shown, {}, Look.of(QueryDict(""), "listings"))[0]
    assert first.label == "Offer"
    assert {one.name for one in first.panels} == {
        "price_cents",
        "quality_score",
        "source_date",
        "verification_status",
        "categories",
    }


DATA = Condition("title", "eq", "Data Engineer")
IN_US = Condition("country", "in", ("US",))


@settings(max_examples=60)
@given(groups("listings"))
@example(Group("all", (DATA, Group("none", (DATA,)))))
@example(Group("all", (DATA, Group("none", (DATA, IN_US)))))
def test_the_two_halves_of_a_sale_mean_the_whole(group):
    """M-2: as over the catalogue, back and reload lead to the same filter."""
    shown = MarketForm(QueryDict(f"f={quote(encode(group))}"))
    sent = QueryDict(mutable=True)
    if shown.rest_text:
        sent["f"] = shown.rest_text
    for name, operators in shown.chosen.items():
        for operator, values in operators.items():
            is_price = name == "price_cents"
            texts = [in_dollars(v) if is_price else as_text(v) for v in values]
            sent.setlist(f"{name}.{operator}", texts)
    again = MarketForm(sent)
    assert not again.errors and not again.problem
    assert digest(again.tree) == digest(shown.tree)


def as_text(value: object) -> str:
    return "true" if value is True else str(value)
