"""Counts by value: which queries answer them, and how their rows become facets."""

from collections.abc import Iterable, Mapping, Sequence

from leads.filters.registry import FIELDS
from leads.filters.tree import Condition, Group
from leads.filters.wording import named

from . import layout
from .dialect import ALWAYS, DuckDB
from .running import Search
from .snapshots import Snapshot
from .source import FacetValue

#: Fields that a facet can be asked of.
FACET_FIELDS = (
    *layout.CHOICES,
    *layout.OPEN_CHOICES,
    *layout.BOOLEANS,
    *("title", "company_name", "city", "intent_topics"),
)
#: A facet lists at most this many values.
MOST_VALUES = 100


def without(group: Group, field: str) -> Group:
    """Return the filter less its top-level conditions on a field."""
    if group.mode != "all":
        return group
    kept = tuple(i for i in group.items if not (isinstance(i, Condition) and i.field == field))
    return Group("all", kept)


def plan(group: Group, fields: Sequence[str]) -> dict[Group, list[str]]:
    """Return which filter each field's people are counted under.

    Fields without a condition of their own share the whole filter, and so one query. One pass for
    all fields, with people who fail one field's conditions marked, was measured slower: it groups
    by every field many people who count for one only.
    """
    queries: dict[Group, list[str]] = {}
    for field in dict.fromkeys(fields):
        queries.setdefault(without(group, field), []).append(field)
    return queries


def count_values(
    search: Search, snapshot: Snapshot, dialect: DuckDB, where: str, fields: Sequence[str]
) -> dict[str, list[FacetValue]]:
    """Count the people of a compiled condition by the values of some fields."""
    found: dict[str, list[FacetValue]] = {}
    grouped = []
    for field in fields:
        if where == ALWAYS and field not in layout.BOOLEANS:
            found[field] = _of_everybody(search, field)
        elif field in layout.DICTIONARY_TEXTS:
            found[field] = _dictionary(search, dialect, where, field)
        elif field == "intent_topics":
            found[field] = _topics(search, dialect, where, field)
        else:
            grouped.append(field)
    if grouped:
        found |= count_codes(search, snapshot.values, dialect, where, grouped)
    return found


def _of_everybody(search: Search, field: str) -> list[FacetValue]:
    """Read the counts that the snapshot was built with."""
    table, value = layout.dictionary(field), "value"
    if field == "intent_topics":
        table, value = "topics", "topic"
    rows = search.fetch(f"SELECT {value}, n FROM {table} ORDER BY n DESC LIMIT {MOST_VALUES}")
    return ordered(FacetValue(found, label(field, found), people) for found, people in rows)


def count_codes(
    search: Search,
    values: Mapping[str, Mapping[int, str]],
    dialect: DuckDB,
    where: str,
    fields: Sequence[str],
) -> dict[str, list[FacetValue]]:
    """Count by choices and booleans, in one query. `values` are those of the codes, by field."""
    names, codes = ", ".join(fields), ", ".join(f"{field}::INTEGER" for field in fields)
    sets = ", ".join(f"({field})" for field in fields)
    rows = search.fetch(
        f"SELECT grouping({names}), coalesce({codes}), count(*)"
        f" FROM f WHERE {where} GROUP BY GROUPING SETS ({sets})",
        dialect.parameters,
    )
    # grouping() has a bit for each field, the first one highest, set where it is not grouped by.
    marks = {(1 << len(fields)) - 1 - (1 << at): f for at, f in enumerate(reversed(fields))}
    found: dict[str, list[FacetValue]] = {field: [] for field in fields}
    for mark, code, people in rows:
        field = marks[mark]
        if code or field in layout.BOOLEANS:  # code 0 is: unset
            found[field].append(_named(values, field, code, people))
    return {field: ordered(counted) for field, counted in found.items()}


def _named(
    values: Mapping[str, Mapping[int, str]], field: str, code: int, people: int
) -> FacetValue:
    if field in layout.BOOLEANS:
        return FacetValue(*(("true", "Yes") if code else ("false", "No")), people)
    value = values[field][code]
    return FacetValue(value, label(field, value), people)


def _dictionary(search: Search, dialect: DuckDB, where: str, field: str) -> list[FacetValue]:
    rows = search.fetch(
        f"SELECT d.value, top.people FROM (SELECT {field} AS code, count(*) AS people FROM f"
        f" WHERE ({where}) AND {field} <> 0 GROUP BY {field} ORDER BY people DESC, code"
        f" LIMIT {MOST_VALUES}) top JOIN {layout.dictionary(field)} d USING (code)",
        dialect.parameters,
    )
    return ordered(FacetValue(value, value, people) for value, people in rows)


def _topics(search: Search, dialect: DuckDB, where: str, field: str) -> list[FacetValue]:
    rows = search.fetch(
        f"SELECT topic, sum(people)::BIGINT FROM (SELECT topic_set AS code, count(*) AS people"
        f" FROM f WHERE ({where}) AND topic_set <> 0 GROUP BY topic_set)"
        " JOIN topics_of USING (code) GROUP BY topic",
        dialect.parameters,
    )
    return ordered(FacetValue(topic, label(field, topic), people) for topic, people in rows)


def ordered(values: Iterable[FacetValue]) -> list[FacetValue]:
    """Return the most frequent values, in the order in which they are shown."""
    return sorted(values, key=lambda v: (-v.count, v.label))[:MOST_VALUES]


def label(field: str, value: str) -> str:
    """Return what a value is called: a choice's label, a topic's words, else the value itself."""
    return named(FIELDS[field], value)
