"""The shape of one person, shared by the file readers, the catalogue, pulls and leads."""

from __future__ import annotations

import dataclasses
import datetime


@dataclasses.dataclass(slots=True)
class Person:
    """One person record (L-2); every field is optional and `None` means unknown.

    Values are already clean: texts are trimmed, NFC, without control characters and never empty;
    choices are codes; phones are E.164; dates are `datetime.date`; topics are sorted slugs.
    The same names are used in CSV headers, in the API and in the filter registry.
    """

    first_name: str | None = None
    last_name: str | None = None
    #: The best address there is: verified work, work, verified personal, personal.
    email: str | None = None
    #: `work` or `personal`, said of `email`.
    email_type: str | None = None
    email_verified: bool | None = None
    email_verified_at: datetime.date | None = None
    work_email: str | None = None
    personal_email: str | None = None
    #: The best number there is, E.164.
    phone: str | None = None
    #: `mobile` or `direct`, said of `phone`; unknown when neither is known to be true.
    phone_type: str | None = None
    phone_verified: bool | None = None
    mobile_phone: str | None = None
    direct_phone: str | None = None
    #: Canonical: `https://www.linkedin.com/in/<name>`.
    linkedin_url: str | None = None
    title: str | None = None
    #: c_suite, vp, director, manager, senior, entry, other.
    seniority: str | None = None
    department: str | None = None
    company_name: str | None = None
    #: Without scheme, `www.` and path; lower case; IDNA.
    company_domain: str | None = None
    industry: str | None = None
    #: 2 to 6 digits, as text.
    naics: str | None = None
    employee_band: str | None = None
    revenue_band: str | None = None
    #: A year.
    company_founded: int | None = None
    #: ISO 3166-1 alpha-2.
    country: str | None = None
    #: In the US, Canada and Australia the postal code of the state; elsewhere text.
    state: str | None = None
    city: str | None = None
    postal_code: str | None = None
    intent_topics: tuple[str, ...] = ()
    #: The day on which the source says that this was true.
    source_date: datetime.date | None = None
    #: 0 to 100.
    quality_score: int | None = None


#: The names of all fields, in the order of columns in files.
FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(Person))
