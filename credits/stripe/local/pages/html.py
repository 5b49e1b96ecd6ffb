"""What all pages share: the frame, money, dates, the choice of a card."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from ..cards import CARDS
from ..store import Obj

LABEL = "Test payments: no money moves"
STYLE = (Path(__file__).parent / "style.css").read_bytes()
# A form's answer may lead anywhere: back to the shop.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(slots=True)
class Page:
    """An answer to a browser; with `location` it is sent on."""

    body: bytes = b""
    status: int = 200
    location: str = ""
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


def page(title: str, content: str, *, status: int = 200) -> Page:
    """A whole page; `content` is HTML."""
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Test payments</title>
<link rel="stylesheet" href="/assets/style.css">
</head>
<body>
<div class="label" role="note">{LABEL}</div>
<main>
{content}
</main>
</body>
</html>
"""
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return Page(text.encode(), status, headers={**headers, "Cache-Control": "no-store"})


def sent_to(location: str) -> Page:
    """A redirect after a form."""
    return Page(status=303, location=location)


def message(title: str, text: str, *, link: str = "", label: str = "", status: int = 200) -> Page:
    """A page that says one thing, with a way on."""
    way = f'<p><a class="button main" href="{escape(link)}">{escape(label)}</a></p>' if link else ""
    content = f"<section><h1>{escape(title)}</h1><p>{escape(text)}</p>{way}</section>"
    return page(title, content, status=status)


def money(cents: int) -> str:
    """'$1,499.00'."""
    return f"{'-' if cents < 0 else ''}${abs(cents) / 100:,.2f}"


def date(moment: int) -> str:
    """'4 March 2027'."""
    found = datetime.fromtimestamp(moment, UTC)
    return f"{found.day} {found:%B %Y}"


def price_text(price: Obj) -> str:
    """'$49.00 a month'."""
    recurring = price["recurring"]
    if recurring is None:
        return money(price["unit_amount"] or 0)
    count, unit = recurring["interval_count"], recurring["interval"]
    often = f"a {unit}" if count == 1 else f"each {count} {unit}s"
    return f"{money(price['unit_amount'] or 0)} {often}"


def error_box(text: str) -> str:
    """What went wrong, read out at once."""
    return f'<p class="error" role="alert">{escape(text)}</p>' if text else ""


def card_choice(chosen: str = "") -> str:
    """Stripe's test cards to choose from."""
    chosen = chosen if chosen in CARDS else next(iter(CARDS))
    choices = "".join(
        f'<label class="choice"><input type="radio" name="card" value="{number}"'
        f"{' checked' if number == chosen else ''}>"
        f"<span>{' '.join(number[i : i + 4] for i in range(0, 16, 4))}"
        f"<small>{escape(card.label)}</small></span></label>"
        for number, card in CARDS.items()
    )
    return f"<fieldset><legend>Test card</legend>{choices}</fieldset>"


def rows(items: list[tuple[str, str]]) -> str:
    """A list with something on the right; both are HTML."""
    lines = "".join(f"<li><span>{left}</span>{right}</li>" for left, right in items)
    return f'<ul class="rows">{lines}</ul>'


def post_button(action: str, label: str, *, main: bool = False, fields: str = "") -> str:
    """A form of one button."""
    kind = ' class="main"' if main else ""
    return (
        f'<form method="post" action="{escape(action)}">{fields}'
        f"<button{kind}>{escape(label)}</button></form>"
    )
