"""How much memory processes hold: resident (RSS), and with shared pages split fairly (PSS)."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cursive.launcher.processes import Child, list_processes, members

MEGABYTE = 1_000_000
INTERVAL = 1.0  # seconds; a look costs the kernel some milliseconds a process


@dataclass(slots=True)
class Memory:
    """Megabytes of several processes together, at their highest; 0 where it isn't known."""

    rss: float = 0.0
    pss: float = 0.0
    processes: int = 0


def memory_of(pids: Iterable[int]) -> Memory:
    """What these processes hold now; those that are gone or not ours to see count nothing."""
    total = Memory()
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        sizes = {
            name: int(rest.split()[0]) * 1024
            for name, _, rest in (line.partition(":") for line in text.splitlines()[1:])
        }
        total.rss += sizes.get("Rss", 0) / MEGABYTE
        total.pss += sizes.get("Pss", 0) / MEGABYTE
        total.processes += 1
    return total


@contextmanager
def watching(children: Iterable[Child]) -> Iterator[Callable[[], dict[str, Memory]]]:
    """Watch what each child and its group hold; inside, or after, the call gives the peaks."""
    watched = list(children)
    peaks = {child.name: Memory() for child in watched}
    over = threading.Event()

    def watch() -> None:
        while True:
            living = list_processes()
            for child in watched:
                now, peak = memory_of(members(child, living)), peaks[child.name]
                peak.rss, peak.pss = max(peak.rss, now.rss), max(peak.pss, now.pss)
                peak.processes = max(peak.processes, now.processes)
            if over.wait(INTERVAL):
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda: peaks
    finally:
        over.set()
        thread.join()
