"""The forms of the merge page, and of staff's look at the lead database."""

import datetime
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from leads.records.columns import COLUMNS
from leads.records.models import Lead

from .choosing import UNITS
from .models import FEWEST, MOST

MAX_ID = 2**31 - 1  # of the lead database's people
UNTICKED = (
    "You chose values of leads that aren't ticked: {}."
    " Tick these leads too, or choose other values."
)


class MergeForm(forms.Form):
    """Which leads belong together, whose value each field keeps, and which versions were seen.

    A value of a lead that isn't ticked can't be kept: that is said, not passed over.
    """

    def __init__(self, data: QueryDict, *, leads: Sequence[Lead]) -> None:
        super().__init__(data)
        self.offered = {str(lead.id): lead.id for lead in leads}
        self.names = {lead.id: str(lead) for lead in leads}

    def clean(self) -> dict[str, Any]:
        """Only leads of the page, two at least."""
        data = super().clean() or {}
        posted = cast(QueryDict, self.data)
        self.lead_ids = [self.offered[one] for one in posted.getlist("lead") if one in self.offered]
        if len(self.lead_ids) < 2:
            self.add_error(None, "Tick two leads at least that are the same person.")
        self.choices: dict[str, UUID] = {}
        for name in UNITS:
            chosen = self.offered.get(posted.get(f"keep-{name}", ""))
            if chosen is not None:
                self.choices[name] = chosen
        strangers = [
            f"{COLUMNS[name].label} ({self.names[chosen]})"
            for name, chosen in self.choices.items()
            if chosen not in self.lead_ids
        ]
        if strangers and len(self.lead_ids) > 1:
            self.add_error(None, UNTICKED.format(", ".join(strangers)))
        self.versions: dict[UUID, datetime.datetime] = {}
        for lead_id in self.lead_ids:
            seen = _moment(posted.get(f"seen-{lead_id}", ""))
            if seen is None:
                self.add_error(None, "Open the page again: what you saw isn't known.")
            else:
                self.versions[lead_id] = seen
        return data


def _moment(text: str) -> datetime.datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


class ApartForm(forms.Form):
    """Two people of the lead database, and the page of the look that staff came from.

    `back`: they may be the same after all.
    """

    first = forms.IntegerField(min_value=1, max_value=MAX_ID)
    second = forms.IntegerField(min_value=1, max_value=MAX_ID)
    back = forms.BooleanField(required=False)
    page = forms.IntegerField(min_value=1, required=False)


class SameForm(forms.Form):
    """Which of two people of the lead database is hidden and which kept, and the look's page."""

    hidden = forms.IntegerField(min_value=1, max_value=MAX_ID)
    kept = forms.IntegerField(min_value=1, max_value=MAX_ID)
    page = forms.IntegerField(min_value=1, required=False)


class UndoForm(forms.Form):
    """The look, and its page, that staff undo a merge on; without them it is the merge's own."""

    look = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    page = forms.IntegerField(min_value=1, required=False)


class LookForm(forms.Form):
    """How many of the best people of the lead database staff want to look at."""

    people = forms.IntegerField(
        label="Best people to look at",
        min_value=FEWEST,
        max_value=MOST,
        initial=50_000,
        widget=UnfoldAdminIntegerFieldWidget,
        error_messages={"required": "Say how many people."},
    )
