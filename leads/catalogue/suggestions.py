"""What a field may be filtered by, for what somebody has typed so far."""

from leads.filters.text import fold

from . import layout
from .facets import label
from .running import Search
from .snapshots import Snapshot
from .source import FacetValue

SUGGESTED = (*layout.CODED, "intent_topics")


def suggest(
    search: Search, snapshot: Snapshot, field: str, typed: str, limit: int
) -> list[FacetValue]:
    """Return values that begin like `typed`, else those with a word that does; frequent first.

    Without anything typed, the most frequent values.
    """
    start = fold(typed).strip()
    if field in layout.DICTIONARY_TEXTS:
        return _from_dictionary(search, field, start, limit)
    if field == "intent_topics":
        values = [(topic, label(field, topic), people) for topic, _, _, people in snapshot.topics]
    else:
        rows = search.fetch(f"SELECT value, n FROM {layout.dictionary(field)}")
        values = [(value, label(field, value), people) for value, people in rows]
    ranked = []
    for value, name, people in values:
        texts = (fold(name), fold(value))
        if any(text.startswith(start) for text in texts):
            ranked.append((0, -people, FacetValue(value, name, people)))
        elif any(f" {start}" in text for text in texts):
            ranked.append((1, -people, FacetValue(value, name, people)))
    return [found for _, _, found in sorted(ranked)[:limit]]


def _from_dictionary(search: Search, field: str, start: str, limit: int) -> list[FacetValue]:
    """Spellings that compare alike are one suggestion, under the most frequent of them."""
    rows = search.fetch(
        f"""SELECT arg_max(value, n), sum(n)::BIGINT AS people, starts_with(folded, $1) AS begins
        FROM {layout.dictionary(field)}
        WHERE starts_with(folded, $1) OR contains(folded, ' ' || $1)
        GROUP BY folded ORDER BY begins DESC, people DESC, folded LIMIT $2""",
        [start, limit],
    )
    return [FacetValue(value, value, people) for value, people, _ in rows]
