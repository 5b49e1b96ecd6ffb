"""Stops what the launcher started when the launcher itself is killed.

It reads from a pipe that the launcher holds open: the end of the pipe is the end of the
launcher, whatever ended it. The launcher starts it as `run.py watchdog RECORD PID`. Standard
library only.
"""

import os
import signal
from pathlib import Path

from cursive.launcher.processes import read_record, stop_children


def watch(record: str, launcher: str, *, pipe: int) -> None:
    """Wait for the pipe to close, then stop the children that `launcher` (a pid) recorded."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # Whoever stops the launcher doesn't mean us.
    while os.read(pipe, 1):
        pass
    pid, children = read_record(Path(record))
    if pid == int(launcher):
        stop_children(children)
