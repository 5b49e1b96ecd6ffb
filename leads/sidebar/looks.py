"""How somebody has arranged their sidebar, and what of it has to be counted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from leads.filters.registry import Scope

from .controls import controls

OPEN_AT_FIRST: Mapping[Scope, tuple[str, ...]] = MappingProxyType(
    {
        "catalogue": (
            *("title", "seniority", "department", "industry", "employee_band", "country"),
        ),
        "leads": ("source", "status", "owner", "score", "tags"),
        "listings": (
            *("price_cents", "quality_score", "source_date", "seniority", "industry", "country"),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody has arranged their sidebar: open panels, searches inside them."""

    opened: frozenset[str] = frozenset(OPEN_AT_FIRST["catalogue"])
    # Whether `opened` is somebody's own arrangement; until then what is chosen is open too.
    arranged: bool = False
    searched: Mapping[str, str] = field(default_factory=dict)
    shown_whole: frozenset[str] = frozenset()

    def opens(self, name: str, chosen: object) -> bool:
        """Whether a field's panel is open; `chosen` is what the field holds."""
        return name in self.opened or (not self.arranged and bool(chosen))

    @classmethod
    def of(cls, params: Any, scope: Scope = "catalogue") -> "Look":
        """Read it from a form's `arranged`, `open`, `q.<field>` and `whole` fields."""
        known = controls(scope)
        arranged = "arranged" in params
        return cls(
            opened=frozenset(n for n in params.getlist("open") if n in known)
            if arranged
            else frozenset(OPEN_AT_FIRST[scope]),
            arranged=arranged,
            searched={
                name: params[f"q.{name}"].replace("\x00", "").strip()[:60]
                for name in known
                if params.get(f"q.{name}", "").strip()
            },
            shown_whole=frozenset(n for n in params.getlist("whole") if n in known),
        )


def facets_wanted(look: Look, chosen: Collection[str], scope: Scope = "catalogue") -> list[str]:
    """The fields whose options are on show, and so need counts."""
    return [
        name
        for name, control in controls(scope).items()
        if control.kind == "checklist" and look.opens(name, name in chosen)
    ]
