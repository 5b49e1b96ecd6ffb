"""What of a record's text is shown before the sale: never a way to reach somebody (M-1)."""

import re
from unicodedata import normalize

from leads.records.identity import normalise_name

HIDDEN = "[hidden]"
_DIGITS, _DIGITS_OF_A_PLACE = 7, 10  # a number that long is a phone's; postal codes have up to 9
# Looked for first: most texts have none of it.
_SUSPECT = re.compile(
    r"@|://|www\.|[^\W_]\.[a-z]{2}|\d[\d\s(),.\-/·•_\u2010-\u2015\u2212]{5}",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>(),;]+@[^\s@<>(),;]+")
_LINK = re.compile(r"(?:\w+://|www\.)\S+|\b(?:[\w-]+\.)+[a-z]{2,}/\S+", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?P<name>(?:[\w-]+\.)*[\w-]{3,})\.(?P<end>(?:co|com|org)\.[a-z]{2}|com|net|org|info|biz|io"
    r"|ai|app|dev|shop|online|site|xyz|tech|cloud|agency|me|tv|cc|eu|us|uk|ca|de|at|ch|fr|nl|be|it"
    r"|es|pl|se|au|in|ie|dk|fi|pt|cz|li|lu|nz|mx|jp|cn|example)\b",
    re.IGNORECASE,
)
_NO_DOMAINS = frozenset({"asp.net", "ado.net", "vb.net", "ml.net"})
_NUMBER = re.compile(r"(?<!\w)(?:\+|\()?\d[\d\s(),.\-/·•_\u2010-\u2015\u2212]{5,}\d(?!\w)")
_GAP = "\x1f"  # what is hidden, while more is looked for: no word, and in no text
_LONG_WORD = 4  # shorter ones (van, de la) stand in titles for themselves
_AMOUNT = re.compile(r"\d{1,3}(?:,\d{3})+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_PART = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_YEARS = re.compile(r"(?:19|20)\d\d\D+(?:19|20)\d\d")


def masked(text: str, *, column: str = "") -> str:
    """`text` without e-mail addresses, phone numbers and web addresses, as far as they are written
    as such. Of a company that is called as its domain, the name stays."""
    if not text.isascii() and (plain := normalize("NFKC", text)) != text:
        # As Asian keyboards write it; what has nothing to hide stays as it is written.
        hidden = _masked(plain, column)
        return text if hidden == plain else hidden
    return _masked(text, column)


def _masked(text: str, column: str) -> str:
    if not _SUSPECT.search(text):
        return text
    text = _LINK.sub(HIDDEN, _ADDRESS.sub(HIDDEN, text))
    text = _DOMAIN.sub(r"\g<name>" if column == "company_name" else _domain, text)
    digits = _DIGITS_OF_A_PLACE if column == "postal_code" else _DIGITS
    return _NUMBER.sub(lambda found: _number(found, digits), text)


def first_name(name: str, family: str = "") -> str:
    """The first word of what a file has as first name: the others may be the family's, and so may
    the first, where it is the word of `family`.

    With a comma it is the family's that stands first, and what follows isn't sure: nothing, then.
    """
    if "," in name:
        return ""
    theirs = {_plain(part[0]) for part in _PART.finditer(family)} | {_plain(family)}
    for word in _WORD.finditer(name):
        kept = [part for part in word[0].split("-") if _plain(part) not in theirs]
        if kept:
            return "-".join(kept)
    return ""


def without_name(text: str, name: str) -> str:
    """`text` without a name that stands in it, whole or one of its longer words, whatever the case,
    accents and hyphens."""
    text = _without(text, name)
    words = (part[0] for part in _PART.finditer(name))
    for word in {word for word in words if len(word) >= _LONG_WORD and word != name}:
        text = _without(text, word)
    return text.replace(_GAP, HIDDEN)


def _without(text: str, name: str) -> str:
    wanted = "".join(_plain(word[0]) for word in _PART.finditer(name))
    words = list(_PART.finditer(text))
    if not wanted or not words:
        return text
    plain = [_plain(word[0]) for word in words]
    kept, end = [], 0
    at = 0
    while at < len(words):
        until, joined = at, ""
        while until < len(words) and len(joined) < len(wanted):
            joined += plain[until]
            until += 1
        if joined == wanted:
            kept += [text[end : words[at].start()], _GAP]
            end, at = words[until - 1].end(), until
        else:
            at += 1
    return "".join([*kept, text[end:]])


def _plain(word: str) -> str:
    """To compare by: without case, accents, spaces, and an umlaut's two ways to be written."""
    found = normalise_name(word).replace(" ", "")
    return found.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _domain(found: re.Match[str]) -> str:
    return found[0] if found[0].lower() in _NO_DOMAINS else HIDDEN


def _number(found: re.Match[str], least: int) -> str:
    written = found[0]
    is_number = sum(sign.isdigit() for sign in written) >= least or written[0] == "+"
    is_other = _YEARS.fullmatch(written) or _AMOUNT.fullmatch(written)
    return HIDDEN if is_number and not is_other else written
