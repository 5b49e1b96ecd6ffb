"""The columns that lists and exports of leads can show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from leads.filters.registry import FIELDS

from .models import Lead
from .person import FIELD_NAMES

OWN = (
    "source",
    "status",
    "score",
    "verification_status",
    "owner",
    "tags",
    "notes",
    "pages_viewed",
    "last_seen_at",
    "created_at",
    "updated_at",
)
LABELS = {
    "work_email": "Work e-mail",
    "personal_email": "Personal e-mail",
    "mobile_phone": "Mobile phone",
    "direct_phone": "Direct phone",
    "email_verified_at": "E-mail verified on",
    "updated_at": "Updated",
    "notes": "Notes",
}
DEFAULT_EXPORT = (
    "first_name",
    "last_name",
    "email",
    "email_verified",
    "phone",
    "title",
    "seniority",
    "company_name",
    "company_domain",
    "industry",
    "employee_band",
    "country",
    "state",
    "city",
    "linkedin_url",
    "status",
    "score",
    "tags",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the API and in files, its label, and a lead's value for it."""

    name: str
    label: str
    value: Callable[[Lead], Any]


def _reader(name: str) -> Callable[[Lead], Any]:
    def read(lead: Lead) -> Any:
        value = getattr(lead, name)
        if isinstance(value, list):
            return "; ".join(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if hasattr(value, "isoformat"):
            return value.isoformat()
        return value

    return read


def _label(name: str) -> str:
    if name in FIELDS:
        return FIELDS[name].label
    return LABELS.get(name, name.replace("_", " ").capitalize())


COLUMNS = {
    name: Column(name, _label(name), _reader(name)) for name in dict.fromkeys((*FIELD_NAMES, *OWN))
}


def unknown_columns(names: Iterable[str]) -> list[str]:
    """Those that no lead has."""
    return [name for name in names if name not in COLUMNS]
