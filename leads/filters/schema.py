"""The JSON Schema (2020-12) of filter documents, made from the registry.

Some rules can't be said in a schema and are checked by `document.parse` alone: at most 50
conditions and 5,000 values in the whole document, and low before high in `between`.
"""

from functools import cache
from typing import Any

from leads.filters.document import MODES, VERSION
from leads.filters.fold_table import INVISIBLE, MARKS
from leads.filters.operators import OPERATORS
from leads.filters.registry import (
    MAX_CONDITIONS,
    MAX_DAYS,
    MAX_DEPTH,
    MAX_VALUES,
    Field,
    Scope,
    fields_in,
)
from leads.filters.sql import code_ranges

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_CONTROL = r"\u0000-\u001f\u007f-\u009f"
_NOTHING = r"\s" + code_ranges(MARKS | INVISIBLE, lambda code: f"\\u{code:04x}")
TEXT_PATTERN = f"^[^{_CONTROL}]*[^{_CONTROL}{_NOTHING}][^{_CONTROL}]*$"
PHONE_PATTERN = r"^\s*[0-9+().\-/ \u00a0]*[0-9][0-9+().\-/ \u00a0]*\s*$"
UUID_PATTERN = r"^\s*[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\s*$"
DATE_PATTERN = r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


@cache
def json_schema(scope: Scope, *, url: str | None = None) -> Schema:
    """The schema of documents over this scope, published at `url`. Don't change what comes back."""
    fields = fields_in(scope)
    about = {"catalogue": "people in the catalogue", "leads": "leads", "listings": "leads on sale"}
    schema: Schema = {
        "$schema": DIALECT,
        "title": "Filter",
        "description": f"Says which {about[scope]} are meant. An empty list means everybody.",
        **_group("group", minimum=0, extra={"version": {"const": VERSION}}),
        "$defs": {
            "condition": {
                "description": "One test of one field.",
                "anyOf": [{"$ref": f"#/$defs/{field.name}"} for field in fields],
            },
            **_nested_groups(),
            **{field.name: _field(field, scope) for field in fields},
        },
    }
    return {"$id": url, **schema} if url else schema


def _nested_groups() -> Schema:
    """`group`, which stands in the root, then `group3` and so on; the deepest has conditions."""
    names = ["group", *(f"group{depth}" for depth in range(3, MAX_DEPTH + 1))]
    inner: list[str | None] = [*names[1:], None]
    return {
        name: {"description": "All, any or none of the tests hold.", **_group(below, minimum=1)}
        for name, below in zip(names, inner, strict=True)
    }


def _group(below: str | None, *, minimum: int, extra: Schema | None = None) -> Schema:
    allowed = [{"$ref": "#/$defs/condition"}]
    if below:
        allowed.append({"$ref": f"#/$defs/{below}"})
    items: Schema = {
        "type": "array",
        "minItems": minimum,
        "maxItems": MAX_CONDITIONS,
        "items": {"anyOf": allowed},
    }
    extra = extra or {}
    return {
        "type": "object",
        "properties": {**extra, **dict.fromkeys(MODES, items)},
        "required": list(extra),
        "oneOf": [{"required": [mode]} for mode in MODES],
        "additionalProperties": False,
    }


def _field(field: Field, scope: Scope) -> Schema:
    by_shape: dict[str, list[str]] = {}
    for name in field.operators_in(scope):
        by_shape.setdefault(OPERATORS[name].shape, []).append(name)
    return {
        "title": field.label,
        "description": field.help_in(scope),
        "anyOf": [_tests(field, shape, names) for shape, names in by_shape.items()],
    }


def _tests(field: Field, shape: str, operators: list[str]) -> Schema:
    properties: Schema = {"field": {"const": field.name}, "op": {"enum": operators}}
    if shape != "none":
        properties["value"] = _value(field, shape)
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(field: Field, shape: str) -> Schema:
    if shape == "days":
        return {"type": "integer", "minimum": 0, "maximum": MAX_DAYS}
    one = _scalar(field)
    if shape == "many":
        return {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_VALUES}
    if shape == "pair":
        return {"type": "array", "prefixItems": [one, one], "items": False, "minItems": 2}
    return one


def _scalar(field: Field) -> Schema:
    if field.type == "boolean":
        return {"type": "boolean"}
    if field.type == "number":
        return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
    if field.type == "date":
        return {"type": "string", "format": "date", "pattern": DATE_PATTERN}
    if field.choices is not None:
        return {"enum": list(field.choices)}
    pattern = UUID_PATTERN if field.is_id else TEXT_PATTERN
    if field.form == "phone":
        pattern = PHONE_PATTERN
    return {"type": "string", "maxLength": field.max_length, "pattern": pattern}
