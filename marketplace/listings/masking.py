"""What of a record's text is shown before the sale: never a way to reach somebody (M-1)."""

import re

HIDDEN = "[hidden]"
_DIGITS, _DIGITS_OF_A_PLACE = 7, 10  # a number that long is a phone's; postal codes have up to 9
_WIDE = str.maketrans("\uff20\uff0e\uff1a\uff0f", "@.:/")  # as Asian keyboards write them
# Looked for first: most texts have none of it.
_SUSPECT = re.compile(
    r"[@\uff20\uff0e\uff1a]|://|www\.|[^\W_]\.[a-z]{2}|\d[\d\s().\-/·•_\u2010-\u2015\u2212]{5}",
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
_NUMBER = re.compile(r"(?<!\w)(?:\+|\()?\d[\d\s().\-/·•_\u2010-\u2015\u2212]{5,}\d(?!\w)")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_YEARS = re.compile(r"(?:19|20)\d\d\D+(?:19|20)\d\d")


def masked(text: str, *, column: str = "") -> str:
    """`text` without e-mail addresses, phone numbers and web addresses, as far as they are written
    as such. Of a company that is called as its domain, the name stays."""
    if not _SUSPECT.search(text):
        return text
    text = text.translate(_WIDE)
    text = _LINK.sub(HIDDEN, _ADDRESS.sub(HIDDEN, text))
    text = _DOMAIN.sub(r"\g<name>" if column == "company_name" else _domain, text)
    digits = _DIGITS_OF_A_PLACE if column == "postal_code" else _DIGITS
    return _NUMBER.sub(lambda found: _number(found, digits), text)


def first_word(name: str) -> str:
    """The first word of what a file has as first name: the others may be the family's.

    With a comma it is the family's that stands first, and what follows isn't sure: nothing, then.
    """
    found = _FIRST_WORD.match(name.strip())
    return found[0] if found and "," not in name else ""


def without_name(text: str, name: str) -> str:
    """`text` without a name that stands in it as words of its own, in whatever case."""
    words = name.split()
    if not words:
        return text
    as_words = r"\W+".join(map(re.escape, words))
    return re.sub(rf"(?<!\w){as_words}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)


def _domain(found: re.Match[str]) -> str:
    return found[0] if found[0].lower() in _NO_DOMAINS else HIDDEN


def _number(found: re.Match[str], least: int) -> str:
    written = found[0]
    is_number = sum(sign.isdigit() for sign in written) >= least or written[0] == "+"
    return HIDDEN if is_number and not _YEARS.fullmatch(written) else written
