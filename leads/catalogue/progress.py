"""Shows on a terminal how far a load is."""

import sys
import time
from typing import TextIO

_WIDTH = 30


class ProgressBar:
    """A bar that moves on one line; where there is no terminal, a line every few seconds."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty()
        self._next = 0.0
        self._label = ""
        self._began = time.monotonic()

    def show(self, label: str, done: int, total: int) -> None:
        """Say that `done` of `total` is done of the step called `label`."""
        now = time.monotonic()
        if self._quiet or (now < self._next and label == self._label):
            return
        self._next = now + (0.1 if self._live else 5.0)
        self._label = label
        share = min(done / total, 1.0) if total else 0.0
        bar = "█" * round(share * _WIDTH)
        text = f"{label:<22} {bar:<{_WIDTH}} {share:4.0%}  {now - self._began:5.0f} s"
        self._stream.write(f"\r{text}" if self._live else f"{text}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leave the line."""
        if self._live and not self._quiet:
            self._stream.write("\r" + " " * 78 + "\r")
            self._stream.flush()
