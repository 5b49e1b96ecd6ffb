"""How text compares, and how values are stored that compare exactly.

`fold` is what every text comparison goes through: lower case, no accents, plain punctuation.
Its equals are `duckdb_fold(expr)` for DuckDB and `fold_text(text)` in PostgreSQL.
"""

import unicodedata

from leads.filters.fold_table import TABLE
from leads.filters.sql import duckdb_fold

__all__ = ["duckdb_fold", "fold", "tag_form", "topic_form"]


def fold(text: str) -> str:
    """The form in which two texts compare. Idempotent; never raises; may be empty."""
    return text.lower() if text.isascii() else text.translate(TABLE)


def topic_form(text: str) -> str:
    """The slug under which an intent topic is stored: 'Cloud Security' is 'cloud_security'.

    Idempotent; empty when the text has no letter and no digit.
    """
    spaced = "".join(c if c.isalnum() else " " for c in fold(text))
    return "_".join(spaced.split())


def tag_form(text: str) -> str:
    """The form in which a tag is stored: NFC, lower case, single spaces. Idempotent."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())
