"""What is wrong with a filter, and where."""

from collections.abc import Mapping

from cursive.lib.errors import InvalidInput


class FilterError(InvalidInput):
    """The document is no filter. `fields` maps paths, such as `all[2].value`, to sentences."""

    code = "invalid_filter"

    def __init__(self, problems: Mapping[str, str]) -> None:
        path, sentence = next(iter(problems.items()))
        more = f" There are {len(problems) - 1} more problems." if len(problems) > 2 else ""
        if len(problems) == 2:
            more = " There is one more problem."
        super().__init__(f"{sentence} (at {path}){more}", fields=problems)


def shown(text: str) -> str:
    """User text fit for a message: in quotes, short, printable."""
    cut = text if len(text) <= 40 else text[:39] + "\u2026"
    return '"' + "".join(c if c.isprintable() else "\ufffd" for c in cut) + '"'
