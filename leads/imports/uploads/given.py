"""What columns mean, as a call of the API says it beside a file."""

import json

from cursive.lib.errors import InvalidInput


def read_mapping(text: str) -> dict[str, str | None] | None:
    """A JSON object of column → field, or null; None for an empty text. Raises InvalidInput."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    good = isinstance(found, dict) and all(
        value is None or isinstance(value, str) for value in found.values()
    )
    if not good:
        sentence = "Write it as a JSON object, column to field."
        raise InvalidInput(sentence, fields={"mapping": sentence})
    return dict(found)
