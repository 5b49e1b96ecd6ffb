"""What a score is made of, in words for people."""

from dataclasses import dataclass

from .rule import MOST

NAMES = {
    "email": "E-mail verified",
    "phone": "Phone verified",
    "title": "Job title",
    "topic": "Intent topic",
    "pages": "Pages viewed",
    "minutes": "Time on your site",
    "size": "Company size",
    "industry": "Industry",
    "recency": "Recency",
}
# Why a part gives all its points, or none.
REASONS = {
    "email": ("The address is verified.", "The address isn't verified."),
    "phone": ("The number is verified.", "The number isn't verified."),
    "title": ("One that you look for.", "None that you look for."),
    "topic": ("Reads up on what you sell.", "No topic of yours."),
    "size": ("As large as your customers.", "Not as large as your customers."),
    "industry": ("One of yours.", "None of yours."),
}


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of the score: what it is for, its points, the most that it gives, and why."""

    words: str
    points: int
    most: int
    reason: str


def explain(factors: object) -> list[Factor]:
    """The parts of a score in words, in the order of the rule; `factors` as a lead keeps them.

    Empty where a lead has none yet.
    """
    if not isinstance(factors, dict):
        return []
    return [
        Factor(NAMES[part], points, most, _reason(part, points))
        for part, most in MOST.items()
        if isinstance(points := factors.get(part), int)
    ]


def _reason(part: str, points: int) -> str:
    if part in REASONS:
        return REASONS[part][0 if points else 1]
    if part == "pages":
        return f"3 points a page, at most {MOST[part]}."
    if part == "minutes":
        return f"1 point a minute, at most {MOST[part]}."
    days = MOST[part] - points
    if not points:
        return f"{days} days old or older."
    age = {0: "New today", 1: "1 day old"}.get(days, f"{days} days old")
    return f"{age}; a point less each day."
