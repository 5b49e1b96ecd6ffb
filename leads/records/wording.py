"""A lead's codes and numbers, as its page says them."""

from dataclasses import dataclass

from leads.filters.registry import FIELDS
from leads.filters.wording import named

from .models import Lead

CHOICES = (
    *("seniority", "department", "industry", "employee_band", "revenue_band"),
    *("verification_status", "email_type", "phone_type"),
)


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of the score: what it is for, and its points."""

    words: str
    points: int


def words_of(lead: Lead) -> dict[str, str]:
    """The lead's choices in words, by field."""
    return {name: named(FIELDS[name], getattr(lead, name)) for name in CHOICES}


def place_of(lead: Lead) -> str:
    """Where the person is: 'Austin, TX 78701, United States', as far as known."""
    region = " ".join(part for part in (lead.state, lead.postal_code) if part)
    country = named(FIELDS["country"], lead.country)
    return ", ".join(part for part in (lead.city, region, country) if part)


def factors_of(lead: Lead) -> list[Factor]:
    """What made up the score, most points first. Empty where the score has no breakdown."""
    stored = lead.score_factors
    found = [
        Factor(name.replace("_", " ").capitalize(), points)
        for name, points in (stored.items() if isinstance(stored, dict) else ())
        if isinstance(points, int) and not isinstance(points, bool)
    ]
    return sorted(found, key=lambda factor: -factor.points)
