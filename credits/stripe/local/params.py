"""Parameters: from a form's fields to checked values, as strict as Stripe is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl

from .errors import BadParams

Spec = Mapping[str, "Param"]
KEY = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A string. `unset` says that '' is allowed and means: take the value away."""

    required: bool = False
    unset: bool = False

    def read(self, value: Any, name: str) -> Any:
        """The checked value, or BadParams."""
        if isinstance(value, dict):
            raise BadParams(f"Invalid string: {_shown(value)}", param=name)
        if value == "" and not self.unset:
            raise BadParams(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt "
                f"to unset a parameter; however '{name}' cannot be unset. You should remove "
                f"'{name}' from your request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=name,
            )
        return self.convert(value, name) if value != "" else ""

    def convert(self, value: str, name: str) -> Any:
        """What kinds of values differ in."""
        if len(value) > 5000:
            raise BadParams(f"Invalid string: {value[:10]}...; too long", param=name)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Param):
    """A whole number."""

    least: int | None = None

    def convert(self, value: str, name: str) -> int:
        """An int."""
        try:
            number = int(value)
        except ValueError:
            raise BadParams(
                f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
            ) from None
        if self.least is not None and number < self.least:
            raise BadParams(
                f"This value must be greater than or equal to {self.least}.",
                code="parameter_invalid_integer",
                param=name,
            )
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag(Param):
    """true or false."""

    def convert(self, value: str, name: str) -> bool:
        """A bool."""
        if value not in ("true", "false"):
            raise BadParams(f"Invalid boolean: {value}", param=name)
        return value == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Param):
    """A decimal with at most 12 places, as in `unit_amount_decimal`."""

    def convert(self, value: str, name: str) -> Decimal:
        """A Decimal."""
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number.as_tuple().exponent < -12:  # type: ignore[operator]
            raise BadParams(f"Invalid decimal: {value}", param=name)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(Param):
    """One of some words."""

    words: tuple[str, ...] = ()

    def convert(self, value: str, name: str) -> str:
        """The word."""
        if value not in self.words:
            listed = ", ".join(self.words[:-1]) + f", or {self.words[-1]}"
            listed = listed if len(self.words) > 1 else self.words[0]
            raise BadParams(f"Invalid {name}: must be one of {listed}", param=name)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency(Param):
    """A currency; this account takes US dollars only."""

    def convert(self, value: str, name: str) -> str:
        """In lower case."""
        if value.lower() != "usd":
            raise BadParams(f"Invalid currency: {value}. This account takes usd.", param=name)
        return value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Param):
    """A URL that a browser is sent to."""

    def convert(self, value: str, name: str) -> str:
        """The URL."""
        if not re.match(r"https?://[^/\s]+", value):
            raise BadParams("Not a valid URL", code="url_invalid", param=name)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(Whole):
    """A time in seconds since 1970, or one of some words."""

    words: tuple[str, ...] = ()

    def convert(self, value: str, name: str) -> Any:
        """An int, or the word."""
        # Python 3.11's dataclasses with slots don't know a bare super().
        return value if value in self.words else Whole.convert(self, value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash(Param):
    """An object with known fields."""

    spec: Spec

    def read(self, value: Any, name: str) -> Any:
        """A dict."""
        if value == "" and self.unset:
            return ""
        if not isinstance(value, dict):
            raise BadParams("Invalid object", param=name)
        return read(self.spec, value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words(Param):
    """An object whose keys are the caller's: metadata."""

    def read(self, value: Any, name: str) -> Any:
        """A dict of strings."""
        if value == "":
            return ""
        if not isinstance(value, dict) or any(isinstance(one, dict) for one in value.values()):
            raise BadParams("Invalid object", param=name)
        if len(value) > 50 or any(len(k) > 40 or len(v) > 500 for k, v in value.items()):
            raise BadParams("Metadata holds at most 50 keys of 40 characters.", param=name)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Many(Param):
    """An array of something."""

    of: Param
    most: int = 100

    def read(self, value: Any, name: str) -> Any:
        """A list."""
        if value == "" and self.unset:
            return []
        if not isinstance(value, dict):
            raise BadParams("Invalid array", param=name)
        if any(not key.isdigit() for key in value):
            raise BadParams("Invalid array", param=name)
        if len(value) > self.most:
            raise BadParams(f"Array {name} exceeded maximum {self.most} elements", param=name)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [self.of.read(one, f"{name}[{index}]") for index, (_, one) in enumerate(ordered)]


# A time, or a range of times: created[gte]=…
@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Param):
    """A moment, or bounds of it."""

    def read(self, value: Any, name: str) -> dict[str, int]:
        """A dict with some of gt, gte, lt, lte."""
        if isinstance(value, dict):
            return read({key: Whole() for key in ("gt", "gte", "lt", "lte")}, value, name)
        moment = Whole().read(value, name)
        return {"gte": moment, "lte": moment}


TEXT = Param()
UNSETTABLE = Param(unset=True)
METADATA = Words()
EVERYWHERE: Spec = {"expand": Many(of=TEXT, most=20)}
LISTS: Spec = {
    "limit": Whole(least=1),
    "starting_after": TEXT,
    "ending_before": TEXT,
}


def fields(text: str) -> dict[str, Any]:
    """A form's fields as nested dicts: a[b][0]=c becomes {'a': {'b': {'0': 'c'}}}."""
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = key.partition("[")
        path = [head, *KEY.findall(f"[{rest}" if rest else "")]
        place = found
        for index, step in enumerate(path):
            step = step if step != "" or index == 0 else str(len(place))
            if index == len(path) - 1:
                place[step] = value
            else:
                inner = place.setdefault(step, {})
                if not isinstance(inner, dict):
                    raise BadParams("Invalid object", param=head)
                place = inner
    return found


def read(spec: Spec, given: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """The checked values of `given`; BadParams in Stripe's words where something is off."""
    for name in given:
        if name not in spec:
            full = _full(within, name)
            raise BadParams(
                f"Received unknown parameter: {full}", code="parameter_unknown", param=full
            )
    values: dict[str, Any] = {}
    for name, param in spec.items():
        full = _full(within, name)
        if name in given:
            values[name] = param.read(given[name], full)
        elif param.required:
            raise BadParams(
                f"Missing required param: {full}.", code="parameter_missing", param=full
            )
    return values


def exclusive(values: Mapping[str, Any], names: Sequence[str], *, needed: bool = True) -> None:
    """BadParams unless exactly one of `names` is there (at most one where none is needed)."""
    given = [name for name in names if name in values]
    if len(given) > 1:
        raise BadParams(
            f"You may only specify one of these parameters: {', '.join(given)}.",
            code="parameters_exclusive",
            param=given[1],
        )
    if needed and not given:
        raise BadParams(
            f"You must specify one of: {', '.join(names)}.",
            code="parameter_missing",
            param=names[0],
        )


def _full(within: str, name: str) -> str:
    return f"{within}[{name}]" if within else name


def _shown(value: Any) -> str:
    return str(value)[:40]
