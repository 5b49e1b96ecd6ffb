"""Rows of a foreign table to people: what identifies must be right, the rest is cleaned."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from .bands import employee_band, revenue_band
from .column_names import FULL_NAME
from .dates import DayOrder, clean_date
from .freemail import is_freemail
from .identity import normalise_domain
from .industries import industry_code
from .mapping import Mapping
from .normalise import (
    SALUTATIONS,
    clean_bool,
    clean_emails,
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
from .person import Person
from .phones import is_mobile, parse_phone
from .places import clean_country, clean_state, state_code
from .titles import department_code, read_title, seniority_code
from .wordlists import words

#: Text fields and the most characters that are kept.
_TEXTS = {"first_name": 100, "last_name": 100, "company_name": 200, "city": 100}
_SEVERAL_PHONES = re.compile(r"[;,|\n]| / | or ")
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
    """

    def __init__(
        self,
        mapping: Mapping,
        *,
        default_country: str | None = None,
        as_of: datetime.date | None = None,
    ) -> None:
        """`default_country` (ISO alpha-2) is where phone numbers without `+` are from when the row
        doesn't say. `as_of` becomes the source date of rows without one.
        """
        self.warnings: Counter[str] = Counter()
        self._default_country = default_country.upper() if default_country else None
        self._as_of = as_of
        self._latest = max(as_of or today(), today()) + datetime.timedelta(days=1)
        fields = mapping.fields
        one = {field: indexes[0] for field, indexes in fields.items()}
        self._texts = [
            (one[field], field, lru_cache(maxsize=4096)(partial(clean_text, limit=cap)))
            for field, cap in _TEXTS.items()
            if field in one
        ]
        converters = self._converters(mapping)
        self._simple = [
            (one[field], field, convert, f"Values of {field} that can't be used.")
            for field, convert in converters.items()
            if field in one
        ]
        self._full_name = one.get(FULL_NAME)
        self._title = one.get("title")
        self._country, self._state = one.get("country"), one.get("state")
        self._postal_code = one.get("postal_code")
        said = (("work_email", "work"), ("personal_email", "personal"))
        self._main_email = one.get("email")
        self._emails: list[tuple[int, str | None]] = [
            *((one[field], kind) for field, kind in said if field in one),
            *((index, None) for index in fields.get("email", [])),
        ]
        self._phones = fields.get("phone", [])
        self._mobile, self._direct = one.get("mobile_phone"), one.get("direct_phone")
        self._topics = fields.get("intent_topics", [])

    def read(self, values: Sequence[str]) -> Person | Rejection:
        """Return the person in a row, or why there is none.

        A row needs a valid e-mail address, phone number or LinkedIn address, or a first and last
        name with a company. `values` must be as many as the mapping has columns.
        """
        person = Person()
        for index, field, clean in self._texts:
            if raw := values[index]:
                setattr(person, field, clean(raw))
        for index, field, convert, sentence in self._simple:
            if raw := values[index]:
                found = convert(raw)
                if found is not None:
                    setattr(person, field, found)
                elif clean_text(raw):
                    self.warnings[sentence] += 1
        if self._full_name is not None and not person.first_name and not person.last_name:
            person.first_name, person.last_name = split_name(values[self._full_name])
        self._read_place(person, values)
        self._read_title(person, values)
        bad_email = self._read_emails(person, values)
        bad_phone = self._read_phones(person, values)
        if self._topics:
            cells = (values[index] for index in self._topics)
            person.intent_topics = tuple(
                sorted({topic for cell in cells if cell for topic in clean_topics(cell)})
            )
        if person.source_date is None:
            person.source_date = self._as_of
        if not (person.email or person.phone or person.linkedin_url) and not (
            person.first_name
            and person.last_name
            and (person.company_name or person.company_domain)
        ):
            return _rejection(bad_email, bad_phone)
        if bad_email:
            self.warnings["E-mail addresses that are not valid."] += 1
        if bad_phone:
            self.warnings["Phone numbers that are not valid."] += 1
        return person

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

    def _read_place(self, person: Person, values: Sequence[str]) -> None:
        if self._country is not None and (raw := values[self._country]):
            person.country = clean_country(raw)
            if person.country is None and clean_text(raw):
                self.warnings["Countries that are not known."] += 1
        if self._state is not None and (raw := values[self._state]):
            state = clean_text(raw, 80)
            if state and person.country is None:
                # 'TX' in a file from here is Texas, and so the person is here.
                code = state_code(state, self._default_country)
                if code:
                    person.country = self._default_country
            person.state = clean_state(state, person.country) if state else None
        if self._postal_code is not None and (raw := values[self._postal_code]):
            person.postal_code = clean_postal_code(raw, person.country)

    def _read_title(self, person: Person, values: Sequence[str]) -> None:
        if self._title is None or not (raw := values[self._title]):
            return
        title = clean_text(raw)
        if title is None or title.rstrip(".").lower() in SALUTATIONS:
            return
        person.title = title
        if person.seniority is None or person.department is None:
            seniority, department = read_title(title)
            person.seniority = person.seniority or seniority
            person.department = person.department or department

    def _read_emails(self, person: Person, values: Sequence[str]) -> str:
        """Fill in the addresses. Returns a value that isn't one, where there is such a value."""
        said_type, person.email_type = person.email_type, None
        verified, person.email_verified = person.email_verified, None
        day, person.email_verified_at = person.email_verified_at, None
        found: list[tuple[str, str]] = []
        main = bad = ""
        for index, kind in self._emails:
            raw = values[index]
            if not raw:
                continue
            addresses = clean_emails(raw)
            if not addresses:
                bad = bad or (clean_text(raw) or "")
            for address in addresses:
                known = kind
                if index == self._main_email and not main:
                    main, known = address, said_type
                domain = address.rpartition("@")[2]
                found.append((address, known or ("personal" if is_freemail(domain) else "work")))
        if not found:
            return bad
        for address, kind in found:
            if kind == "work":
                person.work_email = person.work_email or address
            else:
                person.personal_email = person.personal_email or address
        # Verified work, work, verified personal, personal; the file's own best one before others.
        person.email, person.email_type = min(
            found, key=lambda each: (each[1] != "work", each[0] != main)
        )
        if person.email == main:
            person.email_verified, person.email_verified_at = verified, day
        return bad

    def _read_phones(self, person: Person, values: Sequence[str]) -> str:
        """Fill in the numbers. Returns a value that isn't one, where there is such a value."""
        country = person.country or self._default_country
        kind, person.phone_type = person.phone_type, None
        verified, person.phone_verified = person.phone_verified, None
        bad = ""
        main: str | None = None
        for index in self._phones:
            if raw := values[index]:
                number = _phone(raw, country)
                if number is None:
                    bad = bad or (clean_text(raw) or "")
                elif main is None:
                    main = number
                    if index != self._phones[0]:
                        kind = verified = None
        for field, at in (("mobile_phone", self._mobile), ("direct_phone", self._direct)):
            if at is not None and (raw := values[at]):
                number = _phone(raw, country)
                setattr(person, field, number)
                if number is None:
                    bad = bad or (clean_text(raw) or "")
        best = main or person.mobile_phone or person.direct_phone
        if best is None:
            return bad
        person.phone = best
        if best == main:
            person.phone_verified = verified
        if best == main and kind:
            person.phone_type = kind
        elif best == person.mobile_phone or is_mobile(best):
            person.phone_type = "mobile"
        elif best == person.direct_phone:
            person.phone_type = "direct"
        if person.phone_type == "mobile":
            person.mobile_phone = person.mobile_phone or best
        elif person.phone_type == "direct":
            person.direct_phone = person.direct_phone or best
        return bad


def _rejection(bad_email: str, bad_phone: str) -> Rejection:
    alone = "is not valid, and nothing else says who this is."
    if bad_email:
        return Rejection("email", f"The e-mail address {alone}", bad_email)
    if bad_phone:
        return Rejection("phone", f"The phone number {alone}", bad_phone)
    return Rejection("", _NOBODY)


def _phone(raw: str, country: str | None) -> str | None:
    number = parse_phone(raw, country)
    if number is None and _SEVERAL_PHONES.search(raw):
        for part in _SEVERAL_PHONES.split(raw)[:10]:
            number = parse_phone(part, country) if part.strip() else None
            if number:
                break
    return number


@lru_cache(maxsize=65_536)
def _company_domain(raw: str) -> str | None:
    domain = normalise_domain(raw)
    if not domain or is_freemail(domain):
        return None
    # A page on a shared site is no domain of the company's; the site alone is its owner's.
    if domain in _SHARED_SITES and domain in raw.lower().rstrip("/").rpartition("/")[0]:
        return None
    return domain
