"""Stopping what was started, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cursive.launcher.processes import (
    Child,
    find_process,
    list_processes,
    members,
    read_record,
    stop_children,
    stop_leftovers,
    write_record,
)

STOPS = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0))
SLEEPER = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(1, flush=True); time.sleep(60)"
)
# A parent that ends at SIGTERM and leaves its own child behind.
CARELESS = (
    "import subprocess, sys, time;"
    f"subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); print(1, flush=True); time.sleep(60)"
)


def spawn(code: str) -> subprocess.Popen[bytes]:
    """Start Python code; code that prints has come so far when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    if "print" in code:
        assert process.stdout is not None
        process.stdout.readline()
    return process


def child_of(process: subprocess.Popen[bytes], **changes: Any) -> Child:
    found = find_process(process.pid)
    assert found is not None
    return replace(Child("child", process.pid, found.started, 0, STOPS), **changes)


def test_a_willing_child_gets_one_polite_signal():
    process = spawn(SLEEPER)
    assert stop_children([child_of(process)], reap=process.poll) == []
    assert process.wait() == -signal.SIGTERM


def test_a_stubborn_child_is_killed_when_its_time_is_over():
    process = spawn(STUBBORN)
    stops = ((signal.SIGTERM, 0.2), (signal.SIGKILL, 2.0))
    assert stop_children([child_of(process, stops=stops)], reap=process.poll) == []
    assert process.wait() == -signal.SIGKILL


def test_force_skips_the_waiting():
    process = spawn(STUBBORN)
    began = time.monotonic()
    stops = ((signal.SIGTERM, 30.0), (signal.SIGKILL, 2.0))
    forced = lambda: time.monotonic() - began > 0.2  # noqa: E731
    assert stop_children([child_of(process, stops=stops)], reap=process.poll, forced=forced) == []
    assert time.monotonic() - began < 5


def test_children_of_a_child_are_stopped_too():
    process = spawn(CARELESS)
    child = child_of(process, stops=((signal.SIGTERM, 0.3), (signal.SIGKILL, 2.0)))
    assert len(members(child, list_processes())) == 2
    assert stop_children([child], reap=process.poll) == []
    assert [p for p in list_processes().values() if p.group == process.pid] == []


def test_what_a_child_without_a_group_started_in_other_groups_is_stopped_after_it():
    code = CARELESS.replace("]);", "], start_new_session=True);")
    assert code != CARELESS
    process = spawn(code)
    (grandchild,) = [p for p in list_processes().values() if p.parent == process.pid]
    assert grandchild.group == grandchild.pid
    assert stop_children([child_of(process, leads=False)], reap=process.poll) == []
    assert process.wait() == -signal.SIGTERM
    assert find_process(grandchild.pid) is None


def test_waves_stop_one_after_the_other():
    first, second = spawn(STUBBORN), spawn(SLEEPER)
    children = [
        child_of(second, name="second", wave=1),
        child_of(first, name="first", stops=((signal.SIGTERM, 0.3), (signal.SIGKILL, 2.0))),
    ]
    ended: list[str] = []

    def reap() -> None:
        for name, process in (("first", first), ("second", second)):
            if process.poll() is not None and name not in ended:
                ended.append(name)

    stop_children(children, reap=reap)
    assert ended == ["first", "second"]


def test_a_pid_that_now_belongs_to_somebody_else_is_left_alone(tmp_path: Path):
    stranger = spawn(SLEEPER)
    record = tmp_path / "processes.json"
    write_record(record, [child_of(stranger, started="long ago")])
    try:
        assert stop_leftovers(record) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_leftovers_of_a_killed_launcher_are_stopped_by_their_record(tmp_path: Path):
    left = spawn(SLEEPER)
    record = tmp_path / "processes.json"
    write_record(record, [child_of(left, name="web")])
    assert read_record(record)[0] == os.getpid()
    assert stop_leftovers(record) == ["web"]
    assert left.wait() == -signal.SIGTERM
    assert not record.exists()


def test_a_damaged_record_counts_as_none(tmp_path: Path):
    record = tmp_path / "processes.json"
    record.write_text("{")
    assert stop_leftovers(record) == []
