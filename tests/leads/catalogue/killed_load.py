"""Loads a file in a process that kills itself; run by test_restart and test_memory.

Arguments: file, directory, what to do, a number. `rename N` dies before the Nth rename, `show N`
at the Nth sign of progress, `measure 0` lives and prints by how many MB its memory grew;
`measure 1` too, and reads row by row.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from leads.catalogue.loader import load_file
from leads.catalogue.progress import ProgressBar


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Counting(ProgressBar):
    """Calls `die` at the Nth sign of progress."""

    def __init__(self, last: int) -> None:
        super().__init__(quiet=True)
        self._left = last

    def show(self, label: str, done: int, total: int) -> None:
        self._left -= 1
        if self._left == 0:
            die()


def count_renames(last: int) -> None:
    left = [last]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "os.rename":
            left[0] -= 1
            if left[0] == 0:
                die()

    sys.addaudithook(hook)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    path, directory, how, number = sys.argv[1:]
    before = peak()
    part_rows = 100_000 if how == "measure" else 300
    bar = Counting(int(number) if how == "show" else 0)
    if how == "rename":
        count_renames(int(number))
    loaded = load_file(
        Path(path),
        Path(directory),
        part_rows=part_rows,
        progress=bar,
        # A load is gone on with in either way of reading.
        careful=how == "rename" or (how == "measure" and number == "1"),
    )
    sys.stdout.write(f"{loaded.rows} {peak() - before:.0f}\n")


if __name__ == "__main__":
    main()
