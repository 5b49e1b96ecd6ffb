"""Tells by its first bytes what a file is, and refuses what can't be a table."""

from __future__ import annotations

from typing import Literal

from .table import TableRefused

Kind = Literal["text", "gzip", "bzip2", "zip", "parquet"]

#: (first bytes, what that is); `?` in the first bytes stands for any byte.
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF????WEBP", "a WebP image"),
    (b"RIFF????WAVE", "a sound file"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"????ftypheic", "a HEIC image"),
    (b"????ftyp", "a video"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"OggS\x00", "a sound file"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or password-protected Office file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1\x00\x00", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"\xca\xfe\xba\xbe", "a program"),
)
#: These begin like words, so they count only with a NUL near by.
_WORDLIKE: tuple[tuple[bytes, str], ...] = (
    (b"BM", "a BMP image"),
    (b"MZ", "a program"),
    (b"ID3", "a sound file"),
    (b"ORC", "an ORC file"),
    (b"fLaC", "a sound file"),
)
_CHOOSE = "Choose the table itself, saved as CSV or Excel (.xlsx)."
_ADVICE = {
    "an old or password-protected Office file": (
        "Open it in Excel and save it as .xlsx without a password, or as CSV."
    ),
    "a 7-Zip archive": "Unpack it first, or use gzip.",
    "a RAR archive": "Unpack it first, or use gzip.",
    "an xz archive": "Unpack it first, or use gzip.",
    "a Zstandard archive": "Unpack it first, or use gzip.",
    "a Feather file": "Save it as Parquet or CSV.",
    "an Arrow file": "Save it as Parquet or CSV.",
    "an Avro file": "Save it as Parquet or CSV.",
    "an ORC file": "Save it as Parquet or CSV.",
    "an HTML page": "Often that is the sign-in page of a site that the file was fetched from.",
    "a JSON file": "Save it as CSV.",
    "an XML file": "Save it as CSV.",
}


def detect_kind(head: bytes) -> Kind:
    """Return how a file that begins with `head` is packed; raise TableRefused for what it isn't."""
    if not head:
        raise empty()
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in {b"1AY&SY", b"\x17rE8P\x90"}:
        return "bzip2"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    for signature, what in _SIGNATURES:
        if _begins(head, signature):
            raise refusal(what)
    if b"\x00" in head[:64]:
        for signature, what in _WORDLIKE:
            if head.startswith(signature):
                raise refusal(what)
    return "text"


def refuse_other_text(text: str) -> None:
    """Raise TableRefused when `text`, the beginning of a file, is another format than a table."""
    start = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html")):
        raise refusal("an HTML page")
    if start.startswith("<svg"):
        raise refusal("an SVG image")
    if start.startswith("<?xml"):
        raise refusal("an XML file")
    if start.startswith("begin:vcard"):
        raise TableRefused("This file holds vCards, not CSV. Export the contacts as CSV.")
    if start.startswith("version https://git-lfs"):
        raise TableRefused(
            "This file is only a pointer to a large file kept elsewhere (Git LFS). Choose that one."
        )
    compact = "".join(start[:200].split())
    if compact.startswith(('{"', '[{"', "[]", "{}", '[["')):
        raise refusal("a JSON file")


def refuse_binary(text: str) -> None:
    """Raise TableRefused when more than a twentieth of `text` is control characters."""
    odd = sum(1 for c in text[:20_000] if c < " " and c not in "\t\n\r\f\v\x1a\x1e\x1f\x01")
    if odd > 16 and odd * 20 > min(len(text), 20_000):
        raise binary()


def refusal(what: str) -> TableRefused:
    """Return the refusal of a file that is `what` ('a PNG image')."""
    return TableRefused(f"This file is {what}, not CSV. {_ADVICE.get(what, _CHOOSE)}")


def binary() -> TableRefused:
    """Return the refusal of a file that is no text."""
    return TableRefused(f"This file holds binary data, not a table. {_CHOOSE}")


def empty() -> TableRefused:
    """Return the refusal of a file without anything in it."""
    return TableRefused("The file is empty. Save it again, or choose the one with the rows.")


def _begins(head: bytes, signature: bytes) -> bool:
    if b"?" not in signature:
        return head.startswith(signature)
    if len(head) < len(signature):
        return False
    return all(s in (0x3F, h) for s, h in zip(signature, head, strict=False))
