"""Memory stays flat whatever the file is like (L-19). Each file is read in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
#: MiB that reading may add. A csv.reader on the 300 MB line takes 584.
ALLOWED = 24

SCRIPT = """
import json, resource, sys
from cursive.lib.tables import RowProblem, open_table

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = peak()
rows = 0
problems = []
with open_table(sys.argv[1]) as table:
    for item in table.rows():
        if isinstance(item, RowProblem):
            problems.append([item.line, item.reason, len(item.raw)])
        else:
            rows += 1
print(json.dumps({"rows": rows, "problems": problems[:5], "grown": peak() - before}))
"""


def read_apart(path: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def write_pieces(path: Path, *pieces: tuple[bytes, int]) -> Path:
    with path.open("wb") as file:
        for piece, times in pieces:
            file.writelines(piece for _ in range(times))
    return path


@pytest.mark.parametrize(("filler", "size"), [(b"x", 300), (b",", 60), (b"\x00", 60)])
def test_a_line_of_300_mb(tmp_path, filler, size):
    """It is one rejected row, and the row after it is read."""
    path = write_pieces(
        tmp_path / "line.csv",
        (b"first,last,email\n" + b"Bob,Ray,bob@acme.com\n" * 20_000, 1),
        (filler * 1_000_000, size),
        (b"\nAnn,Lee,ann@acme.com\n", 1),
    )
    found = read_apart(path)
    assert found["rows"] == 20_001
    assert found["problems"][0][:2] == [
        20_002,
        f"The line is longer than a row can be ({size}.0 MB).",
    ]
    assert len(found["problems"]) == 1
    assert found["grown"] < ALLOWED


def test_an_open_quote_before_half_a_million_rows(tmp_path):
    """One rejected row; the rest isn't swallowed."""
    path = write_pieces(
        tmp_path / "quote.csv",
        (b'first,last,email\nAnn,"Lee,ann@acme.com\n', 1),
        (b"Bob,Ray,bob@acme.com\n" * 10_000, 50),
    )
    found = read_apart(path)
    assert found["rows"] == 500_000
    assert found["problems"][0][:2] == [2, "A quotation mark in this row is never closed."]
    assert found["grown"] < ALLOWED


def test_blank_lines_without_end(tmp_path):
    """The row before them isn't kept waiting for a continuation."""
    path = write_pieces(
        tmp_path / "blank.csv",
        (b"first,last,email\nAnn,Lee,ann@acme.com\n", 1),
        (b",,\n" * 100_000, 15),
        (b"Bob,Ray,bob@acme.com\n", 1),
    )
    found = read_apart(path)
    assert (found["rows"], found["problems"]) == (2, [])
    assert found["grown"] < ALLOWED
