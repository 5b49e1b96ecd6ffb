"""A person as a listing keeps it: a JSON object of what is known, and a Person again."""

import datetime
from collections.abc import Mapping
from typing import Any

from leads.records.acquisition import Candidate, candidate_of
from leads.records.person import FIELD_NAMES, Person

_DAYS = ("email_verified_at", "source_date")


def record_of(person: Person) -> dict[str, Any]:
    """The known fields of a person as JSON has them."""
    found = {name: getattr(person, name) for name in FIELD_NAMES}
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in found.items()
        if value not in (None, ())
    }


def person_of(record: Mapping[str, Any]) -> Person:
    """The person of a record. Fields that a person no longer has are passed over."""
    person = Person(**{name: record[name] for name in FIELD_NAMES if name in record})
    person.intent_topics = tuple(person.intent_topics)
    for name in _DAYS:
        if day := record.get(name):
            setattr(person, name, datetime.date.fromisoformat(day))
    return person


def candidate_in(record: Mapping[str, Any]) -> Candidate:
    """The person of a record, ready to become somebody's lead (L-11)."""
    return candidate_of(person_of(record))
