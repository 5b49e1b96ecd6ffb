"""The list's address and its dialogs."""

import datetime
from collections.abc import Iterable, Mapping

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from cursive.lib.errors import InvalidInput
from leads.filters import url as filter_url
from leads.filters.tree import Condition, Group
from leads.records.columns import COLUMNS
from leads.records.queries import DEFAULT_SORT, SORTS
from leads.sidebar.controls import Control
from leads.sidebar.forms import FilterForm, Item
from leads.sidebar.saving import SavingForm

# The search box looks for each word in all of these.
SEARCHED = ("first_name", "last_name", "email", "company_name", "title")
MOST_WORDS = 5


class LeadSearch(FilterForm):
    """Which leads are asked for, and in which order.

    The text of the search box (`q`) is a part of the filter too: for each word, one group 'any of
    these fields contains it', by which it is known again.
    """

    scope = "leads"

    def __init__(
        self, params: QueryDict, *, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.sort = params.get("sort") or DEFAULT_SORT
        if self.sort not in SORTS:
            raise InvalidInput(
                "There is no such order.", fields={"sort": f"One of: {', '.join(SORTS)}."}
            )
        super().__init__(params, choices=choices)

    @property
    def controls(self) -> Mapping[str, Control]:
        """Where no job has brought leads there is none to choose."""
        every = super().controls
        if self.choices.get("job_id") or "job_id" in self.chosen:
            return every
        return {name: control for name, control in every.items() if name != "job_id"}

    @property
    def suffix(self) -> str:  # type: ignore[override]
        """The order, where it isn't the usual one."""
        return "" if self.sort == DEFAULT_SORT else f"&sort={self.sort}"

    @property
    def words(self) -> str:
        """What the search box holds."""
        return " ".join(word for item in self.rest if (word := word_of(item)))

    @property
    def rest_text(self) -> str:
        """The rest less what the search box holds."""
        rest = tuple(item for item in self.rest if not word_of(item))
        return filter_url.encode(self.composed({}, rest)) if rest else ""

    def read_rest(self, params: QueryDict, rest: tuple[Item, ...]) -> tuple[Item, ...]:
        """The words of the search box take the place of those in the address."""
        if "q" not in params:
            return rest
        words = params.get("q", "").split()[:MOST_WORDS]
        return (*(item for item in rest if not word_of(item)), *groups_of(words))

    def said_of(self, item: Item) -> str:
        """A word of the search box."""
        word = word_of(item)
        return f"Anywhere: “{word}”" if word else ""

    @property
    def is_plain(self) -> bool:
        """Whether it is everybody in the usual order."""
        return self.tree is not None and not self.tree.items and not self.suffix


def groups_of(words: Iterable[str]) -> list[Group]:
    """What the search box means by these words."""
    return [
        Group("any", tuple(Condition(field, "contains", word) for field in SEARCHED))
        for word in dict.fromkeys(words)
    ]


def word_of(item: Item) -> str:
    """The word of which the search box would make this item; '' where it wouldn't."""
    if not isinstance(item, Group) or item.mode != "any":
        return ""
    if not all(isinstance(one, Condition) and one.op == "contains" for one in item.items):
        return ""
    found = {(one.field, one.value) for one in item.items if isinstance(one, Condition)}
    word = next((str(value) for _, value in found), "")
    return word if found == {(field, word) for field in SEARCHED} else ""


class ColumnsForm(forms.Form):
    """Which columns the list shows. The names are those of exports."""

    columns = forms.MultipleChoiceField(
        choices=[(column.name, column.label) for column in COLUMNS.values()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one column."},
    )


class SaveFilterForm(SavingForm):
    """A new saved filter of the lead list."""

    scope = "leads"
    sort = forms.ChoiceField(
        choices=[(name, sort.label) for name, sort in SORTS.items()], widget=forms.HiddenInput
    )


def read_moment(text: str) -> datetime.datetime | None:
    """A moment with its zone, of the years that moments are kept of; None for all else."""
    try:
        found = parse_datetime(text[:40])
        # At the ends of the calendar another zone's clock shows a year that there isn't.
        moment = found.astimezone(datetime.UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and 1970 <= moment.year < 2200 else None
