"""Things with a name: products, restaurants, companies."""

from .roles import DIGITS, PLAIN, Role
from .schemas import (
    Comparison,
    Derived,
    Level,
    Schema,
    alike,
    overlap,
    same,
    shared,
    simple,
    within,
    words_of,
)

_NUMBERS = "list_filter(name_words, lambda word: regexp_matches(word, '[0-9]') AND len(word) > 2)"

THINGS = Schema(
    "thing",
    (
        Role("name", PLAIN, ("name", "title", "product", "product_name", "label")),
        Role("description", PLAIN, ("description", "details", "text")),
        Role("maker", PLAIN, ("manufacturer", "brand", "maker", "vendor")),
        Role("price", DIGITS, ("price", "cost")),
        Role("phone", DIGITS, ("phone", "phone_number", "telephone")),
        Role("street", PLAIN, ("street", "address", "addr")),
        Role("city", PLAIN, ("city", "town")),
        Role("kind", PLAIN, ("type", "category", "cuisine")),
    ),
    (
        Derived("name_words", ("name",), words_of("name")),
        Derived("models", ("name_words",), f"CASE WHEN len({_NUMBERS}) > 0 THEN {_NUMBERS} END"),
        Derived("text_words", ("description",), words_of("description")),
    ),
    (
        Comparison(
            "name",
            (
                Level("same", (same("name"),), 0.3),
                Level("nearly the same", (alike("name", 0.95), overlap("name_words", 0.7)), 0.2),
                Level("similar", (overlap("name_words", 0.4), *within("name")), 0.25),
                Level("partly the same", (shared("name_words", 0.4),), 0.15),
            ),
            0.1,
        ),
        Comparison("models", (Level("same", (shared("models", 0.01),), 0.75),), 0.25),
        Comparison(
            "text_words",
            (
                Level("similar", (overlap("text_words", 0.4),), 0.3),
                Level("partly the same", (shared("text_words", 0.3),), 0.4),
            ),
            0.3,
        ),
        simple("maker", 0.75, 0.1, 0.15),
        simple("price", 0.4, 0.1, 0.5),
        simple("phone", 0.75, 0.1, 0.15),
        simple("street", 0.5, 0.35, 0.15),
        simple("city", 0.8, 0.1, 0.1),
        simple("kind", 0.4, 0.2, 0.4),
    ),
    ("name", "phone", "left(name, 10)", "street", "right(name, 8)"),
    ("name_words",),
)
