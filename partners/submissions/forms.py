"""What a partner says of a file and of its price, and what staff decide."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from leads.imports.uploads.forms import UploadForm
from leads.imports.uploads.operations import MAX_BYTES

from .details import LONGEST_SOURCE, MOST_SALES, PRICE_FIX
from .models import RejectCode
from .review import LONGEST_TEXT, SELLABLE, Selection
from .validating import LEAST_VALID, MOST_ROWS


def _price_field(**options: Any) -> forms.CharField:
    attrs = {"inputmode": "decimal", "placeholder": "1.00", "autocomplete": "off"}
    return forms.CharField(
        label="Price per lead, in $",
        max_length=20,
        widget=forms.TextInput(attrs=attrs),
        error_messages={"required": PRICE_FIX},
        **options,
    )


class SubmissionForm(UploadForm):
    """A file, and what is asked for its leads. `details.read_details` judges the values."""

    price = _price_field(help_text="From 0.10 to 5.00. You can change it at any time.")
    categories = forms.CharField(
        label="Categories",
        required=False,
        max_length=500,
        help_text="Industries or topics, separated by commas.",
    )
    max_sales = forms.CharField(
        label="Buyers per lead",
        required=False,
        initial="1",
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=f"1 is exclusive; at most {MOST_SALES}.",
    )
    source = forms.CharField(
        label="Where they are from",
        max_length=LONGEST_SOURCE,
        help_text="Such as “Trade fair 2026”.",
    )
    collected_on = forms.DateField(
        label="Collected on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="For rows that don't say it themselves. Less than 90 days ago.",
    )
    guarantee = forms.BooleanField(
        label="I guarantee that these people agreed to be contacted, and that the data is right.",
        error_messages={"required": "Tick it: leads are only taken with the guarantee."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = (
            f"CSV, TSV or Excel (.xlsx), at most {MAX_BYTES // 1_000_000} MB,"
            f" {LEAST_VALID} to {MOST_ROWS:,} rows."
        )

    def details(self) -> dict[str, Any]:
        """What `upload_submission` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "file"}


class PriceForm(forms.Form):
    """Another price for what isn't sold."""

    price = _price_field()


_PART, _WHY = ("quality", "statuses", "number"), ("code", "text")
_UNHEEDED = {
    "all": "To approve all, leave this empty; for a part, choose 'Approve those chosen below'.",
    "reject": "To reject all, leave this empty; for a part, choose 'Approve those chosen below'.",
}


class ReviewForm(forms.Form):
    """What staff decide about a submission."""

    decision = forms.ChoiceField(
        choices=[
            ("all", "Approve all"),
            ("part", "Approve those chosen below, and turn the others down"),
            ("reject", "Reject"),
        ],
        widget=UnfoldAdminRadioSelectWidget,
    )
    quality = forms.IntegerField(
        label="Part: quality of at least",
        required=False,
        min_value=0,
        max_value=100,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    statuses = forms.MultipleChoiceField(
        label="Part: e-mail check says",
        required=False,
        choices=[(status.value, status.label) for status in SELLABLE],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None chosen: whatever it says.",
    )
    number = forms.IntegerField(
        label="Part: the best so many",
        required=False,
        min_value=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    code = forms.ChoiceField(
        label="Why the others, or all, are turned down",
        required=False,
        choices=[("", "Choose a reason"), *RejectCode.choices],
        widget=UnfoldAdminSelectWidget,
        help_text="Needed to reject. Of a part, the others are 'Low quality' where none is chosen.",
    )
    text = forms.CharField(
        label="In words",
        required=False,
        max_length=LONGEST_TEXT,
        widget=UnfoldAdminTextInputWidget,
        help_text="The partner reads it. Needed for 'Other'.",
    )

    def clean(self) -> dict[str, Any]:
        """A part is a choice, a rejection has a reason, and nothing filled in goes unheeded."""
        given = super().clean() or {}
        decision = given.get("decision")
        unheeded = {"all": (*_PART, *_WHY), "reject": _PART}.get(decision or "", ())
        for name in (name for name in unheeded if given.get(name)):
            self.add_error(name, _UNHEEDED[str(decision)])
        is_part = given.get("decision") == "part"
        if is_part and not (given.get("quality") or given.get("statuses") or given.get("number")):
            self.add_error("quality", "Say which part: a quality, answers of the check, a number.")
        if given.get("decision") == "reject" and not given.get("code"):
            self.add_error("code", "Choose a reason.")
        return given

    def selection(self) -> Selection:
        """What `approve_submission` takes."""
        given = self.cleaned_data
        if given["decision"] == "all":
            return Selection()
        return Selection(given["quality"] or 0, tuple(given["statuses"]), given["number"])
