"""What is said before an import begins."""

from typing import Any

from django import forms

from accounts.workspaces.models import Membership
from leads.records.forms import offer_members
from leads.records.models import Lead

from .models import Import
from .operations import LONGEST_LABEL
from .uploads.forms import UploadForm


class ImportUploadForm(UploadForm):
    """A file, and where it is from."""

    label = forms.CharField(
        required=False,
        max_length=LONGEST_LABEL,
        label="Where it is from",
        help_text="Such as “Trade fair 2026”. Shown in the list of imports.",
    )


class OptionsForm(forms.Form):
    """What the imported leads get, and what happens to people who are there already."""

    existing = forms.ChoiceField(
        label="People already in your workspace",
        choices=Import.Existing.choices,
        initial=Import.Existing.SKIP,
        widget=forms.RadioSelect,
        help_text="Filling adds the tags to theirs. Owner and notes are set where there are none, "
        "the status where it is still New.",
    )
    tags = forms.CharField(
        required=False, max_length=2_000, help_text="Separated by commas.", label="Tags"
    )
    status = forms.ChoiceField(choices=Lead.Status.choices, initial=Lead.Status.NEW)
    owner = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_members(self, "Nobody", members)

    def options(self) -> dict[str, Any]:
        """What `confirm_import` takes."""
        data = self.cleaned_data
        return {
            "existing": data["existing"],
            "tags": [tag for tag in data["tags"].split(",") if tag.strip()],
            "status": data["status"],
            "owner": data["owner"] or None,
        }
