"""One command starts everything, one command proves it (X-8)."""

import os
import re
import subprocess

import pytest

from cursive.launcher.environment import LOCKED, refuse_addresses
from cursive.launcher.state import ROOT

TARGETS = ("run", "test", "check", "bench", "bench-duplicates", "demo-data", "lock")


def outside_make() -> dict[str, str]:
    """The environment without what a make around these tests has put there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_one_command_of_the_launcher(target: str):
    answer = subprocess.run(
        ["make", "--dry-run", target, "PORT=8123"],
        cwd=ROOT,
        env=outside_make(),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("python3 run.py ")
    assert target != "run" or lines[0].endswith("up --port 8123")


def test_help_names_every_target():
    answer = subprocess.run(["make"], cwd=ROOT, env=outside_make(), capture_output=True, text=True)
    assert re.findall(r"^make ([a-z-]+)", answer.stdout, re.MULTILINE) == list(TARGETS)


def test_continuous_integration_runs_what_everybody_runs():
    script = ROOT / ".ci" / "run"
    assert script.read_text().splitlines()[1:] == ["make test"]
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("lock", LOCKED.values())
def test_lock_files_hold_hashes_and_no_address(lock: str):
    """They must install the same files from any package index."""
    refuse_addresses(ROOT / lock)
    packages = re.findall(
        r"^[a-z0-9].*(?:\n    --hash=sha256:\S+.*)+", (ROOT / lock).read_text(), re.M
    )
    names = re.findall(r"^[a-z0-9]", (ROOT / lock).read_text(), re.M)
    assert len(packages) == len(names) > 30


@pytest.mark.parametrize(
    "path", [".venv/x", ".run/demo.json", "a/__pycache__/b.pyc", ".mypy_cache/x", ".hypothesis/x"]
)
def test_what_the_commands_leave_behind_is_ignored_by_git(path: str):
    answer = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT)
    assert answer.returncode == 0
