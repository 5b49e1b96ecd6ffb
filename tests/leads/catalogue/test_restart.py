"""A load that is killed anywhere goes on, and gives what an undisturbed one gives (L-4)."""

import os
import random
import subprocess
import sys

import pytest

from leads.catalogue.generate import generate_people
from leads.catalogue.loader import load_file
from leads.catalogue.local import LocalSource
from leads.catalogue.snapshots import Snapshots
from leads.filters.tree import EVERYBODY
from tests.leads.catalogue.test_loader import AS_OF, tables

SEED = int(os.environ.get("CURSIVE_SEED", "4711"))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`killed_load` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "tests.leads.catalogue.killed_load", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def files(tmp_path):
    """Two files of which the second has half of the first's people again, and broken rows."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    generate_people(first, rows=1_000, seed=3, as_of=AS_OF)
    generate_people(second, rows=2_000, seed=3, as_of=AS_OF)
    lines = second.read_text().splitlines()
    nobody = "Nobody" + "," * lines[0].count(",")
    second.write_text("\n".join([lines[0], *lines[500:900], *[nobody] * 40, *lines[900:], ""]))
    return first, second


def test_a_load_killed_again_and_again_ends_well(files, tmp_path):
    """L-4: eight kills at seeded places of one load; readers see only whole versions meanwhile."""
    first, second = files
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    for directory in (calm, stormy):
        load_file(first, directory, part_rows=700)
    wanted = load_file(second, calm, part_rows=700)
    source = LocalSource(stormy)
    rng = random.Random(SEED)
    kills = 0
    for attempt in range(40):
        how = ("rename", "show")[attempt % 2]
        # Early places kill again and again before anything is done; later ones let it move on.
        ended = run(second, stormy, how, rng.randint(2, 4) if kills < 8 else 10_000)
        if ended.returncode == 0:
            break
        assert ended.returncode == -9, (SEED, ended.stderr)
        kills += 1
        if Snapshots(stormy).current() == 1:
            assert source.count(EVERYBODY).total == 1_000
    assert kills >= 8, f"seed {SEED}"
    assert Snapshots(stormy).current() == 2
    assert LocalSource(stormy).count(EVERYBODY).total == wanted.rows
    assert not list((stormy / "staging").iterdir())
    for directory in (calm, stormy):
        Snapshots(directory).path(1).unlink()
        Snapshots(directory).path(2).rename(Snapshots(directory).path(1))
    found, expected = tables(stormy), tables(calm)
    for name in expected:
        assert found[name] == expected[name], (SEED, name)
    rejected = [(d / "rejected_v2.csv").read_text() for d in (calm, stormy)]
    assert rejected[0] == rejected[1] and rejected[0].count("Nobody") == wanted.rejected == 40


def test_a_load_killed_while_publishing_ends_well(files, tmp_path):
    """L-4: before the finished file is noted, before it is a version, before it is in force."""
    first, _ = files
    directory = tmp_path / "catalogue"
    parts = 1_000 // 300 + 1
    before_noted = 2 * parts + 1 + 2 + 1  # parts and a run with their manifests, the base's one
    for place, version in ((before_noted, None), (2, None), (1, None)):
        assert run(first, directory, "rename", place).returncode == -9
        assert Snapshots(directory).current() is version
        assert LocalSource(directory).reader.snapshot() is None
    assert (directory / "staging").is_dir()
    assert run(first, directory, "show", 10_000).returncode == 0
    assert Snapshots(directory).numbers() == [1]
    assert LocalSource(directory).count(EVERYBODY).total == 1_000
    assert not list((directory / "staging").iterdir())
