"""The two servers of one machine, PostgreSQL and Valkey: first setup, command, readiness.

A server here is prepared (its data folder exists, leftovers of a crash are gone), started by the
supervisor as a child like any other, and then awaited. They listen on 127.0.0.1 only and ask for
generated passwords.
"""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from cursive.launcher.binaries import Postgres, ServerUser, Valkey
from cursive.launcher.errors import LaunchError
from cursive.launcher.processes import Child, Stops, command_line, find_process, stop_children
from cursive.launcher.state import State

HOST = "127.0.0.1"
LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")
BUILTIN_LOCALE_SINCE = 17
ITERATIONS_SINCE = 16
MEGABYTE = 1024 * 1024


class Server(Protocol):
    """What the supervisor needs to know about a server."""

    name: str
    wave: int
    stops: Stops
    user: ServerUser | None
    folder: Path

    def prepare(self) -> None:
        """Make the data folder ready. LaunchError with the server's own words."""

    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""

    def is_ready(self) -> bool:
        """Whether it answers."""

    def describe(self) -> str:
        """Version, origin and port for people."""


@dataclass
class PostgresServer:
    """PostgreSQL in a data folder of its own major version.

    `throwaway` trades safety against power loss for speed; the data is deleted afterwards.
    """

    state: State
    programs: Postgres
    user: ServerUser | None
    throwaway: bool = False
    name = "postgres"
    wave = 2

    def __post_init__(self) -> None:
        self.folder = self.state.servers / f"postgres-{self.programs.major}"
        self.port = self.state.port("postgres")
        self.password = self.state.secret("postgres")
        # SIGINT ends the sessions and stops cleanly; SIGQUIT stops at once and recovers later.
        clean = () if self.throwaway else ((signal.SIGINT, 8.0),)
        self.stops = (*clean, (signal.SIGQUIT, 3.0), (signal.SIGKILL, 2.0))

    @property
    def superuser_url(self) -> str:
        """The URL of the superuser, who may do anything."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.port}/postgres"

    def describe(self) -> str:
        """Version, origin and port for people."""
        return f"PostgreSQL {self.programs.version} ({self.programs.source}), port {self.port}"

    def prepare(self) -> None:
        """Make the data folder ready. LaunchError with the server's own words."""
        if (self.folder / "PG_VERSION").exists():
            end_stale_server(self.folder / "postmaster.pid", str(self.folder), self.stops)
            return
        fresh = self.folder.with_name(self.folder.name + ".new")
        _clear(fresh, self.user)
        secret = fresh.with_name("initial-password")
        _write_for(self.user, secret, self.password)
        try:
            problem = self._initdb(fresh, secret)
        finally:
            secret.unlink()
        if problem:
            raise LaunchError("PostgreSQL could not set up its data folder.", detail=problem)
        fresh.rename(self.folder)

    def _initdb(self, folder: Path, secret: Path) -> str:
        """Try the locales in turn; answers with the error output of the last try, '' if good."""
        problem = ""
        for locale in LOCALES:
            _clear(folder, self.user)
            command = [str(self.programs.folder / "initdb"), f"--pgdata={folder}"]
            command += ["--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256"]
            command += ["--encoding=UTF8", f"--locale={locale}"]
            if self.programs.major >= BUILTIN_LOCALE_SINCE:
                command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self.throwaway:
                command.append("--no-sync")
            for key, value in self._quick_sign_in().items():
                command += ["--set", f"{key}={value}"]
            answer = subprocess.run(
                command,
                capture_output=True,
                text=True,
                cwd=folder,
                env=server_environment(),
                **(self.user.popen_options() if self.user else {}),  # type: ignore[call-overload]
            )
            if answer.returncode == 0:
                return ""
            problem = answer.stderr
        return problem

    def _quick_sign_in(self) -> dict[str, int]:
        """Settings for passwords of a server that holds nothing worth guessing one for."""
        quick = self.throwaway and self.programs.major >= ITERATIONS_SINCE
        return {"scram_iterations": 1} if quick else {}

    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""
        options = {
            "port": self.port,
            "listen_addresses": HOST,
            # A socket's path may have 107 characters at most; a checkout's path may be longer.
            "unix_socket_directories": "",
            "shared_buffers": f"{_shared_buffers_mb()}MB",
            "max_connections": 500,
            "max_wal_size": "2GB",
            "random_page_cost": 1.1,
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "shared_preload_libraries": "pg_stat_statements",
        }
        if self.throwaway:
            options |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
                "wal_level": "minimal",
                "max_wal_senders": 0,
            }
        options |= self._quick_sign_in()
        command = [str(self.programs.folder / "postgres"), "-D", str(self.folder)]
        for key, value in options.items():
            command += ["-c", f"{key}={value}"]
        return command

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise LaunchError(
                    f"The data in {self.folder} belongs to an older installation whose password "
                    "is lost. Delete that folder to start afresh."
                ) from error
            return False
        return True


@dataclass
class ValkeyServer:
    """Valkey with an append-only file, so that the queue outlives a restart."""

    state: State
    program: Valkey
    user: ServerUser | None
    throwaway: bool = False
    name = "valkey"
    wave = 1
    stops: Stops = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 2.0))

    def __post_init__(self) -> None:
        self.folder = self.state.servers / "valkey"
        self.port = self.state.port("valkey")
        self.password = self.state.secret("valkey")

    @property
    def url(self) -> str:
        """The URL for REDIS_URL, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def describe(self) -> str:
        """Version, origin and port for people."""
        return f"Valkey {self.program.version} ({self.program.source}), port {self.port}"

    def prepare(self) -> None:
        """Make the data folder ready. LaunchError with the server's own words."""
        pid_file, config = self.folder / "valkey.pid", self.folder / "valkey.conf"
        if self.folder.exists():
            end_stale_server(pid_file, str(config), self.stops)
        else:
            _clear(self.folder, self.user)
        lines = [
            f"bind {HOST}",
            f"port {self.port}",
            f'dir "{self.folder}"',
            f"requirepass {self.password}",
            f"appendonly {'no' if self.throwaway else 'yes'}",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
            'logfile ""',
            f'pidfile "{pid_file}"',
            "set-proc-title no",  # The command line tells whose server it is.
        ]
        # In a file, since a command line can be read by every user of the machine.
        _write_for(self.user, config, "\n".join(lines) + "\n")

    def command(self) -> list[str]:
        """The command that runs the server in the foreground."""
        return [str(self.program.program), str(self.folder / "valkey.conf")]

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(1024)):
                    answer += part
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG")


def end_stale_server(pid_file: Path, mark: str, stops: Stops) -> None:
    """Stop a server that still works on this folder, and forget one that is gone.

    `mark` is a part of its command line: after a crash the pid in the file may belong to somebody
    else by now, and PostgreSQL would then refuse to start.
    """
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        pid = 0
    process = find_process(pid)
    if process is not None and mark in command_line(pid):
        stop_children([Child("stale", pid, process.started, 0, stops)])
    pid_file.unlink(missing_ok=True)


def server_environment() -> dict[str, str]:
    """Almost nothing: a server must not depend on the caller's variables."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def _shared_buffers_mb() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
    return max(32, min(512, memory // 8))


def _clear(folder: Path, user: ServerUser | None) -> None:
    """Make an empty folder that only the server's user may enter."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def _write_for(user: ServerUser | None, path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        if user is not None:
            os.fchown(file.fileno(), user.uid, user.gid)
