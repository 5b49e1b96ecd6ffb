"""Reading and writing filter documents (S-1, S-3)."""

import datetime
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.filters.document import digest, dump, parse, parse_json
from leads.filters.errors import FilterError
from leads.filters.operators import OPERATORS
from leads.filters.tree import EVERYBODY, Condition, Group
from tests.leads.filters.strategies import documents


def one(field, op, *value):
    condition = {"field": field, "op": op}
    return {**condition, "value": value[0]} if value else condition


def root(*items, mode="all"):
    return {"version": 1, mode: list(items)}


def nested(depth):
    inner = one("email", "is_set")
    for _ in range(depth - 1):
        inner = {"all": [inner]}
    return root(inner)


SPEC = root(
    one("country", "in", ["US", "CA"]),
    {"any": [one("title", "contains", "data engineer"), one("department", "in", ["engineering"])]},
    {"none": [one("industry", "in", ["gambling"])]},
    one("source_date", "within_days", 30),
)

REFUSED = [
    ("no object", None, "filter"),
    ("a list", [], "filter"),
    ("a text", "all", "filter"),
    ("no version", {"all": []}, "version"),
    ("another version", {"version": 2, "all": []}, "version"),
    ("true is no version", {"version": True, "all": []}, "version"),
    ("no mode", {"version": 1}, "filter"),
    ("two modes", {"version": 1, "all": [], "any": []}, "filter"),
    ("unknown key in the root", {"version": 1, "all": [], "limit": 5}, "filter"),
    ("items no list", {"version": 1, "all": {}}, "all"),
    ("item no object", root("title"), "all[0]"),
    ("item a list", root([]), "all[0]"),
    ("empty group", root({"any": []}), "all[0].any"),
    ("group with two modes", root({"any": [], "all": []}), "all[0]"),
    ("group with an unknown key", root({"any": [SPEC["all"][0]], "x": 1}), "all[0]"),
    ("empty object", root({}), "all[0]"),
    ("field and mode in one", root({"all": [], **one("title", "is_set")}), "all[0]"),
    ("unknown key in a condition", root({**one("title", "is_set"), "not": 1}), "all[0]"),
    ("unknown field", root(one("titel", "is_set")), "all[0].field"),
    ("field no text", root(one(["title"], "is_set")), "all[0].field"),
    ("no field", root({"op": "is_set"}), "all[0].field"),
    ("field of leads only", root(one("tags", "has_any", ["vip"])), "all[0].field"),
    ("unknown operator", root(one("title", "like", "x")), "all[0].op"),
    ("operator of another type", root(one("title", "gt", "x")), "all[0].op"),
    ("no operator", root({"field": "title"}), "all[0].op"),
    ("operator no text", root(one("title", 1, "x")), "all[0].op"),
    ("no value", root(one("title", "eq")), "all[0].value"),
    ("value where none belongs", root(one("title", "is_set", True)), "all[0].value"),
    ("null where none belongs", root(one("title", "is_set", None)), "all[0].value"),
    ("number for a text", root(one("title", "eq", 5)), "all[0].value"),
    ("null for a text", root(one("title", "eq", None)), "all[0].value"),
    ("list for one text", root(one("title", "eq", ["x"])), "all[0].value"),
    ("object for a text", root(one("title", "eq", {"x": 1})), "all[0].value"),
    ("one text for a list", root(one("country", "in", "US")), "all[0].value"),
    ("empty list", root(one("country", "in", [])), "all[0].value"),
    ("list in a list", root(one("country", "in", ["US", ["CA"]])), "all[0].value[1]"),
    ("unknown choice", root(one("seniority", "in", ["vp", "boss"])), "all[0].value[1]"),
    ("label for a code", root(one("country", "in", ["Germany"])), "all[0].value[0]"),
    ("code in wrong case", root(one("country", "in", ["us"])), "all[0].value[0]"),
    ("true as a number", root(one("quality_score", "gt", True)), "all[0].value"),
    ("text as a number", root(one("quality_score", "gt", "50")), "all[0].value"),
    ("decimals", root(one("quality_score", "gt", 50.5)), "all[0].value"),
    ("NaN", root(one("quality_score", "gt", float("nan"))), "all[0].value"),
    ("infinity", root(one("quality_score", "lt", float("inf"))), "all[0].value"),
    ("huge number", root(one("quality_score", "lt", 10**5000)), "all[0].value"),
    ("huge float", root(one("company_founded", "lt", 1e300)), "all[0].value"),
    ("number out of bounds", root(one("quality_score", "lt", 101)), "all[0].value"),
    ("negative number", root(one("quality_score", "lt", -1)), "all[0].value"),
    ("number as a boolean", root(one("email_verified", "eq", 1)), "all[0].value"),
    ("text as a boolean", root(one("email_verified", "eq", "true")), "all[0].value"),
    ("no such day", root(one("source_date", "eq", "2026-02-30")), "all[0].value"),
    ("date in another form", root(one("source_date", "eq", "31.03.2026")), "all[0].value"),
    ("date without dashes", root(one("source_date", "eq", "20260331")), "all[0].value"),
    ("date with a time", root(one("source_date", "eq", "2026-03-31T00:00")), "all[0].value"),
    ("date with other digits", root(one("source_date", "eq", "\uff12026-03-31")), "all[0].value"),
    ("date long ago", root(one("source_date", "eq", "0001-01-01")), "all[0].value"),
    ("date as a number", root(one("source_date", "eq", 20260331)), "all[0].value"),
    ("negative days", root(one("source_date", "within_days", -1)), "all[0].value"),
    ("too many days", root(one("source_date", "within_days", 36_501)), "all[0].value"),
    ("true days", root(one("source_date", "within_days", True)), "all[0].value"),
    ("pair of one", root(one("quality_score", "between", [1])), "all[0].value"),
    ("pair of three", root(one("quality_score", "between", [1, 2, 3])), "all[0].value"),
    ("pair no list", root(one("quality_score", "between", 1)), "all[0].value"),
    ("pair with a text", root(one("quality_score", "between", [1, "2"])), "all[0].value[1]"),
    ("pair upside down", root(one("quality_score", "between", [9, 1])), "all[0].value"),
    ("empty text", root(one("title", "contains", "")), "all[0].value"),
    ("blank text", root(one("title", "contains", " \u3000 ")), "all[0].value"),
    ("nothing but accents", root(one("title", "contains", "\u0301\u200b")), "all[0].value"),
    ("NUL", root(one("title", "contains", "a\x00b")), "all[0].value"),
    ("line break", root(one("title", "contains", "a\nb")), "all[0].value"),
    ("lone surrogate", root(one("title", "contains", "a\ud800b")), "all[0].value"),
    ("long text", root(one("title", "contains", "x" * 201)), "all[0].value"),
    ("text that grows too long", root(one("city", "eq", "\U0001d160" * 200)), "all[0].value"),
    ("inside a masked address", root(one("email", "starts_with", "a")), "all[0].op"),
    (
        "inside a masked number",
        root({"none": [one("phone", "contains", "1")]}),
        "all[0].none[0].op",
    ),
    ("long list", root(one("city", "in", [str(n) for n in range(1001)])), "all[0].value"),
    ("51 conditions", root(*[one("title", "is_set")] * 51), "filter"),
    (
        "values in all",
        root(*[one("city", "in", [str(n) for n in range(1000)])] * 5, one("city", "eq", "x")),
        "filter",
    ),
    ("six deep", nested(6), "all[0].all[0].all[0].all[0].all[0]"),
    ("deep in a group", root({"none": [{"any": [one("x", "eq")]}]}), "all[0].none[0].any[0].field"),
]


@pytest.mark.parametrize(
    ("raw", "path"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_refusal_names_the_path(raw, path):
    """S-3: what is wrong is said with where it is."""
    with pytest.raises(FilterError) as caught:
        parse(raw, scope="catalogue")
    error = caught.value
    assert list(error.fields) == [path]
    assert (error.code, error.status) == ("invalid_filter", 400)
    assert path in error.message
    assert error.fields[path].endswith((".", "?"))
    (error.message + str(error.fields)).encode()  # fit for an answer, whatever came in


@pytest.mark.parametrize(
    ("field", "scope", "until"),
    [
        ("email", "catalogue", "the person is pulled"),
        ("phone", "catalogue", "the person is pulled"),
        ("email", "listings", "the lead is bought"),
        ("phone", "listings", "the lead is bought"),
        ("linkedin_url", "listings", "the lead is bought"),
    ],
)
def test_what_is_masked_can_only_be_asked_for(field, scope, until):
    """L-3, M-1: no comparison spells out, letter by letter, what has to be paid; ADR 0014."""
    for op, operator in OPERATORS.items():
        value = {"none": {}, "many": {"value": ["1"]}}.get(operator.shape, {"value": "1"})
        condition = {"field": field, "op": op, **value}
        if op in ("is_set", "is_not_set"):
            assert parse(root(condition), scope=scope).items
            continue
        with pytest.raises(FilterError) as caught:
            parse(root({"any": [condition]}), scope=scope)
        assert list(caught.value.fields) == ["all[0].any[0].op"]
        assert f"masked until {until}" in caught.value.message
        assert "Use is_set, is_not_set." in caught.value.message
    for op in ("eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with"):
        value = ["1"] if op in ("in", "not_in") else "1"
        assert parse(root(one(field, op, value)), scope="leads").items


@pytest.mark.parametrize("value", ["1-800-CALL", "+"])
def test_a_phone_is_digits(value):
    """S-3: letters, and nothing but signs, are no part of a number."""
    with pytest.raises(FilterError) as caught:
        parse(root(one("phone", "contains", value)), scope="leads")
    assert list(caught.value.fields) == ["all[0].value"]


def test_all_problems_are_listed_but_not_without_end():
    """S-3: several problems are told at once, at most twenty."""
    with pytest.raises(FilterError) as caught:
        parse(root(one("titel", "is_set"), one("title", "gt", 1)), scope="catalogue")
    assert list(caught.value.fields) == ["all[0].field", "all[1].op"]
    assert 'Did you mean "title"?' in caught.value.message
    assert "one more problem" in caught.value.message
    with pytest.raises(FilterError) as caught:
        parse(root(*[{}] * 100_000), scope="catalogue")
    assert len(caught.value.fields) == 20


def test_refusal_says_what_is_allowed():
    """S-3: the fix is named, with the allowed values where they are few."""
    cases = {
        "Use c_suite, vp, director": one("seniority", "in", ["boss"]),
        'write "DE"': one("country", "in", ["Germany"]),
        "Use eq, ne, in, not_in, contains": one("title", "has_any", ["x"]),
        "from 0 to 100": one("quality_score", "gt", 500),
        "is_not_set": one("title", "eq", " "),
    }
    for words, condition in cases.items():
        with pytest.raises(FilterError, match=words):
            parse(root(condition), scope="catalogue")
    with pytest.raises(FilterError) as caught:
        parse(root(one("country", "in", ["XX"])), scope="catalogue")
    assert len(caught.value.message) < 200  # not 249 codes


def test_nothing_wrong_with_the_example_of_the_spec():
    """S-1: the wire format of the spec, as a tree."""
    tree = parse(SPEC, scope="catalogue")
    assert tree == Group(
        "all",
        (
            Condition("country", "in", ("CA", "US")),
            Group(
                "any",
                (
                    Condition("title", "contains", "data engineer"),
                    Condition("department", "in", ("engineering",)),
                ),
            ),
            Group("none", (Condition("industry", "in", ("gambling",)),)),
            Condition("source_date", "within_days", 30),
        ),
    )


def test_values_become_canonical():
    """S-1: trimmed, sorted, without repetitions, in the form in which the field is stored."""
    cases = [
        (one("title", "eq", "  Data  Engineer "), "Data  Engineer"),
        (one("title", "in", ["b", "A", "B", "ä"]), ("A", "B")),
        (one("city", "eq", "Co\u0301rdoba"), "C\u00f3rdoba"),
        (one("state", "in", ["tx", "TX", "Bayern"]), ("Bayern", "TX")),
        (one("phone", "starts_with", "+1 (512) 555-01"), "+151255501"),
        (one("phone", "contains", "555.01"), "55501"),
        (one("company_domain", "eq", "https://www.Acme.com"), "Acme.com"),
        (one("linkedin_url", "eq", "linkedin.com/in/ana/?x=1"), "https://www.linkedin.com/in/ana"),
        (one("linkedin_url", "contains", "https://de.linkedin.com/in/a"), "de.linkedin.com/in/a"),
        (one("intent_topics", "has_all", ["Zero Trust", "zero_trust"]), ("zero_trust",)),
        (one("tags", "has_any", [" VIP ", "Hot  Lead"]), ("hot lead", "vip")),
        (one("quality_score", "gt", 50.0), 50),
        (one("quality_score", "between", [5, 5]), (5, 5)),
        (one("source_date", "lt", "2026-03-31"), datetime.date(2026, 3, 31)),
        (one("owner", "in", ["0190C3F0-0000-7000-8000-000000000001"]),
         ("0190c3f0-0000-7000-8000-000000000001",)),
    ]  # fmt: skip
    for raw, value in cases:
        (condition,) = parse(root(raw), scope="leads").items
        assert isinstance(condition, Condition)
        assert condition.value == value, raw
        assert type(condition.value) is type(value)


def test_empty_root_is_everybody():
    """S-1: only the root may be empty, and then the filter means everybody."""
    for mode in ("all", "any", "none"):
        assert parse(root(mode=mode), scope="catalogue") == EVERYBODY
    assert dump(EVERYBODY) == {"version": 1, "all": []}


def test_five_deep_and_fifty_conditions_are_allowed():
    """S-3: the limits themselves are inside."""
    parse(nested(5), scope="catalogue")
    parse(root(*[one("title", "is_set")] * 50), scope="catalogue")
    parse(root(one("city", "in", [str(n) for n in range(1000)])), scope="catalogue")
    parse(root(one("title", "contains", "x" * 200)), scope="catalogue")


@settings(max_examples=300)
@given(documents("leads"))
def test_canonical_form_is_stable(document):
    """S-1: what is written parses to the same tree, and is written the same."""
    tree = parse(document, scope="leads")
    written = dump(tree)
    again = parse_json(json.dumps(written), scope="leads")
    assert again == tree
    assert dump(again) == written
    assert digest(again) == digest(tree)


@settings(max_examples=200)
@given(documents("leads"), st.randoms(use_true_random=False))
def test_digest_is_blind_to_order_and_repetition(document, chance: random.Random):
    """Counts are cached by the digest: the same meaning has the same digest."""

    def shuffled(raw):
        if isinstance(raw, dict):
            if isinstance(raw.get("value"), list) and raw["op"] != "between":
                values = raw["value"] * 2
                chance.shuffle(values)
                return {**raw, "value": values}
            modes = {
                key: chance.sample([shuffled(item) for item in items] * 2, len(items) * 2)
                for key, items in raw.items()
                if key in ("all", "any", "none")
            }
            return {**raw, **modes}
        return raw

    tree = parse(document, scope="leads")
    mixed = shuffled(document)
    try:
        other = parse(mixed, scope="leads")
    except FilterError:  # doubled, it has too many conditions
        return
    assert digest(other) == digest(tree)


def test_digest_tells_meanings_apart():
    """A cached count is never shown for another filter."""
    documents = [
        root(),
        root(one("title", "eq", "a")),
        root(one("title", "ne", "a")),
        root(one("title", "eq", "b")),
        root(one("city", "eq", "a")),
        root(one("title", "in", ["a", "b"])),
        root(one("title", "in", ['a", "b'])),
        root(one("title", "eq", "a"), one("city", "eq", "a")),
        root(one("title", "eq", "a"), one("city", "eq", "a"), mode="any"),
        root(one("title", "eq", "a"), one("city", "eq", "a"), mode="none"),
        root({"none": [one("title", "eq", "a")]}, one("city", "eq", "a")),
        root({"none": [{"none": [one("title", "eq", "a")]}]}),
        root(one("quality_score", "between", [1, 2])),
    ]
    assert len({digest(parse(d, scope="leads")) for d in documents}) == len(documents)
    same = [root(one("title", "eq", "Ä")), root({"any": [{"all": [one("title", "eq", "a")]}]})]
    assert len({digest(parse(d, scope="leads")) for d in same}) == 1


def test_json_that_is_no_filter():
    """S-3: text that isn't JSON, or not fit to be read, is one clear refusal."""
    deep = '{"version": 1, "all": [' + '{"all": [' * 100_000
    broken: list[str | bytes] = [
        "",
        "{",
        b"\xff\xfe",
        '{"version": NaN, "all": []}',
        '{"version": 1, "all": [], "all": []}',
        '{"version": ' + "9" * 5000 + "}",
        deep,
        deep + "]}" * 100_001,
        " " * 1_000_001,
    ]
    for text in broken:
        with pytest.raises(FilterError) as caught:
            parse_json(text, scope="catalogue")
        assert list(caught.value.fields) in (["filter"], ["version"])
    assert parse_json(json.dumps(SPEC), scope="catalogue") == parse(SPEC, scope="catalogue")


def test_deep_objects_do_not_reach_the_recursion_limit():
    """S-3: a document nested 100,000 deep is refused at the sixth level."""
    inner: dict = {"all": []}
    for _ in range(100_000):
        inner = {"all": [inner]}
    with pytest.raises(FilterError, match="at most 5 deep"):
        parse({"version": 1, **inner}, scope="catalogue")


@settings(max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["all", "any", "none", "field", "op", "value", "version", "x"]),
                inner | st.sampled_from(["title", "country", "eq", "in", "is_set", 1]),
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_anything_is_parsed_or_refused(raw):
    """S-3: no document, however broken, ends in another error."""
    try:
        tree = parse(raw, scope="leads")
    except FilterError as error:
        assert error.fields
        str(error.fields).encode()
    else:
        assert parse(dump(tree), scope="leads") == tree
