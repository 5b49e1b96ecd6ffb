"""Loading stays within its memory, whatever the file's size (L-4)."""

import pytest

from leads.catalogue.generate import generate_people
from tests.leads.catalogue.test_loader import AS_OF
from tests.leads.catalogue.test_restart import run


@pytest.mark.parametrize(
    ("name", "rows", "careful"),
    [("people.parquet", 110_000, 0), ("people.csv", 110_000, 0), ("people.csv", 15_000, 1)],
)
def test_a_load_stays_under_300_mb(tmp_path, name, rows, careful):
    """L-4: bounded memory, by columns and row by row."""
    path = tmp_path / name
    generate_people(path, rows=rows, seed=5, as_of=AS_OF)
    ended = run(path, tmp_path / "catalogue", "measure", careful)
    assert ended.returncode == 0, ended.stderr
    loaded, grown = map(int, ended.stdout.split())
    assert loaded == rows
    assert grown < 300, f"{grown} MB"
