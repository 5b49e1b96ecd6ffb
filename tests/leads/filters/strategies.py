"""People and filters that often meet: both are drawn from one small vocabulary.

`PEOPLE` and `person_from` give persons; `groups(scope)` filter trees; `documents(scope)` their wire
form, not canonical on purpose.
"""

import dataclasses
import datetime
import random
from typing import Any

from hypothesis import strategies as st

from leads.filters.document import VERSION, parse
from leads.filters.operators import OPERATORS
from leads.filters.registry import FIELDS, MAX_DEPTH, Field, Scope, fields_in
from leads.filters.tree import Group
from leads.records.person import Person

TODAY = datetime.date(2026, 3, 31)
JOBS = ("0190c3f0-0000-7000-8000-00000000000a", "0190c3f0-0000-7000-8000-00000000000b")
MEMBERS = (
    "0190c3f0-0000-7000-8000-000000000001",
    "0190c3f0-0000-7000-8000-000000000002",
    "0190c3f0-0000-7000-8000-00000000dead",
)

_NAMES = ["Zoë", "ZOE", "Jürgen", "İpek", "O\u2019Brien", "o'brien", "Søren", "Łukasz", "李", "Ana"]
TEXTS: dict[str, list[str]] = {
    "first_name": _NAMES,
    "last_name": ["Müller", "MULLER", "Weiß", "Weiss", "Nguyễn", "D'Angelo", "x_y", "50%", "山田"],
    "email": ["zoe@acme.com", "Ana.Diaz@Example.com", "j_m%w@weiss.de", "émile@école.fr", "a@b.co"],
    "phone": ["+15125550100", "+15125550199", "+4930123456", "+3612345678"],
    "linkedin_url": [
        "https://www.linkedin.com/in/zoe-muller",
        "https://www.linkedin.com/in/ana_d",
        "https://www.linkedin.com/in/jürgen",
    ],
    "title": [
        "Data Engineer",
        "SENIOR DATA ENGINEER",
        "Directeur général",
        "VP, Sales & Marketing",
        "100% remote (dev)",
        "C_O",
        "COO",
        'Head of "Growth"',
        "back\\slash; DROP--",
        "Größenwahn-Straße",
        "ΔΙΕΥΘΥΝΤΗΣ",
        "Генеральный директор",
        "部長",
    ],
    "company_name": ["Acme", "ACME, Inc.", "Æther & Søn", "Ümlaut GmbH", "50% Off", "a_b", "東京"],
    "company_domain": ["acme.com", "weiss.de", "xn--mnchen-3ya.de", "a-b.co.uk"],
    "city": ["Austin", "São Paulo", "SAO PAULO", "Île-de-France", "Łódź", "Reykjavík", "Córdoba"],
    "postal_code": ["78701", "SW1A 1AA", "sw1a 2aa", "01069"],
    "naics": ["5112", "511210", "52", "5415"],
    "state": ["TX", "CA", "Bayern", "Île-de-France", "tx"],
}
CODES: dict[str, list[str]] = {
    "seniority": ["c_suite", "vp", "director", "other"],
    "department": ["engineering", "sales", "marketing"],
    "industry": ["software", "gambling", "banking"],
    "employee_band": ["1-10", "51-200", "10001+"],
    "revenue_band": ["under_1m", "over_1b"],
    "country": ["US", "CA", "DE"],
    "email_type": ["work", "personal"],
    "phone_type": ["mobile", "direct"],
    "source": ["database", "upload", "pixel"],
    "status": ["new", "won", "lost"],
    "verification_status": ["valid", "catch_all"],
    "owner": list(MEMBERS),
    "job_id": list(JOBS),
}
LISTS = {
    "intent_topics": ["cloud_security", "payroll", "seo", "zero_trust"],
    "tags": ["vip", "hot lead", "grün", "50%"],
    "categories": ["saas", "health care", "grün", "50%"],
}
NUMBERS = {
    "company_founded": [1890, 1999, 2000, 2015],
    "quality_score": [0, 1, 50, 99, 100],
    "score": [0, 39, 40, 80, 100],
    "pages_viewed": [0, 1, 3, 40_000],
    "price_cents": [10, 50, 100, 500],
}
DAYS = [TODAY - datetime.timedelta(days=n) for n in (-2, 0, 1, 29, 30, 31, 400)]


def person_from(draw: random.Random) -> Person:
    """One person; about a third of the fields is unknown."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(Person):
        if field.name in FIELDS and draw.random() > 0.3:
            found[field.name] = _stored(FIELDS[field.name], draw)
    found["intent_topics"] = tuple(found.get("intent_topics") or ())
    return Person(**found)


def own_from(draw: random.Random) -> dict[str, Any]:
    """What only a lead has, as Lead's columns; `owner` is a member's id or None."""
    found: dict[str, Any] = {"created_at": _moment(draw)}
    for field in fields_in("leads"):
        if not field.in_catalogue and field.name != "created_at" and draw.random() > 0.3:
            found[field.name] = _stored(field, draw)
    found.setdefault("owner", None)
    return found


def _stored(field: Field, draw: random.Random) -> Any:
    if field.type == "boolean":
        return draw.random() < 0.5
    if field.type == "number":
        return draw.choice(NUMBERS[field.name])
    if field.type == "date":
        return _moment(draw) if field.name.endswith("_at") else draw.choice(DAYS)
    if field.type == "list":
        words = LISTS[field.name]
        return sorted(draw.sample(words, draw.randint(0, 3)))
    return draw.choice(TEXTS.get(field.name) or CODES[field.name])


def _moment(draw: random.Random) -> datetime.datetime:
    edge = draw.choice([datetime.time(), datetime.time(12), datetime.time(23, 59, 59, 999_999)])
    return datetime.datetime.combine(draw.choice(DAYS), edge, datetime.UTC)


PEOPLE = [person_from(random.Random(seed)) for seed in range(120)]


def persons() -> st.SearchStrategy[Person]:
    """Persons of the vocabulary."""
    return st.integers(0, 2**32).map(lambda seed: person_from(random.Random(seed)))


def documents(scope: Scope) -> st.SearchStrategy[dict[str, Any]]:
    """Valid wire documents, with repeated values, odd case and odd order."""
    below = st.deferred(lambda: st.one_of(conditions(scope), _nested(scope, MAX_DEPTH - 1)))
    return st.builds(
        lambda mode, items: {"version": VERSION, mode: items},
        st.sampled_from(["all", "all", "any", "none"]),
        st.lists(below, max_size=5),
    )


def groups(scope: Scope) -> st.SearchStrategy[Group]:
    """Trees of valid documents."""
    return documents(scope).map(lambda document: parse(document, scope=scope))


def _nested(scope: Scope, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    items = conditions(scope)
    if depth > 1:
        items = st.one_of(items, items, _nested(scope, depth - 1))
    return st.builds(
        lambda mode, inner: {mode: inner},
        st.sampled_from(["all", "any", "none"]),
        st.lists(items, min_size=1, max_size=3),
    )


def conditions(scope: Scope) -> st.SearchStrategy[dict[str, Any]]:
    """Wire conditions on every field and operator."""
    pairs = [(field, op) for field in fields_in(scope) for op in field.operators_in(scope)]
    return st.sampled_from(pairs).flatmap(lambda pair: _condition(*pair))


def _condition(field: Field, op: str) -> st.SearchStrategy[dict[str, Any]]:
    start = {"field": field.name, "op": op}
    shape = OPERATORS[op].shape
    if shape == "none":
        return st.just(start)
    if shape == "days":
        value: st.SearchStrategy[Any] = st.sampled_from([0, 1, 29, 30, 31, 400])
    elif shape == "many":
        value = st.lists(_wanted(field, op), min_size=1, max_size=4)
    elif shape == "pair":
        value = st.lists(_wanted(field, op), min_size=2, max_size=2).map(sorted)
    else:
        value = _wanted(field, op)
    return value.map(lambda found: {**start, "value": found})


def _wanted(field: Field, op: str) -> st.SearchStrategy[Any]:
    if field.type == "boolean":
        return st.booleans()
    if field.type == "number":
        return st.sampled_from(NUMBERS[field.name])
    if field.type == "date":
        return st.sampled_from(DAYS).map(datetime.date.isoformat)
    if field.type == "list":
        return st.sampled_from(LISTS[field.name])
    if field.name in CODES:
        return st.sampled_from(CODES[field.name])
    words = st.sampled_from(TEXTS[field.name])
    if op in ("contains", "not_contains", "starts_with"):
        words = st.one_of(words, words.flatmap(_part), st.just("_"), st.just("%"))
        if field.form == "phone":
            words = words.filter(lambda text: any(c in "0123456789" for c in text))
    if field.form == "phone":
        return words
    return st.one_of(words, words.map(str.upper), words.map(str.lower))


def _part(text: str) -> st.SearchStrategy[str]:
    ends = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 6))
    return ends.map(lambda cut: text[cut[0] : cut[0] + cut[1]]).filter(lambda part: part.strip())
