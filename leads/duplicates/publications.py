"""Publications: a title, who wrote it, where and when it appeared."""

from .roles import DIGITS, PLAIN, Role
from .schemas import Comparison, Derived, Level, Schema, alike, overlap, same, shared, words_of

PUBLICATIONS = Schema(
    "publication",
    (
        Role("title", PLAIN, ("title", "name", "paper", "article")),
        Role("authors", PLAIN, ("authors", "author", "creator", "creators")),
        Role("venue", PLAIN, ("venue", "journal", "booktitle", "conference", "publisher")),
        Role("year", DIGITS, ("year", "date", "published")),
    ),
    (
        Derived("title_words", ("title",), words_of("title")),
        Derived("author_words", ("authors",), words_of("authors")),
        Derived("venue_words", ("venue",), words_of("venue")),
    ),
    (
        Comparison(
            "title",
            (
                Level("same", (same("title"),), 0.72),
                Level("nearly the same", (alike("title", 0.95), overlap("title_words", 0.8)), 0.14),
                Level("similar", (overlap("title_words", 0.6),), 0.06),
                Level("partly the same", (shared("title_words", 0.7),), 0.05),
            ),
            0.03,
        ),
        Comparison(
            "authors",
            (
                Level("same", (same("authors"),), 0.5),
                Level("nearly the same", (overlap("author_words", 0.7),), 0.2),
                Level("similar", (shared("author_words", 0.6),), 0.2),
                Level("partly the same", (shared("author_words", 0.3),), 0.07),
            ),
            0.03,
        ),
        Comparison(
            "venue",
            (
                Level("same", (same("venue"),), 0.3, "venue"),
                Level("similar", (shared("venue_words", 0.5),), 0.2),
            ),
            0.5,
        ),
        Comparison(
            "year",
            (
                Level("same", (same("year"),), 0.95),
                Level(
                    "similar",
                    ("abs(TRY_CAST(year_l AS INT) - TRY_CAST(year_r AS INT)) <= 1",),
                    0.02,
                ),
            ),
            0.03,
        ),
    ),
    ("title", "left(title, 12)", "right(title, 15)", "authors || '|' || year", "authors"),
    ("title_words",),
)
