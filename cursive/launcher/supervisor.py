"""Starts children, watches them, and stops them in order, whatever happens.

Each child leads a process group and a session of its own, so that Ctrl-C at the terminal reaches
the supervisor only. SIGINT, SIGTERM and SIGHUP stop everything; a second SIGINT stops it at once.
When a child dies that should not, all stop and its last lines are shown.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

from cursive.launcher.binaries import ServerUser
from cursive.launcher.errors import LaunchError
from cursive.launcher.processes import (
    Child,
    Stops,
    find_process,
    stop_children,
    stop_leftovers,
    write_record,
)
from cursive.launcher.state import ROOT, State

POLL_SECONDS = 0.1
LAST_LINES = 20
APPLICATION_STOPS = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 2.0))
FORCE_AFTER_SECONDS = 0.5


class Stopped(Exception):
    """A signal asked us to stop."""


@dataclass
class Running:
    """A child with its handle and its log. `service` children must not end by themselves."""

    child: Child
    handle: subprocess.Popen[bytes]
    log: Path | None
    service: bool
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    code: int | None = None

    @property
    def name(self) -> str:
        """The child's name, which is also its log's."""
        return self.child.name

    @property
    def seconds(self) -> float:
        """How long it ran, or has run so far."""
        return (self.ended or time.monotonic()) - self.began

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        if self.code is None and (code := self.handle.poll()) is not None:
            self.code, self.ended = code, time.monotonic()
        return self.code

    def last_lines(self, count: int = LAST_LINES) -> str:
        """The end of the child's log."""
        if self.log is None:
            return ""
        with self.log.open(errors="replace") as file:
            return "".join(deque(file, count))


class Supervisor:
    """A context manager: what was started inside is stopped at its end."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.leftovers: list[str] = []
        self._in_foreground = False
        self._running: list[Running] = []
        self._requested: int | None = None
        self._requested_at = 0.0
        self._forced = False
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> "Supervisor":
        self.state.acquire()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup means it; but a script's `make run &` ignores SIGINT without meaning to.
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue
            self._handlers[number] = signal.signal(number, self._on_signal)
        self.leftovers = stop_leftovers(self.state.record)
        if self.state.kind:
            self.state.discard()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        survivors = self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self.state.kind:
            self.state.discard()
        self.state.release()
        if survivors and error is None:
            names = ", ".join(f"{child.name} ({child.pid})" for child in survivors)
            raise LaunchError(f"These processes could not be stopped: {names}.")

    # --- starting ----------------------------------------------------------------------------
    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: dict[str, str],
        service: bool = True,
        wave: int = 0,
        stops: Stops = APPLICATION_STOPS,
        user: ServerUser | None = None,
        folder: Path = ROOT,
    ) -> Running:
        """Start a child with its output in `<logs>/<name>.log` (the last one is kept as .1)."""
        log = self.state.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with log.open("wb") as output:
            handle = self._popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
                **(user.popen_options() if user is not None else {}),
            )
        return self._add(name, handle, log, service=service, wave=wave, stops=stops, leads=True)

    def run(self, name: str, command: Sequence[str], *, environment: dict[str, str]) -> None:
        """Run a command to its end. LaunchError with its last lines when it fails."""
        self.finish(self.start(name, command, environment=environment, service=False))

    def finish(self, running: Running) -> None:
        """Wait for a child that ends by itself. LaunchError with its last lines when it fails."""
        if self.wait(running) != 0:
            raise LaunchError(f"'{running.name}' failed.", detail=running.last_lines())

    def wait(self, running: Running) -> int:
        """Wait for a child that ends by itself and answer with its exit code."""
        for _, code in self.as_they_end([running]):
            return code
        raise AssertionError("unreachable")

    def as_they_end(self, children: Sequence[Running]) -> Iterator[tuple[Running, int]]:
        """Wait for children that end by themselves: each with its exit code as soon as it ends."""
        left = list(children)
        while left:
            for running in list(left):
                if (code := running.poll()) is not None:
                    left.remove(running)
                    self._running.remove(running)
                    self._write_record()
                    yield running, code
            self.check()
            time.sleep(POLL_SECONDS / 2)

    def foreground(
        self, command: Sequence[str], *, environment: dict[str, str], folder: Path | None = None
    ) -> int:
        """Run a command on the terminal, in our own process group, and answer with its code.

        Ctrl-C reaches it directly and is its own affair; other signals stop it as they stop us.
        """
        handle = self._popen(command, env=environment, cwd=folder)
        # SIGINT lets pytest take down what its fixtures have started.
        stops = ((signal.SIGINT, 10.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))
        running = self._add(
            "command", handle, None, service=False, wave=-1, stops=stops, leads=False
        )
        self._in_foreground = True
        try:
            code = self.wait(running)
        finally:
            self._in_foreground = False
        return code if code >= 0 else 128 - code

    def _popen(self, command: Sequence[str], **options: object) -> subprocess.Popen[bytes]:
        self._start_watchdog()
        try:
            return subprocess.Popen(command, **options)  # type: ignore[call-overload,no-any-return]
        except OSError as error:
            raise LaunchError(f"Can't run {command[0]}: {error.strerror}.") from error

    def _add(
        self,
        name: str,
        handle: subprocess.Popen[bytes],
        log: Path | None,
        *,
        service: bool,
        wave: int,
        stops: Stops,
        leads: bool,
    ) -> Running:
        process = find_process(handle.pid)
        child = Child(name, handle.pid, process.started if process else "", wave, stops, leads)
        running = Running(child, handle, log, service)
        self._running.append(running)
        self._write_record()
        return running

    def _write_record(self) -> None:
        write_record(self.state.record, [running.child for running in self._running])

    def _start_watchdog(self) -> None:
        if self._watchdog is not None:
            return
        script = str(ROOT / "run.py")
        self._watchdog = subprocess.Popen(
            [sys.executable, "-S", script, "watchdog", str(self.state.record), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            start_new_session=True,
        )

    # --- watching ----------------------------------------------------------------------------
    def check(self) -> None:
        """Raise Stopped after a signal, LaunchError when a service has died."""
        if self._requested is not None:
            raise Stopped
        self._raise_for_dead_service()

    def _raise_for_dead_service(self) -> None:
        for running in self._running:
            code = running.poll()
            if code is not None and running.service:
                how = f"with code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
                raise LaunchError(
                    f"'{running.name}' ended unexpectedly ({how}), so everything stops.",
                    detail=running.last_lines(),
                )

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Ask `ready` again and again while watching. LaunchError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise LaunchError(f"{what} didn't answer within {seconds:.0f} seconds.")
            time.sleep(POLL_SECONDS / 2)

    def watch(self) -> None:
        """Stay until a signal comes (Stopped) or a service dies (LaunchError)."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._in_foreground:
            return
        now = time.monotonic()
        if self._requested is None:
            self._requested, self._requested_at = number, now
        elif number == signal.SIGINT and now - self._requested_at > FORCE_AFTER_SECONDS:
            # One Ctrl-C may arrive twice, through make and through the terminal.
            self._forced = True

    # --- stopping ----------------------------------------------------------------------------
    def stop(self) -> list[Child]:
        """Stop all children in order, then the watchdog; answers with those that won't end."""
        survivors = stop_children(
            [running.child for running in self._running],
            reap=self._reap,
            forced=lambda: self._forced,
        )
        self._running.clear()
        self.state.record.unlink(missing_ok=True)
        if self._watchdog is not None:
            pipe: IO[bytes] | None = self._watchdog.stdin
            if pipe is not None:
                pipe.close()
            self._watchdog.wait()
            self._watchdog = None
        return survivors

    def _reap(self) -> None:
        for running in self._running:
            running.poll()
