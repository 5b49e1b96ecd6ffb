"""L-22: what is written as a sheet is read back as it was, but for an apostrophe that says text."""

import re
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cursive.lib.tables import open_table
from cursive.lib.tables.sheet_writing import LONGEST_TEXT, row_xml, write_workbook
from cursive.lib.tables.writing import safe_cell

# As Excel keeps them: without what XML can't hold, and line ends as XML reads them.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=40
).filter(str.strip)


def written(folder: Path, rows) -> Path:
    path = folder / "table.xlsx"
    with path.open("wb") as file:
        pieces = (row_xml(row).encode() for row in rows)
        write_workbook(file, sheet="Leads", head=["one", "two"], rows=pieces)
    return path


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_texts_come_back(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), rows)
        with open_table(path) as table:
            found = [tuple(row[1]) for row in table.rows()]
    strip = [tuple(safe_cell(cell).strip() for cell in row) for row in rows]
    assert [tuple(cell.strip() for cell in row) for row in found] == strip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\x00="])
def test_no_text_is_a_formula_when_it_is_saved_as_csv(start):
    """Nor where what stood before it is left out; a number is none."""
    (text,) = re.findall(">([^<]+)<", row_xml([f"{start}1+1"]))
    assert text == f"'{start.strip(chr(0))}1+1"
    assert row_xml([-1]) == "<row><c><v>-1</v></c></row>"


def test_what_excel_cannot_open_is_left_out():
    assert row_xml(["a\x00b\x0bc\ufffe"]).count("abc") == 1
    assert len(row_xml(["x" * 40_000])) < LONGEST_TEXT + 100
    assert row_xml([None, "", 0, 1.5, True]) == (
        "<row><c/><c/><c><v>0</v></c><c><v>1.5</v></c>"
        '<c t="inlineStr"><is><t xml:space="preserve">True</t></is></c></row>'
    )
    assert "_x005F_x000D_" in row_xml(["_x000D_"])


def test_memory_stays_flat(tmp_path):
    def peak(rows: int) -> int:
        tracemalloc.start()
        written(tmp_path, ([f"text {n}", n] for n in range(rows)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(30_000) < 1.5 * peak(3_000) + 500_000
