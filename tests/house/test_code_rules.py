"""Rules about files, imports, migrations and the README."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from django.core.management import call_command

from tests.house import rules

# These two are the mechanism itself.
MAY_USE_DJANGO_DB = {"cursive/lib/tenancy/context.py", "accounts/access/middleware.py"}


def test_no_file_is_over_400_lines():
    assert rules.too_long(rules.python_files()) == []


def test_the_length_rule_bites(tmp_path):
    (tmp_path / "long.py").write_text("x = 1\n" * 401)
    assert rules.too_long([tmp_path / "long.py"]) == ["long.py: 401 lines"]


def test_queries_go_to_the_current_role():
    """django.db's own transaction and connection always mean `default`."""
    files = [path for path in rules.python_files() if "tests" not in path.parts]
    problems = [problem for path in files for problem in rules.past_the_alias(path)]
    assert [p for p in problems if p.split(":")[0] not in MAY_USE_DJANGO_DB] == []


def test_every_room_says_what_it_does():
    rooms = [
        folder
        for app in rules.APPS
        for folder in (rules.ROOT / app).iterdir()
        if (folder / "__init__.py").exists() and folder.name not in {"migrations", "management"}
    ]
    assert [p for room in rooms for p in rules.without_docstring_or_wrong_name(room)] == []


def test_no_files_with_names_that_say_nothing():
    banned = {"utils.py", "helpers.py", "managers.py", "misc.py", "common.py"}
    assert [p for p in rules.python_files() if p.name in banned] == []


def test_no_pending_migration(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_readme_commands_exist():
    makefile = (rules.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    named = set(re.findall(r"make ([a-z-]+)", (rules.ROOT / "README.md").read_text()))
    assert {"run", "test"} <= named <= targets


def test_an_upward_import_is_refused(tmp_path):
    """The floors hold, and the check bites: a copy with one upward import fails."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for app in rules.APPS:
        shutil.copytree(rules.ROOT / app, copy / app, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(rules.ROOT / "pyproject.toml", copy)
    bad = copy / "accounts" / "workspaces" / "queries.py"
    bad.write_text(bad.read_text() + "\nimport credits.ledger.operations\n")
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=copy, capture_output=True, text=True)
    assert result.returncode == 1
    assert "accounts.workspaces.queries -> credits.ledger.operations" in result.stdout
