"""`make check`, `make test` and `make bench`: with servers of their own, which end empty.

Linters, types, layers and Django's checks run side by side, and for tests the database is made
meanwhile; then pytest has the machine for itself.
"""

import os
import sys
from pathlib import Path

from cursive.launcher.browser import INSTALL_CHROMIUM, advice, find_chromium, may_install
from cursive.launcher.output import report, say, step
from cursive.launcher.services import (
    application_variables,
    command_environment,
    start_services,
)
from cursive.launcher.state import ROOT, State
from cursive.launcher.supervisor import Running, Supervisor

BIN = Path(sys.executable).parent
BASE_URL = "http://localhost:8000"
SHOWN_LINES = 80
# mypy takes longest, on one processor: all others leave that one to it.
LAST = ["nice", "-n", "10"]
CHECKS = {
    "mypy": [str(BIN / "mypy"), "."],
    "lint-imports": [str(BIN / "lint-imports")],
    "ruff": [str(BIN / "ruff"), "check"],
    "ruff-format": [str(BIN / "ruff"), "format", "--check"],
    "django-check": [sys.executable, "manage.py", "check", "--fail-level=WARNING"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
}
# What each of pytest's workers would make or wait for: the migrated database that they copy, and
# the bytecode of all tests.
PREPARATIONS = {
    "database": [sys.executable, "-m", "tests.databases"],
    "collection": [sys.executable, "-m", "pytest", "--collect-only", "-qq"],
}


def run_tests(pytest_arguments: list[str]) -> int:
    """The checks, then pytest with these arguments; the exit code is the worst of both.

    pytest's own closing line is the last that is printed.
    """
    with Supervisor(State(kind="test")) as supervisor:
        chromium = _start_chromium(supervisor)
        collection = [*PREPARATIONS["collection"], *pytest_arguments, "-n", "0"]
        checks = CHECKS | PREPARATIONS | {"collection": collection}
        failed, environment = _check(supervisor, checks)
        if chromium is not None and _failed(supervisor, [chromium]):
            say(advice())
        if failed:
            say(f"  failed: {', '.join(failed)}; the tests run all the same")
        command = [sys.executable, "-m", "pytest", *pytest_arguments]
        code = supervisor.foreground(command, environment=environment, folder=ROOT)
        return max(code, 1 if failed else 0)


def run_checks() -> int:
    """The checks only; 1 when one fails, else 0."""
    with Supervisor(State(kind="test")) as supervisor:
        failed, _ = _check(supervisor, CHECKS)
    say(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def run_benchmarks(arguments: list[str]) -> int:
    """`python -m bench` against empty servers that write safely to disk, as in production."""
    with Supervisor(State(kind="bench")) as supervisor:
        environment = _servers(supervisor, mode="demo", throwaway=False)
        command = [sys.executable, "-m", "bench", *arguments]
        return supervisor.foreground(command, environment=environment, folder=ROOT)


def _servers(supervisor: Supervisor, *, mode: str, throwaway: bool) -> dict[str, str]:
    """Start the servers and answer with the environment of what uses them."""
    state = supervisor.state
    state.announce()
    with step("servers") as notes:
        services = start_services(supervisor, throwaway=throwaway, may_create_databases=True)
        notes += services.described
    variables = application_variables(state, services, mode=mode, base_url=BASE_URL)
    return command_environment(variables | {"SUPERUSER_DATABASE_URL": services.superuser})


def _check(
    supervisor: Supervisor, checks: dict[str, list[str]]
) -> tuple[list[str], dict[str, str]]:
    """(the names of the checks that failed, the environment for the tests)."""
    # mypy's plugin reads settings.py, and so it needs the variables too.
    environment = _servers(supervisor, mode="test", throwaway=True)
    running = [
        supervisor.start(
            name,
            command if name == "mypy" else LAST + command,
            environment=environment,
            service=False,
        )
        for name, command in checks.items()
    ]
    return _failed(supervisor, running), environment


def _failed(supervisor: Supervisor, running: list[Running]) -> list[str]:
    """Wait for all, print a line for each and what it found; the names of those that failed."""
    failed = []
    for check, code in supervisor.as_they_end(running):
        report(check.name, check.seconds, "ok" if code == 0 else "FAILED")
        if code != 0:
            failed.append(check.name)
            say(check.last_lines(SHOWN_LINES))
    return failed


def _start_chromium(supervisor: Supervisor) -> Running | None:
    """Begin to install the browser for the browser tests where it is missing and we may."""
    if find_chromium() is not None:
        return None
    if not may_install():
        say(advice())
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [sys.executable, "-m", INSTALL_CHROMIUM]
    return supervisor.start("chromium", command, environment=environment, service=False)
