"""The form for a new API key."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from .models import Scope


class NewKeyForm(forms.Form):
    """What a key is called, what it may do, until when and from where."""

    name = forms.CharField(
        label="Name", max_length=80, help_text="What uses the key, such as “CRM sync”."
    )
    scopes = forms.MultipleChoiceField(
        label="The key may",
        choices=[
            (Scope.READ.value, "Read: look at leads, segments, jobs and credits"),
            (Scope.WRITE.value, "Write: create and change things, pull leads"),
            (Scope.BILLING.value, "Billing: buy credits"),
        ],
        initial=[Scope.READ.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what the key may do."},
    )
    expires_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The key stops working at the end of this day. Empty: it doesn't expire.",
    )
    ip_allow = forms.CharField(
        label="Only from these addresses",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "203.0.113.7\n203.0.113.0/24"}),
        help_text="IP addresses or networks, one a line. Empty: from anywhere.",
    )

    def clean_expires_on(self) -> date | None:
        """A day from today on, within what a calendar can hold."""
        day: date | None = self.cleaned_data["expires_on"]
        if day is not None and not timezone.localdate() <= day <= date(9000, 1, 1):
            raise forms.ValidationError("Choose a day from today on, or leave it empty.")
        return day

    def clean_ip_allow(self) -> list[str]:
        """The addresses one by one."""
        return [part for part in re.split(r"[\s,;]+", self.cleaned_data["ip_allow"]) if part]

    def values(self) -> dict[str, Any]:
        """What `create_key` takes. Call it on a valid form."""
        day: date | None = self.cleaned_data["expires_on"]
        end = None
        if day is not None:
            midnight = datetime.combine(day + timedelta(days=1), time.min)
            end = timezone.make_aware(midnight, timezone.get_current_timezone())
        return {
            "name": self.cleaned_data["name"],
            "scopes": self.cleaned_data["scopes"],
            "ip_allow": self.cleaned_data["ip_allow"],
            "expires_at": end,
        }
