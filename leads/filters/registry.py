"""The one list of fields and operators, behind form controls, help, API docs and JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from leads.filters import vocabulary as words

FieldType = Literal["text", "choice", "boolean", "number", "date", "list"]
Shape = Literal["none", "one", "many", "pair", "days"]
Scope = Literal["catalogue", "leads"]
Form = Literal["plain", "phone", "domain", "linkedin", "topic", "tag", "member", "job"]

MAX_TEXT = 200  # characters in one value
MAX_VALUES = 1_000  # in one condition
MAX_VALUES_IN_ALL = 5_000  # in one document
MAX_DEPTH = 5  # groups in groups, the root counted
MAX_CONDITIONS = 50
MAX_DAYS = 36_500
MASKED_HELP = "It is masked until the person is pulled: ask only whether it is known."


@dataclass(frozen=True, slots=True)
class Operator:
    """How a field is tested.

    `shape` is the value's: none; one scalar; many scalars; a (low, high) pair; a number of days.
    A negated operator is true for records where the field is unset.
    """

    name: str
    label: str
    shape: Shape
    help: str
    negated: bool = False


_OPERATORS = (
    Operator("eq", "is", "one", "Equal to the value."),
    Operator("ne", "is not", "one", "Different from the value, or unset.", negated=True),
    Operator("in", "is any of", "many", "Equal to one of the values."),
    Operator(
        "not_in", "is none of", "many", "Equal to none of the values, or unset.", negated=True
    ),
    Operator("contains", "contains", "one", "Has the value somewhere inside."),
    Operator(
        "not_contains",
        "does not contain",
        "one",
        "Has the value nowhere inside, or is unset.",
        negated=True,
    ),
    Operator("starts_with", "starts with", "one", "Begins with the value."),
    Operator("gt", "is more than", "one", "Above the value; for dates, after the day."),
    Operator("gte", "is at least", "one", "The value or above; for dates, on or after the day."),
    Operator("lt", "is less than", "one", "Below the value; for dates, before the day."),
    Operator("lte", "is at most", "one", "The value or below; for dates, on or before the day."),
    Operator("between", "is between", "pair", "From the first value to the second, both included."),
    Operator(
        "within_days", "is within the last days", "days", "Not older than this number of days."
    ),
    Operator("has_any", "has any of", "many", "Has at least one of the values."),
    Operator("has_all", "has all of", "many", "Has every one of the values."),
    Operator("has_none", "has none of", "many", "Has not one of the values.", negated=True),
    Operator("is_set", "is known", "none", "Has a value."),
    Operator("is_not_set", "is unknown", "none", "Has no value.", negated=True),
)
OPERATORS: Mapping[str, Operator] = MappingProxyType({entry.name: entry for entry in _OPERATORS})

_ORDERED = ("eq", "gt", "gte", "lt", "lte", "between")
PRESENCE = ("is_set", "is_not_set")
OPERATORS_OF_TYPE: Mapping[FieldType, tuple[str, ...]] = MappingProxyType(
    {
        "text": (
            *("eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with"),
            *PRESENCE,
        ),
        "choice": ("in", "not_in", *PRESENCE),
        "boolean": ("eq", *PRESENCE),
        "number": (*_ORDERED, *PRESENCE),
        "date": (*_ORDERED, "within_days", *PRESENCE),
        "list": ("has_any", "has_all", "has_none", *PRESENCE),
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """What a filter may test.

    `choices` maps codes to labels in display order; a choice field without them has an open
    vocabulary. `minimum` and `maximum` bound numbers, both included; `max_length` bounds text in
    characters. `group` is the heading in the sidebar. `in_catalogue` and `on_lead` say where the
    field exists. `form` is how values are written (see values). A `masked` field is hidden in the
    catalogue until the person is pulled, so there a filter may ask only whether it is known:
    whoever may compare it can spell it out, letter by letter, for nothing (ADR 0014).
    """

    name: str
    type: FieldType
    label: str
    group: str
    help: str
    choices: Mapping[str, str] | None = None
    in_catalogue: bool = True
    on_lead: bool = True
    minimum: int = 0
    maximum: int = 2_147_483_647
    max_length: int = MAX_TEXT
    form: Form = "plain"
    masked: bool = False

    @property
    def is_id(self) -> bool:
        """Whether its values are ids of what a workspace has: members, jobs."""
        return self.form in ("member", "job")

    def operators_in(self, scope: Scope) -> tuple[str, ...]:
        """The names of the operators that this field takes in a filter over this scope."""
        return PRESENCE if self.is_masked_in(scope) else OPERATORS_OF_TYPE[self.type]

    def help_in(self, scope: Scope) -> str:
        """What the field is, and what can't be asked of it in this scope."""
        return f"{self.help} {MASKED_HELP}" if self.is_masked_in(scope) else self.help

    def is_masked_in(self, scope: Scope) -> bool:
        """Whether its value is hidden in this scope."""
        return self.masked and scope == "catalogue"

    def is_in(self, scope: Scope) -> bool:
        """Whether a filter over this scope may name the field."""
        return self.in_catalogue if scope == "catalogue" else self.on_lead


ROLE, COMPANY, PLACE = "Role", "Company", "Location"
CONTACT, SIGNALS, OWN = "Name and contact", "Intent and quality", "In your workspace"
GROUPS = (ROLE, COMPANY, PLACE, CONTACT, SIGNALS, OWN)

_FIELDS = (
    Field("title", "text", "Job title", ROLE, "What the person is called at work."),
    Field(
        "seniority", "choice", "Seniority", ROLE, "How high the person stands.", words.SENIORITIES
    ),
    Field(
        "department",
        "choice",
        "Department",
        ROLE,
        "Where in the company the person works.",
        words.DEPARTMENTS,
    ),
    Field("company_name", "text", "Company", COMPANY, "The employer's name."),
    Field(
        "company_domain",
        "text",
        "Company domain",
        COMPANY,
        "The employer's web domain, such as acme.com.",
        form="domain",
    ),
    Field("industry", "choice", "Industry", COMPANY, "What the company does.", words.INDUSTRIES),
    Field("naics", "text", "NAICS code", COMPANY, "Industry code; 5112 finds all that start so."),
    Field(
        "employee_band",
        "choice",
        "Employees",
        COMPANY,
        "How many people work at the company.",
        words.EMPLOYEE_BANDS,
    ),
    Field(
        "revenue_band",
        "choice",
        "Revenue",
        COMPANY,
        "The company's yearly revenue.",
        words.REVENUE_BANDS,
    ),
    Field(
        "company_founded",
        "number",
        "Founded",
        COMPANY,
        "The year in which the company was founded.",
        minimum=1,
        maximum=9999,
    ),
    Field("country", "choice", "Country", PLACE, "Where the person works.", words.COUNTRIES),
    Field(
        "state",
        "choice",
        "State or region",
        PLACE,
        "The code for states of the US, such as TX; the region's name elsewhere.",
    ),
    Field("city", "text", "City", PLACE, "The town or city."),
    Field("postal_code", "text", "Postal code", PLACE, "ZIP or postal code."),
    Field("first_name", "text", "First name", CONTACT, "The given name."),
    Field("last_name", "text", "Last name", CONTACT, "The family name."),
    Field("email", "text", "E-mail", CONTACT, "The best address known.", masked=True),
    Field("email_type", "choice", "E-mail type", CONTACT, "Work or personal.", words.EMAIL_TYPES),
    Field(
        "email_verified",
        "boolean",
        "E-mail verified",
        CONTACT,
        "Whether the address was checked and accepts mail.",
    ),
    Field(
        "phone",
        "text",
        "Phone",
        CONTACT,
        "The best number known, such as +15125550100.",
        form="phone",
        masked=True,
    ),
    Field("phone_type", "choice", "Phone type", CONTACT, "Mobile or direct.", words.PHONE_TYPES),
    Field(
        "phone_verified",
        "boolean",
        "Phone verified",
        CONTACT,
        "Whether the number was checked and answers.",
    ),
    Field(
        "linkedin_url",
        "text",
        "LinkedIn",
        CONTACT,
        "The address of the profile.",
        form="linkedin",
    ),
    Field(
        "intent_topics",
        "list",
        "Intent topics",
        SIGNALS,
        "What the person or company has been reading up on.",
        max_length=80,
        form="topic",
    ),
    Field("source_date", "date", "Record date", SIGNALS, "The day the record is from."),
    Field(
        "quality_score",
        "number",
        "Quality",
        SIGNALS,
        "How complete and fresh the record is, 0 to 100.",
        maximum=100,
    ),
    Field(
        "source",
        "choice",
        "Source",
        OWN,
        "How the lead came in.",
        words.SOURCES,
        in_catalogue=False,
    ),
    Field(
        "status",
        "choice",
        "Status",
        OWN,
        "How far work on the lead has come.",
        words.STATUSES,
        in_catalogue=False,
    ),
    Field(
        "verification_status",
        "choice",
        "E-mail check",
        OWN,
        "What the last check of the address said.",
        words.VERIFICATION_STATUSES,
        in_catalogue=False,
    ),
    Field(
        "owner",
        "choice",
        "Owner",
        OWN,
        "The member who works on the lead.",
        in_catalogue=False,
        form="member",
    ),
    Field(
        "score",
        "number",
        "Score",
        OWN,
        "How promising the lead is, 0 to 100.",
        in_catalogue=False,
        maximum=100,
    ),
    Field(
        "tags",
        "list",
        "Tags",
        OWN,
        "Your own labels, in lower case.",
        in_catalogue=False,
        max_length=40,
        form="tag",
    ),
    Field(
        "pages_viewed",
        "number",
        "Pages viewed",
        OWN,
        "Pages of your sites that the person has seen.",
        in_catalogue=False,
    ),
    Field(
        "job_id",
        "choice",
        "Came in with",
        OWN,
        "The import, list or pull that brought the lead: the id of its job.",
        in_catalogue=False,
        form="job",
    ),
    Field("created_at", "date", "Added", OWN, "The day the lead came in.", in_catalogue=False),
    Field(
        "last_seen_at",
        "date",
        "Last seen",
        OWN,
        "The day of the last visit to your sites.",
        in_catalogue=False,
    ),
)
FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})


def fields_in(scope: Scope) -> tuple[Field, ...]:
    """The fields that a filter over this scope may name, in display order."""
    return tuple(field for field in _FIELDS if field.is_in(scope))
