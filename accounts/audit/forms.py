"""The filter of the audit log."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from .models import words
from .queries import Choices, Pick

EARLIEST, LATEST = date(2000, 1, 1), date(9000, 1, 1)


class FilterForm(forms.Form):
    """What to show: action, resource, who, from which day to which."""

    action = forms.CharField(required=False, max_length=40)
    resource = forms.CharField(required=False, max_length=40, label="What")
    who = forms.CharField(required=False, max_length=210)
    since = forms.DateField(required=False, label="From")
    until = forms.DateField(required=False, label="To")

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
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(
                attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"
            )

    def clean(self) -> dict[str, Any]:
        """The days are within what the log can hold, and in order."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("since", "until"):
            day = values.get(name)
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, "Choose a day from the year 2000 on.")
        since, until = values.get("since"), values.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day comes before the first one.")
        return values

    def pick(self) -> Pick:
        """What was chosen, as far as it can be used. Days are of the active time zone."""
        self.full_clean()
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        return Pick(
            action=given.get("action", ""),
            resource=given.get("resource", ""),
            who=given.get("who", ""),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_current_timezone())
