"""How a row was matched, in words and numbers, and how many matches are kept in few bytes."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

_ROW = struct.Struct("<IB")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A kind of match as files say it; `confidence` is in percent, 0 where nobody was found."""

    words: str
    confidence: int


#: Beside the kinds of the catalogue: rows that don't say who they are, and people who had gone
#: from the catalogue when the list was delivered.
WITHOUT_KEY, GONE = "without_key", "gone"
MEANINGS: dict[str, Meaning] = {
    "none": Meaning("not found", 0),
    "email": Meaning("e-mail address", 99),
    "phone": Meaning("phone number", 90),
    "linkedin": Meaning("LinkedIn address", 98),
    "name_domain": Meaning("name and company domain", 85),
    "name_company": Meaning("name and company name", 75),
    "ambiguous": Meaning("several people fit", 0),
    WITHOUT_KEY: Meaning("nothing to search by", 0),
    GONE: Meaning("no longer in the database", 0),
}
_KINDS = tuple(MEANINGS)  # stored by their place: add new ones at the end
_CODES = {kind: code for code, kind in enumerate(_KINDS)}

#: (catalogue id or 0, kind)
RowMatch = tuple[int, str]
UNSEARCHABLE: RowMatch = (0, WITHOUT_KEY)


def pack(matches: Iterable[RowMatch]) -> bytes:
    """Five bytes a row: the catalogue's id, and the kind."""
    return b"".join(_ROW.pack(id, _CODES[kind]) for id, kind in matches)


def unpack(stored: bytes) -> list[RowMatch]:
    """What `pack` was given."""
    return [(id, _KINDS[code]) for id, code in _ROW.iter_unpack(stored)]
