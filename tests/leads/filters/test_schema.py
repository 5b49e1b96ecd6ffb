"""The published JSON Schema agrees with the parser (S-1)."""

import copy
import random
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.filters.document import dump, parse
from leads.filters.errors import FilterError
from leads.filters.registry import FIELDS
from leads.filters.schema import json_schema
from tests.leads.filters.strategies import documents
from tests.leads.filters.test_document import REFUSED

# What a schema can't say, or its validator can't print; `parse` alone refuses these.
BEYOND_A_SCHEMA = {
    "huge number",
    "pair upside down",
    "lone surrogate",
    "text that grows too long",
    "51 conditions",
    "values in all",
}


def _any_of(check, schemas, instance, _):
    """As the library's, but it says no more than that none fits, which is all that is asked here:
    what is wrong with each of some hundred takes ten times longer."""
    if not any(check.evolve(schema=schema).is_valid(instance) for schema in schemas):
        yield jsonschema.ValidationError("none of them fits")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"anyOf": _any_of})


@cache
def validator(scope):
    return Validator(json_schema(scope), format_checker=jsonschema.FormatChecker())


def accepts(raw, scope):
    try:
        parse(raw, scope=scope)
    except FilterError:
        return False
    return True


@pytest.mark.parametrize("scope", ["catalogue", "leads", "listings"])
def test_schema_is_a_schema(scope):
    """S-1: the schema itself is valid, and has every field of its scope."""
    schema = json_schema(scope, url="https://cursive.example/filter.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "https://cursive.example/filter.json"
    names = {field.name for field in FIELDS.values() if field.is_in(scope)}
    assert names <= set(schema["$defs"])
    assert ("tags" in schema["$defs"]) == (scope == "leads")
    email = schema["$defs"]["email"]
    asked = {op for test in email["anyOf"] for op in test["properties"]["op"]["enum"]}
    assert ("masked until" in email["description"]) == (scope != "leads")
    assert (asked == {"is_set", "is_not_set"}) == (scope != "leads")


@settings(max_examples=60)
@given(documents("leads"))
def test_valid_documents_validate(document):
    """S-1: whatever the parser takes, the schema takes, as typed and in canonical form."""
    check = validator("leads")
    check.validate(document)
    check.validate(dump(parse(document, scope="leads")))


@pytest.mark.parametrize(
    "raw",
    [raw for name, raw, _ in REFUSED if name not in BEYOND_A_SCHEMA],
    ids=[name for name, *_ in REFUSED if name not in BEYOND_A_SCHEMA],
)
def test_refused_documents_do_not_validate(raw):
    """S-1: whatever the parser refuses, the schema refuses."""
    assert not validator("catalogue").is_valid(raw)


BROKEN: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**12,
    "",
    " ",
    "x",
    "title",
    "eq",
    [],
    ["x"],
    {},
    [1, 2],
]


def _spots(raw, found):
    """Every place of the document: (container, key)."""
    for key in raw if isinstance(raw, dict) else range(len(raw)):
        found.append((raw, key))
        if isinstance(raw[key], dict | list):
            _spots(raw[key], found)
    return found


@settings(max_examples=120)
@given(documents("catalogue"), st.integers(0, 10**6), st.sampled_from(BROKEN))
def test_a_broken_spot_is_judged_alike(document, seed, broken):
    """S-1: one spot replaced or removed; parser and schema agree whether it is still a filter."""
    raw = copy.deepcopy(document)
    chance = random.Random(seed)
    container, key = chance.choice(_spots(raw, []))
    if chance.random() < 0.3:
        del container[key]
    else:
        container[key] = broken
    ordered = [
        c["value"] == sorted(c["value"])
        for c, k in _spots(raw, [])
        if k == "op" and c["op"] == "between" and _is_pair(c.get("value"))
    ]
    if all(ordered):
        assert validator("catalogue").is_valid(raw) == accepts(raw, "catalogue"), raw


def _is_pair(value):
    return isinstance(value, list) and len({type(one) for one in value}) == 1
