"""The filter document: from JSON to the tree, and back to its one canonical form."""

import contextlib
import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from leads.filters.errors import FilterError, shown
from leads.filters.operators import OPERATORS, Operator
from leads.filters.registry import (
    FIELDS,
    MASKED_HELP,
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_VALUES_IN_ALL,
    SCOPE_NAMES,
    Field,
    Scope,
)
from leads.filters.text import fold
from leads.filters.tree import EVERYBODY, Condition, Group, Mode, Value
from leads.filters.values import Unusable, compares_folded, read_value, write_value

VERSION = 1
MODES: tuple[Mode, ...] = ("all", "any", "none")
MAX_BYTES = 1_000_000
MAX_PROBLEMS = 20
ROOT = "filter"


def parse(raw: object, *, scope: Scope) -> Group:
    """The tree of a decoded document. `scope` says which fields exist.

    Raises FilterError whose `fields` name every path at fault, the first 20 of them.
    """
    return _Reader(scope).read_root(raw)


def parse_json(text: str | bytes, *, scope: Scope) -> Group:
    """Like `parse`, from JSON text as it came in, of at most 1 MB."""
    if len(text) > MAX_BYTES:
        raise FilterError({ROOT: f"The filter is larger than {MAX_BYTES:,} bytes."})
    try:
        raw = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except RecursionError:
        raise FilterError({ROOT: f"Groups nest at most {MAX_DEPTH} deep."}) from None
    except ValueError as error:  # broken JSON, broken UTF-8, a number of 5,000 digits
        raise FilterError({ROOT: f"The filter is not valid JSON: {str(error)[:120]}."}) from None
    return parse(raw, scope=scope)


def dump(group: Group) -> dict[str, Any]:
    """The canonical wire form; `parse(dump(group))` gives the same tree."""
    return {"version": VERSION, **_write_group(group)}


def digest(group: Group) -> str:
    """64 hex digits, equal for filters that mean the same up to order, case and repetition.

    `within_days` is relative: whoever caches results adds the day.
    """
    meaning = _spelled(_meaning(group)) if group.items else "everybody"
    return hashlib.sha256(f"{VERSION}{meaning}".encode()).hexdigest()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return found


def _write_group(group: Group) -> dict[str, Any]:
    return {
        group.mode: [
            _write_group(item) if isinstance(item, Group) else _write_condition(item)
            for item in group.items
        ]
    }


def _write_condition(condition: Condition) -> dict[str, Any]:
    written: dict[str, Any] = {"field": condition.field, "op": condition.op}
    if condition.value is not None:
        written["value"] = write_value(condition.value)
    return written


# A condition as text, or a mode with the different things that it is about.
_Meaning = str | tuple[Mode, frozenset[str]]


def _meaning(item: Group | Condition) -> _Meaning:
    """The item without what makes no difference: order, repetition, needless groups."""
    if isinstance(item, Condition):
        value = item.value
        if compares_folded(FIELDS[item.field]):
            value = _folded(value)
        return json.dumps([item.field, item.op, write_value(value)])
    parts: dict[str, _Meaning] = {}
    for inner in map(_meaning, item.items):
        if isinstance(inner, tuple) and inner[0] == item.mode != "none":
            parts.update({part: part for part in inner[1]})
        else:
            parts[_spelled(inner)] = inner
    if item.mode != "none" and len(parts) == 1:
        (only,) = parts.values()
        return only
    return (item.mode, frozenset(parts))


def _spelled(meaning: _Meaning) -> str:
    if isinstance(meaning, str):
        return meaning
    mode, parts = meaning
    return f"{mode}({','.join(sorted(parts))})"


def _folded(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(fold(one) if isinstance(one, str) else one for one in value)
    return fold(value) if isinstance(value, str) else value


class _TooMany(Exception):
    """Reading on would only cost time."""


class _Reader:
    """Reads one document, and notes what is wrong where."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.problems: dict[str, str] = {}
        self.conditions = 0
        self.values = 0

    def read_root(self, raw: object) -> Group:
        group = None
        with contextlib.suppress(_TooMany):
            group = self._read_root(raw)
        if self.problems or group is None:
            raise FilterError(self.problems)
        return group if group.items else EVERYBODY

    def note(self, path: str, sentence: str) -> None:
        self.problems.setdefault(path, sentence)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _TooMany

    def _read_root(self, raw: object) -> Group | None:
        if not isinstance(raw, Mapping):
            self.note(ROOT, 'A filter is an object such as {"version": 1, "all": []}.')
            return None
        version = raw.get("version")
        if isinstance(version, bool) or version != VERSION:
            self.note("version", f'Write "version": {VERSION}; it is the only version there is.')
        return self._read_group({k: v for k, v in raw.items() if k != "version"}, "", depth=1)

    def _read_group(self, raw: Mapping[Any, Any], path: str, *, depth: int) -> Group | None:
        modes = [mode for mode in MODES if mode in raw]
        for key in raw:
            if key not in MODES:
                self.note(path or ROOT, f"Unknown key {shown(str(key))}. {_GROUP_KEYS}")
        if len(modes) != 1:
            self.note(path or ROOT, _GROUP_KEYS)
            return None
        mode = modes[0]
        here = f"{path}.{mode}" if path else mode
        items = raw[mode]
        if not isinstance(items, list | tuple):
            self.note(here, f'"{mode}" needs a list of conditions and groups.')
            return None
        if not items and path:
            self.note(here, "The group is empty; add a condition or remove the group.")
        read = [
            self._read_item(item, f"{here}[{index}]", depth=depth)
            for index, item in enumerate(items)
        ]
        return Group(mode, tuple(item for item in read if item is not None))

    def _read_item(self, raw: object, path: str, *, depth: int) -> Group | Condition | None:
        if not isinstance(raw, Mapping):
            self.note(path, 'Use a condition {"field", "op", "value"} or a group.')
            return None
        if "field" in raw or "op" in raw:
            return self._read_condition(raw, path)
        if depth >= MAX_DEPTH:
            self.note(path, f"Groups nest at most {MAX_DEPTH} deep.")
            return None
        return self._read_group(raw, path, depth=depth + 1)

    def _read_condition(self, raw: Mapping[Any, Any], path: str) -> Condition | None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            self.problems = {ROOT: f"A filter has at most {MAX_CONDITIONS} conditions."}
            raise _TooMany
        for key in raw:
            if key not in ("field", "op", "value"):
                self.note(path, f'Unknown key {shown(str(key))}. Use "field", "op", "value".')
        field = self._read_field(raw.get("field"), f"{path}.field")
        if field is None:
            return None
        operator = self._read_operator(field, raw.get("op"), f"{path}.op")
        if operator is None:
            return None
        here = f"{path}.value"
        if operator.shape == "none":
            if "value" in raw:
                self.note(here, f'"{operator.name}" takes no value; remove it.')
            return Condition(field.name, operator.name, None)
        if "value" not in raw:
            self.note(here, f'"{operator.name}" on "{field.name}" needs a value.')
            return None
        value = raw["value"]
        self.values += len(value) if isinstance(value, list | tuple) else 1
        if self.values > MAX_VALUES_IN_ALL:
            self.problems = {ROOT: f"A filter has at most {MAX_VALUES_IN_ALL:,} values in all."}
            raise _TooMany
        try:
            return Condition(field.name, operator.name, read_value(field, operator, value))
        except Unusable as error:
            self.note(here + error.at, error.sentence)
            return None

    def _read_field(self, name: object, path: str) -> Field | None:
        field = FIELDS.get(name) if isinstance(name, str) else None
        if field is not None and field.is_in(self.scope):
            return field
        if field is not None:
            where = " and ".join(said for scope, said in SCOPE_NAMES.items() if field.is_in(scope))
            self.note(path, f'The field "{field.name}" exists only in {where}.')
        elif isinstance(name, str):
            near = get_close_matches(name[:40], list(FIELDS), n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            self.note(path, f"There is no field {shown(name)}.{hint}")
        else:
            self.note(path, 'Name a field, such as "field": "title".')
        return None

    def _read_operator(self, field: Field, name: object, path: str) -> Operator | None:
        allowed = field.operators_in(self.scope)
        if isinstance(name, str) and name in allowed:
            return OPERATORS[name]
        wrong = f"takes no {shown(name)}" if isinstance(name, str) else "needs an operator"
        why = f" {MASKED_HELP[self.scope]}" if field.is_masked_in(self.scope) else ""
        self.note(path, f'The field "{field.name}" {wrong}.{why} Use {", ".join(allowed)}.')
        return None


_GROUP_KEYS = 'A group has one of "all", "any", "none".'
