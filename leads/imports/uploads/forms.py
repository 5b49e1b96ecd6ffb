"""Forms about a file: itself, how it is read, what its columns mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from leads.records.column_names import SEVERAL

from .models import Upload
from .operations import MAX_BYTES, sample_columns
from .purposes import Purpose, field_label

_DELIMITERS = (
    ("", "Found out"),
    (",", "Comma"),
    (";", "Semicolon"),
    ("\t", "Tab"),
    ("|", "Pipe"),
)
_ENCODINGS = (
    ("", "Found out"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Western European (Windows-1252, Latin-1)"),
    ("utf-16", "UTF-16"),
    ("cp1250", "Central European (Windows-1250)"),
    ("cp1251", "Cyrillic (Windows-1251)"),
    ("shift_jis", "Japanese (Shift JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
)
_HEADERS = (("", "Found out"), ("yes", "It names the columns"), ("no", "It is a row like others"))
#: As far as a table's head is looked for.
_LAST_LINE = 100


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label="File",
        max_length=200,
        allow_empty_file=True,  # the reader's own sentence says more
        help_text=f"CSV, TSV or Excel (.xlsx), at most {MAX_BYTES // 1_000_000} MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.gz,.zip,text/csv"}),
        error_messages={"required": "Choose a file."},
    )


class ReadingForm(forms.Form):
    """How the file is read, where it was found out wrongly."""

    delimiter = forms.ChoiceField(
        label="Columns are separated by", choices=_DELIMITERS, required=False
    )
    encoding = forms.ChoiceField(label="Characters", choices=_ENCODINGS, required=False)
    header = forms.ChoiceField(label="The first row", choices=_HEADERS, required=False)
    header_line = forms.IntegerField(
        label="Column names are in line",
        required=False,
        min_value=1,
        max_value=_LAST_LINE,
        widget=forms.NumberInput(attrs={"placeholder": "Found out"}),
    )

    @classmethod
    def of(cls, upload: Upload) -> "ReadingForm":
        """The form with what was chosen before."""
        header = {None: "", True: "yes", False: "no"}[upload.header]
        return cls(
            initial={
                "delimiter": upload.delimiter,
                "encoding": upload.encoding,
                "header": header,
                "header_line": upload.header_line,
            }
        )

    def clean(self) -> dict[str, Any]:
        """Names in a line, or none at all."""
        data = super().clean() or {}
        if data.get("header") == "no" and data.get("header_line"):
            self.add_error("header_line", "Leave this empty where no row names the columns.")
        return data

    def said(self) -> dict[str, Any]:
        """What `read_otherwise` takes."""
        data = self.cleaned_data
        return {
            "delimiter": data["delimiter"],
            "encoding": data["encoding"],
            "header": {"": None, "yes": True, "no": False}[data["header"]],
            "header_line": data["header_line"],
        }


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One column of the file in the mapping table."""

    column: str
    bound: forms.BoundField
    samples: list[str]
    why: str


class MappingForm(forms.Form):
    """A choice for every column: the field that it fills, or none."""

    def __init__(self, *args: Any, upload: Upload, purpose: Purpose, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._upload = upload
        choices: list[Any] = [("", "Leave out"), *purpose.choices()]
        self._mapped = upload.columns_mapped.columns
        for at, each in enumerate(self._mapped):
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=each.column, choices=choices, required=False, initial=each.field or ""
            )

    def clean(self) -> dict[str, Any]:
        """Only e-mails, phones and topics may come from several columns."""
        data = super().clean() or {}
        first: dict[str, str] = {}
        for at, each in enumerate(self._mapped):
            field = data.get(f"column_{at}")
            if (
                field
                and field not in SEVERAL
                and first.setdefault(field, each.column) != (each.column)
            ):
                self.add_error(
                    f"column_{at}", f"'{first[field]}' is the {field_label(field)} already."
                )
        return data

    def chosen(self) -> dict[str, str | None]:
        """Column → field, as `map_columns` takes it."""
        return {
            each.column: self.cleaned_data[f"column_{at}"] or None
            for at, each in enumerate(self._mapped)
        }

    def rows(self) -> Iterator[MappingRow]:
        """The columns in the file's order, with examples and why they were guessed so."""
        for at, (each, samples) in enumerate(
            zip(self._mapped, sample_columns(self._upload), strict=True)
        ):
            yield MappingRow(each.column, self[f"column_{at}"], samples, _why(each.why))


def _why(why: str) -> str:
    return "" if why in {"", "chosen", "said so"} else f"Guessed: {why}"
