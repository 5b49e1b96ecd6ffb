"""What the reasons of a commission are called."""

from collections.abc import Mapping
from decimal import Decimal

# The order in which they are told.
REASONS = {
    "base": "base",
    "early": "sold soon after approval",
    "verified": "high verification pass rate",
    "volume": "many leads sold this month",
    "cap": "kept to the most there is",
}


def plain(value: Decimal | str) -> str:
    """A percentage without useless places: 30.00 → 30, 2.50 → 2.5."""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def reason_lines(reasons: Mapping[str, str]) -> list[str]:
    """Reasons as stored (code → points) in words: '+10 sold soon after approval'."""
    return [
        f"{'' if code == 'base' or points.startswith('-') else '+'}{plain(points)} {words}"
        for code, words in REASONS.items()
        if (points := reasons.get(code))
    ]
