"""What is said of values of a file that can't be used: what they are, and how to write them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from leads.filters.vocabulary import SENIORITIES

from .normalise import LONGEST_TOPIC, MOST_TOPICS, clean_text, split_name, topics_of

_DAY = "Write them as 2026-03-31, and none that is still to come."
_YES = "Write yes or no."


class Lost(NamedTuple):
    """A value that was left out of a row that was read: the row's index, a sentence, the value."""

    row: int
    sentence: str
    value: str


EMAIL = "E-mail addresses that are not valid. Write them as ann@acme.com."
PHONE = "Phone numbers that are not valid. Write the country's code too, such as +1 512 555 0100."
COUNTRY = "Countries that are not known. Write the name or the two-letter code, such as US."
#: By the field of a person.
OF_FIELD = {
    "company_domain": "Company domains that are none of a company's own. Write them as acme.com.",
    "linkedin_url": "LinkedIn addresses of no profile. They begin with linkedin.com/in/.",
    "seniority": f"Seniorities that are not known. They are: {', '.join(SENIORITIES.values())}.",
    "department": "Departments that are not known. Write one such as Sales or Engineering.",
    "industry": "Industries that are not known. Write one such as Software or Banking.",
    "naics": "NAICS codes that are not valid. They have 2 to 6 digits.",
    "employee_band": "Numbers of employees that can't be read. Write 120, or a range as 51-200.",
    "revenue_band": "Revenues that can't be read. Write the dollars of a year, such as 5,000,000.",
    "company_founded": "Years of founding that are not valid. Write four digits, such as 1999.",
    "quality_score": "Quality scores that are not valid. Write whole numbers from 0 to 100.",
    "email_verified": f"'E-mail verified' that says neither. {_YES}",
    "phone_verified": f"'Phone verified' that says neither. {_YES}",
    "email_type": "E-mail types that are not known. Write work or personal.",
    "phone_type": "Phone types that are not known. Write mobile or direct.",
    "email_verified_at": f"Days of the e-mail's check that can't be read. {_DAY}",
    "source_date": f"Days of the record that can't be read. {_DAY}",
}
#: The most characters of a text that are kept.
LONGEST = {
    "first_name": 100,
    "last_name": 100,
    "title": 200,
    "company_name": 200,
    "city": 100,
    "state": 80,
    "postal_code": 20,
}
_LABELS = {
    "first_name": "First names",
    "last_name": "Last names",
    "title": "Titles",
    "company_name": "Company names",
    "city": "Cities",
    "state": "States",
    "postal_code": "Postal codes",
}
_NAME = LONGEST["first_name"]
#: By the field of a person. What is lost is the text's end.
TOO_LONG = {
    field: f"{label} of more than {LONGEST[field]} characters, of which the end is left out."
    " Shorten them."
    for field, label in _LABELS.items()
}
LONG_NAME = (
    f"Names with a part of more than {_NAME} characters, of which the end is left out."
    " Shorten them."
)
TOPICS = (
    f"More than {MOST_TOPICS} topics in a row, or more than {LONGEST_TOPIC} characters in one: what"
    " is beyond is left out. Name fewer, or shorten them."
)
_FIELDS = {sentence: field for field, sentence in {**OF_FIELD, **TOO_LONG}.items()} | {
    COUNTRY: "country",
    TOPICS: "intent_topics",
}


def strictly(lost: Lost) -> tuple[str, str] | None:
    """(field, sentence) of a loss for who means each value; None for addresses and numbers, of
    which a row may have several.
    """
    field = _FIELDS.get(lost.sentence)
    if field is None:
        return None
    if lost.sentence == TOPICS:
        return field, f"At most {MOST_TOPICS} topics of {LONGEST_TOPIC} characters each."
    if lost.sentence == TOO_LONG.get(field):
        return field, f"At most {LONGEST[field]} characters."
    return field, f"This can't be used. {lost.sentence.partition('. ')[2]}"


def ends_beyond(column: Sequence[str], limit: int) -> Iterator[tuple[int, str]]:
    """(row, what is beyond) of the cells whose clean text has more than `limit` characters."""
    for at in _long(column, limit):
        text = clean_text(column[at], len(column[at]) * 3)
        if text is not None and len(text) > limit:
            yield at, text[limit:]


def names_beyond(column: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(row, what is beyond) of full names with a part that is longer than a name may be."""
    for at in _long(column, _NAME):
        for part in split_name(column[at], len(column[at]) * 3):
            if part is not None and len(part) > _NAME:
                yield at, part[_NAME:]
                break


def topics_beyond(column: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(row, what is beyond) of lists with too many topics, or with one that is too long."""
    for at in _long(column, LONGEST_TOPIC):
        topics = topics_of(column[at])
        lost = [*topics[MOST_TOPICS:]]
        lost += [one[LONGEST_TOPIC:] for one in topics[:MOST_TOPICS] if len(one) > LONGEST_TOPIC]
        if lost:
            yield at, "; ".join(lost)


def _long(column: Sequence[str], limit: int) -> list[int]:
    """The rows that may have more than `limit` characters: some have more in normal form."""
    low = limit // 3
    return [
        at
        for at, raw in enumerate(column)
        if len(raw) > limit or (len(raw) > low and not raw.isascii())
    ]
