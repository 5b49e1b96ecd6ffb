"""The ORM finds the people that the language means (S-2)."""

import dataclasses
import random

import pytest
from hypothesis import given, settings

from cursive.lib.tenancy import tenant_context
from leads.filters.document import parse
from leads.filters.orm import to_q
from leads.filters.registry import FIELDS, fields_in
from leads.filters.tree import EVERYBODY
from leads.records.models import Lead
from tests import cast
from tests.leads.filters.reference import matches
from tests.leads.filters.strategies import MEMBERS, PEOPLE, TODAY, groups, own_from
from tests.leads.filters.test_document import one, root


def columns(person, own):
    """A person as Lead's columns: unknown text is empty, an unknown check is none."""
    found = {
        name: value
        for name, value in dataclasses.asdict(person).items()
        if value is not None and name in FIELDS
    }
    return {**found, "intent_topics": list(person.intent_topics), **own}


@pytest.fixture
def leads(db):
    """Acme's leads as (id, record), in Acme's tenant; Rival has the same people."""
    acme, _ = cast.acme()
    rival, _ = cast.rival()
    members = [cast.user(f"Member{number}", id=id) for number, id in enumerate(MEMBERS[:2])]
    known = {str(member.pk) for member in members}
    records = []
    for seed, person in enumerate(PEOPLE):
        own = own_from(random.Random(-1 - seed))
        if own["owner"] not in known:
            own["owner"] = None
        records.append(columns(person, own))
    for workspace in (rival, acme):
        with tenant_context(workspace.id):
            rows = Lead.objects.bulk_create(
                Lead(
                    workspace=workspace,
                    dedup_hash=f"{number:064}",
                    **{"source": "api", **record, "owner": None},
                    owner_id=record["owner"],
                )
                for number, record in enumerate(records)
            )
    for record in records:
        record.setdefault("source", "api")
        record.setdefault("status", "new")
    with tenant_context(acme.id):
        yield [(row.pk, record) for row, record in zip(rows, records, strict=True)]


def found_by(group):
    return set(Lead.objects.filter(to_q(group, as_of=TODAY)).values_list("pk", flat=True))


def test_same_people_as_the_language_means(leads):
    """S-2: for generated filters the database and the reference give the same people."""
    sizes = set()

    @settings(max_examples=400)
    @given(groups("leads"))
    def check(group):
        meant = {pk for pk, record in leads if matches(group, record, TODAY)}
        assert found_by(group) == meant
        sizes.add(len(meant))

    check()
    assert len(sizes) > 20  # not only nobody and everybody


def test_every_field_with_every_operator(leads):
    """S-2: each condition by itself, on known and unknown values, alone and in `none`."""
    from tests.leads.filters.strategies import CODES, DAYS, LISTS, NUMBERS, TEXTS

    for field in fields_in("leads"):
        words = TEXTS.get(field.name) or CODES.get(field.name) or LISTS.get(field.name)
        numbers = NUMBERS.get(field.name)
        days = [day.isoformat() for day in sorted(DAYS)]
        values = words or numbers or (days if field.type == "date" else [True, False])
        for op in field.operators_in("leads"):
            for condition in _conditions(field.name, op, values):
                for document in (root(condition), root(condition, mode="none")):
                    group = parse(document, scope="leads")
                    meant = {pk for pk, record in leads if matches(group, record, TODAY)}
                    assert found_by(group) == meant, document


def _conditions(name, op, values):
    if op in ("is_set", "is_not_set"):
        return [one(name, op)]
    if op == "within_days":
        return [one(name, op, days) for days in (0, 1, 30)]
    if op == "between":
        return [one(name, op, sorted(values[1:3]))]
    if op in ("in", "not_in", "has_any", "has_all", "has_none"):
        return [one(name, op, values[:2])]
    return [one(name, op, value) for value in values]


def test_wildcards_are_literal(leads):
    """S-3: % and _ in a value are characters, not patterns."""
    for op, value, title in [
        ("contains", "%", "100% remote (dev)"),
        ("contains", "_", "C_O"),
        ("starts_with", "c_", "C_O"),
        ("contains", "\\", "back\\slash; DROP--"),
        ("eq", "c_o", "C_O"),
    ]:
        found = found_by(parse(root(one("title", op, value)), scope="leads"))
        assert found
        assert set(Lead.objects.filter(pk__in=found).values_list("title", flat=True)) == {title}


def test_everybody_stays_inside_the_workspace(leads):
    """S-1, X-1: an empty filter is everybody, of this workspace."""
    assert to_q(EVERYBODY, as_of=TODAY) == to_q(parse(root(), scope="leads"), as_of=TODAY)
    assert found_by(EVERYBODY) == {pk for pk, _ in leads}
    nobody = parse(root(one("quality_score", "lt", 0)), scope="leads")
    assert found_by(nobody) == set()
