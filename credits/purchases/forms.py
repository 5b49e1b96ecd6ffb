"""The purchase dialog, auto-reload, and what staff decide."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from credits.prices.queries import Offer
from cursive.lib.forms import ClosedForm
from cursive.lib.tenancy import uuid7
from cursive.lib.ui.formatting import format_cents_short

from .models import MAX_TEXT, AutoReload, Dispute
from .reloads import MOST_THRESHOLD

RESUME = (Dispute.Decision.RESUME.value, "Let it spend again, with its credits")
TAKE_BACK = (
    Dispute.Decision.TAKE_BACK.value,
    "Take the credits back, then let it spend",
)


class BuyForm(ClosedForm):
    """Which package. What it costs is said by the server alone, so nothing else is taken (C-8)."""

    package = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": "This package isn't for sale. Choose one of the list.",
            "required": "Choose a package.",
        },
    )
    keep_card = forms.BooleanField(
        required=False,
        label="Keep the card for auto-reload",
        help_text="You may charge it later when your balance runs low; nothing is switched on yet.",
    )
    # Made with the empty form: however often it is sent, it buys once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        package = self.fields["package"]
        assert isinstance(package, forms.ChoiceField)
        package.choices = [(offer.code, offer.name) for offer in offers]


class AutoReloadForm(forms.Form):
    """When to buy which package by itself (C-14)."""

    threshold = forms.IntegerField(
        min_value=1,
        max_value=MOST_THRESHOLD,
        label="When the balance falls under",
        help_text="In credits; those that are held for running work count.",
    )
    package = forms.ChoiceField(label="Buy")

    def __init__(self, *args: Any, offers: list[Offer], reload: AutoReload, **kwargs: Any) -> None:
        first = offers[0].code if offers else ""
        initial = {"threshold": reload.threshold, "package": reload.package_code or first}
        super().__init__(*args, **{"initial": initial, **kwargs})
        package = self.fields["package"]
        assert isinstance(package, forms.ChoiceField)
        package.choices = [(offer.code, _words(offer)) for offer in offers]


def _words(offer: Offer) -> str:
    price = format_cents_short(offer.price_cents)
    return f"{offer.name}: {offer.credits:,} credits for {price}"


class ReasonForm(forms.Form):
    """Why staff do something about money."""

    reason = forms.CharField(
        max_length=MAX_TEXT,
        help_text="For the audit log; the workspace doesn't see it.",
        widget=UnfoldAdminTextInputWidget,
    )


class DecisionForm(ReasonForm):
    """What follows from a dispute."""

    decision = forms.ChoiceField(widget=UnfoldAdminRadioSelectWidget)
    field_order = ("decision", "reason")

    def __init__(self, *args: Any, can_take_back: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decision = self.fields["decision"]
        assert isinstance(decision, forms.ChoiceField)
        decision.choices = [RESUME, TAKE_BACK] if can_take_back else [RESUME]


class OwedForm(ReasonForm):
    """What becomes of what is owed."""

    decision = forms.ChoiceField(
        choices=[
            ("collect", "Take it from the balance, as far as that reaches"),
            ("waive", "Let it go"),
        ],
        widget=UnfoldAdminRadioSelectWidget,
    )
    field_order = ("decision", "reason")
