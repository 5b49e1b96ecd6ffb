"""The forms of saved segments."""

from django import forms

from leads.filters import url as filter_url
from leads.filters.errors import FilterError
from leads.filters.tree import Group

from .models import Segment
from .operations import DESCRIPTION_LENGTH, NAME_LENGTH
from .queries import DELETED

STATUS_TABS = [("", "All"), *Segment.Status.choices, (DELETED, "Deleted")]


class DetailsForm(forms.Form):
    """A segment's name, and what it is for."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        error_messages={"required": "Give the segment a name."},
    )
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=DESCRIPTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class FilterForm(forms.Form):
    """A filter in the short form of addresses."""

    f = forms.CharField(required=False, max_length=filter_url.MAX_CHARACTERS)

    def clean_f(self) -> Group:
        """The filter's tree."""
        try:
            return filter_url.decode(self.cleaned_data["f"], scope="catalogue")
        except FilterError as error:
            raise forms.ValidationError(error.message) from error


class SaveForm(DetailsForm, FilterForm):
    """A new segment: its name and its filter."""

    f = forms.CharField(
        required=False, max_length=filter_url.MAX_CHARACTERS, widget=forms.HiddenInput
    )


class ListForm(forms.Form):
    """Which segments the list shows."""

    status = forms.ChoiceField(required=False, choices=STATUS_TABS)
    q = forms.CharField(required=False, max_length=NAME_LENGTH)
