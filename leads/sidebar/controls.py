"""Which control each field of the registry has, over the catalogue and over leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from leads.filters.registry import OFFER, OWN, Field, Scope, fields_in

Kind = Literal["checklist", "tokens", "range", "recency", "switch", "presence"]

# Nearly everybody's differs, so there is nothing to choose from: only whether there is one. What is
# masked until pulled is shown alike, because a search can't ask more of it (registry).
PRESENCE: Mapping[Scope, tuple[str, ...]] = MappingProxyType(
    {"catalogue": ("linkedin_url",), "leads": ("phone", "linkedin_url"), "listings": ()}
)
# Codes of which one knows the beginning.
PREFIXES = ("naics", "postal_code")


@dataclass(frozen=True, slots=True)
class Control:
    """How a field is shown. The first of `include` and `exclude` is the usual operator."""

    field: Field
    kind: Kind
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        """All operators that the control can express."""
        return self.include + self.exclude

    @property
    def typed(self) -> str:
        """The operator of what is typed and not chosen from suggestions."""
        return "starts_with" if self.field.name in PREFIXES else self.include[0]

    @property
    def suggested(self) -> str:
        """The operator of a suggestion that is taken."""
        return "in" if "in" in self.include else self.include[0]


def _control(field: Field, scope: Scope) -> Control:
    if field.is_masked_in(scope) or field.name in PRESENCE[scope]:
        return Control(field, "presence", ("is_set",))
    if field.type == "boolean":
        return Control(field, "switch", ("eq",))
    # A shared engine counts the values of an open vocabulary; of leads they are suggested.
    is_open = field.choices is None and not field.is_id and scope == "leads"
    if field.type == "list":
        return Control(field, "tokens" if is_open else "checklist", ("has_any",), ("has_none",))
    if field.type == "choice":
        return Control(field, "tokens" if is_open else "checklist", ("in",), ("not_in",))
    if field.type == "number":
        return Control(field, "range", ("gte", "lte"))
    if field.type == "date":
        return Control(field, "recency", ("within_days", "gte", "lte"))
    return Control(field, "tokens", ("contains", "in", "starts_with"), ("not_contains", "not_in"))


@cache
def controls(scope: Scope = "catalogue") -> Mapping[str, Control]:
    """The controls by field, in the sidebar's order: what only this scope has comes first."""
    fields = sorted(fields_in(scope), key=lambda field: field.group_in(scope) not in (OWN, OFFER))
    return {field.name: _control(field, scope) for field in fields}
