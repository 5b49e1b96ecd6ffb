"""Forms of leads."""

from typing import Any, cast

from django import forms
from django.http import QueryDict

from accounts.workspaces.models import Membership
from leads.filters.document import parse
from leads.filters.registry import FIELDS
from leads.filters.tree import Group

from .models import Lead

SCORE_BANDS = {"80-100": (80, 100), "60-79": (60, 79), "40-59": (40, 59), "0-39": (0, 39)}


def offer_members(form: forms.Form, nobody: str, members: list[Membership]) -> None:
    """Let the form's owner be one of these members; `nobody` names the empty choice."""
    choices = [(str(member.user_id), str(member.user)) for member in members]
    cast(forms.ChoiceField, form.fields["owner"]).choices = [("", nobody), *choices]


class LeadFilterForm(forms.Form):
    """The quick filters over the list. `document()` is what they mean in the filter language."""

    q = forms.CharField(label="Search", required=False, max_length=100)
    status = forms.MultipleChoiceField(choices=Lead.Status.choices, required=False)
    source = forms.MultipleChoiceField(choices=Lead.Source.choices, required=False)
    score = forms.ChoiceField(
        label="Score",
        required=False,
        choices=[("", "Any score"), *((band, band.replace("-", "–")) for band in SCORE_BANDS)],
    )
    seniority = forms.MultipleChoiceField(
        choices=list((FIELDS["seniority"].choices or {}).items()), required=False
    )
    tag = forms.CharField(label="Tag", required=False, max_length=40)
    owner = forms.ChoiceField(required=False)

    def __init__(self, data: QueryDict, *, members: list[Membership]) -> None:
        # A select's 'any' comes as an empty value, which is no choice among several.
        given = data.copy()
        for name in ("status", "source", "seniority"):
            given.setlist(name, [value for value in given.getlist(name) if value])
        super().__init__(given)
        offer_members(self, "Anybody", members)

    def document(self) -> Group | None:
        """The filter, or None where nothing is chosen. Call it on a valid form."""
        data = self.cleaned_data
        conditions: list[dict[str, Any]] = []
        if word := data["q"].strip():
            fields = ("first_name", "last_name", "email", "company_name", "title")
            parts = [
                {"any": [{"field": f, "op": "contains", "value": part} for f in fields]}
                for part in word.split()[:5]
            ]
            conditions += parts
        for name in ("status", "source", "seniority"):
            if data[name]:
                conditions.append({"field": name, "op": "in", "value": data[name]})
        if data["owner"]:
            conditions.append({"field": "owner", "op": "in", "value": [data["owner"]]})
        if data["tag"].strip():
            conditions.append({"field": "tags", "op": "has_any", "value": [data["tag"].strip()]})
        if data["score"]:
            low, high = SCORE_BANDS[data["score"]]
            conditions.append({"field": "score", "op": "between", "value": [low, high]})
        return parse({"version": 1, "all": conditions}, scope="leads") if conditions else None


class LeadForm(forms.Form):
    """What a member changes on a lead's page."""

    status = forms.ChoiceField(choices=Lead.Status.choices)
    owner = forms.ChoiceField(required=False)
    tags = forms.CharField(
        required=False, max_length=2_000, help_text="Separated by commas.", label="Tags"
    )
    notes = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_members(self, "Nobody", members)

    def changes(self) -> dict[str, Any]:
        """What `update_lead` takes."""
        data = self.cleaned_data
        return {
            "status": data["status"],
            "owner_id": data["owner"] or None,
            "tags": data["tags"].split(","),
            "notes": data["notes"],
        }
