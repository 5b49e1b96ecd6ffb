"""Keeping a filter under a name: the form, wherever filters are kept."""

from typing import ClassVar

from django import forms

from leads.filters import url as filter_url
from leads.filters.errors import FilterError
from leads.filters.registry import Scope
from leads.filters.tree import Group

NAME_LENGTH = 60


class FilterDetailsForm(forms.Form):
    """A saved filter's name, and who sees it."""

    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
        error_messages={"required": "Give the filter a name."},
    )
    is_shared = forms.BooleanField(
        label="Share with everybody in this workspace",
        required=False,
        help_text="They can use it; changing it stays with you, admins and owners.",
    )


class SavingForm(FilterDetailsForm):
    """A new one: its name and its filter. Subclasses say over what, and add the `sort`."""

    scope: ClassVar[Scope]

    f = forms.CharField(
        required=False, max_length=filter_url.MAX_CHARACTERS, widget=forms.HiddenInput
    )

    def clean_f(self) -> Group:
        """The filter's tree."""
        try:
            return filter_url.decode(self.cleaned_data["f"], scope=self.scope)
        except FilterError as error:
            raise forms.ValidationError(error.message) from error
