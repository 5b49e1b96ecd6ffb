"""What is asked for most, one click each (M-2): age, quality, completeness."""

from collections.abc import Iterator
from dataclasses import dataclass

from leads.filters.tree import Condition, Group

from .forms import MarketSearch


@dataclass(frozen=True, slots=True)
class Preset:
    """One of them. `href` leads to the search with it, or without it where it is chosen."""

    label: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """Presets of one kind. Of those that exclude each other one is chosen at most."""

    label: str
    presets: list[Preset]


_SHELVES: tuple[tuple[str, bool, tuple[tuple[str, Condition], ...]], ...] = (
    (
        "Age",
        True,
        tuple(
            (f"{days} days", Condition("source_date", "within_days", days)) for days in (7, 30, 90)
        ),
    ),
    (
        "Quality",
        True,
        tuple((f"{least}+", Condition("quality_score", "gte", least)) for least in (80, 90, 95)),
    ),
    (
        "Complete",
        False,
        (
            ("Phone", Condition("phone", "is_set", None)),
            ("LinkedIn", Condition("linkedin_url", "is_set", None)),
            ("Company", Condition("company_name", "is_set", None)),
            ("Title", Condition("title", "is_set", None)),
        ),
    ),
)


def shelves_of(form: MarketSearch) -> list[Shelf]:
    """The presets beside a search."""
    tree = form.tree
    if tree is None:
        return []
    return [
        Shelf(label, list(_presets(form, tree, excludes, presets)))
        for label, excludes, presets in _SHELVES
    ]


def _presets(
    form: MarketSearch, tree: Group, excludes: bool, presets: tuple[tuple[str, Condition], ...]
) -> Iterator[Preset]:
    here = tree.items if tree.mode == "all" else (tree,)
    for label, condition in presets:
        is_chosen = condition in here
        others = {condition} if is_chosen or not excludes else {one for _, one in presets}
        kept = tuple(item for item in here if item not in others)
        left = Group("all", kept if is_chosen else (*kept, condition))
        yield Preset(label, form.query(left), is_chosen)
