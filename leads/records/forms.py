"""Forms of leads."""

from typing import Any, cast

from django import forms

from accounts.workspaces.models import Membership

from .models import Lead


def offer_members(form: forms.Form, nobody: str, members: list[Membership]) -> None:
    """Let the form's owner be one of these members; `nobody` names the empty choice."""
    choices = [(str(member.user_id), str(member.user)) for member in members]
    cast(forms.ChoiceField, form.fields["owner"]).choices = [("", nobody), *choices]


class LeadForm(forms.Form):
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

    def changes(self) -> dict[str, Any]:
        """What `update_lead` takes."""
        data = self.cleaned_data
        return {
            "status": data["status"],
            "owner_id": data["owner"] or None,
            "tags": data["tags"].split(","),
            "notes": data["notes"],
        }
