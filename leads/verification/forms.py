"""The form behind the verification dialog."""

from django import forms

from leads.exports.forms import ExportForm


class VerificationForm(ExportForm):
    """Which leads (chosen ids, or all that match `f`), as for an export, and whom to ask again."""

    columns = None  # type: ignore[assignment]  # Django's way of leaving a field of the base out
    format = None  # type: ignore[assignment]
    again = forms.BooleanField(required=False)
    confirmed = forms.BooleanField(required=False)
