"""What a log keeps of values: no secret, nothing endless."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

SECRET_WORDS = ("password", "secret", "token", "hash", "recovery", "authorization", "card")
MASK = "•••"
LONGEST = 500


def masked(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values as a log keeps them: secrets masked, long ones cut, all of them plain JSON."""
    if values is None:
        return None
    return {
        name: MASK if any(word in name.lower() for word in SECRET_WORDS) else _plain(value)
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value][:50]
    if isinstance(value, str):
        return value[:LONGEST]
    return value
