"""Between the sidebar's form fields and the filter document, both ways.

A form field is named `<field>.<operator>`: `industry.in=software&industry.not_in=gambling`. What
the sidebar has no control for (nested groups, say) is the `rest`: it travels untouched in `f`, in
the short form of addresses, beside the fields.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self

from django.http import QueryDict

from leads.filters import url as filter_url
from leads.filters.document import VERSION, digest, dump, parse
from leads.filters.errors import FilterError
from leads.filters.operators import OPERATORS_OF_TYPE
from leads.filters.registry import FIELDS, Scope
from leads.filters.tree import Condition, Group

from .controls import Control, controls
from .typed import read_typed, said_of_values

Item = Condition | Group
# Field → operator → values as in the document (or, where unusable, as typed).
Chosen = dict[str, dict[str, list[Any]]]

OPPOSITE = MappingProxyType(
    {
        "in": "not_in",
        "contains": "not_contains",
        "has_any": "has_none",
    }
)
AS_LIST = MappingProxyType({"eq": "in", "ne": "not_in"})
_AT = re.compile(r"all\[([0-9]+)\]")


class FilterForm:
    """What an address or a sent form asks for; subclasses say of what and in which order.

    `tree` is the filter, or None where `errors` (field → sentence) or `problem` (of the whole)
    say why there is none. `chosen` and `rest` are its two halves: what the controls show, and
    what they can't. `choices` are those of fields that the registry leaves open.
    """

    scope: ClassVar[Scope]
    # What of the address isn't the filter, as in '&order=fresh'.
    suffix = ""

    def __init__(
        self, params: QueryDict, *, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.errors: dict[str, str] = {}
        self.problem = ""
        self.tree: Group | None = None
        self.chosen: Chosen = {}
        self.rest: tuple[Item, ...] = ()
        self.choices = dict(choices or {})
        try:
            base = filter_url.decode(params.get(filter_url.PARAMETER, ""), scope=self.scope)
        except FilterError as error:
            self.problem = error.message
            return
        sent = read_fields(params, self.scope)
        chosen, rest = split(base, self.scope)
        # A field that the form has, and the address too: both must hold.
        clash = {name for name in sent if name in chosen}
        if clash:
            rest += split_off(chosen, clash, self.scope)
        self.chosen, self.rest = {**chosen, **sent}, self.read_rest(params, rest)
        self._compose()

    @classmethod
    def broken(cls, problem: str) -> Self:
        """A form without a filter, that says why."""
        form = cls(QueryDict())
        form.tree, form.problem = None, problem
        return form

    def read_rest(self, params: QueryDict, rest: tuple[Item, ...]) -> tuple[Item, ...]:
        """The rest, with what fields of the subclass's own add to it."""
        return rest

    def said_of(self, item: Item) -> str:
        """What a field of the subclass's own says of an item of the rest; '' for all others."""
        return ""

    def take_tree(self, tree: Group) -> None:
        """Show this filter."""
        self.tree = tree
        self.chosen, self.rest = split(tree, self.scope)

    def _compose(self) -> None:
        try:
            self.tree = self.composed(self.chosen, self.rest)
        except FilterError as error:
            places = [name for name, _ in _items(self.chosen, self.scope)]
            for path, sentence in error.fields.items():
                found = _AT.match(path)
                at = int(found[1]) if found else len(places)
                if at < len(places):
                    said = said_of_values(FIELDS[places[at]], self.chosen[places[at]], sentence)
                    self.errors.setdefault(places[at], said)
                else:
                    self.problem = self.problem or sentence
            return
        # Once more from the filter, so that values are shown in their canonical form.
        self.chosen, self.rest = split(self.tree, self.scope)

    @property
    def controls(self) -> Mapping[str, Control]:
        """The controls by field, in the sidebar's order."""
        return controls(self.scope)

    @property
    def labels(self) -> dict[tuple[str, str], str]:
        """The words of its own choices, for sentences."""
        return {
            (name, value): label
            for name, choices in self.choices.items()
            for value, label in choices.items()
        }

    @property
    def rest_text(self) -> str:
        """The rest in the short form, for the form's hidden field."""
        return filter_url.encode(_root(self.rest)) if self.rest else ""

    def composed(self, chosen: Chosen, rest: Sequence[Item]) -> Group:
        """The filter of two halves."""
        return compose(chosen, rest, self.scope)

    def query(self, tree: Group) -> str:
        """The query string of a filter, '?f=…', with what else this form's address says."""
        return query_of_tree(tree) + self.suffix


Order = Literal["score", "fresh"]


class SearchForm(FilterForm):
    """A search of the catalogue."""

    scope = "catalogue"

    def __init__(
        self, params: QueryDict, *, choices: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.order: Order = "fresh" if params.get("order") == "fresh" else "score"
        super().__init__(params, choices=choices)

    @classmethod
    def of_tree(cls, tree: Group, order: Order = "score") -> "SearchForm":
        """A form that shows a filter."""
        form = cls(QueryDict())
        form.order = order
        form.take_tree(tree)
        return form

    @property
    def suffix(self) -> str:  # type: ignore[override]
        """The order, where it isn't the usual one."""
        return "&order=fresh" if self.order == "fresh" else ""


def read_fields(params: QueryDict, scope: Scope = "catalogue") -> Chosen:
    """The sidebar's fields of a sent form; names that are none of ours are left out."""
    found: Chosen = {}
    for key, raw in params.lists():
        name, _, operator = key.partition(".")
        control = controls(scope).get(name)
        if control is None or operator not in control.operators:
            continue
        texts = [text.strip() for text in raw if text.strip()]
        values = list(dict.fromkeys(read_typed(control.field, operator, text) for text in texts))
        if values:
            found.setdefault(name, {})[operator] = values
    for name, operators in found.items():
        _settle(controls(scope)[name], operators)
    return found


def _settle(control: Control, operators: dict[str, list[Any]]) -> None:
    """What is both included and excluded is excluded: that was said on purpose."""
    if control.kind == "checklist":
        include, exclude = control.include[0], control.exclude[0]
        kept = [v for v in operators.get(include, []) if v not in operators.get(exclude, [])]
        if kept:
            operators[include] = kept
        else:
            operators.pop(include, None)


def compose(chosen: Chosen, rest: Sequence[Item], scope: Scope = "catalogue") -> Group:
    """The filter of both halves. Raises FilterError; item n of `all` is the n-th of `_items`."""
    items = [item for _, item in _items(chosen, scope)]
    if not items:
        return parse(dump(_root(rest)), scope=scope)
    for item in rest:
        items += dump(Group("all", (item,)))["all"]
    return parse({"version": VERSION, "all": items}, scope=scope)


def _root(rest: Sequence[Item]) -> Group:
    """The rest as a filter; one group alone is its own root, which saves a level of nesting."""
    only = rest[0] if len(rest) == 1 else None
    return only if isinstance(only, Group) else Group("all", tuple(rest))


def _items(chosen: Chosen, scope: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    """The field and the document's item for everything chosen, in the sidebar's order."""
    for name, control in controls(scope).items():
        operators = chosen.get(name)
        if not operators:
            continue
        if control.kind == "tokens":
            pieces = list(_conditions(name, control.include, operators))
            if len(pieces) == 1:
                yield name, pieces[0]
            elif pieces:
                yield name, {"any": pieces}
            for item in _conditions(name, control.exclude, operators):
                yield name, item
        elif operators.keys() >= {"gte", "lte"}:
            pair = [operators["gte"][-1], operators["lte"][-1]]
            yield name, {"field": name, "op": "between", "value": pair}
            for item in _conditions(name, ("within_days",), operators):
                yield name, item
        else:
            for item in _conditions(name, control.operators, operators):
                yield name, item


def _conditions(
    name: str, wanted: Iterable[str], operators: Mapping[str, list[Any]]
) -> Iterator[dict[str, Any]]:
    for operator in wanted:
        values = operators.get(operator)
        if not values:
            continue
        if operator in ("in", "not_in", "has_any", "has_none"):
            yield {"field": name, "op": operator, "value": values}
        elif operator in ("contains", "starts_with", "not_contains"):
            for value in values:
                yield {"field": name, "op": operator, "value": value}
        elif operator == "is_set":
            yield {"field": name, "op": operator}
        else:
            yield {"field": name, "op": operator, "value": values[-1]}


def split(tree: Group, scope: Scope = "catalogue") -> tuple[Chosen, tuple[Item, ...]]:
    """The two halves of a filter: what the controls can show, and the rest."""
    chosen: Chosen = {}
    rest: list[Item] = []
    plain = _plain(tree)
    items = plain.items if isinstance(plain, Group) and plain.mode == "all" else (plain,)
    items = tuple(one for item in items for one in _without_none(item))
    once = {digest(Group("all", (item,))): item for item in reversed(items)}
    for item in reversed(once.values()):
        if not _take(chosen, item, scope):
            rest.append(item)
    ordered = {name: chosen[name] for name in controls(scope) if name in chosen}
    return ordered, tuple(rest)


def split_off(chosen: Chosen, names: Iterable[str], scope: Scope = "catalogue") -> tuple[Item, ...]:
    """Take fields out of `chosen` and return them as items of the rest."""
    taken: Chosen = {name: chosen.pop(name) for name in set(names)}
    return compose(taken, (), scope).items


def _plain(item: Item) -> Item:
    """The same without groups that say nothing: `all` in `all`, `any` in `any`, groups of one;
    and with one spelling for 'is' and 'is any of' one text.
    """
    if isinstance(item, Condition):
        as_list = AS_LIST.get(item.op) if FIELDS[item.field].type == "text" else None
        if as_list is None or isinstance(item.value, tuple) or item.value is None:
            return item
        return Condition(item.field, as_list, (item.value,))
    items: list[Item] = []
    for inner in map(_plain, item.items):
        same = isinstance(inner, Group) and inner.mode == item.mode != "none"
        items += inner.items if same and isinstance(inner, Group) else [inner]
    if len(items) == 1 and item.mode != "none":
        return items[0]
    return Group(item.mode, tuple(items))


def _without_none(item: Item) -> tuple[Item, ...]:
    """`none` of conditions as what each of them excludes, which controls show, or the item itself.

    One spelling for both, whether they find their place or not: else the two halves of an address
    would mean the same and be another filter.
    """
    if isinstance(item, Condition) or item.mode != "none":
        return (item,)
    opposites = [_opposite(inner) for inner in item.items]
    return tuple(one for one in opposites if one) if all(opposites) else (item,)


def _opposite(item: Item) -> Condition | None:
    if isinstance(item, Group):
        return None
    operator = OPPOSITE.get(item.op, "")
    if operator not in OPERATORS_OF_TYPE[FIELDS[item.field].type]:
        return None
    return Condition(item.field, operator, item.value)


def _take(chosen: Chosen, item: Item, scope: Scope) -> bool:
    """Show an item in its control, if there is one and it is free."""
    if isinstance(item, Condition):
        return _take_conditions(chosen, [_written(item)], scope)
    if not all(isinstance(inner, Condition) for inner in item.items):
        return False
    conditions = [_written(inner) for inner in item.items if isinstance(inner, Condition)]
    return item.mode == "any" and _take_conditions(chosen, conditions, scope)


def _written(condition: Condition) -> tuple[str, str, list[Any]]:
    """Field, operator and values as the controls have them."""
    wire = dump(Group("all", (condition,)))["all"][0]
    value = wire.get("value", True)
    return condition.field, condition.op, value if isinstance(value, list) else [value]


def _take_conditions(
    chosen: Chosen, conditions: list[tuple[str, str, list[Any]]], scope: Scope
) -> bool:
    """Show conditions of one field that any of, in its control. All or nothing."""
    names = {name for name, _, _ in conditions}
    control = controls(scope).get(conditions[0][0])
    if len(names) > 1 or control is None:
        return False
    name, operator, values = conditions[0]
    taken = chosen.get(name, {})
    if operator == "between" and control.kind in ("range", "recency"):
        if len(conditions) > 1 or taken.keys() & {"gte", "lte"}:
            return False
        chosen.setdefault(name, {}).update(gte=[values[0]], lte=[values[1]])
        return True
    if any(_is_against(taken, op, some) for _, op, some in conditions):
        return False
    operators = {op for _, op, _ in conditions}
    if len(conditions) == 1 and operator in control.exclude:
        known = chosen.setdefault(name, {}).setdefault(operator, [])
        known += [value for value in values if value not in known]
        return True
    if not operators <= set(control.include) or values == [False]:
        return False
    # Several at once are 'any of', which only text has; a second one beside it would be 'and'.
    if control.kind == "tokens":
        if taken.keys() & set(control.include):
            return False
    elif len(conditions) > 1 or operator in taken:
        return False
    for _, op, some in conditions:
        known = chosen.setdefault(name, {}).setdefault(op, [])
        known += [value for value in some if value not in known]
    return True


def _is_against(taken: Mapping[str, list[Any]], operator: str, values: list[Any]) -> bool:
    """Whether what is taken says the opposite of a value; the controls can't show both."""
    if operator in ("gte", "lte"):
        other = taken.get("lte" if operator == "gte" else "gte", values)
        low, high = (values, other) if operator == "gte" else (other, values)
        return bool(low[-1] > high[-1])
    for include, exclude in OPPOSITE.items():
        if operator in (include, exclude):
            other = taken.get(exclude if operator == include else include, [])
            return any(value in other for value in values)
    return False


def without(chosen: Chosen, name: str, operator: str, value: Any = None) -> Chosen:
    """`chosen` less one value, or less all values of an operator."""
    changed = {field: dict(operators) for field, operators in chosen.items()}
    kept = [] if value is None else [one for one in changed[name][operator] if one != value]
    if kept:
        changed[name][operator] = kept
    else:
        del changed[name][operator]
    if not changed[name]:
        del changed[name]
    return changed


def query_of_tree(tree: Group, order: str = "score") -> str:
    """The query string of a filter, '?f=…&order=fresh'; everybody is '?f='."""
    query = filter_url.to_query(tree) or f"{filter_url.PARAMETER}="
    return f"?{query}&order=fresh" if order == "fresh" else f"?{query}"
