"""Codes and labels of the choice fields; those that other apps share are the ground floor's."""

from types import MappingProxyType

from cursive.lib.vocabulary import (
    COUNTRIES,
    DEPARTMENTS,
    EMPLOYEE_BANDS,
    INDUSTRIES,
    REVENUE_BANDS,
    SENIORITIES,
    US_STATES,
    Choices,
)

__all__ = [
    "COUNTRIES",
    "DEPARTMENTS",
    "EMAIL_TYPES",
    "EMPLOYEE_BANDS",
    "INDUSTRIES",
    "PHONE_TYPES",
    "REVENUE_BANDS",
    "SENIORITIES",
    "SOURCES",
    "STATUSES",
    "US_STATES",
    "VERIFICATION_STATUSES",
    "Choices",
]

EMAIL_TYPES: Choices = MappingProxyType({"work": "Work", "personal": "Personal"})
PHONE_TYPES: Choices = MappingProxyType({"mobile": "Mobile", "direct": "Direct"})
SOURCES: Choices = MappingProxyType(
    {
        "database": "Database",
        "marketplace": "Marketplace",
        "pixel": "Pixel",
        "upload": "Upload",
        "enrichment": "Enrichment",
        "api": "API",
    }
)
STATUSES: Choices = MappingProxyType(
    {
        "new": "New",
        "contacted": "Contacted",
        "qualified": "Qualified",
        "won": "Won",
        "lost": "Lost",
    }
)
VERIFICATION_STATUSES: Choices = MappingProxyType(
    {
        "valid": "Valid",
        "invalid": "Invalid",
        "catch_all": "Catch-all",
        "risky": "Risky",
        "unknown": "Unknown",
    }
)
