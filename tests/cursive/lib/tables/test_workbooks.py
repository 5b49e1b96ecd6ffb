"""Excel workbooks (L-18)."""

import zipfile

import pytest

from cursive.lib.tables import TableRefused, open_table
from cursive.lib.tables.records import CUT

from .builders import read, write_workbook


def cell(reference: str, value: object, kind: str = "n", style: int = 0) -> str:
    return f'<c r="{reference}" t="{kind}" s="{style}"><v>{value}</v></c>'


def test_cells_become_text(tmp_path):
    """Shared texts, numbers, dates by their format, booleans, formulas, errors, gaps."""
    path = write_workbook(
        tmp_path,
        {
            "People": '<row r="1">'
            + "".join(cell(f"{letter}1", at, "s") for at, letter in enumerate("ABCDEFG"))
            + '</row><row r="3">'
            + cell("A3", 7, "s")
            + cell("B3", "1.5042344321E10")
            + cell("C3", 45323, style=1)
            + cell("D3", "45323.4375", style=2)
            + cell("E3", 1, "b")
            + cell("F3", "#N/A", "e")
            + '<c r="G3" t="str"><f>1+1</f><v>two</v></c></row><row r="5">'
            + '<c r="A5" t="inlineStr"><is><r><t>In</t></r><r><t>line</t></r>'
            + "<rPh><t>x</t></rPh></is></c>"
            + cell("B5", "0.10000000000000001")
            + cell("D5", "0.5", style=2)
            + "</row>"
        },
        texts=["name", "phone", "day", "moment", "ok", "bad", "sum", "Ann & Bob"],
        formats=[0, 14, 200],
        codes={200: "yyyy-mm-dd hh:mm"},
    )
    with open_table(path) as table:
        assert table.kind == "xlsx"
        assert table.description == "Excel, sheet 'People'"
        assert table.columns == ["name", "phone", "day", "moment", "ok", "bad", "sum"]
        assert list(table.rows()) == [
            (
                3,
                [
                    "Ann & Bob",
                    "15042344321",
                    "2024-02-01",
                    "2024-02-01T10:30:00",
                    "true",
                    "",
                    "two",
                ],
            ),
            (5, ["Inline", "0.1", "", "12:00:00", "", "", ""]),
        ]
        done, total = table.progress()
        assert done == total > 0


def test_the_first_visible_sheet_with_rows_is_read(tmp_path):
    """Hidden and empty ones are passed over, and the page can say so."""
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
    path = write_workbook(
        tmp_path,
        {"Hidden": row.format("no"), "Empty": "", "Leads": row.format("email")},
        states={"Hidden": "hidden"},
    )
    with open_table(path) as table:
        assert table.columns == ["email"]
        assert table.description == "Excel, sheet 'Leads' (sheet 2 of 2)"
    with pytest.raises(TableRefused, match="no sheet with rows"):
        open_table(write_workbook(tmp_path, {"Empty": ""}))


def test_dates_that_count_from_1904(tmp_path):
    """As workbooks from old Macs do."""
    path = write_workbook(
        tmp_path,
        {
            "S": f'<row r="1">{cell("A1", 0, "s")}</row>'
            f'<row r="2">{cell("A2", 24472, style=1)}</row>'
        },
        texts=["day"],
        formats=[0, 14],
        date1904=True,
    )
    assert read(path)[1] == [["1971-01-01"]]


def test_rows_and_cells_without_references(tmp_path):
    """Some programs leave them out; values beyond the header are cut and counted."""
    texts = ["name", "email", "x"]
    rows = "".join(
        "<row>" + "".join(f'<c t="s"><v>{at}</v></c>' for at in line) + "</row>"
        for line in [[0, 1], [2, 2], [2], *[[2, 2]] * 250, [2, 2, 2]]
    )
    path = write_workbook(tmp_path, {"S": rows}, texts=texts)
    with open_table(path) as table:
        items = list(table.rows())
        assert items[1] == (3, ["x", ""])
        assert len(items) == 253
        assert table.repairs == {CUT: 1}
        rows_again = table.rows()
        for _ in range(100):
            next(rows_again)
        assert list(table.rows(table.position)) == items[100:]


def test_harmful_workbooks_are_refused(tmp_path):
    """Entities, a bomb, a cut file, nonsense inside."""
    path = write_workbook(tmp_path, {"S": "<row><c><v>1</v></c></row>"})
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def with_part(name: str, data: bytes):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in {**parts, name: data}.items():
                archive.writestr(each, content)
        return path

    evil = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst><si><t>&a;</t></si></sst>'
    with pytest.raises(TableRefused, match="Excel file is damaged"):
        open_table(with_part("xl/sharedStrings.xml", evil))
    with pytest.raises(TableRefused, match="Excel file is damaged"):
        open_table(with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"))
    with pytest.raises(TableRefused, match="larger than 1 MB"):
        open_table(with_part("xl/sharedStrings.xml", b" " * 2_000_000), max_bytes=1_000_000)
    endless = b"<worksheet a='" + b"x" * 40_000_000
    with pytest.raises(TableRefused, match="Excel file is damaged"):
        open_table(with_part("xl/worksheets/sheet1.xml", endless))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TableRefused, match="damaged or cut off"):
        open_table(path)


def test_titles_above_the_names(tmp_path):
    """They are skipped; and which row has the names can be said."""
    names = "".join(cell(f"{letter}4", at, "s") for at, letter in enumerate("ABC"))
    rows = (
        f'<row r="1">{cell("A1", 3, "s")}</row><row r="2">{cell("A2", 46_000, style=1)}</row>'
        f'<row r="4">{names}</row>'
        + "".join(f'<row r="{at}">{names}</row>' for at in range(5, 9)).replace("<v>0<", "<v>4<")
    )
    texts = ["Email", "First name", "Company", "Report of leads", "ann@acme.com"]
    path = write_workbook(tmp_path, {"S": rows}, texts=texts, formats=[0, 14])
    with open_table(path) as table:
        assert table.columns == ["Email", "First name", "Company"]
        assert table.description == "Excel, sheet 'S', column names in line 4"
        assert next(table.rows()) == (5, ["ann@acme.com", "First name", "Company"])
    with open_table(path, header_line=5) as table:
        assert table.columns == ["ann@acme.com", "First name", "Company"]
        assert [line for line, _ in table.rows()] == [6, 7, 8]
    with pytest.raises(TableRefused, match="no row of column names"):
        open_table(path, header_line=3)


def test_too_many_columns_are_refused(tmp_path):
    """And not cut without a word."""
    cells = '<c t="inlineStr"><is><t>x</t></is></c>' * 600
    path = write_workbook(tmp_path, {"S": f'<row r="1">{cells}</row>'})
    with pytest.raises(TableRefused, match="at most 500 are read"):
        open_table(path)
