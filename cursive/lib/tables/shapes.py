"""What values look like, for telling whether a row's values stand under the right columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Shape = Literal["empty", "email", "url", "number", "date", "phone", "text"]

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?[$€£]?\d+(?:[.,]\d+)*%?")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?: .*)?")
_PHONE = re.compile(r"\+?[\d(][\d ().x/-]{7,24}")


def shape_of(value: str) -> Shape:
    """Return what `value` looks like."""
    text = value.strip()
    if not text:
        return "empty"
    if "@" in text and _EMAIL.fullmatch(text):
        return "email"
    if _URL.fullmatch(text):
        return "url"
    if _NUMBER.fullmatch(text):
        return "number"
    if _DATE.fullmatch(text):
        return "date"
    if _PHONE.fullmatch(text):
        return "phone"
    return "text"


def column_shapes(rows: Iterable[list[str]], width: int) -> list[Shape | None]:
    """Return the shape that all filled values of a column share; None where that says nothing."""
    seen: list[set[Shape]] = [set() for _ in range(width)]
    for row in rows:
        for at, value in enumerate(row[:width]):
            seen[at].add(shape_of(value))
    shapes: list[Shape | None] = []
    for found in seen:
        found.discard("empty")
        only = next(iter(found)) if len(found) == 1 else "text"
        shapes.append(None if only == "text" else only)
    return shapes
