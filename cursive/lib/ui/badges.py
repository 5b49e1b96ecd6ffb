"""Small coloured labels: statuses, scores, initials. Colour never says anything alone."""

from typing import Any
from zlib import crc32

from django.utils.html import format_html
from django.utils.safestring import SafeString

from .formatting import NOTHING

TONES = ("neutral", "info", "success", "warning", "danger", "brand")

# Status words of every table of the product, by what they mean for the reader.
STATUS_TONES = {
    "success": "active approved completed delivered paid valid verified won healthy ok succeeded "
    "accepted sold sent published enabled current",
    "warning": "paused pending_review past_due catch_all risky expiring degraded disputed held "
    "low waiting grace retrying unconfirmed",
    "danger": "failed rejected invalid lost disabled bounced complained revoked expired error "
    "declined frozen suspended disposable spamtrap dead unhealthy down refused",
    "info": "new processing running queued open trialing contacted in_review test scheduled "
    "submitted sending invited qualified review validating publishing",
}
TONE_OF = {word: tone for tone, words in STATUS_TONES.items() for word in words.split()}
# The bands of a score, from the top: lowest score, name, tone.
BANDS = ((80, "excellent", "success"), (60, "good", "info"), (40, "fair", "warning"))
AVATAR_COLOURS = 8
DOT = SafeString('<span class="pill-dot" aria-hidden="true"></span>')


def badge(text: Any, *, tone: str = "neutral", dot: bool = False) -> SafeString:
    """A small label in one of `TONES`; `dot` puts a coloured point before plain text."""
    if tone not in TONES:
        tone = "neutral"
    mark = DOT if dot else ""
    return format_html('<span class="pill pill-{}">{}{}</span>', tone, mark, text)


def status_badge(value: str, *, label: str = "") -> SafeString:
    """The badge of a status code such as `past_due`; `label` overrides its words."""
    words = label or str(value).replace("_", " ").replace("-", " ").capitalize()
    return badge(words, tone=TONE_OF.get(str(value).lower(), "neutral"), dot=True)


def score_band(value: int) -> tuple[str, str]:
    """Name and tone of the band that a score of 0 to 100 lies in."""
    return next(((name, tone) for low, name, tone in BANDS if value >= low), ("low", "neutral"))


def score_badge(value: int | None) -> SafeString:
    """A score in its band's colour, with the band's name for who can't see the colour."""
    if value is None:
        return format_html('<span class="text-secondary">{}</span>', NOTHING)
    name, tone = score_band(value)
    return format_html(
        '<span class="score score-{}" title="{} of 100, {}">{}'
        '<span class="visually-hidden"> of 100, {}</span></span>',
        tone,
        value,
        name,
        value,
        name,
    )


def initials_of(name: str) -> str:
    """At most two initials: of the first and the last word; of an address, of what names its owner.

    'Alice' and 'alice@acme.example' are both 'A', 'Ana Maria Muster' and 'ana.muster@…' 'AM'.
    """
    if "@" in name and " " not in name:
        name = name.partition("@")[0].replace(".", " ").replace("_", " ").replace("-", " ")
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()[:2]


def avatar(name: str, *, size: str = "sm") -> SafeString:
    """Initials of `name`. Decoration: the name itself must stand beside it."""
    colour = crc32(str(name).encode("utf-8", "replace")) % AVATAR_COLOURS
    return format_html(
        '<span class="who who-{} who-c{}" aria-hidden="true">{}</span>',
        size,
        colour,
        initials_of(str(name)) or "?",
    )
