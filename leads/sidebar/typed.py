"""What people type into the sidebar: as a document's value, and what is said where it can't be."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from leads.filters.registry import Field
from leads.filters.wording import in_dollars

_WHOLE = re.compile(r"-?[0-9]{1,9}")
_DOLLARS = re.compile(r"\$? ?(?=[0-9.,]*[0-9])([0-9]{0,6})(?:[.,]([0-9]{1,2}))?")


def read_typed(field: Field, operator: str, text: str) -> Any:
    """The value that a trimmed text means; the text itself where it means none.

    Prices are typed in dollars, and cents in the document.
    """
    if field.type == "boolean" or operator == "is_set":
        return True
    if field.form == "cents":
        found = _DOLLARS.fullmatch(text)
        return int(found[1] or 0) * 100 + int((found[2] or "").ljust(2, "0")) if found else text
    if (field.type == "number" or operator == "within_days") and _WHOLE.fullmatch(text):
        return int(text)
    return text


def said_of_values(field: Field, values: Mapping[str, Sequence[Any]], sentence: str) -> str:
    """The parser's sentence, in the words of the sidebar where the document's don't fit."""
    pair = [*values.get("gte", ()), *values.get("lte", ())]
    if len(pair) == 2 and isinstance(pair[0], type(pair[1])) and pair[0] > pair[1]:
        if isinstance(pair[0], int):
            return "The first is above the second."
        return "The first day is after the second."
    if field.form == "cents":
        return f"Use a price from {in_dollars(field.minimum)} to {in_dollars(field.maximum)}."
    return sentence
