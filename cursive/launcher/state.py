"""Where the launcher keeps things, and what it remembers between starts.

`.run/` in the checkout holds logs, the application's files and the record of what runs. The
servers' data lies there too, unless the launcher runs as root: PostgreSQL and Valkey then run as
another user, who may not be able to enter the checkout, and their data goes to /var/lib.
Standard library only.
"""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from cursive.launcher.errors import LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent
SYSTEM_FOLDERS = (Path("/var/lib/cursive"), Path("/var/tmp/cursive"))  # noqa: S108
FORGET_AFTER_DAYS = 7


class State:
    """The folders and remembered values of one set of servers: the demo's, or the tests'.

    `kind` is "" for `make run` and a folder name for throwaway sets ("test", "bench").
    """

    def __init__(self, root: Path = ROOT, kind: str = "") -> None:
        self.root = root
        self.kind = kind
        self.folder = root / ".run" / kind if kind else root / ".run"
        self.logs = self.folder / "logs"
        self.files = self.folder / "state"
        self.record = self.folder / "processes.json"
        self._running = self.folder / "running.json"
        self._lock: IO[str] | None = None
        try:
            for folder in (self.folder, self.logs, self.files):
                folder.mkdir(parents=True, exist_ok=True)
            self.servers = self._servers_folder()
        except OSError as error:
            raise LaunchError(f"Can't write to {self.folder}: {error.strerror}.") from error
        self._memory = self.servers / "remembered.json"

    # --- one at a time ---------------------------------------------------------------------
    def acquire(self) -> None:
        """Be the only launcher with this state, or raise LaunchError that says who is."""
        lock = (self.folder / "lock").open("a")
        for patience in (0.1, 0.2, 0.0):  # `running()` holds it for a moment.
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(patience)
            else:
                self._lock = lock
                return
        lock.close()
        raise LaunchError(self._who_runs())

    def release(self) -> None:
        """Let the next launcher in."""
        if self._lock is not None:
            self._running.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def running(self) -> dict[str, str] | None:
        """The variables that a launcher at work has announced, or None where none runs."""
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._announced().get("variables", {})
        return None

    def announce(self, *, url: str = "", variables: dict[str, str] | None = None) -> None:
        """Tell other commands where the application and its servers are (readable by us only)."""
        content = {"pid": os.getpid(), "url": url, "variables": variables or {}}
        write_private(self._running, json.dumps(content, indent=1))

    def _announced(self) -> dict[str, Any]:
        try:
            return json.loads(self._running.read_text())
        except (OSError, ValueError):
            return {}

    def _who_runs(self) -> str:
        announced = self._announced()
        if not announced:
            return "Another command is starting the servers of this checkout; wait for it."
        if announced["url"]:
            what = f"Cursive already runs in this checkout at {announced['url']}"
        else:
            what = f"`make {self.kind or 'demo-data'}` or the like already runs in this checkout"
        return f"{what} (process {announced['pid']}). Stop it there with Ctrl-C first."

    # --- what is remembered ----------------------------------------------------------------
    def secret(self, name: str) -> str:
        """A random value that is made once and kept (64 letters and digits)."""
        return self._remember(f"secret {name}", lambda: secrets.token_hex(32))

    def port(self, name: str) -> int:
        """A free port on 127.0.0.1 that stays the same unless another program has taken it."""
        port = int(self._remember(f"port {name}", lambda: str(free_port())))
        if not port_is_free("127.0.0.1", port):
            self._forget(f"port {name}")
            return self.port(name)
        return port

    def _remember(self, key: str, make: Callable[[], str]) -> str:
        memory = self._read_memory()
        if key not in memory:
            memory[key] = make()
            write_private(self._memory, json.dumps(memory, indent=1))
        return memory[key]

    def _forget(self, key: str) -> None:
        memory = self._read_memory()
        memory.pop(key, None)
        write_private(self._memory, json.dumps(memory, indent=1))

    def _read_memory(self) -> dict[str, str]:
        try:
            return json.loads(self._memory.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise LaunchError(f"{self._memory} is damaged; it holds passwords.") from error

    # --- folders ---------------------------------------------------------------------------
    def _servers_folder(self) -> Path:
        if os.geteuid() != 0:
            folder = self.folder / "servers"
            folder.mkdir(exist_ok=True, mode=0o700)
            return folder
        base = system_folder()
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:12]
        home = base / f"{self.root.name}-{digest}"
        make_passable(home)
        (home / "checkout").write_text(str(self.root))
        _forget_vanished(base, keep=home)
        folder = home / (self.kind or "run")
        make_passable(folder)
        return folder

    def discard(self) -> None:
        """Delete the servers' data and the application's files of a throwaway set."""
        if not self.kind:
            raise ValueError("only throwaway state may be discarded")
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir(exist_ok=True)
        shutil.rmtree(self.servers, ignore_errors=True)
        self._servers_folder()


def system_folder() -> Path:
    """Root only: the folder outside all checkouts, owned by root, that others may pass through."""
    for folder in SYSTEM_FOLDERS:
        try:
            if not folder.exists():
                make_passable(folder)
        except OSError:
            continue
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid != 0 or status.st_mode & 0o022:
            raise LaunchError(f"{folder} must be a folder that only root may write to.")
        return folder
    raise LaunchError(f"Root keeps the servers' data in {SYSTEM_FOLDERS[0]}, but can't make it.")


def make_passable(folder: Path) -> None:
    """Make a folder that others may pass through but not list, whatever the umask is."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)


def _forget_vanished(base: Path, *, keep: Path) -> None:
    """Delete data whose checkout is gone and that nobody has used for a week."""
    for mark in base.glob("*/checkout"):
        old = time.time() - mark.stat().st_mtime > FORGET_AFTER_DAYS * 86400
        if mark.parent != keep and old and not Path(mark.read_text()).exists():
            shutil.rmtree(mark.parent, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return port_problem(host, port) is None


def port_problem(host: str, port: int) -> OSError | None:
    """Why a server can't listen there now; None where it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
