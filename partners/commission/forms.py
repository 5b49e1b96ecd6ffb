"""The filter of sold leads, and staff's forms about partners' money."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from cursive.lib.tenancy import uuid7

from .models import CommissionRate, SoldLead


class SoldForm(forms.Form):
    """Which sold leads to show: by where their commission stands."""

    state = forms.ChoiceField(
        required=False,
        label="Commission",
        choices=[("", "All"), *SoldLead.State.choices],
        error_messages={"invalid_choice": "Choose one of the list."},
    )

    def chosen(self) -> str:
        """The state that was chosen, as far as there is such a one."""
        self.full_clean()
        return str(self.cleaned_data.get("state", ""))


class ReferenceForm(forms.Form):
    """How chosen payouts were paid by hand."""

    reference = forms.CharField(
        max_length=120,
        help_text="As the bank has it; partners read it.",
        widget=UnfoldAdminTextInputWidget,
    )


class CancelForm(forms.Form):
    """Why a planned payout is given up."""

    reason = forms.CharField(
        max_length=200,
        help_text="The partner reads it in the ledger. The money is due again.",
        widget=UnfoldAdminTextInputWidget,
    )


class AdjustForm(forms.Form):
    """Money added to what a partner has due, or taken off it."""

    dollars = forms.DecimalField(
        max_digits=9,
        decimal_places=2,
        label="US$",
        help_text="With a minus it is taken off what is due.",
        widget=UnfoldAdminTextInputWidget,
    )
    reason = forms.CharField(
        max_length=200,
        help_text="The partner reads it in the ledger.",
        widget=UnfoldAdminTextInputWidget,
    )
    # Made with the empty form: however often it is sent, it counts once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    @property
    def cents(self) -> int:
        """The amount that was typed, in cents."""
        return int(self.cleaned_data["dollars"] * 100)


class RateForm(forms.ModelForm):
    """New terms of commission; from now on where nothing else is said."""

    class Meta:
        model = CommissionRate
        fields = (
            "seller",
            "valid_from",
            "follows_general",
            "base_percent",
            "early_points",
            "early_days",
            "verified_points",
            "verified_from",
            "volume_points",
            "volume_from",
            "cap_percent",
            "note",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "valid_from" in self.fields:  # not on the page that only shows it
            begins = self.fields["valid_from"]
            begins.required, begins.help_text = False, "Empty: from now on."
            self.initial["valid_from"] = None

    def clean_valid_from(self) -> datetime:
        """Now, or later: what was sold keeps its terms."""
        begins: datetime | None = self.cleaned_data["valid_from"]
        now = timezone.now()
        if begins is not None and begins < now:
            raise forms.ValidationError("Now, or later: what was sold keeps its terms.")
        return begins or now

    def clean(self) -> dict[str, Any]:
        """Terms that can be, with a sentence where they can't."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        base, cap = values.get("base_percent"), values.get("cap_percent")
        if base is not None and cap is not None and not 0 <= base <= cap <= 100:
            self.add_error("cap_percent", "Not under the base, and at most 100.")
        for name in ("early_points", "verified_points", "volume_points"):
            if values.get(name) is not None and values[name] < 0:
                self.add_error(name, "Not under 0.")
        if values.get("volume_from") is not None and values["volume_from"] < 1:
            self.add_error("volume_from", "At least 1; for no such bonus set its points to 0.")
        if values.get("verified_from") is not None and not 0 <= values["verified_from"] <= 100:
            self.add_error("verified_from", "From 0 to 100.")
        if values.get("follows_general") and not values.get("seller"):
            self.add_error("follows_general", "Choose the partner.")
        return values
