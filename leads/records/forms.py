"""Forms of leads."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms

from accounts.workspaces.models import Membership
from cursive.lib.vocabulary import (
    COUNTRIES,
    DEPARTMENTS,
    EMPLOYEE_BANDS,
    INDUSTRIES,
    REVENUE_BANDS,
    SENIORITIES,
)
from leads.filters.text import tag_form

from .models import Lead
from .seen import SeenForm


def offer_members(form: forms.Form, nobody: str, members: list[Membership]) -> None:
    """Let the form's owner be one of these members; `nobody` names the empty choice."""
    choices = [(str(member.user_id), str(member.user)) for member in members]
    cast(forms.ChoiceField, form.fields["owner"]).choices = [("", nobody), *choices]


def _line(label: str, help_text: str = "", **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=300,
        help_text=help_text,
        widget=forms.TextInput(attrs={"autocomplete": "off", **attrs}),
    )


def _choice(label: str, choices: Mapping[str, str]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=[("", "–"), *choices.items()])


PARTS = (
    (
        "Contact",
        (
            *("first_name", "last_name", "email", "phone", "work_email", "mobile_phone"),
            *("personal_email", "direct_phone", "linkedin_url"),
        ),
    ),
    (
        "Work",
        (
            *("title", "company_name", "seniority", "company_domain", "department", "industry"),
            *("employee_band", "revenue_band", "company_founded", "naics"),
        ),
    ),
    ("Place", ("city", "state", "postal_code", "country")),
)


class RecordForm(SeenForm):
    """What a lead's record says, for `edit_lead`."""

    first_name = _line("First name")
    last_name = _line("Last name")
    email = _line("E-mail", "A new address is unverified until it is checked.", inputmode="email")
    work_email = _line("Work e-mail", inputmode="email")
    personal_email = _line("Personal e-mail", inputmode="email")
    phone = _line("Phone", inputmode="tel")
    mobile_phone = _line("Mobile phone", inputmode="tel")
    direct_phone = _line("Direct phone", inputmode="tel")
    linkedin_url = _line("LinkedIn", inputmode="url")
    title = _line("Title", "Seniority and department follow from a new title.")
    seniority = _choice("Seniority", SENIORITIES)
    department = _choice("Department", DEPARTMENTS)
    company_name = _line("Company")
    company_domain = _line("Domain", inputmode="url")
    industry = _choice("Industry", INDUSTRIES)
    employee_band = _choice("Employees", EMPLOYEE_BANDS)
    revenue_band = _choice("Revenue", REVENUE_BANDS)
    company_founded = _line("Founded", inputmode="numeric")
    naics = _line("NAICS", inputmode="numeric")
    city = _line("City")
    state = _line("State")
    postal_code = _line("Postal code")
    country = _choice("Country", COUNTRIES)

    @classmethod
    def of(cls, lead: Lead, data: Any = None) -> "RecordForm":
        """The form with what the lead's record says."""
        said = {name: getattr(lead, name) for name in cls.base_fields}
        form = cls(data, initial={n: "" if v is None else str(v) for n, v in said.items()})
        for name, field in form.fields.items():
            value = str(form.initial[name])
            if isinstance(field, forms.ChoiceField) and not field.valid_value(value):
                # A code of old stays, unless somebody changes it.
                field.choices = [*cast(list[tuple[str, str]], field.choices), (value, value)]
        return form

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The form's fields under the headings of the lead's page, as they stand side by side."""
        return [(title, [self[name] for name in names]) for title, names in PARTS]

    def changes(self) -> dict[str, str]:
        """What was changed against what the page showed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class LeadForm(SeenForm):
    """What a member changes on a lead's page."""

    status = forms.ChoiceField(choices=Lead.Status.choices)
    owner = forms.ChoiceField(required=False)
    tags = forms.CharField(
        required=False,
        max_length=2_000,
        help_text="Separated by commas.",
        label="Tags",
        widget=forms.TextInput(attrs={"data-tags": "", "autocomplete": "off"}),
    )
    notes = forms.CharField(
        required=False,
        max_length=20_000,
        label="About",
        help_text="What stays true of this lead; it goes into exports and the API as its notes.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_members(self, "Nobody", members)

    def plain(self, name: str, text: str) -> str:
        """Tags by what they are kept as, in whatever order they stand."""
        if name != "tags":
            return super().plain(name, text)
        return ",".join(sorted({tag_form(tag) for tag in text.split(",") if tag.strip()}))

    def changes(self) -> dict[str, Any]:
        """What was changed against what the page showed, as `update_lead` takes it."""
        data = self.cleaned_data
        values = {
            "status": data["status"],
            "owner_id": data["owner"] or None,
            "tags": data["tags"].split(","),
            "notes": data["notes"],
        }
        changed = {{"owner": "owner_id"}.get(name, name) for name in self.changed_data}
        return {name: value for name, value in values.items() if name in changed}
