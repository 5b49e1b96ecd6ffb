"""The same filters in ClickHouse's SQL, for a catalogue past one machine.

The tables are those of a snapshot (see layout), as MergeTree tables ordered like `f` and `p`.
"""

import datetime
from collections.abc import Sequence

from .dialect import Dialect, Vocabulary


class ClickHouse(Dialect):
    """Parameters have names and types in the text: `{p1:String}`; their values are in a dict."""

    parameters: dict[str, str | int | list[int]]

    def __init__(self, vocabulary: Vocabulary, *, as_of: datetime.date) -> None:
        super().__init__(vocabulary, as_of=as_of)
        self.parameters = {}

    def _mark(self, value: str | int | list[int], kind: str) -> str:
        name = f"p{len(self.parameters) + 1}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def text(self, value: str) -> str:
        """Add a text parameter; return its mark."""
        return self._mark(value, "String")

    def number(self, value: int) -> str:
        """Add a whole number as a parameter; return its mark."""
        return self._mark(value, "Int64")

    def contains(self, column: str, mark: str) -> str:
        """Whether a column's text has the parameter inside."""
        return f"position({column}, {mark}) > 0"

    def starts_with(self, column: str, mark: str) -> str:
        """Whether a column's text begins with the parameter."""
        return f"startsWith({column}, {mark})"

    def masked(self, column: str, mask: str) -> str:
        """The column's bits that are in the mask."""
        return f"bitAnd({column}, {mask})"

    def one_of(self, column: str, numbers: Sequence[int]) -> str:
        """Whether a column is one of the numbers; a list is one parameter."""
        if len(numbers) == 1:
            return f"{column} = {self.number(numbers[0])}"
        return f"{column} IN {self._mark(list(numbers), 'Array(Int64)')}"
