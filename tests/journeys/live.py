"""Cursive as it runs for people: web server, worker, database, catalogue, and a browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from redis import Redis

from cursive.launcher.roles import drop_database
from tests.databases import ROOT, make_database, urls_of

START_SECONDS = 60
CATALOGUE = """
from django.core.management import call_command
call_command("generate_catalogue", "--rows={rows}", "--out={path}")
call_command("load_catalogue", "{path}", "--verbosity=0")
"""
# The numbers of databases that no worker has for itself.
LIVE_REDIS, SECOND_REDIS = 14, 15


# Reads Python in JSON, a piece a line; answers each with its traceback, or with nothing. One
# process for all pieces, since to start Django takes seconds.
SHELL = """
import io, json, os, sys, traceback
from contextlib import redirect_stdout
import django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cursive.settings")
django.setup()
from django.db import connections
for line in sys.stdin:
    said, failure = io.StringIO(), ""
    try:
        with redirect_stdout(said):
            exec(json.loads(line), {"__name__": "journey"})
    except BaseException:
        failure = traceback.format_exc()
    connections.close_all()
    print(json.dumps([said.getvalue(), failure]), flush=True)
"""


@dataclass
class Live:
    """A running Cursive of its own. `make` and `run` work in it, in a process for themselves."""

    url: str
    environment: dict[str, str]
    folder: Path
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    def run(self, command: str, *options: str) -> str:
        """The output of a management command."""
        code = "import sys\nfrom django.core.management import call_command\n"
        return self._execute(f"{code}call_command({command!r}, *{options!r}, stdout=sys.stdout)")

    def make(self, code: str, **values: object) -> None:
        """Run Python there, with these values where it has {name!r}: what a journey starts from."""
        self._execute(code.format(**values))

    def _execute(self, code: str) -> str:
        if "shell" not in self.processes:
            self.start("shell", "-c", SHELL, pipes=True)
        shell = self.processes["shell"]
        assert shell.stdin is not None and shell.stdout is not None
        shell.stdin.write(json.dumps(code).encode() + b"\n")
        shell.stdin.flush()
        answer = shell.stdout.readline()
        assert answer, self.logs("shell")
        said, failure = json.loads(answer)
        assert not failure, said + failure
        return said

    def start(self, name: str, *command: str, pipes: bool = False) -> subprocess.Popen:
        """Start a Python of this Cursive in a group of its own; its log is <name>.log.

        With `pipes` it is written to and read from, and only its errors are in the log.
        """
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE if pipes else None,
            stdout=subprocess.PIPE if pipes else log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes[name] = process
        return process

    def start_worker(self) -> subprocess.Popen:
        """A Celery worker with beat in it, and two pool processes."""
        schedule = str(self.folder / "beat")
        worker = ["worker", "--beat", f"--schedule={schedule}", "--concurrency=2", "-O", "fair"]
        return self.start("worker", "-m", "celery", "--app", "cursive", *worker, "--loglevel=INFO")

    def start_payments(self) -> subprocess.Popen:
        """The server of test payments, which tells Cursive what happens there."""
        options = ["--port", self.environment["STRIPE_LOCAL_URL"].rpartition(":")[2]]
        options += ["--state", str(self.folder / "payments.sqlite")]
        options += ["--webhook", f"{self.url}/api/webhooks/stripe"]
        return self.start("payments", "-m", "credits.stripe.local", *options)

    def kill(self, name: str) -> None:
        """kill -9 for a process and all that it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End everything that runs."""
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def logs(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(url: str, process: subprocess.Popen) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        assert process.poll() is None, "the web server has ended"
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer in {START_SECONDS} s")


@contextmanager
def running(folder: Path, name: str, *, redis: int, catalogue_rows: int) -> Iterator[Live]:
    """Run Cursive on a new database `name`, with a catalogue of so many people."""
    make_database(name)
    url = f"http://localhost:{free_port()}"
    environment = {
        **os.environ,
        **urls_of(name),
        "REDIS_URL": os.environ["REDIS_URL"].rpartition("/")[0] + f"/{redis}",
        "CURSIVE_ENV": "demo",
        "CURSIVE_STATE": str(folder),
        "SECRET_KEY": "journey" * 10,
        "BASE_URL": url,
        "DATABASE_POOLED": "true",
        "JOB_LEASE_SECONDS": "5",
        "PYTHONUNBUFFERED": "1",
        "STRIPE_LOCAL_URL": f"http://127.0.0.1:{free_port()}",
    }
    Redis.from_url(environment["REDIS_URL"]).flushdb()  # limits of an earlier run
    live = Live(url=url, environment=environment, folder=folder)
    try:
        if catalogue_rows:
            live.make(CATALOGUE, rows=catalogue_rows, path=str(folder / "people.parquet"))
        options = ["--interface", "asgi", "--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
        options += ["--no-ws", "--workers-kill-timeout", "2", "cursive.asgi:application"]
        live.start_payments()
        web = live.start("web", "-m", "granian", *options)
        live.start_worker()
        _wait(url, web)
        yield live
    finally:
        live.stop()
        drop_database(os.environ["SUPERUSER_DATABASE_URL"], name)
