"""What a partner says of a file beside the file: read once, for the page and the API."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from cursive.lib.errors import InvalidInput
from cursive.lib.texts import read_text
from marketplace.listings.masking import masked
from marketplace.listings.models import CHEAPEST_CENTS, DEAREST_CENTS

FIELDS = ("price", "categories", "max_sales", "guarantee", "source", "collected_on")
PRICE_FIX = "Write dollars from 0.10 to 5.00, such as 1.20."
LONGEST_CATEGORY, MOST_CATEGORIES, LONGEST_SOURCE, MOST_SALES = 40, 10, 120, 100
_YES = {"on", "true", "1", "yes"}


@dataclass(frozen=True, slots=True)
class Details:
    """What is asked for each lead, and where they are from."""

    price_cents: int
    categories: list[str]
    max_sales: int
    source: str
    collected_on: datetime.date


def read_price(raw: object) -> int:
    """A price in dollars as whole cents. Raises InvalidInput for what is under 0.10, over 5.00, or
    has parts of a cent."""
    text = str(raw).strip().removeprefix("$").strip()
    refusal = InvalidInput("This can't be a price.", fields={"price": PRICE_FIX})
    # Decimal also reads '1e2', 'Infinity' and digits of every script.
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII):
        raise refusal
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        raise refusal from None
    if cents != cents.to_integral() or not CHEAPEST_CENTS <= cents <= DEAREST_CENTS:
        raise refusal
    return int(cents)


def read_details(given: Mapping[str, Any]) -> Details:
    """What a form or a call says. Raises InvalidInput that names every field at fault."""
    problems: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name, (key, read) in _READERS.items():
        try:
            found[key] = read(given.get(name))
        except InvalidInput as error:
            problems[name] = error.fields.get(name, error.message)
    if str(given.get("guarantee", "")).lower() not in _YES:
        problems["guarantee"] = "Tick it: leads are only taken with the guarantee."
    if problems:
        raise InvalidInput("Some of this can't be used as it is.", fields=problems)
    return Details(**found)


def _price(raw: Any) -> int:
    return read_price("" if raw is None else raw)


def _categories(raw: Any) -> list[str]:
    words = raw if isinstance(raw, list) else str(raw or "").split(",")
    found = dict.fromkeys(
        read_text(each, field="categories", longest=LONGEST_CATEGORY).lower() for each in words
    )
    found.pop("", None)
    if len(found) > MOST_CATEGORIES:
        fix = f"At most {MOST_CATEGORIES}."
        raise InvalidInput("There are too many categories.", fields={"categories": fix})
    if any(masked(word) != word for word in found):
        fix = "Without e-mail addresses, phone numbers and web addresses: buyers see them."
        raise InvalidInput("This can't be a category.", fields={"categories": fix})
    return list(found)


def _max_sales(raw: Any) -> int:
    text = "1" if raw in (None, "") else str(raw)
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or not 1 <= int(text) <= MOST_SALES:
        fix = f"A whole number from 1 to {MOST_SALES}."
        raise InvalidInput("A lead can't be sold so often.", fields={"max_sales": fix})
    return int(text)


def _source(raw: Any) -> str:
    text = read_text(raw or "", field="source", longest=LONGEST_SOURCE)
    if not text:
        fix = "Say where the leads are from, such as “Trade fair 2026”."
        raise InvalidInput("The source is missing.", fields={"source": fix})
    return text


def _collected_on(raw: Any) -> datetime.date:
    refusal = InvalidInput(
        "This can't be the day of collection.",
        fields={"collected_on": "Write it as 2026-03-31, and none that is still to come."},
    )
    if isinstance(raw, datetime.date):
        day = raw
    else:
        try:
            day = datetime.date.fromisoformat(str(raw or ""))
        except ValueError:
            raise refusal from None
    if not datetime.date(2000, 1, 1) <= day <= timezone.localdate():
        raise refusal
    return day


# What it is called outside → what it is called here, and how it is read.
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "price": ("price_cents", _price),
    "categories": ("categories", _categories),
    "max_sales": ("max_sales", _max_sales),
    "source": ("source", _source),
    "collected_on": ("collected_on", _collected_on),
}
