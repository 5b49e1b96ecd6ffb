"""The filter of the audit log."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from .models import words
from .queries import Choices, Pick

EARLIEST, LATEST = date(2000, 1, 1), date(9000, 1, 1)


class DaysForm(forms.Form):
    """From which day to which; both may be left out."""

    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(
                attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"
            )

    def clean(self) -> dict[str, Any]:
        """The days are within what a log can hold, and in order."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("since", "until"):
            day = values.get(name)
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, "Choose a day from the year 2000 on.")
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day comes before the first one.")
        return values

    def span(self) -> tuple[datetime | None, datetime | None]:
        """The days as moments of the active time zone; the second isn't included."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        return (
            _midnight(since) if since else None,
            _midnight(until + timedelta(days=1)) if until else None,
        )


class FilterForm(DaysForm):
    """What to show: action, resource, who, from which day to which."""

    action = forms.CharField(required=False, max_length=40)
    resource = forms.CharField(required=False, max_length=40, label="What")
    who = forms.CharField(required=False, max_length=210)
    field_order = ("action", "resource", "who", "since", "until")

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = {
            "action": ("Any action", choices.actions),
            "resource": ("Anything", choices.resources),
            "who": ("Anybody", choices.people),
        }
        for name, (everything, pairs) in listed.items():
            given = self.data.get(name, "")
            # An old entry's value that nothing new has is still shown as what it is.
            extra = [(given, words(given))] if given and given not in dict(pairs) else []
            self.fields[name].widget = forms.Select(
                attrs={"class": "form-select"}, choices=[("", everything), *pairs, *extra]
            )

    def pick(self) -> Pick:
        """What was chosen, as far as it can be used."""
        self.full_clean()
        since, until = self.span()
        given = self.cleaned_data
        return Pick(
            action=given.get("action", ""),
            resource=given.get("resource", ""),
            who=given.get("who", ""),
            since=since,
            until=until,
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_current_timezone())
