"""Memory stays flat whatever the file is like (L-19). Each file is read in a process of its own."""

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cursive.lib.tables import TableRefused, open_table, sheets

from .builders import write_workbook

ROOT = Path(__file__).resolve().parents[4]
#: MiB that reading may add. A csv.reader on a line takes about twice its size.
ALLOWED = 24

SCRIPT = """
import json, resource, sys
from cursive.lib.tables import RowProblem, TableRefused, open_table

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before = peak()
rows = 0
problems = []
refused = ""
try:
    with open_table(sys.argv[1]) as table:
        for item in table.rows():
            if isinstance(item, RowProblem):
                problems.append([item.line, item.reason, len(item.raw)])
            else:
                rows += 1
except TableRefused as error:
    refused = error.message
found = {"rows": rows, "problems": problems[:5], "refused": refused, "grown": peak() - before}
print(json.dumps(found))
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


@pytest.mark.parametrize(("filler", "size"), [(b"x", 120), (b",", 40), (b"\x00", 40)])
def test_a_line_of_120_mb(tmp_path, filler, size):
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


def test_an_open_quote_before_very_many_rows(tmp_path):
    """One rejected row; the rest isn't swallowed."""
    path = write_pieces(
        tmp_path / "quote.csv",
        (b'first,last,email\nAnn,"Lee,ann@acme.com\n', 1),
        (b"Bob,Ray,bob@acme.com\n" * 10_000, 20),
    )
    found = read_apart(path)
    assert found["rows"] == 200_000
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


def write_bomb(
    folder: Path,
    *,
    sheet: list[tuple[bytes, int]],
    shared: list[tuple[bytes, int]],
    styles: list[tuple[bytes, int]] | None = None,
) -> Path:
    """A small workbook that is large unpacked: pieces of XML, so many times each."""
    head = write_workbook(folder, {"People": ""}, texts=[])
    path = folder / "bomb.xlsx"
    parts = {
        "xl/worksheets/sheet1.xml": [(b"<worksheet><sheetData>", 1), *sheet],
        "xl/sharedStrings.xml": [(b"<sst>", 1), *shared, (b"</sst>", 1)],
    }
    if styles:
        parts["xl/styles.xml"] = [(b"<styleSheet>", 1), *styles, (b"</styleSheet>", 1)]
    parts["xl/worksheets/sheet1.xml"].append((b"</sheetData></worksheet>", 1))
    with (
        zipfile.ZipFile(head) as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in plain.namelist():
            if name not in parts:
                archive.writestr(name, plain.read(name))
        for name, pieces in parts.items():
            with archive.open(name, "w") as part:
                for piece, times in pieces:
                    for _ in range(times):
                        part.write(piece)
    return path


HEADER = (b'<row r="1"><c t="inlineStr"><is><t>Email</t></is></c></row>', 1)
ROW = b'<row><c t="inlineStr"><is><t>ann@acme.com</t></is></c></row>'
MEGABYTE = b"a" * 1_000_000
ONE_TEXT = [(b"<si><t>", 1), (MEGABYTE, 200), (b"</t></si>", 1)]
LONG_TEXTS = [(b"<si><t>" + b"a" * 250_000 + b"</t></si>", 50)]
REFERENCE = b'<c t="s"><v>1</v></c>'


@pytest.mark.parametrize("formatted", [False, True])
def test_a_cell_of_200_mb_in_a_workbook(tmp_path, formatted):
    """The file is refused with the row, as soon as the cell is longer than a row can be."""
    piece = b"<r><t>" + MEGABYTE + b"</t></r>" if formatted else MEGABYTE
    start, end = (b"<is>", b"</is>") if formatted else (b"<is><t>", b"</t></is>")
    path = write_bomb(
        tmp_path,
        sheet=[
            *(HEADER, (ROW, 300), (b'<row r="302"><c t="inlineStr">' + start, 1)),
            *((piece, 200), (end + b"</c></row>", 1)),
        ],
        shared=[],
    )
    found = read_apart(path)
    assert found["refused"] == (
        "Row 302 holds more text than a row can (1 MB). Shorten it, or leave it out."
    )
    assert found["rows"] == 300
    assert found["grown"] < ALLOWED


def test_a_shared_text_of_200_mb(tmp_path):
    """The file is refused before its rows are looked at."""
    path = write_bomb(tmp_path, sheet=[HEADER, (ROW, 3)], shared=ONE_TEXT)
    found = read_apart(path)
    assert "more text than a row can" in found["refused"]
    assert found["grown"] < ALLOWED


def test_rows_that_name_long_texts_again_and_again(tmp_path):
    """A few bytes of the sheet stand for 250,000 characters, in thousands of rows."""
    row = b"<row>" + REFERENCE + b"</row>"
    path = write_bomb(tmp_path, sheet=[HEADER, (row, 20_000)], shared=LONG_TEXTS)
    found = read_apart(path)
    assert (found["rows"], found["refused"]) == (20_000, "")
    assert found["grown"] < ALLOWED


def test_a_row_of_long_texts(tmp_path):
    """However many cells name them."""
    row = b'<row r="2">' + REFERENCE * 900 + b"</row>"
    path = write_bomb(tmp_path, sheet=[HEADER, (row, 1)], shared=LONG_TEXTS)
    found = read_apart(path)
    assert found["refused"].startswith("Row 2 holds more text than a row can")
    assert found["grown"] < ALLOWED


def test_a_tag_with_a_million_attributes(tmp_path):
    """It is damaged, not held in memory."""
    attributes = b"".join(b' a%d=""' % number for number in range(1_000_000))
    path = write_bomb(
        tmp_path, sheet=[HEADER, (b"<row><c" + attributes + b"/></row>", 1)], shared=[]
    )
    found = read_apart(path)
    assert found["refused"].startswith("This Excel file is damaged.")
    assert found["grown"] < ALLOWED


def test_millions_of_empty_texts(tmp_path):
    """Where each ends isn't held in memory either."""
    path = write_bomb(tmp_path, sheet=[HEADER, (ROW, 3)], shared=[(b"<si/>" * 100_000, 40)])
    found = read_apart(path)
    assert (found["rows"], found["refused"]) == (3, "")
    assert found["grown"] < ALLOWED


@pytest.mark.parametrize("part", ["sheet", "texts", "styles"])
@pytest.mark.parametrize("made", ["deep", "names", "long names"])
def test_xml_that_no_spreadsheet_writes(tmp_path, made, part):
    """Expat keeps each open element and each name: both end, in whatever part they come."""
    if made == "deep":
        # Unbounded, a million open elements are 200 MB.
        filler, reason = [(b"<a>" * 100_000, 10)], "elements more than 200 deep in each other"
    elif made == "names":
        names = b"".join(b"<t%d/>" % number for number in range(300_000))
        filler, reason = [(names, 1)], "elements of more than 2,000 names"
    else:
        names = b"".join(b"<t%d%s/>" % (number, b"x" * 200_000) for number in range(60))
        filler, reason = [(names, 1)], "elements of more than 2,000 names"
    path = write_bomb(
        tmp_path,
        sheet=[*(filler if part == "sheet" else []), HEADER, (ROW, 3)],
        shared=filler if part == "texts" else [],
        styles=filler if part == "styles" else [],
    )
    found = read_apart(path)
    assert found["refused"] == (
        f"This workbook has {reason}, which no spreadsheet writes. "
        "Save it again in Excel, or as CSV."
    )
    assert found["grown"] < ALLOWED


def test_a_part_of_nothing_but_tags(tmp_path, monkeypatch):
    """They take no memory, but the processor's time: how many are read has an end."""
    path = write_bomb(tmp_path, sheet=[(b"<a/>" * 2_000, 3), HEADER, (ROW, 3)], shared=[])
    with open_table(path) as table:
        assert len(list(table.rows())) == 3
    monkeypatch.setattr(sheets, "_MAX_TAGS", 5_000)
    with pytest.raises(TableRefused, match="a part with more than 5,000 elements"):
        open_table(path)


@pytest.mark.parametrize("name", ["book.xlsx", "packed.csv.zip"])
def test_an_archive_of_very_many_files(tmp_path, name):
    """Its list of contents isn't read: each of its entries would take ten times its bytes."""
    entry = b"PK\x01\x02" + b"\x00" * 24 + b"\x08\x00" + b"\x00" * 16
    count = 400_000
    listed = b"".join(entry + b"%08x" % number for number in range(count))
    end = b"PK\x05\x06" + bytes(4) + bytes(4) + struct.pack("<LLH", len(listed), 4, 0)
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04" + listed + end)
    found = read_apart(path)
    assert found["refused"] == "This zip archive is damaged or cut off. Upload it again."
    assert found["grown"] < ALLOWED
