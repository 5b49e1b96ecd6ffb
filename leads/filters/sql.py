"""`fold` in SQL: an expression for DuckDB and a function for PostgreSQL, from the same table.

Short cuts come first: pure ASCII, then the scripts seen most. A short cut is taken only for
strings whose every character it folds like the table, which the sweep over all code points proves.
"""

from collections.abc import Callable, Iterable

from leads.filters.fold_table import EXPANSIONS, SINGLES

LATIN = range(0x80, 0x234)
VIETNAMESE = (*range(0x1E00, 0x1E9A), *range(0x1EA0, 0x1EFA))
COMBINING = range(0x300, 0x370)
TYPOGRAPHIC = range(0x2010, 0x2020)  # curly quotes and dashes, which come with Latin text
CYRILLIC = range(0x400, 0x530)
FOLDABLE = {*SINGLES, *map(ord, EXPANSIONS)}
LATIN_LIGATURES = "ßæœþ\u0133"
# What DuckDB's strip_accents and lower leave of Latin letters that fold.
LEFT_BY_DUCKDB = (*(ord(c) for c in "\xa0\xad\xb4\xb5ðøđħ\u0131łŧ\u017f"), *TYPOGRAPHIC)
ASCII_UPPER = {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}

# translate() walks its list for every character: what is frequent and stays as it is goes first.
ASCII_FIRST = " etaionrslcdmhpugbyfvwkjxzq-.,&'()/0123456789"
CYRILLIC_FIRST = (
    "\u043e\u0435\u0430\u0438\u043d\u0442\u0441\u0440\u0432\u043b\u043a\u043c\u0434\u043f\u0443"
    "\u044f\u044b\u044c\u0433\u0437\u0431\u0447\u0445\u0436\u0448\u044e\u0446\u0449\u044d\u0444"
)
GREEK_FIRST = "".join(map(chr, range(0x3B1, 0x3CA))).replace("\u03c2", "")


def duckdb_fold(expr: str) -> str:
    """A DuckDB expression equal to `fold` of `expr`, a trusted VARCHAR expression; NULL stays NULL.

    ASCII costs 0.1 µs a value, Latin 3 µs, other scripts up to 80 µs: where those are many, fold
    the distinct values in Python instead.
    """
    left = {code: SINGLES[code] for code in LEFT_BY_DUCKDB if code in SINGLES}
    latin = _translate(f"lower(strip_accents({expr}))", left)
    any_script = _translate(expr, ASCII_UPPER | SINGLES)
    is_latin = code_ranges([*LATIN, *VIETNAMESE, *COMBINING, *TYPOGRAPHIC], _re2)
    return f"""CASE
        WHEN strlen({expr}) = length({expr}) THEN lower({expr})
        WHEN regexp_full_match({expr}, '[\\x00-\\x7f{is_latin}]*')
        THEN {_expand(latin, LATIN_LIGATURES)}
        WHEN regexp_matches({expr}, '[{code_ranges(FOLDABLE, _re2)}]')
        THEN {_expand(any_script, EXPANSIONS)}
        ELSE {_translate(expr, ASCII_UPPER)} END"""


def _postgres_fold(expr: str) -> str:
    """A PostgreSQL expression equal to `fold` of `expr`; lower() in "C" changes ASCII only."""
    lower = f'lower({expr} COLLATE "C")'
    latin = _translate(lower, _singles(LATIN, TYPOGRAPHIC, COMBINING), ASCII_FIRST)
    wide = _translate(lower, _singles(range(0x2000, 0x10000)), ASCII_FIRST)
    most_seen_first = _singles(CYRILLIC) | SINGLES
    any_script = _translate(lower, most_seen_first, ASCII_FIRST + CYRILLIC_FIRST + GREEK_FIRST)
    is_latin = code_ranges([*LATIN, *COMBINING, *TYPOGRAPHIC], _are)
    return f"""CASE
    WHEN octet_length({expr}) = char_length({expr}) THEN {lower}
    WHEN {expr} ~ '^[\\u0001-\\u007f{is_latin}]*$' THEN {_expand(latin, LATIN_LIGATURES)}
    WHEN {expr} !~ '[{code_ranges(FOLDABLE, _are)}]' THEN {lower}
    WHEN {expr} !~ '[\\u0080-\\u1fff]' THEN {_expand(wide, EXPANSIONS)}
    ELSE {_expand(any_script, EXPANSIONS)} END"""


def _singles(*blocks: Iterable[int]) -> dict[int, str]:
    return {code: SINGLES[code] for block in blocks for code in block if code in SINGLES}


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _translate(expr: str, singles: dict[int, str], unchanged: str = "") -> str:
    """translate() of single characters; those without a counterpart are deleted, so come last."""
    kept = [code for code, to in singles.items() if to]
    dropped = [code for code, to in singles.items() if not to]
    origin = unchanged + "".join(map(chr, [*kept, *dropped]))
    target = unchanged + "".join(singles[code] for code in kept)
    return f"translate({expr}, {_quote(origin)}, {_quote(target)})"


def _expand(expr: str, ligatures: Iterable[str]) -> str:
    for ligature in ligatures:
        expr = f"replace({expr}, {_quote(ligature)}, {_quote(EXPANSIONS[ligature])})"
    return expr


def code_ranges(codes: Iterable[int], write: Callable[[int], str]) -> str:
    """The inside of a regular expression's bracket for these code points, each by `write`."""
    runs: list[list[int]] = []
    for code in sorted(codes):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(write(a) if a == b else f"{write(a)}-{write(b)}" for a, b in runs)


def _re2(code: int) -> str:
    return f"\\x{{{code:x}}}"


def _are(code: int) -> str:
    return f"\\u{code:04x}"


# For a migration of leads. The planner inlines it, which STRICT would prevent; NULL stays NULL.
FOLD_FUNCTION_SQL = f"""\
CREATE OR REPLACE FUNCTION fold_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN {_postgres_fold("value")};
"""
DROP_FOLD_FUNCTION_SQL = "DROP FUNCTION IF EXISTS fold_text(text);"
