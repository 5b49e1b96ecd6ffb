"""What a file is uploaded for: which fields its columns may fill, and what a row needs."""

from dataclasses import dataclass

from leads.filters.registry import FIELDS
from leads.records.column_names import FULL_NAME, OWN_TARGETS, TARGETS
from leads.records.columns import COLUMNS

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Name", ("first_name", "last_name", FULL_NAME, "linkedin_url")),
    (
        "E-mail",
        (
            *("email", "work_email", "personal_email"),
            *("email_type", "email_verified", "email_verified_at"),
        ),
    ),
    ("Phone", ("phone", "mobile_phone", "direct_phone", "phone_type", "phone_verified")),
    ("Role", ("title", "seniority", "department")),
    (
        "Company",
        (
            *("company_name", "company_domain", "industry", "naics"),
            *("employee_band", "revenue_band", "company_founded"),
        ),
    ),
    ("Place", ("country", "state", "city", "postal_code")),
    ("Signals", ("intent_topics", "source_date", "quality_score")),
    ("Your own", OWN_TARGETS),
)
_OWN_LABELS = {FULL_NAME: "Full name", "email": "E-mail", "phone": "Phone"}


@dataclass(frozen=True, slots=True)
class Purpose:
    """One reason to upload a file. `needs` says in a sentence what a row must have."""

    code: str
    needs: str
    targets: tuple[str, ...] = TARGETS

    @property
    def has_own(self) -> bool:
        """Whether columns may become what a workspace says of a lead: tags and notes."""
        return set(OWN_TARGETS) <= set(self.targets)

    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The fields that a column may fill: (group, (field, label) pairs)."""
        wanted = set(self.targets)
        found = [
            (group, [(name, field_label(name)) for name in names if name in wanted])
            for group, names in _GROUPS
        ]
        return [(group, names) for group, names in found if names]


def field_label(name: str) -> str:
    """A field of a person in words for people."""
    if name in _OWN_LABELS:
        return _OWN_LABELS[name]
    return COLUMNS[name].label if name in COLUMNS else FIELDS[name].label


IMPORT = Purpose(
    "import",
    "A row needs an e-mail address, a phone number, a LinkedIn address, or a first and last name "
    "with a company.",
    (*TARGETS, *OWN_TARGETS),
)
