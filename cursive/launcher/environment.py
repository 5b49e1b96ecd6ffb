"""The virtual environment in `.venv`, made from the locked requirements. Standard library only.

run.py calls this with whatever Python there is, before any package is installed. The environment
is touched only when the lock file or the Python has changed: a stamp in it says what it was made
from.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cursive.launcher.errors import LaunchError
from cursive.launcher.state import ROOT

RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
LOCKED = {"requirements.in": RUNTIME, "requirements-dev.in": DEVELOPMENT}
NEEDED_MEGABYTES = 1500
SHOWN_LINES = 15


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._stamp = self.folder / "made-from"
        self._tools = root / ".run" / "tools"

    def is_active(self) -> bool:
        """Whether this very process runs inside the environment."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def prepare(self, requirements: str) -> None:
        """Make or bring up to date the environment. LaunchError says what failed.

        One that was made for development serves for running too.
        """
        if self._fits(requirements):
            return
        self._require_disk()
        with self._alone():
            if self._fits(requirements):
                return
            # Whoever once ran the tests gets the larger set again.
            name = DEVELOPMENT if self._made_from()[0] == DEVELOPMENT else requirements
            print("Installing the Python packages (only when they have changed) ...", flush=True)
            began = time.monotonic()
            try:
                self._install(name)
            except OSError as error:
                raise LaunchError(f"Can't write to {self.folder}: {error.strerror}.") from error
            print(f"  packages {time.monotonic() - began:31.1f} s", flush=True)

    def lock(self, *, upgrade: bool) -> None:
        """Resolve requirements*.in into the hashed lock files, for all platforms."""
        with self._alone():
            uv = self._find_uv()
            if uv is None:
                raise LaunchError("Locking needs uv, and it could not be installed by pip.")
            for source, target in LOCKED.items():
                self._call(
                    [uv, "pip", "compile", "--universal", "--python-version", "3.11"]
                    + ["--generate-hashes", "--no-annotate", "--no-header", "--quiet"]
                    + (["--upgrade"] if upgrade else [])
                    + ["--output-file", target, source],
                    f"{source} could not be resolved",
                )
                refuse_addresses(self.root / target)
                print(f"  {target} is up to date", flush=True)

    # --- is it the right one? ----------------------------------------------------------------
    def _fits(self, requirements: str) -> bool:
        name, digest = self._made_from()
        return (
            name in (requirements, DEVELOPMENT)
            and digest == self._digest(name)
            and self.python.exists()
        )

    def _made_from(self) -> tuple[str, str]:
        try:
            name, digest = self._stamp.read_text().split()
        except (OSError, ValueError):
            return "", ""
        return name, digest

    def _digest(self, requirements: str) -> str:
        """Changes with the lock file, the Python and the machine."""
        try:
            lock = (self.root / requirements).read_bytes()
        except OSError as error:
            raise LaunchError(f"{requirements} is missing; get it back with git.") from error
        base = getattr(sys, "_base_executable", sys.executable)
        about = [os.path.realpath(base), platform.python_version(), platform.machine()]
        return hashlib.sha256(lock + "\n".join(about).encode()).hexdigest()

    # --- making it -----------------------------------------------------------------------------
    def _install(self, requirements: str) -> None:
        uv = self._find_uv()
        base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        if not self._is_sound(needs_pip=uv is None):
            shutil.rmtree(self.folder, ignore_errors=True)
            make = [uv, "venv", "--quiet", "--python", base] if uv else [base, "-m", "venv"]
            self._call([*make, str(self.folder)], "The virtual environment could not be made")
        self._stamp.unlink(missing_ok=True)
        if uv:
            # sync also removes what is no longer in the lock file.
            install = [uv, "pip", "sync", "--quiet", "--python", str(self.python)]
        else:
            install = [str(self.python), "-m", "pip", "install", "--quiet", "--requirement"]
        self._call([*install, requirements], "The Python packages could not be installed")
        self._stamp.write_text(f"{requirements} {self._digest(requirements)}\n")

    def _is_sound(self, *, needs_pip: bool) -> bool:
        """Whether there is an environment that runs, with the minor version of our Python."""
        wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
        modules = "sys, pip" if needs_pip else "sys"
        return (self.folder / "lib" / wanted).is_dir() and _answers(
            [self.python, "-c", f"import {modules}"]
        )

    def _find_uv(self) -> str | None:
        """uv from the PATH, or fetched by pip into .run/tools; None where neither works."""
        fetched = self._tools / "bin" / "uv"
        for found in (shutil.which("uv"), str(fetched)):
            if found and _answers([found, "--version"]):
                return found
        base = getattr(sys, "_base_executable", sys.executable)
        self._tools.mkdir(parents=True, exist_ok=True)
        if not _answers([base, "-m", "pip", "install", "--quiet", "--target", self._tools, "uv"]):
            return None
        return str(fetched) if _answers([str(fetched), "--version"]) else None

    def _call(self, command: Sequence[str], sentence: str) -> None:
        environment = {**os.environ, "UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never"}
        for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
            environment.pop(name, None)
        answer = subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if answer.returncode != 0:
            lines = answer.stdout.strip().splitlines()[-SHOWN_LINES:]
            raise LaunchError(f"{sentence} (is the network up?).", detail="\n".join(lines))

    def _require_disk(self) -> None:
        free = shutil.disk_usage(self.root).free // (1024 * 1024)
        if free < NEEDED_MEGABYTES:
            raise LaunchError(
                f"Only {free} MB are left on the disk of {self.root}; "
                f"the packages and the servers need {NEEDED_MEGABYTES} MB."
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process at a time works on the environment; others wait."""
        folder = self.root / ".run"
        try:
            folder.mkdir(exist_ok=True)
            lock = (folder / "environment.lock").open("a")
        except OSError as error:
            raise LaunchError(f"Can't write to {folder}: {error.strerror}.") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Waiting for another command that installs packages ...", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def refuse_addresses(lock: Path) -> None:
    """LaunchError when a lock file names a host, a URL or a path: it must work everywhere."""
    for number, line in enumerate(lock.read_text().splitlines(), 1):
        if re.search(r"://|^\s*-|\s@\s|file:", line) and not line.lstrip().startswith("--hash="):
            raise LaunchError(f"{lock.name} names an address in line {number}: {line.strip()}")


def _answers(command: Sequence[str | Path]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
