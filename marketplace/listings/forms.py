"""The market's address, and the name of a saved search."""

from collections.abc import Mapping

from django import forms
from django.http import QueryDict

from cursive.lib.errors import InvalidInput
from leads.filters.tree import Condition
from leads.sidebar.forms import FilterForm, Item
from leads.sidebar.saving import SavingForm

from .orders import DEFAULT_ORDER, ORDERS

# What the presets ask for, and the sidebar's controls have no switch for.
COMPLETE = {"title": "With a job title", "company_name": "With a company"}


class MarketSearch(FilterForm):
    """What is looked for on the market, and in which order."""

    scope = "listings"

    def __init__(
        self, params: QueryDict, *, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.sort = params.get("sort") or DEFAULT_ORDER
        if self.sort not in ORDERS:
            raise InvalidInput(
                "There is no such order.", fields={"sort": f"One of: {', '.join(ORDERS)}."}
            )
        super().__init__(params, choices=choices)

    @property
    def suffix(self) -> str:  # type: ignore[override]
        """The order, where it isn't the usual one."""
        return "" if self.sort == DEFAULT_ORDER else f"&sort={self.sort}"

    @property
    def is_plain(self) -> bool:
        """Whether it is everything in the usual order."""
        return self.tree is not None and not self.tree.items and not self.suffix

    def said_of(self, item: Item) -> str:
        """What a preset has chosen."""
        is_known = isinstance(item, Condition) and item.op == "is_set"
        return COMPLETE.get(item.field, "") if is_known and isinstance(item, Condition) else ""


class SaveSearchForm(SavingForm):
    """A new saved search."""

    scope = "listings"
    sort = forms.ChoiceField(
        choices=[(name, order.label) for name, order in ORDERS.items()], widget=forms.HiddenInput
    )
