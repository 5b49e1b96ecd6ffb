"""From the filter tree to SQL over the mirror: the catalogue's compiler, with lists as sets."""

import datetime

from leads.catalogue.dialect import NEVER, DuckDB

from .mirror import Words


class OnSale(DuckDB):
    """A condition on the mirror's `f`.

    Few sets of categories occur, since a file's listings share theirs: a condition on them is one
    on the codes of the sets for which it holds.
    """

    def __init__(self, words: Words, *, as_of: datetime.date) -> None:
        super().__init__(words, as_of=as_of)
        self._sets = words.category_sets

    def listed(self, field: str, op: str, values: tuple[str, ...]) -> str:
        """Whether the categories have any, all or none of the values."""
        wanted = frozenset(values)
        codes = [
            code
            for code, tags in self._sets.items()
            if (wanted <= tags if op == "has_all" else wanted & tags)
        ]
        test = self.one_of(field, codes) if codes else NEVER
        return f"NOT ({test})" if op == "has_none" else test

    def any_listed(self, field: str) -> str:
        """Whether there is a category."""
        return f"{field} <> 0"
