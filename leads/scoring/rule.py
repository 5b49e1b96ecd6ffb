"""What a score is made of (L-7), as SQL: the one rule behind every score (L-8).

An insert, an update, a batch and a question 'what if' all compute these expressions. They read a
row called `lead` with the columns `INPUTS`; parameters are by name, from `Rule.params`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.utils import timezone

from leads.filters.text import fold, topic_form

# The columns that a row must have to be scored; a score is out of date when one of them changes.
INPUTS = (
    "email_verified",
    "verification_status",
    "phone_verified",
    "source",
    "pages_viewed",
    "seconds_on_site",
    "title_folded",
    "intent_topics",
    "employee_band",
    "industry",
    "created_at",
    "last_seen_at",
)
# The lists of a business profile that the rule reads.
ICP_LISTS = ("employee_bands", "industries", "titles", "intent_topics")
USUAL_BANDS = ("201-500", "501-1000")
# Each part's name and the most points that it gives; which of them a lead has is said by its kind.
EMAIL, PHONE, PAGES, MINUTES = 20, 10, 20, 10
TITLE, TOPIC, SIZE, INDUSTRY, RECENCY = 15, 15, 15, 10, 15
MOST = {
    "email": EMAIL,
    "phone": PHONE,
    "title": TITLE,
    "topic": TOPIC,
    "pages": PAGES,
    "minutes": MINUTES,
    "size": SIZE,
    "industry": INDUSTRY,
    "recency": RECENCY,
}
PIXEL_PARTS = ("email", "phone", "pages", "minutes", "size", "industry", "recency")
OTHER_PARTS = ("email", "phone", "title", "topic", "size", "industry", "recency")
# What parts the words of a title; folding has made accents and typographic marks plain before.
SEPARATORS = "".join(map(chr, [*range(1, 48), *range(58, 97), *range(123, 128)])) + "·•"
_SPACED = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
# translate() walks its list for every character: what is frequent and stays as it is goes first.
_FREQUENT = " etaionrslcdmhpugbyfvwkjxzq0123456789"


def words_of(title: str) -> tuple[str, ...]:
    """The words of a title as they are compared: folded, each once, the longest first."""
    words = set(fold(title).translate(_SPACED).split(" ")) - {""}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


@dataclass(frozen=True, slots=True)
class Icp:
    """Whom a workspace looks for, in the forms in which leads are stored.

    A list without entries gives nobody its points, but that of company sizes, which has usual ones.
    """

    bands: tuple[str, ...] = USUAL_BANDS
    industries: tuple[str, ...] = ()
    titles: tuple[tuple[str, ...], ...] = ()
    topics: tuple[str, ...] = ()

    @classmethod
    def of(cls, lists: Mapping[str, Sequence[str]]) -> "Icp":
        """From a business profile's lists by name (`ICP_LISTS`)."""
        titles = dict.fromkeys(map(words_of, lists["titles"]))
        topics = dict.fromkeys(map(topic_form, lists["intent_topics"]))
        return cls(
            bands=tuple(lists["employee_bands"]) or USUAL_BANDS,
            industries=tuple(lists["industries"]),
            titles=tuple(filter(None, titles)),
            topics=tuple(filter(None, topics)),
        )


def today() -> date:
    """The day as of which leads are scored: days begin at midnight UTC."""
    return timezone.now().date()


@dataclass(frozen=True)
class Rule:
    """The rule for one workspace on one day: SQL for a lead's score and for what it is made of."""

    icp: Icp
    day: date
    # By part, for each of its points, and `base`: a score that is fitted to outcomes (L-10).
    weights: Mapping[str, float] | None = None

    @cached_property
    def params(self) -> dict[str, Any]:
        """Values for the expressions' parameters."""
        values: dict[str, Any] = {
            "score_day": self.day,
            "score_bands": list(self.icp.bands),
            "score_industries": list(self.icp.industries),
            "score_topics": list(self.icp.topics),
            "score_marks": _FREQUENT + SEPARATORS,
            "score_plain": _FREQUENT + " " * len(SEPARATORS),
        }
        for part, weight in (self.weights or {}).items():
            values[f"score_weight_{part}"] = float(weight)
        for at, words in enumerate(self.icp.titles):
            values[f"score_title_{at}"] = list(words)
            # Separators are no part of a word, so none of them means anything to LIKE.
            values[f"score_like_{at}"] = f"%{words[0]}%"
        return values

    @cached_property
    def parts(self) -> dict[str, str]:
        """An SQL expression for each part's points, an integer that is never NULL."""
        seen = (
            "CASE WHEN lead.source = 'pixel' THEN greatest(lead.created_at, lead.last_seen_at)"
            " ELSE lead.created_at END"
        )
        days_old = f"(%(score_day)s::date - (({seen}) AT TIME ZONE 'UTC')::date)"
        return {
            "email": _given("lead.email_verified OR lead.verification_status = 'valid'", EMAIL),
            "phone": _given("lead.phone_verified", PHONE),
            # Cut before it is multiplied: the columns hold whatever was counted.
            "pages": f"least(3 * least(greatest(coalesce(lead.pages_viewed, 0), 0), 7), {PAGES})",
            "minutes": f"least(greatest(coalesce(lead.seconds_on_site, 0), 0) / 60, {MINUTES})",
            "title": _given(self._title_matches(), TITLE),
            "topic": _given("lead.intent_topics::text[] && %(score_topics)s::text[]", TOPIC),
            "size": _given("lead.employee_band = ANY(%(score_bands)s::text[])", SIZE),
            "industry": _given("lead.industry = ANY(%(score_industries)s::text[])", INDUSTRY),
            "recency": f"greatest(0, least({RECENCY}, {RECENCY} - {days_old}))",
        }

    def _title_matches(self) -> str:
        """Whether the lead's title has all words of one of the titles.

        Most leads are passed over by the longest word alone, which costs a tenth of splitting.
        """
        words = (
            "string_to_array(translate(lead.title_folded, %(score_marks)s, %(score_plain)s), ' ')"
        )
        matches = [
            f"lead.title_folded LIKE %(score_like_{at})s"
            f" AND {words} @> %(score_title_{at})s::text[]"
            for at in range(len(self.icp.titles))
        ]
        return " OR ".join(matches) or "false"

    @cached_property
    def score(self) -> str:
        """An SQL expression for the score, a smallint from 0 to 100."""
        return f"(CASE WHEN lead.source = 'pixel' THEN {self._sum(PIXEL_PARTS)}" + (
            f" ELSE {self._sum(OTHER_PARTS)} END)::smallint"
        )

    def _sum(self, parts: Sequence[str]) -> str:
        if self.weights is None:
            return " + ".join(self.parts[part] for part in parts)
        terms = ["%(score_weight_base)s::float8"] + [
            f"%(score_weight_{part})s::float8 * {self.parts[part]}"
            for part in parts
            if part in self.weights
        ]
        # The chance to be won, of a hundred; past 30 exp() says nothing new.
        return f"round(100 / (1 + exp(-greatest(-30, least(30, {' + '.join(terms)})))))"

    @cached_property
    def factors(self) -> str:
        """An SQL expression for the points by part, jsonb as `Lead.score_factors` keeps them."""
        return (
            f"(CASE WHEN lead.source = 'pixel' THEN {self._object(PIXEL_PARTS)}"
            f" ELSE {self._object(OTHER_PARTS)} END)"
        )

    def _object(self, parts: Sequence[str]) -> str:
        pairs = ", ".join(f"'{part}', {self.parts[part]}" for part in parts)
        return f"jsonb_build_object({pairs})"


def _given(condition: str, points: int) -> str:
    return f"(CASE WHEN {condition} THEN {points} ELSE 0 END)"
