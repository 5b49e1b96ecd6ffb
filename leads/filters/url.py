"""A filter in the query string: compact, readable, one spelling for each filter (S-5).

    country.in.US,CA;any(title.contains.data engineer;department.in.engineering);email.is_set

Items are separated by `;`, values by `,`, groups are `any(…)`. The root is `all` unless the text
starts with `any:` or `none:`. In values `~` precedes each of `~ , ; ( )`. Empty is everybody.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import QueryDict

from leads.filters.document import MODES, ROOT, VERSION, dump, parse
from leads.filters.errors import FilterError
from leads.filters.operators import OPERATORS
from leads.filters.registry import FIELDS, MAX_CONDITIONS, MAX_DEPTH, Scope
from leads.filters.tree import Group

PARAMETER = "f"
MAX_CHARACTERS = 8_000  # servers and proxies refuse longer query strings
_SPECIAL = re.compile(r"[~,;()]")
_TEXT = re.compile(r"(?:[^~,;()]|~[~,;()])*")
_OPENING = re.compile(r"(all|any|none)\(")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
# Legal in a query string as they are, so that people can read it.
_UNQUOTED = "~,;():@!*'/?"


def encode(group: Group) -> str:
    """The filter as text, not yet percent-encoded; `decode` gives the same tree."""
    document = dump(group)
    items = ";".join(_encode_item(item) for item in document[group.mode])
    return items if group.mode == "all" else f"{group.mode}:{items}"


def to_query(group: Group) -> str:
    """The query string: `f=…`, percent-encoded where it must be; '' for everybody."""
    text = encode(group)
    return f"{PARAMETER}={quote(text, safe=_UNQUOTED).replace('%20', '+')}" if text else ""


def decode(text: str, *, scope: Scope) -> Group:
    """The tree of an encoded filter, as strict as `document.parse`. Raises FilterError."""
    if len(text) > MAX_CHARACTERS:
        raise FilterError({ROOT: f"The filter is longer than {MAX_CHARACTERS:,} characters."})
    mode = "all"
    for prefix in MODES:
        if text.startswith(f"{prefix}:"):
            mode, text = prefix, text.removeprefix(f"{prefix}:")
    return parse({"version": VERSION, mode: _Decoder(text).read() if text else []}, scope=scope)


def back_to(query: Any) -> str:
    """A list's query string as it came in from a form, for going back to that list."""
    params = QueryDict(str(query or "")[:MAX_CHARACTERS].removeprefix("?"))
    kept = QueryDict(mutable=True)
    for name in (PARAMETER, "sort", "cursor"):
        if name in params:
            kept[name] = params[name]
    return f"?{kept.urlencode()}" if kept else ""


def _encode_item(item: Mapping[str, Any]) -> str:
    if "field" not in item:
        ((mode, items),) = item.items()
        return f"{mode}({';'.join(map(_encode_item, items))})"
    start = f"{item['field']}.{item['op']}"
    if "value" not in item:
        return start
    values = item["value"] if isinstance(item["value"], list) else [item["value"]]
    return f"{start}.{','.join(map(_encode_value, values))}"


def _encode_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _SPECIAL.sub(r"~\g<0>", str(value))


class _Decoder:
    """Reads items from left to right; the values' types are those of the registry."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.conditions = 0

    def read(self) -> list[dict[str, Any]]:
        items = self._read_items(depth=1)
        if self.at < len(self.text):
            raise self._broken()
        return items

    def _read_items(self, *, depth: int) -> list[dict[str, Any]]:
        items = [self._read_item(depth=depth)]
        while self._take(";"):
            items.append(self._read_item(depth=depth))
        return items

    def _read_item(self, *, depth: int) -> dict[str, Any]:
        if opening := _OPENING.match(self.text, self.at):
            if depth >= MAX_DEPTH:
                raise FilterError({ROOT: f"Groups nest at most {MAX_DEPTH} deep."})
            self.at = opening.end()
            items = self._read_items(depth=depth + 1)
            if not self._take(")"):
                raise self._broken()
            return {opening[1]: items}
        return self._read_condition()

    def _read_condition(self) -> dict[str, Any]:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise FilterError({ROOT: f"A filter has at most {MAX_CONDITIONS} conditions."})
        first = self._read_text()
        name, _, rest = first.partition(".")
        op, dot, first = rest.partition(".")
        condition: dict[str, Any] = {"field": name, "op": op}
        if not dot:
            return condition
        values = [first]
        while self._take(","):
            values.append(self._read_text())
        typed = [_typed(name, op, value) for value in values]
        many = op in OPERATORS and OPERATORS[op].shape in ("many", "pair")
        condition["value"] = typed if many or len(typed) > 1 else typed[0]
        return condition

    def _read_text(self) -> str:
        found = _TEXT.match(self.text, self.at)
        assert found is not None  # it matches the empty text too
        self.at = found.end()
        return re.sub(r"~(.)", r"\1", found[0])

    def _take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def _broken(self) -> FilterError:
        return FilterError(
            {ROOT: f"The filter in the address can't be read from character {self.at + 1} on."}
        )


def _typed(name: str, op: str, value: str) -> Any:
    """The value as the registry's type, or as it is, for `parse` to refuse."""
    kind = FIELDS[name].type if name in FIELDS else "text"
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if (kind == "number" or op == "within_days") and _NUMBER.fullmatch(value):
        return int(value)
    return value
