"""Forms about the workspace itself."""

from django import forms

from cursive.lib.errors import DomainError, Forbidden, NotFound
from cursive.lib.ui.numbers import WholeNumberField
from cursive.lib.vocabulary import country_choices

from .models import Workspace
from .timezones import timezone_choices


class NewWorkspaceForm(forms.Form):
    """Name, time zone and country of a workspace."""

    name = forms.CharField(
        label="Workspace name",
        min_length=2,
        max_length=80,
        help_text="Usually your company. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=timezone_choices,
        initial="UTC",
        help_text="Dates and times are shown in it, and days begin by it.",
    )
    country = forms.ChoiceField(
        label="Country",
        choices=country_choices,
        initial="US",
        help_text="Phone numbers without a country code are read as this country's.",
    )


class WorkspaceForm(NewWorkspaceForm):
    """All settings of a workspace."""

    low_credit_threshold = WholeNumberField(
        label="Warn below",
        min_value=0,
        max_value=1_000_000,
        help_text="You get a warning when fewer credits than this are left.",
    )

    @classmethod
    def of(cls, workspace: Workspace) -> "WorkspaceForm":
        """The form with what is set now."""
        return cls(initial={name: getattr(workspace, name) for name in cls.base_fields})

    def lock(self) -> None:
        """Show what is set, without letting it be changed."""
        for field in self.fields.values():
            field.disabled = True


def show_refusal(form: forms.Form, error: DomainError) -> None:
    """Put what an operation refused onto the form, by field where it named fields.

    Refusals that no other input would mend (not allowed, not there) are raised again.
    """
    if isinstance(error, Forbidden | NotFound):
        raise error
    named = {name: said for name, said in error.fields.items() if name in form.fields}
    for name, said in named.items():
        form.add_error(name, said)
    if not named:
        form.add_error(None, error.message)
