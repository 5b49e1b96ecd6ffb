"""The orders in which listings are shown; 'the first N' are the first of one of these (M-2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `columns` are the mirror's, '-' before what descends; the last is unique."""

    label: str
    columns: tuple[str, str]

    def by(self, *, backwards: bool = False) -> str:
        """It as SQL's ORDER BY, or its opposite."""
        parts = []
        for column in self.columns:
            descends = column.startswith("-") != backwards
            parts.append(f"{column.lstrip('-')} {'DESC' if descends else 'ASC'}")
        return ", ".join(parts)

    def beyond(self, values: tuple[int, int], *, backwards: bool = False) -> str:
        """The condition for what comes after those values, or before them."""
        (first, second), (value, last) = self.columns, values
        ahead = "<" if first.startswith("-") != backwards else ">"
        then = "<" if second.startswith("-") != backwards else ">"
        first, second = first.lstrip("-"), second.lstrip("-")
        return (
            f"{first} {ahead}= {value:d}"
            f" AND ({first} {ahead} {value:d} OR {second} {then} {last:d})"
        )


ORDERS = {
    "quality": Order("Best quality first", ("-quality_score", "-id")),
    "price": Order("Cheapest first", ("price_cents", "-id")),
    # By the day the record is from, as the age in the list says it.
    "newest": Order("Newest first", ("-source_date", "-id")),
}
DEFAULT_ORDER = "quality"
