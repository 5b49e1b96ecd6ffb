"""What staff write to put people on the suppression list, or to take them off it."""

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from .models import SuppressedContact


class SuppressForm(forms.Form):
    """Addresses and numbers, one a line, and why."""

    contacts = forms.CharField(
        label="E-mail addresses and phone numbers",
        help_text="One a line, at most 10,000. Numbers with + and the country's prefix.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "autocomplete": "off"}),
        error_messages={"required": "Write at least one e-mail address or phone number."},
    )
    reason = forms.ChoiceField(
        choices=SuppressedContact.Reason.choices, widget=UnfoldAdminSelectWidget
    )


class LiftForm(forms.Form):
    """Why somebody may be contacted after all."""

    reason = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the audit log. No names, addresses or numbers.",
        error_messages={"required": "Say why."},
    )
