"""Makes files for the reader's tests."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from cursive.lib.tables import Row, RowProblem, open_table


def write(folder: Path, data: bytes | str, name: str = "table.csv") -> Path:
    """A file with these bytes, or this text as UTF-8."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(path: Path, **options: object) -> tuple[list[str], list[list[str]], list[RowProblem]]:
    """(columns, rows, problems) of a file."""
    with open_table(path, **options) as table:
        items = list(table.rows())
    rows = [item[1] for item in items if not isinstance(item, RowProblem)]
    return table.columns, rows, [item for item in items if isinstance(item, RowProblem)]


def items_of(path: Path, **options: object) -> list[Row | RowProblem]:
    """All that is read from a file, in order."""
    with open_table(path, **options) as table:
        return list(table.rows())


def write_workbook(
    folder: Path,
    sheets: dict[str, str],
    *,
    texts: list[str] | None = None,
    formats: list[int] | None = None,
    codes: dict[int, str] | None = None,
    date1904: bool = False,
    states: dict[str, str] | None = None,
) -> Path:
    """An .xlsx whose sheets are given as the XML between <sheetData> and its end."""
    path = folder / "book.xlsx"
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"'
        f' state="{(states or {}).get(name, "visible")}"/>'
        for at, name in enumerate(sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{at}" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts or [])
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in formats or [0])
    own = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{escape(code)}"/>'
        for number, code in (codes or {}).items()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{relations}"><workbookPr date1904="{int(date1904)}"/>'
            f"<sheets>{listed}</sheets></workbook>",
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{targets}</Relationships>")
        archive.writestr("xl/sharedStrings.xml", f"<sst {main}>{shared}</sst>")
        archive.writestr(
            "xl/styles.xml",
            f"<styleSheet {main}><numFmts>{own}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        )
        for at, rows in enumerate(sheets.values(), 1):
            archive.writestr(
                f"xl/worksheets/sheet{at}.xml",
                f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
            )
    return path
