"""Processes by pid, group and start time: who is alive, and how they are brought to an end.

A pid alone proves nothing (it is reused after a crash or a reboot); a pid with its start time
does. What the launcher started is written to a record file, so that a watchdog or the next start
can stop what a killed launcher left behind. Standard library only.
"""

import json
import os
import platform
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

POLL_SECONDS = 0.05

Stops = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Process:
    """One living process, as the system lists it. `started` is text that only has to compare."""

    pid: int
    parent: int
    group: int
    started: str


@dataclass(frozen=True, slots=True)
class Child:
    """Something that was started and how it is stopped.

    `stops` are (signal number, seconds to wait for it) in order of growing force. Children of a
    lower `wave` are stopped first. `leads` says that the child leads a process group of its own.
    """

    name: str
    pid: int
    started: str
    wave: int
    stops: Stops
    leads: bool = True


def list_processes() -> dict[int, Process]:
    """All living processes by pid; zombies are left out."""
    if platform.system() == "Linux":
        return {process.pid: process for process in _from_proc()}
    return {process.pid: process for process in _from_ps()}


def _from_proc() -> list[Process]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text(errors="replace")
        except OSError:
            continue
        # The name in parentheses may hold spaces and parentheses; what follows is fixed.
        fields = text[text.rindex(")") + 2 :].split()
        if fields[0] not in "ZX":
            found.append(
                Process(int(entry.name), int(fields[1]), int(fields[2]), f"{fields[19]}@{boot}")
            )
    return found


def _from_ps() -> list[Process]:
    output = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat=,lstart="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 4) for line in output.splitlines()]
    return [
        Process(int(row[0]), int(row[1]), int(row[2]), row[4].strip())
        for row in rows
        if len(row) == 5 and not row[3].startswith("Z")
    ]


def find_process(pid: int) -> Process | None:
    """The living process with this pid, or None."""
    return list_processes().get(pid)


def command_line(pid: int) -> str:
    """The command line of a process, or '' when it is gone or not ours to read."""
    try:
        if platform.system() == "Linux":
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        command = ["ps", "-p", str(pid), "-o", "command="]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def members(child: Child, living: dict[int, Process]) -> list[int]:
    """The pids that are left of `child` and, where it leads a group, of its group."""
    leader = living.get(child.pid)
    if leader is not None and leader.started != child.started:
        return []
    if not child.leads:
        return [] if leader is None else [child.pid]
    return [process.pid for process in living.values() if process.group == child.pid]


def stop_children(
    children: Sequence[Child],
    *,
    reap: Callable[[], object] = lambda: None,
    forced: Callable[[], bool] = lambda: False,
) -> list[Child]:
    """Stop all children wave by wave; answers with those that outlived even the last signal.

    `reap` is called before each look, for a caller who is the parent. As soon as `forced()` is
    true every child gets its last signal at once. A child that leads no group may have started
    others in groups of their own (tests do): what it leaves of them is stopped in the next wave.
    """
    living = list_processes()
    children = [*children, *(left for child in children for left in _offspring(child, living))]
    for wave in sorted({child.wave for child in children}):
        _stop_wave([child for child in children if child.wave == wave], reap, forced)
    living = list_processes()
    return [child for child in children if members(child, living)]


def _offspring(child: Child, living: dict[int, Process]) -> list[Child]:
    """All descendants of a child that leads no group, to be stopped after it."""
    if child.leads or not members(child, living):
        return []
    found: list[Process] = []
    parents = {child.pid}
    while parents:
        young = [process for process in living.values() if process.parent in parents]
        found += young
        parents = {process.pid for process in young}
    stops = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))
    return [
        Child(f"{child.name} {one.pid}", one.pid, one.started, child.wave + 1, stops, leads=False)
        for one in found
    ]


def _stop_wave(
    children: list[Child], reap: Callable[[], object], forced: Callable[[], bool]
) -> None:
    step = {child.name: -1 for child in children}
    deadline = {child.name: 0.0 for child in children}
    while True:
        reap()
        living, now = list_processes(), time.monotonic()
        left = [child for child in children if members(child, living)]
        for child in list(left):
            last = len(child.stops) - 1
            if now < deadline[child.name] and not (forced() and step[child.name] < last):
                continue
            if step[child.name] == last:
                left.remove(child)  # Not even the last signal ended it.
                continue
            step[child.name] = last if forced() else step[child.name] + 1
            number, seconds = child.stops[step[child.name]]
            deadline[child.name] = now + seconds
            _send(child, number, living)
        if not left:
            return
        time.sleep(POLL_SECONDS)


def _send(child: Child, number: int, living: dict[int, Process]) -> None:
    try:
        if number == signal.SIGKILL or child.pid not in living:
            for pid in members(child, living):
                os.kill(pid, number)
        else:
            os.kill(child.pid, number)
    except ProcessLookupError:
        pass


def write_record(path: Path, children: Sequence[Child]) -> None:
    """Write down who runs, with our own pid and start time."""
    me = find_process(os.getpid())
    content = {
        "launcher": {"pid": os.getpid(), "started": me.started if me else ""},
        "children": [asdict(child) for child in children],
    }
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=1))
    fresh.replace(path)


def read_record(path: Path) -> tuple[int, list[Child]]:
    """(pid of the launcher that wrote it, its children); (0, []) where there is no record."""
    try:
        content = json.loads(path.read_text())
        children = [
            Child(**{**entry, "stops": tuple((int(n), float(s)) for n, s in entry["stops"])})
            for entry in content["children"]
        ]
        return int(content["launcher"]["pid"]), children
    except (OSError, ValueError, KeyError, TypeError):
        return 0, []


def stop_leftovers(path: Path) -> list[str]:
    """Stop what a killed launcher left running, by its record; answers with their names."""
    _, children = read_record(path)
    living = list_processes()
    left = [child for child in children if members(child, living)]
    stop_children(left)
    path.unlink(missing_ok=True)
    return [child.name for child in left]
