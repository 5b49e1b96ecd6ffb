"""The virtual environment: when it is touched, and what is said when it can't be made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cursive.launcher import environment
from cursive.launcher.environment import DEVELOPMENT, RUNTIME, Environment, refuse_addresses
from cursive.launcher.errors import LaunchError
from cursive.launcher.state import ROOT

# Stands in for uv: says its version, makes a folder with a python, fails on demand.
UV = """#!{python} -S
import os, pathlib, sys
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if "venv" in sys.argv:
    folder = pathlib.Path(sys.argv[-1])
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / ("python%d.%d" % sys.version_info[:2])).mkdir(parents=True)
    (folder / "bin" / "python").symlink_to({python!r})
if "sync" in sys.argv and os.path.exists("broken"):
    sys.exit("error: no such package\\n" * 40 + "error: no route to host")
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A checkout with two lock files and a uv that only pretends."""
    for name in (RUNTIME, DEVELOPMENT):
        (tmp_path / name).write_text(f"# {name}\n")
    tools = tmp_path / "path"
    tools.mkdir()
    uv = tools / "uv"
    uv.write_text(UV.format(python=os.path.realpath(sys.executable), log=str(tmp_path / "calls")))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return Environment(tmp_path)


def calls(place: Environment) -> list[str]:
    log = place.root / "calls"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.split()[0] if "pip" not in line else line.split()[-1] for line in lines]


def test_it_is_made_once_and_again_only_when_the_lock_file_changes(place: Environment):
    place.prepare(RUNTIME)
    assert calls(place) == ["--version", "venv", RUNTIME]
    place.prepare(RUNTIME)
    assert calls(place) == []
    (place.root / RUNTIME).write_text("# changed\n")
    place.prepare(RUNTIME)
    assert calls(place) == ["--version", RUNTIME]


def test_what_the_tests_need_serves_for_running_and_not_the_other_way_round(place: Environment):
    place.prepare(RUNTIME)
    place.prepare(DEVELOPMENT)
    assert calls(place)[-1] == DEVELOPMENT
    place.prepare(RUNTIME)
    assert calls(place) == []
    (place.root / DEVELOPMENT).write_text("# changed\n")
    place.prepare(RUNTIME)
    assert calls(place)[-1] == DEVELOPMENT


def test_an_install_that_failed_is_tried_again(place: Environment):
    (place.root / "broken").touch()
    with pytest.raises(LaunchError, match="packages could not be installed") as caught:
        place.prepare(RUNTIME)
    assert caught.value.detail.endswith("error: no route to host")
    assert len(caught.value.detail.splitlines()) == environment.SHOWN_LINES
    (place.root / "broken").unlink()
    place.prepare(RUNTIME)
    assert calls(place)[-1] == RUNTIME


def test_an_environment_whose_python_is_gone_is_made_anew(place: Environment):
    place.prepare(RUNTIME)
    place.python.unlink()
    calls(place)
    place.prepare(RUNTIME)
    assert calls(place) == ["--version", "venv", RUNTIME]


def test_a_full_disk_is_a_sentence(place: Environment, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(environment, "NEEDED_MEGABYTES", 10**9)
    with pytest.raises(LaunchError, match=r"Only \d+ MB are left on the disk"):
        place.prepare(RUNTIME)
    assert not place.folder.exists()


def test_a_missing_lock_file_is_a_sentence(place: Environment):
    (place.root / RUNTIME).unlink()
    with pytest.raises(LaunchError, match=r"requirements.txt is missing"):
        place.prepare(RUNTIME)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "thing @ file:///opt/wheels/thing.whl",
        "    # from https://mirror.example",
        "-e ./here",
    ],
)
def test_a_lock_file_that_names_an_address_is_refused(tmp_path: Path, line: str):
    lock = tmp_path / RUNTIME
    lock.write_text(f"django==5.2 \\\n    --hash=sha256:00\n{line}\n")
    with pytest.raises(LaunchError, match="names an address in line 3"):
        refuse_addresses(lock)


def test_run_py_needs_no_package(tmp_path: Path):
    """A bare Python gets as far as making the environment, without our packages."""
    bare = [os.path.realpath(sys.executable), "-I", "-S", str(ROOT / "run.py")]
    answer = subprocess.run([*bare, "help"], capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 0
    assert "run.py up" in answer.stdout
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import run; run.open_launcher();"
        "from cursive.launcher import environment, watchdog;"
        "print(sorted(set(sys.modules) & {'celery', 'django', 'psycopg'}))"
    )
    answer = subprocess.run([*bare[:3], "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (answer.stdout, answer.stderr) == ("[]\n", "")
