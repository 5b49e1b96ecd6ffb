"""The form behind the export dialog."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict

from leads.filters import url as filter_url
from leads.filters.tree import EVERYBODY, Group
from leads.records.columns import COLUMNS, DEFAULT_EXPORT


class ExportForm(forms.Form):
    """Which leads (chosen ids, or all that match `f`) and which columns."""

    lead = forms.CharField(required=False)  # repeated; read as a list below
    everything = forms.BooleanField(required=False)
    f = forms.CharField(required=False, max_length=filter_url.MAX_CHARACTERS)
    columns = forms.MultipleChoiceField(
        choices=[(column.name, column.label) for column in COLUMNS.values()],
        initial=DEFAULT_EXPORT,
        error_messages={"required": "Choose at least one column."},
    )
    format = forms.ChoiceField(
        choices=[("csv", "CSV"), ("xlsx", "Excel (.xlsx)")], required=False, initial="csv"
    )
    key = forms.CharField(required=False, max_length=100)

    def clean(self) -> dict[str, Any]:
        """Ids must be ids, and something must be chosen."""
        data = super().clean() or {}
        try:
            self.ids = [UUID(one) for one in cast(QueryDict, self.data).getlist("lead") if one]
        except ValueError:
            self.ids = []
            self.add_error(None, "One of the chosen leads isn't a lead's id.")
        if not self.ids and not data.get("everything"):
            self.add_error(None, "Choose leads in the list, or all that match.")
        return data

    def filter(self) -> Group | None:
        """The filter of 'all that match'; None where ids are chosen."""
        if not self.cleaned_data["everything"]:
            return None
        text = self.cleaned_data["f"]
        return filter_url.decode(text, scope="leads") if text else EVERYBODY
