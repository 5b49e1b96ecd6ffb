"""What the values of a column say about its meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .bands import employee_band, revenue_band
from .dates import clean_date
from .identity import normalise_domain
from .normalise import (
    SALUTATIONS,
    clean_bool,
    clean_emails,
    clean_int,
    clean_linkedin,
    clean_naics,
    clean_text,
    clean_year,
    today,
)
from .phones import parse_phone
from .places import clean_country
from .titles import seniority_code

_LOOKED_AT = 200
_DIGITS_OF_PHONE = range(7, 16)


def fits(field: str, values: Sequence[str], default_country: str | None) -> float | None:
    """Return which share of a column's filled values can be in a field; None: can't be told."""
    filled = [value for value in values if clean_text(value)][:_LOOKED_AT]
    if not filled:
        return None
    test = _tests(default_country).get(field)
    if test is None:
        return None
    return sum(1 for value in filled if test(value)) / len(filled)


def guess_by_values(values: Sequence[str]) -> tuple[str, float] | None:
    """Return (field, share) of a column whose values look like only one thing: at least 80 %."""
    filled = [value for value in values if clean_text(value)][:_LOOKED_AT]
    if not filled:
        return None
    tests: tuple[tuple[str, Callable[[str], object]], ...] = (
        ("email", _has_email),
        ("linkedin_url", clean_linkedin),
        ("phone", _is_surely_phone),
    )
    for field, test in tests:
        share = sum(1 for value in filled if test(value)) / len(filled)
        if share >= 0.8:
            return field, share
    return None


def _tests(default_country: str | None) -> dict[str, Callable[[str], object]]:
    return {
        "email": _has_email,
        "work_email": _has_email,
        "personal_email": _has_email,
        "phone": _is_phone_like,
        "mobile_phone": _is_phone_like,
        "direct_phone": _is_phone_like,
        "linkedin_url": lambda value: clean_linkedin(value) or "/" not in value,
        "company_domain": normalise_domain,
        "country": clean_country,
        "employee_band": employee_band,
        "revenue_band": revenue_band,
        "company_founded": lambda value: clean_year(value, today().year),
        "naics": clean_naics,
        "quality_score": lambda value: clean_int(value, 0, 100) is not None,
        "email_verified": lambda value: clean_bool(value) is not None or value.isalpha(),
        "phone_verified": lambda value: clean_bool(value) is not None or value.isalpha(),
        "source_date": clean_date,
        "email_verified_at": clean_date,
        "seniority": seniority_code,
        "title": lambda value: not _is_salutation(value) and any(c.isalpha() for c in value),
        "first_name": _is_name,
        "last_name": _is_name,
        "full_name": _is_name,
        "company_name": lambda value: any(c.isalnum() for c in value) and "@" not in value,
        "city": lambda value: any(c.isalpha() for c in value),
    }


def _has_email(value: str) -> bool:
    return "@" in value and bool(clean_emails(value))


def _is_phone_like(value: str) -> bool:
    return sum(c.isdecimal() for c in value) in range(7, 22) and "@" not in value


def _is_surely_phone(value: str) -> bool:
    """A number with a plus or separators that is valid somewhere: an id isn't."""
    digits = sum(c.isdecimal() for c in value)
    if digits not in _DIGITS_OF_PHONE or any(c.isalpha() for c in value):
        return False
    if value.strip().startswith("+"):
        return parse_phone(value) is not None
    return any(c in value for c in "() -.") and parse_phone(value, "US") is not None


def _is_name(value: str) -> bool:
    return "@" not in value and any(c.isalpha() for c in value) and not value.startswith("http")


def _is_salutation(value: str) -> bool:
    return value.strip().rstrip(".").lower() in SALUTATIONS
