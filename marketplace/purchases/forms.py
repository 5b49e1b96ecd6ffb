"""Forms of the cart, the purchase, the payment and the report."""

import json
from typing import Any, cast

from django import forms
from django.http import QueryDict

from credits.prices.queries import Offer
from cursive.lib.forms import ClosedForm
from cursive.lib.tenancy import uuid7
from leads.filters import url as filter_url
from leads.filters.document import parse
from leads.filters.errors import FilterError
from leads.filters.registry import Scope
from leads.filters.tree import EVERYBODY, Group

from .models import MAX_NOTE, LeadReport
from .operations import MOST
from .queries import Cart
from .standing import OF_THE_PERSON

LONGEST_DIGEST = 64
SCOPE: Scope = "listings"


class ListingsForm(forms.Form):
    """Listings that were chosen, as `listing`, repeated."""

    def clean(self) -> dict[str, Any]:
        """Ids must be whole numbers; whether there are such listings is not said here."""
        data = super().clean() or {}
        raw = cast(QueryDict, self.data).getlist("listing")
        self.ids = [int(each) for each in raw if each.isascii() and each.isdecimal()]
        if len(self.ids) != len(raw) or any(not 0 < each < 2**63 for each in self.ids):
            raise forms.ValidationError("One of these is no lead of the marketplace.")
        return data


class AddForm(ListingsForm):
    """What goes into the cart: chosen listings, or the first `count` of a search.

    The search is a filter in its short form or as a JSON document; without one it finds all.
    """

    filter = forms.CharField(required=False, max_length=filter_url.MAX_CHARACTERS)
    order = forms.CharField(required=False, max_length=20)
    count = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        error_messages={
            "min_value": f"Use a whole number from 1 to {MOST:,}.",
            "max_value": f"At most {MOST:,} leads fit into a cart.",
        },
    )
    back = forms.CharField(required=False, max_length=4_000)

    def clean_filter(self) -> Group:
        """The search as a tree."""
        text = self.cleaned_data["filter"]
        if not text:
            return EVERYBODY
        try:
            if text.startswith("{"):
                return parse(json.loads(text), scope=SCOPE)
            return filter_url.decode(text, scope=SCOPE)
        except (FilterError, ValueError, RecursionError) as error:
            said = getattr(error, "message", "This filter can't be used as it is.")
            raise forms.ValidationError(said) from error

    @property
    def is_search(self) -> bool:
        """Whether a search is meant, and not chosen listings."""
        return self.cleaned_data.get("count") is not None


class RemovalForm(ListingsForm):
    """What goes out of the cart: `listing` ids, all of it, or what can't be bought any more."""

    which = forms.ChoiceField(
        required=False, choices=[("all", "All"), ("lost", "What can't be bought")]
    )


class PurchaseForm(ClosedForm):
    """Buying the cart that is on the page: what it costs is the server's to say."""

    # Made with the page: however often its button is pressed, it buys once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    shown = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_DIGEST)
    agreed = forms.DecimalField(
        widget=forms.HiddenInput, min_value=0, max_digits=12, decimal_places=2
    )
    left_out = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20 * MOST)

    @classmethod
    def of(cls, cart: Cart) -> "PurchaseForm":
        """The form of a cart that is shown so."""
        # Of whose person it is the sale finds out anew, and says so.
        gone = (row for row in cart.rows if row.reason and row.reason not in OF_THE_PERSON)
        left_out = ",".join(str(row.item.listing_id) for row in gone)
        # Numbers as text: without commas.
        return cls(initial={"shown": cart.shown, "agreed": str(cart.credits), "left_out": left_out})

    def clean_left_out(self) -> frozenset[int]:
        """The listings that the page showed as left out."""
        try:
            return frozenset(map(int, filter(None, self.cleaned_data["left_out"].split(","))))
        except ValueError:
            raise forms.ValidationError("These are no listings.") from None


class CheckoutForm(ClosedForm):
    """Which package to buy for the cart."""

    package = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": "This package isn't for sale. Choose one of the list.",
            "required": "Choose a package.",
        },
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)

    def __init__(self, *args: Any, offers: list[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        package = self.fields["package"]
        assert isinstance(package, forms.ChoiceField)
        package.choices = [(offer.code, offer.name) for offer in offers]


class ReportForm(forms.Form):
    """What is wrong with a lead."""

    reason = forms.ChoiceField(
        label="What is wrong?",
        choices=LeadReport.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what is wrong with it."},
    )
    note = forms.CharField(
        label="What happened",
        required=False,
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For our staff: what the mail server said, say, or who answered. “Something else”"
        " needs it.",
    )
