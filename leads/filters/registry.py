"""The one list of fields, behind form controls, help, API docs and JSON Schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from leads.filters import vocabulary as words
from leads.filters.operators import OPERATORS_OF_TYPE, PRESENCE, FieldType

Scope = Literal["catalogue", "leads", "listings"]
Form = Literal["plain", "phone", "domain", "linkedin", "topic", "tag", "member", "job", "cents"]

MAX_TEXT = 200  # characters in one value
MAX_VALUES = 1_000  # in one condition
MAX_VALUES_IN_ALL = 5_000  # in one document
MAX_DEPTH = 5  # groups in groups, the root counted
MAX_CONDITIONS = 50
MAX_DAYS = 36_500
CHEAPEST_CENTS, DEAREST_CENTS = 10, 500  # what a listing may cost (P-2)
MASKED_HELP: Mapping[Scope, str] = MappingProxyType(
    {
        "catalogue": "It is masked until the person is pulled: ask only whether it is known.",
        "leads": "",
        "listings": "It is masked until the lead is bought: ask only whether it is known.",
    }
)
BEFORE_PAYING: tuple[Scope, ...] = ("catalogue", "listings")
SCOPE_NAMES: Mapping[Scope, str] = MappingProxyType(
    {"catalogue": "the catalogue", "leads": "the lead list", "listings": "the marketplace"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """What a filter may test.

    `choices` maps codes to labels in display order; a choice field without them has an open
    vocabulary. `minimum` and `maximum` bound numbers, both included; `max_length` bounds text in
    characters. `group` is the heading in the sidebar. `in_catalogue`, `on_lead` and `on_listing`
    say where the field exists. `form` is how values are written (see values). Where a field is
    `masked` until it is paid for, a filter may ask only whether it is known: whoever may compare
    it can spell it out, letter by letter, for nothing (ADR 0014).
    """

    name: str
    type: FieldType
    label: str
    group: str
    help: str
    choices: Mapping[str, str] | None = None
    in_catalogue: bool = True
    on_lead: bool = True
    on_listing: bool = False
    minimum: int = 0
    maximum: int = 2_147_483_647
    max_length: int = MAX_TEXT
    form: Form = "plain"
    masked: tuple[Scope, ...] = ()

    @property
    def is_id(self) -> bool:
        """Whether its values are ids of what a workspace has: members, jobs."""
        return self.form in ("member", "job")

    def operators_in(self, scope: Scope) -> tuple[str, ...]:
        """The names of the operators that this field takes in a filter over this scope."""
        return PRESENCE if self.is_masked_in(scope) else OPERATORS_OF_TYPE[self.type]

    def help_in(self, scope: Scope) -> str:
        """What the field is, and what can't be asked of it in this scope."""
        return f"{self.help} {MASKED_HELP[scope]}" if self.is_masked_in(scope) else self.help

    def is_masked_in(self, scope: Scope) -> bool:
        """Whether its value is hidden in this scope."""
        return scope in self.masked

    def is_in(self, scope: Scope) -> bool:
        """Whether a filter over this scope may name the field."""
        where = {
            "catalogue": self.in_catalogue,
            "leads": self.on_lead,
            "listings": self.on_listing,
        }
        return where[scope]

    def group_in(self, scope: Scope) -> str:
        """The heading under which it stands in the sidebar over this scope."""
        is_offer = scope == "listings" and self.group in (SIGNALS, OWN)
        return OFFER if is_offer else self.group


ROLE, COMPANY, PLACE = "Role", "Company", "Location"
CONTACT, SIGNALS, OWN = "Name and contact", "Intent and quality", "In your workspace"
OFFER = "Offer"
GROUPS = (ROLE, COMPANY, PLACE, CONTACT, SIGNALS, OWN, OFFER)

_FIELDS = (
    Field(
        "title",
        "text",
        "Job title",
        ROLE,
        "What the person is called at work.",
        on_listing=True,
    ),
    Field(
        "seniority",
        "choice",
        "Seniority",
        ROLE,
        "How high the person stands.",
        words.SENIORITIES,
        on_listing=True,
    ),
    Field(
        "department",
        "choice",
        "Department",
        ROLE,
        "Where in the company the person works.",
        words.DEPARTMENTS,
        on_listing=True,
    ),
    Field("company_name", "text", "Company", COMPANY, "The employer's name.", on_listing=True),
    Field(
        "company_domain",
        "text",
        "Company domain",
        COMPANY,
        "The employer's web domain, such as acme.com.",
        form="domain",
    ),
    Field(
        "industry",
        "choice",
        "Industry",
        COMPANY,
        "What the company does.",
        words.INDUSTRIES,
        on_listing=True,
    ),
    Field("naics", "text", "NAICS code", COMPANY, "Industry code; 5112 finds all that start so."),
    Field(
        "employee_band",
        "choice",
        "Employees",
        COMPANY,
        "How many people work at the company.",
        words.EMPLOYEE_BANDS,
        on_listing=True,
    ),
    Field(
        "revenue_band",
        "choice",
        "Revenue",
        COMPANY,
        "The company's yearly revenue.",
        words.REVENUE_BANDS,
        on_listing=True,
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
    Field(
        "country",
        "choice",
        "Country",
        PLACE,
        "Where the person works.",
        words.COUNTRIES,
        on_listing=True,
    ),
    Field(
        "state",
        "choice",
        "State or region",
        PLACE,
        "The code for states of the US, such as TX; the region's name elsewhere.",
        on_listing=True,
    ),
    Field("city", "text", "City", PLACE, "The town or city.", on_listing=True),
    Field("postal_code", "text", "Postal code", PLACE, "ZIP or postal code.", on_listing=True),
    Field("first_name", "text", "First name", CONTACT, "The given name."),
    Field("last_name", "text", "Last name", CONTACT, "The family name."),
    Field(
        "email",
        "text",
        "E-mail",
        CONTACT,
        "The best address known.",
        on_listing=True,
        masked=BEFORE_PAYING,
    ),
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
        on_listing=True,
        masked=BEFORE_PAYING,
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
        on_listing=True,
        masked=("listings",),
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
    Field(
        "source_date",
        "date",
        "Record date",
        SIGNALS,
        "The day the record is from.",
        on_listing=True,
    ),
    Field(
        "quality_score",
        "number",
        "Quality",
        SIGNALS,
        "How complete and fresh the record is, 0 to 100.",
        on_listing=True,
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
        on_listing=True,
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
    Field(
        "price_cents",
        "number",
        "Price",
        OFFER,
        "What the seller asks for the lead, in US cents.",
        in_catalogue=False,
        on_lead=False,
        on_listing=True,
        minimum=CHEAPEST_CENTS,
        maximum=DEAREST_CENTS,
        form="cents",
    ),
    Field(
        "categories",
        "list",
        "Category",
        OFFER,
        "What the seller has listed the lead under.",
        in_catalogue=False,
        on_lead=False,
        on_listing=True,
        max_length=40,
        form="tag",
    ),
)
FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})


def fields_in(scope: Scope) -> tuple[Field, ...]:
    """The fields that a filter over this scope may name, in display order."""
    return tuple(field for field in _FIELDS if field.is_in(scope))
