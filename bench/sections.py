"""The sections of the report. Each is measured by a process and on a database of its own.

So one that fails, hangs or is killed for its memory takes no other with it. Run as a module this
is that process: `python -m bench.sections TARGET ANSWER`, with the options as JSON on standard
input; rows, or what went wrong, are written as JSON to ANSWER.
"""

import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import django

from bench.options import ROOT, Options
from bench.report import Outcome, Row
from cursive.launcher.errors import LaunchError
from cursive.launcher.roles import drop_database, prepare_database

ROLES = ("DATABASE_URL", "ADMIN_DATABASE_URL", "OWNER_DATABASE_URL")
STOP_SECONDS = 7  # less than the launcher gives us


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report. `target` is 'module:function', called with Options, returns Rows.

    One that needs a `database` finds Django set up on its own, migrated and empty. `yardstick`
    says in words what it compares with.
    """

    name: str
    target: str
    yardstick: str = ""
    limit: int = 600  # seconds
    database: bool = True


SECTIONS = (
    Section(
        "catalogue", "bench.catalogue:run", "the engine asked by hand on the same file", limit=1_800
    ),
    Section("ledger", "bench.ledger:run", "the same two statements as bare SQL"),
    Section("webhook", "bench.webhook:run", "the same rows as bare SQL"),
    Section("api", "bench.api:run", "the same calls without metering and limits"),
    Section("pull", "bench.pull:run", "COPY of the same rows into the same table", limit=1_800),
    Section("scoring", "bench.scoring:run", "one plain UPDATE of as many rows", limit=1_800),
    Section(
        "leads",
        "bench.leads:run",
        "the same page of a workspace of 1,000 leads; a bare UPDATE of the same leads",
        limit=1_800,
    ),
    Section("imports", "bench.imports:run", "COPY of the same leads, indexed", limit=1_800),
    Section(
        "partners",
        "bench.partners:run",
        "COPY of the same listings and their people, indexed",
        limit=1_800,
    ),
    Section(
        "enrichment",
        "bench.enrichment:run",
        "one join by hand; the same file by the csv module",
        limit=1_800,
    ),
    Section(
        "marketplace",
        "bench.marketplace:run",
        "the same filter, counted alone",
        limit=1_800,
    ),
    Section(
        "purchases-marketplace",
        "bench.marketplace_purchases:run",
        "as many spends by the ledger's own operation",
    ),
    Section(
        "pages",
        "bench.pages:run",
        "a static file from the same server at the same load",
        limit=1_800,  # alone, it makes the catalogue too
    ),
)


class Unmeasured(Exception):
    """A section has no figures; the sentence says why."""


def measure(section: Section, options: Options) -> Outcome:
    """Measure one section. Never raises for what goes wrong in it."""
    began = time.monotonic()
    rows: tuple[Row, ...] = ()
    error = ""
    try:
        with scratch_environment(section) as environment:
            rows = tuple(_in_child(section, options, environment))
    except (Unmeasured, LaunchError) as problem:
        error = str(problem)
    return Outcome(section.name, rows, error, time.monotonic() - began, section.yardstick)


@contextmanager
def scratch_environment(section: Section) -> Iterator[dict[str, str]]:
    """The environment of a section's process; its database is dropped afterwards."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "cursive.settings",
        "CURSIVE_ENV": "demo",
        "LOG_LEVEL": "WARNING",
    }
    if not section.database:
        yield environment
        return
    superuser = os.environ.get("SUPERUSER_DATABASE_URL", "")
    if not superuser or not all(os.environ.get(role) for role in ROLES):
        raise Unmeasured(
            f"it needs {', '.join(ROLES)} and SUPERUSER_DATABASE_URL, to make its own database."
        )
    name = f"bench_{section.name}_{os.getpid()}"
    try:
        prepare_database(superuser, name, replace=True)
        for role in ROLES:
            environment[role] = urlsplit(os.environ[role])._replace(path=f"/{name}").geturl()
        command = [sys.executable, "manage.py", "migrate", "--database=owner", "--verbosity=0"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unmeasured(f"its database can't be migrated. {_last_line(done.stderr)}")
        yield environment
    finally:
        drop_database(superuser, name)


def _in_child(section: Section, options: Options, environment: dict[str, str]) -> list[Row]:
    with TemporaryDirectory(prefix="cursive-bench-") as folder:
        answer = Path(folder) / "answer.json"
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.sections", section.target, str(answer)]
            + ["--django"] * section.database,
            stdin=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
            text=True,
        )
        try:
            child.communicate(options.to_json(), timeout=section.limit)
        except subprocess.TimeoutExpired:
            raise Unmeasured(f"it took longer than {section.limit} seconds.") from None
        finally:
            _end(child)
        try:
            content = json.loads(answer.read_text())
        except (OSError, ValueError):
            raise Unmeasured(f"its process ended with code {child.returncode}.") from None
    if "error" in content:
        raise Unmeasured(content["error"])
    return [Row(**row) for row in content["rows"]]


def _end(child: subprocess.Popen[str]) -> None:
    """End the child if it still runs; it gets the time to end what it has started."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def main(arguments: Sequence[str]) -> int:
    """Be the child: call the target and write its rows, or why there are none."""
    target, answer, *flags = arguments
    options = Options.from_json(sys.stdin.read())
    module, _, function = target.partition(":")
    content: dict[str, object]
    try:
        if flags:
            django.setup()
        rows = getattr(importlib.import_module(module), function)(options)
        content = {"rows": [asdict(row) for row in rows]}
    except Exception as error:
        traceback.print_exc()
        content = {"error": f"{type(error).__name__}: {error}"}
    Path(answer).write_text(json.dumps(content))
    return 1 if "error" in content else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
