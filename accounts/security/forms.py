"""The filter of the security events."""

from typing import Any

from django import forms

from accounts.audit.forms import DaysForm
from accounts.audit.models import words

from .models import STAFF_ONLY, Kind, Risk
from .queries import Pick


class FilterForm(DaysForm):
    """What to show: kind, risk, from which day to which."""

    kind = forms.CharField(required=False, max_length=40, label="What")
    risk = forms.ChoiceField(required=False, choices=[("", "Any risk"), *Risk.choices])
    field_order = ("kind", "risk", "since", "until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.data.get("kind", "")
        # Rooms above note kinds of their own.
        extra = [(given, words(given))] if given and given not in Kind.values else []
        listed = [(kind.value, kind.label) for kind in Kind if kind not in STAFF_ONLY]
        self.fields["kind"].widget = forms.Select(
            attrs={"class": "form-select"}, choices=[("", "Anything"), *listed, *extra]
        )
        self.fields["risk"].widget.attrs["class"] = "form-select"

    def pick(self) -> Pick:
        """What was chosen, as far as it can be used."""
        self.full_clean()
        since, until = self.span()
        given = self.cleaned_data
        return Pick(
            kind=given.get("kind", ""), risk=given.get("risk", ""), since=since, until=until
        )
