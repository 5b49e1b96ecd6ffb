"""The icon sprite `static/icons.svg`: which icons there are, and how to add one.

Icons come from Tabler Icons (MIT). Adding some, with that package unpacked somewhere:
`python -m cursive.lib.ui.sprite path/to/icons/outline rocket telescope`
"""

import re
import sys
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

SPRITE = "icons.svg"
SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)" viewBox="0 0 24 24">(.*?)</symbol>', re.DOTALL)
# Tabler draws an invisible frame first; it says nothing that the viewBox doesn't.
FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


def read_symbols(text: str) -> dict[str, str]:
    """The sprite's icons: name → drawing."""
    return dict(SYMBOL.findall(text))


def write_symbols(symbols: dict[str, str]) -> str:
    """The sprite's text, one icon a line, sorted by name."""
    lines = [
        f'<symbol id="{name}" viewBox="0 0 24 24">{symbols[name]}</symbol>'
        for name in sorted(symbols)
    ]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(lines) + "\n</svg>\n"


def drawing(svg: str) -> str:
    """What is inside one icon file, on one line, without the invisible frame."""
    inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    return re.sub(r"\s*\n\s*", "", FRAME.sub("", inner)).replace(" />", "/>").strip()


@cache
def icon_names() -> frozenset[str]:
    """The names that `{% icon %}` knows."""
    path = finders.find(SPRITE)
    if not path:
        return frozenset()
    return frozenset(read_symbols(Path(path).read_text(encoding="utf-8")))


def add_icons(sprite: Path, source: Path, names: list[str]) -> None:
    """Put the icons `names` from the folder `source` into `sprite`."""
    symbols = read_symbols(sprite.read_text(encoding="utf-8")) if sprite.exists() else {}
    for name in names:
        symbols[name] = drawing((source / f"{name}.svg").read_text(encoding="utf-8"))
    sprite.write_text(write_symbols(symbols), encoding="utf-8")


if __name__ == "__main__":
    add_icons(Path("static") / SPRITE, Path(sys.argv[1]), sys.argv[2:])
