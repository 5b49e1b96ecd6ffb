"""From a value in a document to the canonical value in the tree, or a sentence why not."""

import datetime
import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from leads.filters.errors import shown
from leads.filters.operators import Operator
from leads.filters.registry import MAX_DAYS, MAX_VALUES, Field
from leads.filters.text import fold, tag_form, topic_form
from leads.filters.tree import Scalar, Value

UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
DATE = re.compile(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PHONE = re.compile(r"[0-9+().\-/ \xa0]*[0-9][0-9+().\-/ \xa0]*")
_SCHEME = re.compile(r"(?:(?:https?:)?//|www\.|\s)+", re.IGNORECASE)
_LINKEDIN = re.compile(r"(?:[a-z]{2,3}\.)?linkedin\.com/(?=[^/])", re.IGNORECASE)
FEW = 12


class Unusable(Exception):
    """A value can't be used. `at` is where inside the value, such as '[3]', or ''."""

    def __init__(self, sentence: str, at: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.at = at


def read_value(field: Field, operator: Operator, raw: Any) -> Value:
    """The canonical value for a condition whose operator takes one. Raises Unusable."""
    if operator.shape == "many":
        return _read_many(field, operator, raw)
    if operator.shape == "pair":
        return _read_pair(field, operator, raw)
    if operator.shape == "days":
        return read_number(raw, 0, MAX_DAYS)
    return _read_one(field, operator, raw)


def write_value(value: Value) -> Any:
    """A canonical value as JSON has it."""
    if isinstance(value, tuple):
        return [write_value(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _read_many(field: Field, operator: Operator, raw: Any) -> Value:
    if not isinstance(raw, list | tuple) or not raw:
        raise Unusable(f"{_name(field, operator)} needs a list with at least one value.")
    if len(raw) > MAX_VALUES:
        raise Unusable(f"The list has {len(raw):,} values; at most {MAX_VALUES:,} are allowed.")
    found: dict[Scalar, Scalar] = {}
    for index, one in enumerate(raw):
        try:
            value = _read_one(field, operator, one)
        except Unusable as error:
            raise Unusable(error.sentence, f"[{index}]{error.at}") from None
        # Spellings that compare alike are one value, whichever came first.
        key = fold(value) if isinstance(value, str) and compares_folded(field) else value
        found[key] = min(value, found[key]) if key in found else value  # type: ignore[type-var]
    return tuple(found[key] for key in sorted(found))  # type: ignore[type-var]


def _read_pair(field: Field, operator: Operator, raw: Any) -> Value:
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise Unusable(f"{_name(field, operator)} needs a list of two values: [low, high].")
    pair = []
    for index, one in enumerate(raw):
        try:
            pair.append(_read_one(field, operator, one))
        except Unusable as error:
            raise Unusable(error.sentence, f"[{index}]") from None
    low, high = pair
    if high < low:  # type: ignore[operator]
        raise Unusable("The first value is above the second; write [low, high].")
    return (low, high)


def _read_one(field: Field, operator: Operator, raw: Any) -> Scalar:
    if isinstance(raw, list | tuple | Mapping):
        raise Unusable(f"{_name(field, operator)} needs a single value here.")
    if field.type == "boolean":
        if not isinstance(raw, bool):
            raise Unusable("Use true or false.")
        return raw
    if field.type == "number":
        return read_number(raw, field.minimum, field.maximum)
    if field.type == "date":
        return read_date(raw)
    if not isinstance(raw, str):
        raise Unusable("Use a text, in quotes.")
    if field.choices is not None:
        return _read_choice(field.choices, raw)
    return _read_text(field, operator, raw)


def compares_folded(field: Field) -> bool:
    """Whether values of the field that differ in case or accents only are the same."""
    return field.type == "text" or (field.type == "choice" and field.choices is None)


def read_number(raw: Any, low: int, high: int) -> int:
    """A whole number from low to high; 50.0 is 50, as in JSON Schema. Raises Unusable."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Unusable("Use a whole number, without quotes.")
    # NaN fails the comparison; an infinite or huge number is out of bounds before it is printed.
    if not low <= raw <= high:
        raise Unusable(f"Use a whole number from {low} to {high}.")
    if raw != int(raw):
        raise Unusable("Use a whole number, without decimals.")
    return int(raw)


def read_date(raw: Any) -> datetime.date:
    """A date written as 2026-03-31, of the years 1900 to 2199. Raises Unusable."""
    if isinstance(raw, str) and DATE.fullmatch(raw):
        try:
            return datetime.date.fromisoformat(raw)
        except ValueError:
            raise Unusable(f"There is no day {raw}.") from None
    raise Unusable('Use a date such as "2026-03-31", from 1900 to 2199.')


def _read_choice(choices: Mapping[str, str], raw: str) -> str:
    if raw in choices:
        return raw
    wanted = fold(raw).strip() if len(raw) <= 100 else ""
    for code, label in choices.items():
        if wanted in (fold(code), fold(label)):
            raise Unusable(f'{shown(raw)} is not allowed here; write "{code}".')
    codes = list(choices)
    listed = ", ".join(codes if len(codes) <= FEW else codes[:3])
    such = "" if len(codes) <= FEW else "a code such as "
    raise Unusable(f"{shown(raw)} is not allowed here. Use {such}{listed}.")


def _read_text(field: Field, operator: Operator, raw: str) -> str:
    if len(raw) > field.max_length:
        raise Unusable(f"The text is longer than {field.max_length} characters.")
    if UNFIT.search(raw):
        raise Unusable("The text has control characters or broken characters; remove them.")
    value = unicodedata.normalize("NFC", raw).strip()
    if not fold(value).strip():
        raise Unusable("The text is empty; use is_not_set to find records without a value.")
    value = _formed(field, operator, value)
    if len(value) > field.max_length:
        raise Unusable(f"The text is longer than {field.max_length} characters.")
    return value


def _formed(field: Field, operator: Operator, value: str) -> str:
    """The value in the form in which the field is stored, as far as the operator allows."""
    if field.form == "phone":
        if not PHONE.fullmatch(value):
            raise Unusable('Use a phone number with digits only, such as "+15125550100".')
        return ("+" if value.startswith("+") else "") + re.sub(r"[^0-9]", "", value)
    if field.is_id:
        if not UUID.fullmatch(value):
            raise Unusable(f"Use a {field.form}'s id.")
        return str(uuid.UUID(value))
    if field.form == "topic":
        return topic_form(value) or fold(value)
    if field.form == "tag":
        return tag_form(value)
    if field.form in ("domain", "linkedin"):
        bare = value[match.end() :] if (match := _SCHEME.match(value)) else value
        if field.form == "linkedin" and operator.name not in ("contains", "not_contains"):
            found = _LINKEDIN.match(bare)
            if found:
                path = bare[found.end() :].partition("?")[0].rstrip("/")
                return f"https://www.linkedin.com/{path}"
            return value
        return bare if fold(bare).strip() else value
    return value


def _name(field: Field, operator: Operator) -> str:
    return f'"{operator.name}" on "{field.name}"'
