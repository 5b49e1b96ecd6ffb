"""The form for a business profile."""

from typing import Any

from django import forms

from cursive.lib.forms import LinesField
from cursive.lib.vocabulary import EMPLOYEE_BANDS, INDUSTRIES, SENIORITIES, country_choices

from .models import BusinessProfile, Tone


class ProfileForm(forms.Form):
    """What is sold, to whom, and in which tone."""

    name = forms.CharField(
        label="Profile name", min_length=2, max_length=80, help_text="Such as the product's name."
    )
    sells = forms.CharField(
        label="What you sell",
        max_length=300,
        help_text="One sentence, as you would say it to a stranger.",
    )
    description = forms.CharField(
        label="More about it",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What problem it solves, what makes it different, what it costs.",
    )
    website = forms.URLField(label="Website", required=False, max_length=200, assume_scheme="https")
    tone = forms.ChoiceField(label="Tone", choices=Tone.choices, initial=Tone.PROFESSIONAL)
    industries = forms.MultipleChoiceField(
        label="Industries",
        required=False,
        choices=list(INDUSTRIES.items()),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Hold Ctrl or ⌘ to choose several.",
    )
    employee_bands = forms.MultipleChoiceField(
        label="Company size (employees)",
        required=False,
        choices=list(EMPLOYEE_BANDS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    seniorities = forms.MultipleChoiceField(
        label="Seniority",
        required=False,
        choices=list(SENIORITIES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    titles = LinesField(
        label="Job titles", placeholder="Head of Sales\nRevenue Operations", help_text="One a line."
    )
    countries = forms.MultipleChoiceField(
        label="Countries",
        required=False,
        choices=country_choices,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Hold Ctrl or ⌘ to choose several.",
    )
    states = LinesField(
        label="States or regions",
        placeholder="TX\nBavaria",
        help_text="One a line: codes for states of the US, names elsewhere.",
    )
    intent_topics = LinesField(
        label="Intent topics",
        placeholder="crm software\nsales automation",
        help_text="What people read up on before they buy. One a line.",
    )
    is_default = forms.BooleanField(
        label="Use this profile for scoring and analyses",
        required=False,
        help_text="One profile always is: the first, until you choose another.",
    )

    @classmethod
    def of(cls, profile: BusinessProfile, data: Any = None) -> "ProfileForm":
        """The form with what the profile holds."""
        initial = {name: getattr(profile, name) for name in cls.base_fields}
        form = cls(data, initial=initial)
        if profile.is_default:
            # There is always one default; it is handed over by making another one the default.
            form.fields["is_default"].disabled = True
        return form
