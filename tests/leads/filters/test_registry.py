"""The registry is complete and speaks of columns that exist (S-1)."""

import dataclasses
from typing import Any

import pytest

from leads.filters.operators import OPERATORS, OPERATORS_OF_TYPE
from leads.filters.registry import FIELDS, GROUPS, fields_in
from leads.filters.text import fold
from leads.filters.tree import Condition, Group, conditions, depth, fields_used, narrow
from leads.filters.vocabulary import COUNTRIES, EMPLOYEE_BANDS, SENIORITIES, US_STATES
from leads.records.models import Lead
from leads.records.person import Person

SPEC_OPERATORS = {
    "text": "eq ne in not_in contains not_contains starts_with",
    "choice": "in not_in",
    "number": "eq gt gte lt lte between",
    "date": "eq gt gte lt lte between within_days",
    "list": "has_any has_all has_none",
    "boolean": "eq",
}


def test_operators_are_those_of_the_spec():
    """S-1: operators by type, as written in the spec."""
    for kind, operators in OPERATORS_OF_TYPE.items():
        listed = SPEC_OPERATORS[kind]
        assert set(operators) == {*listed.split(), "is_set", "is_not_set"}
    used = {op for listed in OPERATORS_OF_TYPE.values() for op in listed}
    assert used == set(OPERATORS)


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.name)
def test_every_field_can_be_shown(field):
    """S-1: controls and help come from the registry, so nothing is missing there."""
    assert field.label
    assert field.help.endswith(".")
    assert field.group in GROUPS
    assert field.minimum < field.maximum
    for code, label in (field.choices or {}).items():
        assert code and label
        assert fold(code) == code.lower()


def test_fields_are_columns():
    """S-2: a lead has every field, a record of the catalogue those of the catalogue."""
    columns = {column.name for column in Lead._meta.get_fields()}
    assert {field.name for field in fields_in("leads")} <= columns
    person = {field.name for field in dataclasses.fields(Person)}
    assert {field.name for field in fields_in("catalogue")} <= person
    for field in fields_in("leads"):
        column: Any = Lead._meta.get_field(field.name)
        if field.choices and getattr(column, "choices", None):
            assert [code for code, _ in column.choices] == list(field.choices)
        if field.choices and column.max_length:
            assert max(map(len, field.choices)) <= column.max_length
        if field.type == "list":
            assert column.base_field.max_length >= field.max_length


def test_vocabulary_is_that_of_the_spec():
    """S-1: the fixed codes, and countries as in ISO 3166."""
    assert " ".join(SENIORITIES) == "c_suite vp director manager senior entry other"
    assert list(EMPLOYEE_BANDS)[-1] == "10001+"
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert (COUNTRIES["GB"], COUNTRIES["KR"], US_STATES["TX"]) == (
        "United Kingdom",
        "South Korea",
        "Texas",
    )


def test_tree_can_be_walked():
    """S-1: dialects and pages look into a filter without parsing it again."""
    title, city = Condition("title", "is_set", None), Condition("city", "is_set", None)
    tree = Group("any", (title, Group("none", (city,))))
    assert list(conditions(tree)) == [title, city]
    assert fields_used(tree) == {"title", "city"}
    assert depth(tree) == 2
    assert narrow(tree, title) == Group("all", (tree, title))
    assert narrow(Group("all", ()), title) == Group("all", (title,))
    assert narrow(tree) is tree
