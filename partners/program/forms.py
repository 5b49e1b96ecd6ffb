"""The application to sell, and staff's decision about it."""

from typing import Any, cast

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cursive.lib.vocabulary import country_choices

from .models import MOST_CHECKS_A_DAY, MOST_CHECKS_AT_ONCE, Partner
from .operations import MAX_REASON

MAX_TEXT = 4_000
Status = Partner.Status


class ApplicationForm(forms.Form):
    """Who sells, and where the leads come from (P-1)."""

    company = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    website = forms.URLField(
        max_length=200,
        required=False,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "url"}),
    )
    sources = forms.CharField(
        label="Where do your leads come from?",
        max_length=MAX_TEXT,
        help_text="Own forms, events, a directory that you run, research …",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    consent = forms.CharField(
        label="How did these people agree to be contacted?",
        max_length=MAX_TEXT,
        help_text="What they were told, where, and how you can show it.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    tax_country = forms.ChoiceField(
        label="Country where you pay tax", choices=country_choices, initial="US"
    )

    @classmethod
    def of(cls, partner: Partner) -> "ApplicationForm":
        """The form with what was said before."""
        return cls(initial={name: getattr(partner, name) for name in cls.base_fields})


# What staff may decide, by where the partner stands.
DECISIONS = {
    Status.APPLIED: [("approve", "Approve: they may sell"), ("reject", "Turn down")],
    Status.REJECTED: [("approve", "Approve after all")],
    Status.APPROVED: [
        ("suspend", "Suspend: everything off sale, no payouts"),
        ("account", "Set the connected account only"),
        ("limits", "Set how much is checked only"),
    ],
    Status.SUSPENDED: [
        ("reinstate", "Reinstate: they may sell again"),
        ("account", "Set the connected account only"),
    ],
}
NEED_REASON = {"reject", "suspend"}


class PartnerDecisionForm(forms.Form):
    """One of the decisions that are open, with its reason."""

    decision = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        required=False,
        max_length=MAX_REASON,
        help_text="Needed to turn down or suspend. The partner reads it.",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    stripe_account = forms.CharField(
        required=False,
        max_length=40,
        label="Connected account at Stripe",
        help_text="acct_…; empty: paid by hand. Only looked at where that is what you decide.",
        widget=UnfoldAdminTextInputWidget,
    )
    checks_a_day = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_CHECKS_A_DAY,
        label="Addresses checked in 24 hours",
        help_text="Each may cost us, also those of files that are given up.",
        widget=UnfoldAdminIntegerFieldWidget,
    )
    checks_at_once = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_CHECKS_AT_ONCE,
        label="Files checked at a time",
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def __init__(self, *args: Any, status: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decision = cast(forms.ChoiceField, self.fields["decision"])
        decision.choices = [("", "Choose"), *DECISIONS[Status(status)]]

    def clean(self) -> dict[str, Any]:
        """What partners are refused says why."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("decision") in NEED_REASON and not values.get("reason", "").strip():
            self.add_error("reason", "Say why: the partner reads it.")
        if values.get("decision") == "limits":
            for name in ("checks_a_day", "checks_at_once"):
                if values.get(name) is None and name not in self.errors:
                    self.add_error(name, "Say how many.")
        return values
