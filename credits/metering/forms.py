"""How many days the usage page shows."""

from collections.abc import Mapping

SPANS = (7, 30, 90)
USUAL = 30


def read_span(params: Mapping[str, str]) -> int:
    """`days` of the page's address; what isn't offered is the usual."""
    raw = params.get("days", "")
    return next((span for span in SPANS if raw == str(span)), USUAL)
