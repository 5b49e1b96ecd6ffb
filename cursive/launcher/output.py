"""What the launcher prints: one short line a step, with its seconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "") -> None:
    """Print a line; a terminal that is gone must not keep us from stopping the servers."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = sys.stderr


def report(what: str, seconds: float, note: str = "") -> None:
    """One line for a step that is done."""
    say(f"  {what:<16}{seconds:7.1f} s   {note}".rstrip())


@contextmanager
def step(what: str) -> Iterator[list[str]]:
    """Time a step; what is appended to the list becomes its note."""
    notes: list[str] = []
    began = time.monotonic()
    yield notes
    report(what, time.monotonic() - began, ", ".join(notes))
