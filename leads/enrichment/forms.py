"""The form that pays for a list."""

from django import forms

from cursive.lib.money import CreditsField


class PaymentForm(forms.Form):
    """Agrees to a price."""

    most = forms.DecimalField(
        max_digits=CreditsField().max_digits, decimal_places=2, widget=forms.HiddenInput
    )
    key = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)
    leads = forms.BooleanField(
        label="Make leads of them too",
        required=False,
        initial=True,
        help_text="Whoever is already among your leads stays as they are.",
    )
