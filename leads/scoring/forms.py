"""The form for whom a workspace looks for, as far as scores go."""

from typing import Any

from django import forms

from accounts.profiles.models import BusinessProfile
from accounts.profiles.operations import check_lists
from cursive.lib.errors import InvalidInput
from cursive.lib.forms import LinesField
from cursive.lib.vocabulary import EMPLOYEE_BANDS, INDUSTRIES

from .rule import ICP_LISTS, INDUSTRY, SIZE, TITLE, TOPIC


class IcpForm(forms.Form):
    """The lists of a business profile that scores depend on (`ICP_LISTS`)."""

    titles = LinesField(
        label="Job titles",
        placeholder="Head of Sales\nRevenue Operations",
        help_text=f"{TITLE} points where a lead's title has all words of one of them. One a line.",
    )
    intent_topics = LinesField(
        label="Intent topics",
        placeholder="crm software\nsales automation",
        help_text=f"{TOPIC} points for one of them. One a line.",
    )
    employee_bands = forms.MultipleChoiceField(
        label="Company size (employees)",
        required=False,
        choices=list(EMPLOYEE_BANDS.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=f"{SIZE} points. If none is chosen, 201–1,000 count.",
    )
    industries = forms.MultipleChoiceField(
        label="Industries",
        required=False,
        choices=list(INDUSTRIES.items()),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=f"{INDUSTRY} points for one of them. Hold Ctrl or ⌘ to choose several.",
    )

    def clean(self) -> dict[str, Any]:
        """What saving would refuse can't be tried either."""
        data = super().clean() or self.cleaned_data
        try:
            check_lists(data)
        except InvalidInput as refusal:
            for name, sentence in refusal.fields.items():
                self.add_error(name, sentence)
        return data

    @classmethod
    def of(cls, profile: BusinessProfile, data: Any = None) -> "IcpForm":
        """The form with what the profile holds, or what was sent."""
        return cls(data, initial={name: getattr(profile, name) for name in ICP_LISTS})
