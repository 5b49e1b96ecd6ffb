"""What the sidebar shows for a search: panels with counted options, and chips of what is chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol
from zlib import crc32

from leads.filters.phrases import Context, phrase
from leads.filters.registry import FIELDS, Field
from leads.filters.sentence import sentence
from leads.filters.text import fold
from leads.filters.tree import Condition, Group
from leads.filters.wording import in_dollars, named, region

from .controls import Control
from .forms import FilterForm, without
from .looks import Look

# A vocabulary of up to so many choices is always shown whole, in its own order.
FEW = 12
SHOWN = 8
SHOWN_AT_MOST = 100
# A field with more values than this gets one chip for all of them.
SINGLE_CHIPS = 6
OPPOSITES = {
    "contains": "not_contains",
    "in": "not_in",
    "not_contains": "contains",
    "not_in": "in",
    "has_any": "has_none",
    "has_none": "has_any",
}
RECENCY = {
    7: "Last 7 days",
    30: "Last 30 days",
    90: "Last 90 days",
    180: "Last 180 days",
    365: "Last year",
}
# The bands of a score, from the top (L-9).
BANDS = MappingProxyType(
    {"80–100": (80, 100), "60–79": (60, 79), "40–59": (40, 59), "Under 40": (0, 39)}
)


class Counted(Protocol):
    """A value of a field and how many have it."""

    @property
    def value(self) -> str:
        """What is filtered by."""

    @property
    def count(self) -> int:
        """How many have it."""


Facets = Mapping[str, Sequence[Counted]]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a checklist. `count` is None where it wasn't counted."""

    value: str
    label: str
    count: int | None
    included: bool = False
    excluded: bool = False

    @property
    def key(self) -> str:
        """What stands for the value in an element's id."""
        return f"{crc32(self.value.encode()):08x}"


@dataclass(frozen=True, slots=True)
class Token:
    """One text that was chosen. `flip` leads to the search with the opposite."""

    operator: str
    value: str
    label: str
    excluded: bool
    remove: str
    flip: str


@dataclass(frozen=True, slots=True)
class Band:
    """A part of a range that is chosen with one click, and again taken back."""

    label: str
    href: str
    is_chosen: bool


@dataclass(slots=True)
class Panel:
    """One field of the sidebar."""

    control: Control
    is_open: bool
    chosen: int = 0
    error: str = ""
    options: list[Option] = field(default_factory=list)
    more: int = 0
    searchable: bool = False
    searched: str = ""
    shows_all: bool = False
    tokens: list[Token] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def recency_choices(self) -> list[tuple[int, str]]:
        """How recent a date may have to be: days and words; what is chosen is always among them."""
        chosen = self.values.get("within_days")
        extra = {chosen: f"Last {chosen} days"} if isinstance(chosen, int) else {}
        return sorted((extra | RECENCY).items())

    @property
    def scale(self) -> dict[str, str]:
        """The ends and the step of a range, and the chosen ends, as its fields have them.

        A price is typed in dollars.
        """
        field = self.control.field
        ends = {"low": self.values.get("gte", ""), "high": self.values.get("lte", "")}
        ends |= {"minimum": field.minimum, "maximum": field.maximum}
        if field.form != "cents":
            return {name: str(end) for name, end in ends.items()} | {"step": "1"}
        shown = {
            name: in_dollars(end).removeprefix("$") if isinstance(end, int) else str(end)
            for name, end in ends.items()
        }
        return shown | {"step": "0.01"}

    @property
    def name(self) -> str:
        """The field's name."""
        return self.control.field.name

    @property
    def label(self) -> str:
        """The field's label."""
        return self.control.field.label


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the sidebar and its panels."""

    label: str
    panels: list[Panel]


@dataclass(frozen=True, slots=True)
class Chip:
    """One chosen thing, with the filter that is left without it, and its address."""

    text: str
    left: Group
    remove: str
    excluded: bool = False
    read_only: bool = False


def sections_of(
    form: FilterForm, facets: Facets, look: Look, *, lazy: bool = False
) -> list[Section]:
    """The sidebar of a search, by heading.

    With `lazy`, a closed panel has only what is chosen: it is filled when it is opened.
    """
    sections: dict[str, list[Panel]] = {}
    for name, control in form.controls.items():
        panel = panel_of(form, control, facets.get(name), look)
        if lazy and not panel.is_open:
            panel.options = [one for one in panel.options if one.included or one.excluded]
        sections.setdefault(control.field.group_in(form.scope), []).append(panel)
    return [Section(label, panels) for label, panels in sections.items()]


def panel_of(
    form: FilterForm,
    control: Control,
    facet: Sequence[Counted] | None,
    look: Look,
    more: Sequence[str] = (),
) -> Panel:
    """One field's panel. `more` are further values that it may offer, without counts."""
    name = control.field.name
    values = form.chosen.get(name, {})
    panel = Panel(
        control,
        is_open=look.opens(name, values) or name in form.errors,
        chosen=sum(len(some) for some in values.values()),
        error=form.errors.get(name, ""),
        values={operator.replace(".", "_"): some[-1] for operator, some in values.items() if some},
    )
    if control.kind == "checklist":
        _fill_options(panel, form, facet, look, more)
    elif control.kind == "tokens":
        panel.tokens = [
            _token(form, control, operator, value)
            for operator in control.operators
            for value in values.get(operator, [])
        ]
    elif name == "score":
        panel.bands = [_band(form, label, *band) for label, band in BANDS.items()]
    return panel


def _band(form: FilterForm, label: str, low: int, high: int) -> Band:
    pair = {"gte": [low], "lte": [high]}
    is_chosen = form.chosen.get("score") == pair
    others = {name: values for name, values in form.chosen.items() if name != "score"}
    tree = form.composed(others if is_chosen else {**others, "score": pair}, form.rest)
    return Band(label, form.query(tree), is_chosen)


def _fill_options(
    panel: Panel,
    form: FilterForm,
    facet: Sequence[Counted] | None,
    look: Look,
    more: Sequence[str],
) -> None:
    control, name = panel.control, panel.name
    values = form.chosen.get(name, {})
    included = values.get(control.include[0], [])
    excluded = values.get(control.exclude[0], [])
    counts = {value.value: value.count for value in facet or ()}
    choices = form.choices.get(name, control.field.choices)

    def option(value: str) -> Option:
        counted = counts.get(value, 0 if facet is not None and choices is not None else None)
        label = value_label(control.field, value, form)
        return Option(value, label, counted, value in included, value in excluded)

    if choices is not None and len(choices) <= FEW:
        gone = [value for value in (*included, *excluded) if value not in choices]
        panel.options = [option(value) for value in (*choices, *gone)]
        return
    panel.searchable = True
    panel.searched = look.searched.get(name, "")
    panel.shows_all = name in look.shown_whole
    everything = list(dict.fromkeys([*counts, *(choices or ()), *more]))
    chosen = list(dict.fromkeys([*included, *excluded]))
    if panel.searched:
        found = [v for v in everything if _matches(value_label(control.field, v, form), panel)]
    else:
        found = everything
    room = SHOWN_AT_MOST if panel.shows_all else SHOWN
    others = [value for value in found if value not in chosen]
    panel.options = [option(value) for value in [*chosen, *others[:room]]]
    panel.more = max(0, len(others) - room)


def _matches(label: str, panel: Panel) -> bool:
    wanted, text = fold(panel.searched), fold(label)
    return text.startswith(wanted) or f" {wanted}" in text or (len(wanted) > 2 and wanted in text)


def _token(form: FilterForm, control: Control, operator: str, value: str) -> Token:
    name = control.field.name
    less = without(form.chosen, name, operator, value)
    opposite = OPPOSITES.get(operator, "")
    turned = {field: dict(operators) for field, operators in less.items()}
    if opposite:
        kept = turned.setdefault(name, {}).get(opposite, [])
        turned[name][opposite] = [*kept, *([] if value in kept else [value])]
    return Token(
        operator,
        value,
        _token_label(form, control, operator, value),
        operator in control.exclude,
        form.query(form.composed(less, form.rest)),
        form.query(form.composed(turned, form.rest)) if opposite else "",
    )


def _token_label(form: FilterForm, control: Control, operator: str, value: str) -> str:
    is_text = control.field.type == "text"
    return _text_label(operator, value) if is_text else value_label(control.field, value, form)


def _text_label(operator: str, value: str) -> str:
    bare = operator.removeprefix("not_")
    return {"contains": f"“{value}”", "starts_with": f"{value}…"}.get(bare, value)


def value_label(field: Field, value: str, form: FilterForm) -> str:
    """A choice in words: its label, a state's name, a topic's words, a member's or job's name."""
    if field.name == "state":
        return region(value, form.chosen.get("country", {}).get("in", ()))
    if field.form == "member":
        return form.choices.get(field.name, {}).get(value, "A former member")
    if field.form == "job":
        return form.choices.get(field.name, {}).get(value, "An earlier job")
    return named(field, value)


def chips_of(form: FilterForm) -> list[Chip]:
    """Everything that is chosen, in the sidebar's order; the rest last, each as one sentence."""
    chips: list[Chip] = []
    for name, operators in form.chosen.items():
        control = form.controls[name]
        if control.kind in ("checklist", "tokens"):
            for operator, values in operators.items():
                chips += _value_chips(form, control, operator, values)
        else:
            chips.append(_condition_chip(form, name, operators))
    for at, item in enumerate(form.rest):
        left = form.composed(form.chosen, (*form.rest[:at], *form.rest[at + 1 :]))
        alone = Group("all", (item,))
        said = form.said_of(item) or sentence(alone, labels=form.labels).removeprefix("People: ")
        own = bool(form.said_of(item))
        chips.append(Chip(_first_upper(said), left, form.query(left), read_only=not own))
    return chips


def _value_chips(
    form: FilterForm, control: Control, operator: str, values: Sequence[str]
) -> Iterable[Chip]:
    name, label = control.field.name, control.field.label
    excluded = operator in control.exclude
    lead = f"{label}: not " if excluded else f"{label}: "
    if control.kind == "tokens":
        words = [_token_label(form, control, operator, value) for value in values]
    else:
        words = [value_label(control.field, value, form) for value in values]
    if len(values) > SINGLE_CHIPS:
        words = [f"{words[0]}, {words[1]} and {len(words) - 2} more"]
        values = [""]
    for value, word in zip(values, words, strict=True):
        left = form.composed(without(form.chosen, name, operator, value or None), form.rest)
        yield Chip(lead + word, left, form.query(left), excluded)


def _condition_chip(form: FilterForm, name: str, operators: Mapping[str, list[Any]]) -> Chip:
    """A range, a date or a switch, in the words of the filter's sentence."""
    alone = form.composed({name: dict(operators)}, ())
    words = [
        phrase(item, Context(form.labels)) for item in alone.items if isinstance(item, Condition)
    ]
    text = ", ".join(words) or FIELDS[name].label
    others = {field: v for field, v in form.chosen.items() if field != name}
    left = form.composed(others, form.rest)
    return Chip(_first_upper(text), left, form.query(left))


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
