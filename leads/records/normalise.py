"""Single values: from what people write in tables to what a record holds.

Every function returns None for nothing usable and never raises.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, unquote

from email_validator import EmailNotValidError, validate_email

from leads.filters.text import topic_form

from .wordlists import words

#: What programs write for 'nothing'.
_BLANKS = words(
    r"""
    null NULL nan NaN NAN n/a N/A #N/A #VALUE! #REF! #NAME? none None NONE nil - -- --- . ? \N
    undefined (blank) (none) (null) (empty) [null] <null> unknown Unknown UNKNOWN
    """
) | {"not available", "Not available", "Not Available", "not provided", "Not Provided"}
#: What stands before names, and sometimes in a column called 'Title'.
SALUTATIONS = words(
    "mr mrs ms miss mx dr prof sir madam dame rev hon herr frau mme mlle m sr sra capt col"
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"

_PLAIN_EMAIL = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)"
    r"[a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63})"
)
_EMAIL_PARTS = re.compile(r"[\s,;|<>\"()\[\]]+")
_UNREACHABLE = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})

_PLAIN_LINKEDIN = re.compile(r"https?://(?:www\.)?linkedin\.com/in/([A-Za-z0-9_-]{1,200})/?")
_LINKEDIN = re.compile(
    r"(?:https?:)?(?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(?P<path>.*)|/?(?P<short>in/.*)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_TRUE = words("true t yes y 1 1.0 on x ✓ verified valid deliverable safe ok confirmed wahr ja")
_FALSE = words(
    "false f no n 0 0.0 off unverified invalid undeliverable risky guessed extrapolated bounced "
    "catch-all catch_all catchall accept_all accept-all unsafe unavailable falsch nein"
)
MOST_TOPICS = 50
LONGEST_TOPIC = 80


def clean_text(value: str, limit: int = 200) -> str | None:
    """Return text trimmed, NFC, on one line, without control characters, at most `limit` long.

    None for nothing and for what stands for nothing ('N/A', 'null'). An apostrophe that
    protects a formula ('=…) goes.
    """
    text = value.strip()
    if not text:
        return None
    if not (text.isascii() and text.isprintable()):
        text = _scrub(text)
    elif "  " in text:
        text = " ".join(text.split())
    if text in _BLANKS or not text:
        return None
    if text[0] == "'" and text[1:2] in _FORMULA_STARTS and len(text) > 1:
        text = text[1:]
    return text if len(text) <= limit else text[:limit].rstrip()


def _scrub(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(
            c
            if c.isprintable() or c in _KEPT_FORMAT_CHARACTERS
            else ""
            if unicodedata.category(c) in {"Cf", "Cs", "Co", "Cn"}
            else " "
            for c in text
        )
    return " ".join(text.split())


def clean_email(value: str) -> str | None:
    """Return one address in lower case, when its syntax allows mail to be sent to it."""
    address = value.strip().lower()
    match = _PLAIN_EMAIL.fullmatch(address)
    if match:
        return None if match[1] in _UNREACHABLE else address
    return _unusual_email(address) if "@" in address else None


@lru_cache(maxsize=16_384)
def _unusual_email(address: str) -> str | None:
    if len(address) > 320:
        return None
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        return None
    found = f"{checked.local_part}@{checked.ascii_domain}".lower()
    return found if len(found) <= 254 and len(checked.local_part) <= 64 else None


def clean_emails(value: str) -> list[str]:
    """Return the valid addresses in a cell: 'Ann <ann@acme.com>', 'a@x.com; b@y.com'."""
    single = clean_email(value)
    if single is not None:
        return [single]
    found = []
    for part in _EMAIL_PARTS.split(value):
        bare = part.strip(".:'").removeprefix("mailto:")
        address = clean_email(bare) if "@" in bare else None
        if address and address not in found:
            found.append(address)
    return found


def clean_linkedin(value: str) -> str | None:
    """Return a person's profile as https://www.linkedin.com/in/<name>; None for other pages."""
    plain = _PLAIN_LINKEDIN.fullmatch(value)
    if plain:
        return f"https://www.linkedin.com/in/{plain[1].lower()}"
    text = value.strip()
    match = _LINKEDIN.fullmatch(text.removeprefix("www.").replace("://www.", "://", 1))
    if match is None:
        return None
    path = (match["path"] or match["short"] or "").partition("?")[0].partition("#")[0]
    parts = [part for part in path.split("/") if part]
    if len(parts) < 2 or parts[0].lower() not in {"in", "pub"}:
        return None
    kept = parts[:2] if parts[0].lower() == "in" else parts[:5]
    name = "/".join(quote(unquote(part), safe="-_.~'") for part in kept).lower()
    return f"https://www.linkedin.com/{name}" if len(name) <= 250 else None


def clean_int(value: str, low: int, high: int) -> int | None:
    """Return a whole number from low to high: '85', '85.0', '85 %', '1,234'."""
    text = value.strip().rstrip("% ").replace(",", "").replace("\u00a0", "")
    if not _NUMBER.fullmatch(text) or len(text) > 20:
        return None
    number = round(float(text))
    return number if low <= number <= high else None


def clean_bool(value: str) -> bool | None:
    """Return yes or no, as it is written in exports; None for neither."""
    text = value.strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def clean_year(value: str, latest: int) -> int | None:
    """Return the year in '1998', '1998.0', '1998-05-01' or 'May 1998', from 1000 to `latest`."""
    years = re.findall(r"(?<!\d)(\d{4})(?!\d)", value)
    if len(years) != 1:
        return None
    year = int(years[0])
    return year if 1000 <= year <= latest else None


def clean_naics(value: str) -> str | None:
    """Return 2 to 6 digits; of '31-33' the first part."""
    text = value.strip().partition(".")[0].partition("-")[0].strip()
    return text if text.isascii() and text.isdecimal() and 2 <= len(text) <= 6 else None


def clean_topics(value: str) -> tuple[str, ...]:
    """Return the topics of a list by ; | , or line, or of a JSON or PostgreSQL array; sorted."""
    # The same few lists come again and again; long ones aren't worth keeping.
    return _usual_topics(value) if len(value) <= 200 else _read_topics(value)


def topics_of(value: str) -> list[str]:
    """Return all topics of a list, however many and long; sorted."""
    text = value.strip()
    parts: list[str] = []
    if text.startswith("[") and text.endswith("]"):
        try:
            loaded = json.loads(text)
        except ValueError:
            loaded = None
        if isinstance(loaded, list):
            parts = [each for each in loaded if isinstance(each, str)]
    if not parts:
        parts = re.split(r"[;|\n]" if ";" in text or "|" in text else r"[,\n]", text.strip("[]{}"))
    slugs = {_topic(part) for part in parts}
    slugs.discard("")
    return sorted(slugs)


def _read_topics(value: str) -> tuple[str, ...]:
    kept = {topic[:LONGEST_TOPIC].rstrip("_") for topic in topics_of(value)[:MOST_TOPICS]}
    return tuple(sorted(kept))


_usual_topics = lru_cache(maxsize=16_384)(_read_topics)


@lru_cache(maxsize=16_384)
def _topic(text: str) -> str:
    slug = topic_form(text[:200])
    return "" if slug in {"null", "none", "n_a"} else slug


@lru_cache(maxsize=16_384)
def clean_postal_code(value: str, country: str | None) -> str | None:
    """Return a postal code in capitals; in the US, zeros that a spreadsheet ate come back."""
    text = clean_text(value, 20)
    if text is None:
        return None
    text = text.upper().removesuffix(".0")
    if country == "US" and text.isdecimal() and 3 <= len(text) < 5:
        return text.zfill(5)
    return text


def split_name(value: str, longest: int = 100) -> tuple[str | None, str | None]:
    """Return (first, last) of a full name: 'Dr. Ann van Dyk, PhD' → Ann, van Dyk.

    Each is at most `longest` characters long.
    """
    text = clean_text(value, 2 * longest)
    if text is None:
        return None, None
    before, comma, after = text.partition(",")
    after = after.strip()
    if comma and after and not all(_is_suffix(word) for word in after.split()):
        # 'Dyk, Ann'
        first = after.partition(",")[0].strip()
        return first[:longest] or None, before.strip()[:longest] or None
    words = before.split()
    while len(words) > 1 and words[0].rstrip(".").lower() in SALUTATIONS:
        words.pop(0)
    while len(words) > 2 and _is_suffix(words[-1]):
        words.pop()
    if len(words) < 2:
        return (words[0][:longest] if words else None), None
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return " ".join(words[:at])[:longest], " ".join(words[at:])[:longest]


_SUFFIXES = words(
    "jr sr ii iii iv phd md mba cpa esq dds cfa pmp jd rn pe cissp msc bsc ma ba dmd do"
)
_PARTICLES = words(
    "van von de der den del della di da dos das du la le el al bin ibn ben ter ten zu zur"
)


def _is_suffix(word: str) -> bool:
    return word.replace(".", "").strip(",").lower() in _SUFFIXES


def geometric_middle(low: float, high: float) -> float:
    """The middle of a range that spans orders of magnitude."""
    return math.sqrt(max(low, 1) * max(high, 1))


def today() -> datetime.date:
    """The day by UTC."""
    return datetime.datetime.now(datetime.UTC).date()
