"""The characters that fold, and what each becomes: the one table behind Python, DuckDB, PostgreSQL.

Each character is replaced by itself, independent of its neighbours, so that a sweep over all code
points proves the engines equal for every string. Letters come from Unicode 3.2, which Python
carries unchanged in every version: stored folded columns stay right after an upgrade of Python,
PostgreSQL or DuckDB. Younger letters, and scripts without case or accents, pass through.
"""

from unicodedata import ucd_3_2_0 as unicode_3_2

# Combining accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel signs.
MARKS = frozenset(
    [
        *range(0x300, 0x370),
        *(code for code in range(0x591, 0x5C8) if code not in (0x5BE, 0x5C0, 0x5C3, 0x5C6)),
        *range(0x64B, 0x660),
        0x670,
    ]
)
# Found in copied text, seen by nobody: soft hyphen, zero-width space and joiners, direction marks.
INVISIBLE = frozenset([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0xFEFF])
# Letters that have no decomposition but are typed without their stroke, and plain punctuation.
LOOKALIKES = {
    **dict(zip("øđðłħŧıſ\u03c2µ", "oddlhtis\u03c3\u03bc", strict=True)),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **{chr(code): " " for code in (0xA0, *range(0x2000, 0x200B), 0x202F, 0x3000)},
}
# One character that becomes several; applied after SINGLES.
EXPANSIONS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "\u0133": "ij",
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
FULL_WIDTH_ASCII = range(0xFF01, 0xFF5F)
BLOCKS = (
    range(0x80, 0x700),
    range(0x1E00, 0x2200),
    range(0x3000, 0x3001),
    range(0xFB00, 0xFB50),
    range(0xFEFF, 0xFF5F),
)


def _single(code: int) -> str:
    """The one character, or none, that a code point becomes before expansions."""
    character = chr(code)
    if code in MARKS or code in INVISIBLE:
        return ""
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    if code in FULL_WIDTH_ASCII:
        return chr(code - 0xFEE0).lower()
    if unicode_3_2.category(character)[0] not in "LN":
        return character
    for _ in range(2):  # İ loses its dot only once decomposed; ǿ is ø before it is o
        bare = "".join(c for c in unicode_3_2.normalize("NFD", character) if ord(c) not in MARKS)
        if len(bare) == 1:
            small = bare.lower()
            known = len(small) == 1 and unicode_3_2.category(small) != "Cn"
            character = small if known else bare
        character = LOOKALIKES.get(character, character)
    return character


def _singles() -> dict[int, str]:
    found = {code: _single(code) for block in BLOCKS for code in block}
    found[0x1E9E] = "ß"  # ẞ is younger than Unicode 3.2
    return {code: character for code, character in found.items() if character != chr(code)}


# Code point to one character or none; no ASCII, whose only change is lower case.
SINGLES: dict[int, str] = _singles()
# Code point to its final text.
TABLE: dict[int, str] = {
    **{code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)},
    **{code: EXPANSIONS.get(character, character) for code, character in SINGLES.items()},
    **{ord(ligature): letters for ligature, letters in EXPANSIONS.items()},
}
