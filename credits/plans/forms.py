"""The calculator of the pricing page, and the form that opens a checkout."""

from typing import Any

from django import forms

from credits.prices.queries import MAX_WANTED
from cursive.lib.errors import InvalidInput
from cursive.lib.forms import ClosedForm
from cursive.lib.tenancy import uuid7

from .checkout import Door

USUAL = 1_000


class CalculatorForm(forms.Form):
    """How many credits somebody needs."""

    credits = forms.IntegerField(
        min_value=1,
        max_value=MAX_WANTED,
        label="Credits that you need",
        initial=USUAL,
        error_messages={
            "invalid": f"Use a whole number from 1 to {MAX_WANTED:,}.",
            "min_value": f"Use a whole number from 1 to {MAX_WANTED:,}.",
            "max_value": f"Use a whole number from 1 to {MAX_WANTED:,}.",
        },
    )

    def wanted(self) -> int | None:
        """The number; the usual one where none was asked for, None for what is none."""
        if "credits" not in self.data:
            return USUAL
        return self.cleaned_data["credits"] if self.is_valid() else None


class SubscribeForm(ClosedForm):
    """Which plan; `key` was made with the form, so that it is one checkout however often sent."""

    plan = forms.SlugField(max_length=40, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def refusal(self) -> InvalidInput:
        """What is wrong with it, by field."""
        wrong = {name: str(errors[0]) for name, errors in self.errors.items()}
        return InvalidInput("This form was changed. Choose a plan of this page.", fields=wrong)

    @staticmethod
    def new_key() -> Any:
        """A key for a page's forms."""
        return uuid7()


class PortalForm(forms.Form):
    """Where in Stripe's portal to go; to its front where nothing is said."""

    door = forms.ChoiceField(required=False, choices=[(door.value, door.name) for door in Door])
