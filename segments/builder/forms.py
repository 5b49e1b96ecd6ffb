"""The dialog that pulls."""

from uuid import uuid4

from django import forms

from cursive.lib.ui.numbers import WholeNumberField
from leads.records.pulls import MAX_KEY, MAX_LIMIT
from segments.saved.operations import NAME_LENGTH


class PullForm(forms.Form):
    """How many people, which first. A search that isn't saved yet gets a name."""

    name = forms.CharField(
        label="Save as",
        max_length=NAME_LENGTH,
        help_text="The leads will say which segment brought them.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the segment a name."},
    )
    limit = WholeNumberField(
        label="How many",
        min_value=1,
        max_value=MAX_LIMIT,
        help_text="Who turns out to be a lead that you have from elsewhere is passed over, free.",
        widget=forms.NumberInput(attrs={"autofocus": True, "inputmode": "numeric"}),
        error_messages={"required": "Say how many leads you want."},
    )
    order = forms.ChoiceField(
        label="Which first",
        choices=[("score", "Best quality first"), ("fresh", "Freshest first")],
        widget=forms.RadioSelect,
    )
    # The same form sent twice starts one pull.
    key = forms.CharField(widget=forms.HiddenInput, max_length=MAX_KEY, initial=uuid4)

    def __init__(self, *args: object, saved: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if saved:
            del self.fields["name"]
