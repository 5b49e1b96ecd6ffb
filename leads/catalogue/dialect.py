"""From the neutral filter tree to SQL over a snapshot: what all engines share, and DuckDB's words.

The result is a condition on `f`. Values travel as parameters; the SQL itself is made of names of
ours only. Every column of `f` has a value (0 is 'unset' for codes, dates and years), so that truth
is two-valued by itself. Several text conditions on one field become one look into its dictionary.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

from leads.filters.operators import OPERATORS
from leads.filters.registry import FIELDS
from leads.filters.text import fold
from leads.filters.tree import Condition, Group

from . import layout

NEVER, ALWAYS = "FALSE", "TRUE"


class Vocabulary(Protocol):
    """What a compiler asks of a snapshot: the codes and bits behind values."""

    @property
    def topic_words(self) -> int:
        """How many words of bits topics take."""

    def codes(self, field: str, values: Iterable[str]) -> list[int]:
        """The codes of the values of a choice that occur; open choices compare folded."""

    def topic_bit(self, topic: str) -> tuple[int, int] | None:
        """The word and the bit (0 to 62) of a topic that occurs."""


class Dialect:
    """Compiles filters against one vocabulary; `parameters` fills up in the order of use.

    One instance serves one statement, whose parts may be compiled one after the other.
    """

    def __init__(self, vocabulary: Vocabulary, *, as_of: datetime.date) -> None:
        self.vocabulary = vocabulary
        self.as_of = as_of
        self.parameters: Any = []

    # --- what engines say differently -----------------------------------------------------
    def text(self, value: str) -> str:
        """Add a text parameter; return its mark."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def number(self, value: int) -> str:
        """Add a whole number as a parameter; return its mark."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def contains(self, column: str, mark: str) -> str:
        """Whether a column's text has the parameter inside."""
        return f"contains({column}, {mark})"

    def starts_with(self, column: str, mark: str) -> str:
        """Whether a column's text begins with the parameter."""
        return f"starts_with({column}, {mark})"

    def masked(self, column: str, mask: str) -> str:
        """The column's bits that are in the mask."""
        return f"({column} & {mask})"

    def one_of(self, column: str, numbers: Sequence[int]) -> str:
        """Whether a column is one of the numbers, never an empty list."""
        if len(numbers) == 1:
            return f"{column} = {self.number(numbers[0])}"
        return f"{column} IN ({', '.join(self.number(number) for number in numbers)})"

    def listed(self, field: str, op: str, values: tuple[str, ...]) -> str:
        """Whether a list has any, all or none of the values; here, bits of topics in words."""
        masks: dict[int, int] = defaultdict(int)
        for topic in values:
            found = self.vocabulary.topic_bit(topic)
            if found is None:
                if op == "has_all":
                    return NEVER
                continue
            masks[found[0]] |= 1 << found[1]
        tests = []
        for word, mask in sorted(masks.items()):
            column, mark = layout.topic_word(word), self.number(mask)
            want = f"= {mark}" if op == "has_all" else "<> 0"
            tests.append(f"{self.masked(column, mark)} {want}")
        if op == "has_all":
            return f"({' AND '.join(tests)})"
        test = f"({' OR '.join(tests) or NEVER})"
        return test if op == "has_any" else f"NOT {test}"

    def any_listed(self, field: str) -> str:
        """Whether a list has anything."""
        words = range(self.vocabulary.topic_words)
        return f"({' OR '.join(f'{layout.topic_word(w)} <> 0' for w in words) or NEVER})"

    # --- the tree -------------------------------------------------------------------------
    def where(self, group: Group) -> str:
        """Return the condition on `f` that the filter means; TRUE for everybody."""
        return self._group(group) if group.items else ALWAYS

    def _group(self, group: Group) -> str:
        parts, texts = [], defaultdict(list)
        for item in group.items:
            if isinstance(item, Group):
                parts.append(self._group(item))
            elif _in_table(item):
                texts[item.field].append(item)
            else:
                parts.append(self._condition(item))
        parts += [self._texts(field, found, group.mode) for field, found in texts.items()]
        joined = (" AND " if group.mode == "all" else " OR ").join(parts)
        if group.mode == "none":
            return f"(NOT ({joined}))"
        return f"({joined})" if len(parts) > 1 else joined

    def _texts(self, field: str, found: list[Condition], mode: str) -> str:
        """Conditions on one text field as one set: of codes in its dictionary, or of ranks."""
        key, table, value = "code", layout.dictionary(field), "folded"
        column = field
        if field in layout.WIDE_TEXTS:
            key, table, column = "rank", "p", "rank"
            value = field if field == "phone" else f"coalesce({field}_folded, {field})"
        negated = [OPERATORS[condition.op].negated for condition in found]
        true_when_unset = all(negated) if mode == "all" else any(negated)
        # Of the texts that are set, those for which it is true, or else the others.
        tests = [self._text_test(condition, value) for condition in found]
        tests = [
            f"NOT ({test})" if negation != true_when_unset else test
            for test, negation in zip(tests, negated, strict=True)
        ]
        joined = (" AND " if (mode == "all") != true_when_unset else " OR ").join(tests)
        inside = "NOT IN" if true_when_unset else "IN"
        return f"{column} {inside} (SELECT {key} FROM {table} WHERE {joined})"

    def _text_test(self, condition: Condition, column: str) -> str:
        """Whether a set text is what the condition names, negated or not."""
        op, value = condition.op, condition.value
        if op in ("in", "not_in"):
            texts = sorted({fold(str(one)) for one in cast(tuple[str, ...], value)})
            return f"{column} IN ({', '.join(self.text(text) for text in texts)})"
        mark = self.text(fold(str(value)))
        if op in ("contains", "not_contains"):
            return self.contains(column, mark)
        if op == "starts_with":
            return self.starts_with(column, mark)
        return f"{column} = {mark}"

    def _condition(self, condition: Condition) -> str:
        field, op, value = condition.field, condition.op, condition.value
        if op in ("is_set", "is_not_set"):
            test = self._is_set(field)
            return test if op == "is_set" else f"NOT ({test})"
        kind = FIELDS[field].type
        if kind == "choice":
            return self._choice(field, op, cast(tuple[str, ...], value))
        if kind == "boolean":
            return field if value else f"NOT {field}"
        if kind == "list":
            return self.listed(field, op, cast(tuple[str, ...], value))
        if kind == "date":
            return self._date(field, op, value)
        bounds = cast(tuple[int, ...], value if isinstance(value, tuple) else (value,))
        return self._ordered(field, op, bounds, first=0 if field == "quality_score" else 1)

    def _is_set(self, field: str) -> str:
        if field in layout.BOOLEANS or field == "quality_score":
            return ALWAYS
        if field in layout.WIDE_TEXTS:
            return layout.has(field)
        if FIELDS[field].type == "list":
            return self.any_listed(field)
        return f"{field} <> 0"

    def _choice(self, field: str, op: str, values: tuple[str, ...]) -> str:
        codes = self.vocabulary.codes(field, values)
        if not codes:
            return NEVER if op == "in" else ALWAYS
        test = self.one_of(field, codes)
        return test if op == "in" else f"NOT ({test})"

    def _date(self, field: str, op: str, value: Any) -> str:
        if op == "within_days":
            return self._ordered(field, "gte", (max(self.as_of.toordinal() - value, 1),), first=1)
        days = value if isinstance(value, tuple) else (value,)
        return self._ordered(field, op, tuple(day.toordinal() for day in days), first=1)

    def _ordered(self, column: str, op: str, bounds: tuple[int, ...], *, first: int) -> str:
        """A comparison of a column whose set values begin at `first`."""
        value = bounds[0]
        if op == "eq":
            return f"{column} = {self.number(value)}" if value >= first else NEVER
        low, high = {
            "gt": (value + 1, None),
            "gte": (value, None),
            "lt": (first, value - 1),
            "lte": (first, value),
            "between": (value, bounds[-1]),
        }[op]
        low = max(low, first)
        if high is None:
            return f"{column} >= {self.number(low)}"
        if high < low:
            return NEVER
        return f"{column} BETWEEN {self.number(low)} AND {self.number(high)}"


def _in_table(condition: Condition) -> bool:
    """Whether the condition looks at a text through a table of texts."""
    coded = condition.field in layout.DICTIONARY_TEXTS or condition.field in layout.WIDE_TEXTS
    return coded and condition.op not in ("is_set", "is_not_set")


class DuckDB(Dialect):
    """DuckDB: positional parameters in a list, `$1` and on."""

    parameters: list[Any]
