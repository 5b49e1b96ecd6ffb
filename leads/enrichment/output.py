"""The columns that an enriched list gets beside its own, and its lines (L-20, L-22)."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import phonenumbers

from cursive.lib.tables.writing import csv_lines
from cursive.lib.vocabulary import (
    COUNTRIES,
    DEPARTMENTS,
    EMPLOYEE_BANDS,
    INDUSTRIES,
    REVENUE_BANDS,
    SENIORITIES,
    Choices,
)
from leads.catalogue.source import Record
from leads.records.person import FIELD_NAMES, Person

from .matches import MEANINGS

PREFIX = "cursive_"


def _words(choices: Choices, field: str) -> Callable[[Person], str]:
    return lambda person: choices.get(getattr(person, field) or "", "")


def _full_name(person: Person) -> str:
    return f"{person.first_name or ''} {person.last_name or ''}".strip()


def _email_domain(person: Person) -> str:
    return (person.email or "").rpartition("@")[2]


def _phone_country(person: Person) -> str:
    if not person.phone:
        return ""
    number = phonenumbers.parse(person.phone)
    return phonenumbers.region_code_for_number(number) or ""


def _age(person: Person) -> int | None:
    today = datetime.datetime.now(datetime.UTC).date()
    return (today - person.source_date).days if person.source_date else None


#: What is said in words or worked out, beside the record's own fields.
_DERIVED: dict[str, Callable[[Person], Any]] = {
    "full_name": _full_name,
    "email_domain": _email_domain,
    "phone_country": _phone_country,
    "seniority_name": _words(SENIORITIES, "seniority"),
    "department_name": _words(DEPARTMENTS, "department"),
    "industry_name": _words(INDUSTRIES, "industry"),
    "employee_band_name": _words(EMPLOYEE_BANDS, "employee_band"),
    "revenue_band_name": _words(REVENUE_BANDS, "revenue_band"),
    "country_name": _words(COUNTRIES, "country"),
    "source_age_days": _age,
}
_ABOUT = ("match", "match_confidence", "charged")
ADDED = tuple(f"{PREFIX}{name}" for name in (*_ABOUT, *FIELD_NAMES, *_DERIVED))


def header(columns: Sequence[str]) -> list[str]:
    """The list's own columns in their order, then the added ones, under names of their own."""
    taken = {name.casefold() for name in columns}
    named = []
    for name in ADDED:
        free, number = name, 1
        while free.casefold() in taken:  # a list that was enriched before
            number += 1
            free = f"{name}_{number}"
        named.append(free)
    return [*columns, *named]


def lines(rows: Iterable[tuple[Sequence[str], str, Record | None]], new: set[int]) -> Iterator[str]:
    """CSV lines of (a row's values, the kind of its match, who it is).

    `new` are the ids of those who are charged: each is said to be at the first of its rows.
    """
    nobody = [""] * (len(FIELD_NAMES) + len(_DERIVED))
    charged: set[int] = set()

    def cells() -> Iterator[Sequence[object]]:
        for values, kind, record in rows:
            meaning = MEANINGS[kind]
            if record is None:
                yield [*values, meaning.words, "", "", *nobody]
                continue
            first = record.id in new and record.id not in charged
            charged.add(record.id)
            about = (meaning.words, meaning.confidence, "yes" if first else "no")
            yield [*values, *about, *_cells(record.person)]

    return csv_lines(cells())


def _cells(person: Person) -> Iterator[object]:
    for name in FIELD_NAMES:
        value = getattr(person, name)
        if isinstance(value, tuple):
            yield "; ".join(value)
        elif isinstance(value, bool):
            yield "yes" if value else "no"
        else:
            yield value
    for derive in _DERIVED.values():
        yield derive(person)
