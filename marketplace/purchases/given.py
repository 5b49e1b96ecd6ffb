"""Reading what a purchase is given beside its listings."""

from contextlib import suppress
from decimal import Decimal

from cursive.lib.errors import InvalidInput
from cursive.lib.money import credits as to_credits

from .models import MAX_KEY

NO_CREDITS = 'Write credits above 0 as a text, such as "12.50".'


def read_key(raw: str) -> str:
    """An Idempotency-Key. Raises `InvalidInput` for one that can't be kept."""
    if raw and len(raw) <= MAX_KEY and raw.isprintable():
        return raw
    sentence = f"1 to {MAX_KEY} printable characters."
    raise InvalidInput("Give an idempotency key.", fields={"Idempotency-Key": sentence})


def read_most(raw: Decimal | int | str | None) -> Decimal | None:
    """The most that all may cost. Raises `InvalidInput` for what nothing can cost."""
    if raw is None:
        return None
    with suppress(InvalidInput):
        if (most := to_credits(raw)) > 0:
            return most
    raise InvalidInput(NO_CREDITS, fields={"max_credits": NO_CREDITS})
