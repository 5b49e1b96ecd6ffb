"""Rows of a foreign table to people: what identifies must be right, the rest is cleaned."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from .bands import employee_band, revenue_band
from .column_names import FULL_NAME
from .contacts import NO_PHONE, BestEmail, BestPhone, EmailColumn, best_email, best_phone
from .dates import DayOrder, clean_date
from .freemail import is_freemail
from .identity import normalise_domain
from .industries import industry_code
from .losses import (
    COUNTRY,
    EMAIL,
    LONG_NAME,
    LONGEST,
    OF_FIELD,
    PHONE,
    TOO_LONG,
    TOPICS,
    Lost,
    ends_beyond,
    names_beyond,
    topics_beyond,
)
from .mapping import Mapping
from .normalise import (
    SALUTATIONS,
    clean_bool,
    clean_int,
    clean_linkedin,
    clean_naics,
    clean_postal_code,
    clean_text,
    clean_topics,
    clean_year,
    split_name,
    today,
)
from .person import FIELD_NAMES, Person
from .places import clean_country, clean_state, state_code
from .titles import department_code, read_title, seniority_code
from .wordlists import words

_TEXTS = ("first_name", "last_name", "company_name", "city")
#: Sites where companies have pages, which are no domain of theirs.
_SHARED_SITES = words(
    "facebook.com linkedin.com twitter.com x.com instagram.com youtube.com tiktok.com "
    "yelp.com linktr.ee google.com sites.google.com wikipedia.org en.wikipedia.org etsy.com "
    "github.com"
)
_PHONE_TYPES = {
    "mobile": "mobile",
    "cell": "mobile",
    "cellular": "mobile",
    "mobile phone": "mobile",
    "cell phone": "mobile",
    "wireless": "mobile",
    "direct": "direct",
    "direct dial": "direct",
    "work direct": "direct",
    "direct line": "direct",
    "ddi": "direct",
    "did": "direct",
}
_EMAIL_TYPES = {
    "work": "work",
    "business": "work",
    "professional": "work",
    "corporate": "work",
    "office": "work",
    "personal": "personal",
    "private": "personal",
    "home": "personal",
    "free": "personal",
}
_NOBODY = "There is no e-mail address, phone number, LinkedIn address, or full name with a company."


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row is nobody: the field at fault ("" when all are missing), a sentence, the value."""

    field: str
    reason: str
    value: str = ""


class PersonReader:
    """Turns the rows of one file into people.

    `warnings` counts, by a sentence each, values that were left out of rows that were read.
    With `notes_lost`, `lost` has those of the last call, each with its row.
    """

    def __init__(
        self,
        mapping: Mapping,
        *,
        default_country: str | None = None,
        as_of: datetime.date | None = None,
        notes_lost: bool = False,
    ) -> None:
        """`default_country` (ISO alpha-2) is where phone numbers without `+` are from when the row
        doesn't say. `as_of` becomes the source date of rows without one.
        """
        self.warnings: Counter[str] = Counter()
        self.lost: list[Lost] = []
        self._notes_lost = notes_lost
        self._default_country = default_country.upper() if default_country else None
        self._as_of = as_of
        self._latest = max(as_of or today(), today()) + datetime.timedelta(days=1)
        fields = mapping.fields
        one = {field: indexes[0] for field, indexes in fields.items()}
        self._texts = {
            field: (one[field], lru_cache(maxsize=4096)(partial(clean_text, limit=LONGEST[field])))
            for field in _TEXTS
            if field in one
        }
        self._simple = {
            field: (one[field], convert)
            for field, convert in self._converters(mapping).items()
            if field in one
        }
        self._full_name = one.get(FULL_NAME)
        self._title = one.get("title")
        self._country, self._state = one.get("country"), one.get("state")
        self._postal_code = one.get("postal_code")
        said = (("work_email", "work"), ("personal_email", "personal"))
        emails = [
            *((one[field], kind) for field, kind in said if field in one),
            *((index, None) for index in fields.get("email", [])),
        ]
        self._emails = [index for index, _ in emails]
        self._email_columns = [
            EmailColumn(kind, index == one.get("email")) for index, kind in emails
        ]
        self._phones = fields.get("phone", [])
        self._mobile, self._direct = one.get("mobile_phone"), one.get("direct_phone")
        self._topics = fields.get("intent_topics", [])
        self._place_of = lru_cache(maxsize=4096)(self._read_place)
        self._title_of = lru_cache(maxsize=4096)(_read_title)

    def read(self, values: Sequence[str]) -> Person | Rejection:
        """Return the person in a row, or why there is none; see `read_all`."""
        return self.read_all([values])[0]

    def read_all(self, rows: Sequence[Sequence[str]]) -> list[Person | Rejection]:
        """Return for each row the person in it, or why there is none.

        A row needs a valid e-mail address, phone number or LinkedIn address, or a first and last
        name with a company. Each must have as many values as the mapping has columns. Many at
        once are read in a fraction of the time that they take one by one.
        """
        self.lost = []
        if not rows:
            return []
        size = len(rows)
        cells: list[tuple[str, ...]] = list(zip(*rows, strict=True))
        # Field by field, for all rows; a field that isn't there has nothing.
        found: dict[str, Sequence[Any]] = dict.fromkeys(FIELD_NAMES, (None,) * size)
        found["intent_topics"] = ((),) * size
        for field, (index, clean) in self._texts.items():
            found[field] = [clean(raw) if raw else None for raw in cells[index]]
            self._note_ends(field, cells[index])
        for field, (index, convert) in self._simple.items():
            found[field] = [convert(raw) if raw else None for raw in cells[index]]
            self._warn(OF_FIELD[field], cells[index], found[field])
        if self._full_name is not None:
            names = zip(
                found["first_name"], found["last_name"], cells[self._full_name], strict=True
            )
            self._put(
                found,
                ("first_name", "last_name"),
                [(first, last) if first or last else split_name(raw) for first, last, raw in names],
            )
            self._lose_all(LONG_NAME, names_beyond(cells[self._full_name]))
        self._read_places(found, cells, size)
        self._read_titles(found, cells)
        bad_emails = self._read_emails(found, cells, size)
        bad_phones = self._read_phones(found, cells, size)
        if self._topics:
            found["intent_topics"] = [
                _topics(each) for each in zip(*(cells[at] for at in self._topics), strict=True)
            ]
            for index in self._topics:
                self._lose_all(TOPICS, topics_beyond(cells[index]))
        if self._as_of is not None:
            found["source_date"] = [day or self._as_of for day in found["source_date"]]
        people = map(Person, *(found[name] for name in FIELD_NAMES))
        return [
            self._judged(at, person, bad_email, bad_phone)
            for at, (person, bad_email, bad_phone) in enumerate(
                zip(people, bad_emails, bad_phones, strict=True)
            )
        ]

    def _judged(
        self, at: int, person: Person, bad_email: str, bad_phone: str
    ) -> Person | Rejection:
        if not (person.email or person.phone or person.linkedin_url) and not (
            person.first_name
            and person.last_name
            and (person.company_name or person.company_domain)
        ):
            return _rejection(bad_email, bad_phone)
        if bad_email:
            self._lose(at, EMAIL, bad_email)
        if bad_phone:
            self._lose(at, PHONE, bad_phone)
        return person

    def _warn(self, sentence: str, column: Iterable[str], found: Sequence[Any]) -> None:
        """Count the values that say something of which nothing was found."""
        if None in found:
            for at, (raw, value) in enumerate(zip(column, found, strict=True)):
                if value is None and raw != "" and (text := clean_text(raw)) is not None:
                    self._lose(at, sentence, text)

    def _note_ends(self, field: str, column: Sequence[str]) -> None:
        """Count the texts that are longer than what is kept of them."""
        self._lose_all(TOO_LONG[field], ends_beyond(column, LONGEST[field]))

    def _lose_all(self, sentence: str, lost: Iterable[tuple[int, str]]) -> None:
        for at, value in lost:
            self._lose(at, sentence, value)

    def _lose(self, at: int, sentence: str, value: str) -> None:
        self.warnings[sentence] += 1
        if self._notes_lost:
            self.lost.append(Lost(at, sentence, value))

    @staticmethod
    def _put(
        found: dict[str, Sequence[Any]], names: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Keep what was found for several fields together, row by row."""
        found.update(zip(names, zip(*rows, strict=True), strict=True))

    def _converters(self, mapping: Mapping) -> dict[str, Callable[[str], Any]]:
        def once(convert: Callable[[str], Any]) -> Callable[[str], Any]:
            return lru_cache(maxsize=4096)(convert)

        def day_of(field: str) -> Callable[[str], datetime.date | None]:
            indexes = mapping.fields.get(field)
            order: DayOrder = (mapping.columns[indexes[0]].order if indexes else None) or "mdy"
            return once(lambda raw: self._past(clean_date(raw, order)))

        return {
            "company_domain": _company_domain,
            "linkedin_url": clean_linkedin,
            "seniority": seniority_code,
            "department": department_code,
            "industry": industry_code,
            "naics": once(clean_naics),
            "employee_band": once(employee_band),
            "revenue_band": once(revenue_band),
            "company_founded": once(lambda raw: clean_year(raw, self._latest.year)),
            "quality_score": once(lambda raw: clean_int(raw, 0, 100)),
            "email_verified": once(clean_bool),
            "phone_verified": once(clean_bool),
            "email_type": once(lambda raw: _EMAIL_TYPES.get(raw.strip().lower())),
            "phone_type": once(lambda raw: _PHONE_TYPES.get(raw.strip().lower())),
            "email_verified_at": day_of("email_verified_at"),
            "source_date": day_of("source_date"),
        }

    def _past(self, day: datetime.date | None) -> datetime.date | None:
        return day if day and datetime.date(1970, 1, 1) <= day <= self._latest else None

    def _read_places(
        self, found: dict[str, Sequence[Any]], cells: Sequence[Sequence[str]], size: int
    ) -> None:
        nothing = ("",) * size
        country, state, postal_code = (
            nothing if at is None else cells[at]
            for at in (self._country, self._state, self._postal_code)
        )
        if self._country is not None:
            countries = [clean_country(raw) if raw else None for raw in country]
            self._warn(COUNTRY, country, countries)
        if self._country is not None or self._state is not None:
            places = zip(country, state, strict=True)
            self._put(found, ("country", "state"), [self._place_of(*each) for each in places])
            self._note_ends("state", state)
        if self._postal_code is not None:
            found["postal_code"] = [
                clean_postal_code(raw, where) if raw else None
                for raw, where in zip(postal_code, found["country"], strict=True)
            ]
            self._note_ends("postal_code", postal_code)

    def _read_place(self, country: str, state: str) -> tuple[str | None, str | None]:
        """(country, state) of what a row says; both may be empty."""
        where = clean_country(country) if country else None
        text = clean_text(state, LONGEST["state"]) if state else None
        if text is None:
            return where, None
        # 'TX' in a file from here is Texas, and so the person is here.
        if where is None and state_code(text, self._default_country):
            where = self._default_country
        return where, clean_state(text, where)

    def _read_titles(self, found: dict[str, Sequence[Any]], cells: Sequence[Sequence[str]]) -> None:
        if self._title is None:
            return
        self._note_ends("title", cells[self._title])
        said = zip(found["seniority"], found["department"], strict=True)
        self._put(
            found,
            ("title", "seniority", "department"),
            [
                (title, seniority or read[0], department or read[1])
                for (title, *read), (seniority, department) in zip(
                    map(self._title_of, cells[self._title]), said, strict=True
                )
            ],
        )

    def _read_emails(
        self, found: dict[str, Sequence[Any]], cells: Sequence[Sequence[str]], size: int
    ) -> Sequence[str]:
        """Fill in the addresses. Returns for each row a value that isn't one, or ""."""
        raws = (
            zip(*(cells[at] for at in self._emails), strict=True) if self._emails else ((),) * size
        )
        said = (found[field] for field in ("email_type", "email_verified", "email_verified_at"))
        rows = [best_email(self._email_columns, *each) for each in zip(raws, *said, strict=True)]
        self._put(found, BestEmail._fields, rows)
        return found.pop("bad")

    def _read_phones(
        self, found: dict[str, Sequence[Any]], cells: Sequence[Sequence[str]], size: int
    ) -> Sequence[str]:
        """Fill in the numbers. Returns for each row a value that isn't one, or ""."""
        raws = (
            zip(*(cells[at] for at in self._phones), strict=True) if self._phones else ((),) * size
        )
        mobile, direct = (
            ("",) * size if at is None else cells[at] for at in (self._mobile, self._direct)
        )
        country = [each or self._default_country for each in found["country"]]
        said = (found[field] for field in ("phone_type", "phone_verified"))
        rows = [
            best_phone(*each) if any(each[0]) or each[1] or each[2] else NO_PHONE
            for each in zip(raws, mobile, direct, country, *said, strict=True)
        ]
        self._put(found, BestPhone._fields, rows)
        return found.pop("bad")


def _topics(cells: Sequence[str]) -> tuple[str, ...]:
    """The topics of a row's cells, sorted."""
    if len(cells) == 1:
        return clean_topics(cells[0])
    return tuple(sorted({topic for cell in cells if cell for topic in clean_topics(cell)}))


def _read_title(raw: str) -> tuple[str | None, str | None, str | None]:
    """(title, seniority, department) that a cell tells."""
    title = clean_text(raw)
    if title is None or title.rstrip(".").lower() in SALUTATIONS:
        return None, None, None
    return (title, *read_title(title))


def _rejection(bad_email: str, bad_phone: str) -> Rejection:
    alone = "is not valid, and nothing else says who this is."
    if bad_email:
        return Rejection("email", f"The e-mail address {alone}", bad_email)
    if bad_phone:
        return Rejection("phone", f"The phone number {alone}", bad_phone)
    return Rejection("", _NOBODY)


@lru_cache(maxsize=65_536)
def _company_domain(raw: str) -> str | None:
    domain = normalise_domain(raw)
    if not domain or is_freemail(domain):
        return None
    # A page on a shared site is no domain of the company's; the site alone is its owner's.
    if domain in _SHARED_SITES and domain in raw.lower().rstrip("/").rpartition("/")[0]:
        return None
    return domain
