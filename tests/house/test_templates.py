"""Rules about templates: strict policy, known icons, links that work without JavaScript."""

import re
from pathlib import Path

import pytest

from cursive.lib.ui.sprite import icon_names
from tests.house.rules import ROOT

TEMPLATES = ROOT / "templates"
COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}", re.DOTALL)
# Mail is read in mail programs, which know neither our policy nor style sheets.
MAIL = re.compile(r"(^|/)(email|emails|mails)/")

# What each rule finds; the policy has no unsafe-inline and no unsafe-eval.
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "hx-on, which needs unsafe-eval": re.compile(r"\shx-on\b", re.IGNORECASE),
    "JavaScript in an attribute": re.compile(r"=\s*[\"']\s*(js|javascript):", re.IGNORECASE),
    "a filter in hx-trigger, which needs unsafe-eval": re.compile(r"hx-trigger=\"[^\"]*\["),
    "a file from elsewhere": re.compile(
        r"<(script|link|img|iframe|source)\b[^>]*\b(src|href)=[\"'](https?:)?//", re.IGNORECASE
    ),
    "htmx 2's names": re.compile(
        r"\s(hx-disabled-elt|hx-ext|sse-connect|sse-swap|hx-disinherit)\b"
    ),
}
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
ICON = re.compile(r"{%\s*icon\s+[\"']([^\"']+)[\"']")
ICON_ARGUMENT = re.compile(r"\bicon=[\"']([^\"']+)[\"']")
BY_ITSELF = re.compile(r"hx-trigger=\"[^\"]*\b(load|every|revealed|intersect|from:)")
ACTOR = re.compile(r"<(a|div|span)\b[^>]*\shx-(get|post|put|patch|delete)=")


def problems_of(text: str) -> list[str]:
    """What in one template breaks a rule."""
    text = COMMENT.sub("", text)
    found = [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]
    for attributes in SCRIPT.findall(text):
        if "src=" not in attributes and "application/json" not in attributes:
            found.append("an inline script")
    for tag in ACTOR.finditer(text):
        element = text[tag.start() : text.index(">", tag.end())]
        acts_by_itself = re.search(
            r"hx-trigger=\"[^\"]*\b(load|every|revealed|intersect|from:)", element
        )
        if "href=" not in element and not acts_by_itself:
            found.append(f"<{tag[1]} hx-{tag[2]}> that keys can't reach")
    unknown = {*ICON.findall(text), *ICON_ARGUMENT.findall(text)} - icon_names()
    return found + [f"no icon {name!r}" for name in sorted(unknown)]


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*.html") if not MAIL.search(path.as_posix()))


@pytest.mark.parametrize(
    "path", templates(), ids=lambda path: path.relative_to(TEMPLATES).as_posix()
)
def test_template_keeps_the_rules(path):
    """X-6, X-13"""
    assert problems_of(path.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        '<button onclick="x()">',
        '<a hx-on:click="x()" href="/">',
        '<a href="javascript:x()">',
        "<div hx-vals='js:{a: 1}'>",
        '<input hx-trigger="keyup[key==1]">',
        '<script src="https://cdn.example/x.js"></script>',
        '<img src="//elsewhere.example/x.png">',
        "<script>x()</script>",
        '{% icon "no-such-icon" %}',
        '{% empty title="x" icon="no-such-icon" %}',
        '<div hx-post="/x"></div>',
        '<button hx-disabled-elt="this">',
    ],
)
def test_the_rules_bite(bad):
    assert problems_of(bad) != []


@pytest.mark.parametrize(
    "good",
    [
        '<script type="module" src="{% static \'js/x.js\' %}"></script>',
        '<script data-allauth-onload="a" type="application/json">{}</script>',
        '<a href="/x" hx-get="/x" hx-target="#y">x</a>',
        '<div hx-get="/x" hx-trigger="load"></div>',
        '<button hx-post="/x">x</button>',
        '{# <p style="x"> #}<a href="https://elsewhere.example/">x</a>',
        '{% icon "users" %}',
    ],
)
def test_the_rules_let_pass(good):
    assert problems_of(good) == []


def unlabelled(text: str) -> list[str]:
    """Cells of stacked tables that would stand without a label at narrow widths (X-13)."""
    tables = re.findall(r'cls="stack".*?{% endtable %}', text, re.DOTALL)
    cells = [cell for table in tables for cell in re.findall(r"<td\b[^>]*", table)]
    known = ("data-label=", "stack-title", "stack-corner", "row-actions")
    return [cell for cell in cells if not any(word in cell for word in known)]


def test_cells_of_stacked_tables_have_labels():
    """X-13: a row is a card at narrow widths, and its head is not seen there."""
    assert [path.name for path in templates() if unlabelled(path.read_text())] == []
    assert unlabelled('{% table label="x" cls="stack" %}<tr><td>x</td></tr>{% endtable %}')


def test_style_sheets_and_scripts_name_no_source_map():
    """Without the maps a manifest of static files could not be made."""
    files = [*ROOT.glob("static/**/*.css"), *ROOT.glob("static/**/*.js")]
    assert files
    assert [path.name for path in files if "sourceMappingURL" in path.read_text()] == []


def test_own_scripts_make_no_code_from_text():
    """X-6: no unsafe-eval."""
    for path in ROOT.glob("static/js/**/*.js"):
        assert not re.search(r"\beval\(|new Function\(", path.read_text()), path.name
