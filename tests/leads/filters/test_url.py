"""Filters in the query string (S-5)."""

from urllib.parse import parse_qs

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.filters.document import parse
from leads.filters.errors import FilterError
from leads.filters.tree import EVERYBODY
from leads.filters.url import MAX_CHARACTERS, PARAMETER, decode, encode, to_query
from tests.leads.filters.strategies import groups
from tests.leads.filters.test_document import SPEC, one, root


@settings(max_examples=400)
@given(groups("leads"))
def test_round_trip(group):
    """S-5: back, reload and share give the same filter, through Django and any other parser."""
    assert decode(encode(group), scope="leads") == group
    query = to_query(group)
    assert query.isascii()
    assert decode(QueryDict(query).get(PARAMETER, ""), scope="leads") == group
    (text,) = parse_qs(query).get(PARAMETER, [""])
    assert encode(decode(text, scope="leads")) == text == encode(group)


def test_the_address_is_readable():
    """S-5: people can read what an address asks for."""
    assert to_query(parse(SPEC, scope="catalogue")) == (
        "f=country.in.CA,US;any(title.contains.data+engineer;department.in.engineering);"
        "none(industry.in.gambling);source_date.within_days.30"
    )
    assert to_query(EVERYBODY) == ""
    assert encode(parse(root(one("email", "is_set"), mode="none"), scope="leads")) == (
        "none:email.is_set"
    )
    tricky = parse(root(one("title", "in", ["a,b", "c;(d)~", "e&f=g#h+i"])), scope="leads")
    assert encode(tricky) == "title.in.a~,b,c~;~(d~)~~,e&f=g#h+i"
    assert to_query(tricky) == "f=title.in.a~,b,c~;~(d~)~~,e%26f%3Dg%23h%2Bi"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("titel.is_set", "all[0].field"),
        ("title", "all[0].op"),
        ("title.like.x", "all[0].op"),
        ("title.eq", "all[0].value"),
        ("title.eq.a,b", "all[0].value"),
        ("title.is_set.x", "all[0].value"),
        ("title.eq.", "all[0].value"),
        ("country.in.US,,CA", "all[0].value[1]"),
        ("quality_score.gt.1e5", "all[0].value"),
        ("quality_score.gt.050", "all[0].value"),
        ("quality_score.gt." + "9" * 5000, "all[0].value"),
        ("quality_score.between.1", "all[0].value"),
        ("email_verified.eq.1", "all[0].value"),
        ("source_date.within_days.x", "all[0].value"),
        ("tags.has_any.vip", "all[0].field"),
        ("any(title.is_set;none(titel.is_set))", "all[0].any[1].none[0].field"),
        ("any()", "all[0].any[0].field"),
        ("any(title.is_set", "filter"),
        ("title.is_set)", "filter"),
        ("title.eq.a(b", "filter"),
        ("title.eq.a~b", "filter"),
        ("title.eq.a~", "filter"),
        ("title.is_set;", "all[1].field"),
        ("any:all:title.is_set", "any[0].field"),
        ("any(" * 5 + "title.is_set" + ")" * 5, "filter"),
        ("any(" * 2000, "filter"),
        (";" * 5000, "filter"),
        ("x" * (MAX_CHARACTERS + 1), "filter"),
        ("title.eq.\x00", "all[0].value"),
    ],
)
def test_decoding_is_as_strict_as_parsing(text, path):
    """S-3: an address that can't be read is refused with the path, like a document."""
    with pytest.raises(FilterError) as caught:
        decode(text, scope="catalogue")
    assert next(iter(caught.value.fields)) == path


@settings(max_examples=300)
@given(st.text(alphabet="anyltie.,;():~ 01\u00e9", max_size=30) | st.text(max_size=20))
def test_any_text_is_decoded_or_refused(text):
    """S-3: an address typed by hand never ends in another error."""
    try:
        group = decode(text, scope="leads")
    except FilterError as error:
        assert error.fields
    else:
        assert decode(encode(group), scope="leads") == group
