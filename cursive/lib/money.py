"""Credits and cents. Credits are Decimals with two places, money is integer cents (C-1)."""

from decimal import ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import Any

from django.db import models

from .errors import InvalidInput

CENT = Decimal("0.01")
MAX_CREDITS = Decimal("9999999999.99")


def credits(value: str | int | Decimal) -> Decimal:
    """`value` as credits. Raises `InvalidInput` for anything that isn't exact to two places."""
    if isinstance(value, float | bool):
        raise TypeError("credits are never floats")
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise InvalidInput(f"{value!r} is not a number of credits.") from error
    if not amount.is_finite() or abs(amount) > MAX_CREDITS:
        raise InvalidInput(f"{value!r} is not a number of credits.")
    rounded = amount.quantize(CENT)
    if rounded != amount:
        raise InvalidInput("Credits have at most two decimal places.")
    return rounded


def round_credits(amount: Decimal) -> Decimal:
    """Round a computed amount to two places, halves away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def round_credits_up(amount: Decimal) -> Decimal:
    """Round a computed price up to the next 0.01, as the marketplace's price rule says."""
    return amount.quantize(CENT, rounding=ROUND_UP)


class CreditsField(models.DecimalField):
    """A column of credits: numeric(12, 2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 12)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)
