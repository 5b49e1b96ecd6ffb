"""The filter of the history, and staff's form for granting credits."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from accounts.workspaces.models import Workspace
from cursive.lib.money import CENT
from cursive.lib.tenancy import uuid7

from .models import MAX_ACTION
from .queries import HistoryFilter

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
MOST_GRANTED = Decimal("1000000.00")


class HistoryForm(forms.Form):
    """Which entries to show: `action`, and days `from` and `to`, both included."""

    action = forms.CharField(required=False, max_length=MAX_ACTION, label="What")

    def __init__(self, *args: Any, actions: list[tuple[str, str]] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, label in (("from", "From"), ("to", "To")):
            self.fields[name] = forms.DateField(
                required=False,
                label=label,
                input_formats=["%Y-%m-%d"],
                error_messages={"invalid": "Use a day such as 2026-11-21."},
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
        self.fields["action"].widget = forms.Select(choices=[("", "Everything"), *(actions or [])])

    def clean(self) -> dict[str, Any]:
        """The days can be days of a ledger, and are in order."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("from", "to"):
            day = values.get(name)
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, "Use a day from the year 2000 on.")
        since, until = values.get("from"), values.get("to")
        if since and until and since > until:
            self.add_error("to", "The last day comes before the first one.")
        return values

    def chosen(self) -> HistoryFilter:
        """What was chosen, as far as it can be used."""
        self.full_clean()
        given = self.cleaned_data
        return HistoryFilter(given.get("action", ""), given.get("from"), given.get("to"))

    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {name: " ".join(map(str, said)) for name, said in self.errors.items()}


class GrantForm(forms.Form):
    """Credits for a workspace, named by its id or its whole name."""

    workspace = forms.CharField(
        max_length=80,
        help_text="Its id, or its whole name where no other has that name.",
        widget=UnfoldAdminTextInputWidget,
    )
    amount = forms.DecimalField(
        min_value=CENT,
        max_value=MOST_GRANTED,
        max_digits=9,
        decimal_places=2,
        label="Credits",
        widget=UnfoldAdminDecimalFieldWidget,
    )
    reason = forms.CharField(
        max_length=200,
        help_text="The workspace reads it in its history.",
        widget=UnfoldAdminTextInputWidget,
    )
    # Made with the empty form: however often it is sent, it grants once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean_workspace(self) -> Workspace:
        """The workspace that is meant."""
        typed = self.cleaned_data["workspace"].strip()
        try:
            found = list(Workspace.objects.filter(id=UUID(typed)))
        except ValueError:
            found = list(Workspace.objects.filter(name__iexact=typed).order_by("id")[:5])
        if not found:
            raise forms.ValidationError("There is no workspace of that id or name.")
        if len(found) > 1:
            ids = ", ".join(str(one.id) for one in found)
            raise forms.ValidationError(f"Several have this name; use an id: {ids}.")
        if found[0].deleted_at is not None:
            raise forms.ValidationError("This workspace is deleted.")
        return found[0]
