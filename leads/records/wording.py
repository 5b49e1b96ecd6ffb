"""A lead's codes and numbers, as its page says them."""

from leads.filters.registry import FIELDS
from leads.filters.wording import named

from .models import Lead

CHOICES = (
    *("seniority", "department", "industry", "employee_band", "revenue_band"),
    *("verification_status", "email_type", "phone_type"),
)


def words_of(lead: Lead) -> dict[str, str]:
    """The lead's choices in words, by field."""
    return {name: named(FIELDS[name], getattr(lead, name)) for name in CHOICES}


def place_of(lead: Lead) -> str:
    """Where the person is: 'Austin, TX 78701, United States', as far as known."""
    region = " ".join(part for part in (lead.state, lead.postal_code) if part)
    country = named(FIELDS["country"], lead.country)
    return ", ".join(part for part in (lead.city, region, country) if part)
