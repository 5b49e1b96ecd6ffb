"""Writing CSV that spreadsheets open safely (L-22)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

# A spreadsheet takes a cell that starts with one of these for a formula.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"


def safe_cell(value: object) -> str:
    """The cell's text, made harmless by a leading apostrophe where it looks like a formula.

    A plain negative number stays as it is.
    """
    if value is None:
        return ""
    text = str(value)
    if text.startswith(DANGEROUS) and not isinstance(value, int | float | Decimal):
        return f"'{text}"
    return text


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Rows as CSV lines (RFC 4180, CRLF), one at a time, so that memory stays flat."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
