"""What the bulk bar's dialogs ask, and the selection that they are about."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict

from accounts.workspaces.models import Membership
from leads.filters import url as filter_url
from leads.filters.tree import EVERYBODY, Group
from leads.records.forms import offer_members
from leads.records.models import Lead


class StatusForm(forms.Form):
    """The new status."""

    status = forms.ChoiceField(choices=Lead.Status.choices)


class OwnerForm(forms.Form):
    """The new owner."""

    owner = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_members(self, "Nobody", members)


class TagsForm(forms.Form):
    """The tags."""

    tags = forms.CharField(
        max_length=2_000,
        help_text="Separated by commas.",
        widget=forms.TextInput(attrs={"data-tags": "", "autocomplete": "off"}),
        error_messages={"required": "Give at least one tag."},
    )


class SelectionForm(forms.Form):
    """Which leads: chosen ids, or all that match `f`."""

    lead = forms.CharField(required=False)  # repeated; read as a list below
    everything = forms.BooleanField(required=False)
    f = forms.CharField(required=False, max_length=filter_url.MAX_CHARACTERS)
    key = forms.CharField(required=False, max_length=100)

    def clean(self) -> dict[str, Any]:
        """Ids must be ids."""
        data = super().clean() or {}
        try:
            self.ids = [UUID(one) for one in cast(QueryDict, self.data).getlist("lead") if one]
        except ValueError:
            self.ids = []
            self.add_error(None, "One of the chosen leads isn't a lead's id.")
        return data

    def filter(self) -> Group | None:
        """The filter of 'all that match'; None where ids are chosen."""
        if not self.cleaned_data["everything"]:
            return None
        text = self.cleaned_data["f"]
        return filter_url.decode(text, scope="leads") if text else EVERYBODY
