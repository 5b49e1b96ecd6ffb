"""Writing .xlsx in parts (L-22): rows as XML, made batch by batch, then put into one archive.

A worker may die between two parts, so the rows can't stay inside a writer: no library goes on in
the midst of a sheet. Memory stays flat.

Texts are text cells, so none is taken for a formula as long as the sheet stays one. Saved as CSV
from there, or edited, '=1+1' is live all the same. Excel's own mark for that, a style with
`quotePrefix`, isn't written to CSV, and other programs don't know it. So such a text begins with
an apostrophe here as it does in CSV, which every program keeps, and which our reader takes off.
"""

import re
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO
from xml.sax.saxutils import escape

from .writing import safe_cell

MOST_ROWS = 1_048_576  # of a sheet, its head included
LONGEST_TEXT = 32_767
# Excel opens no file that has these, and takes _x0041_ for a letter.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
    '<sheet name="%(sheet)s" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def row_xml(cells: Iterable[object]) -> str:
    """One row of a sheet: numbers as numbers, everything else as text, None as an empty cell."""
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    text = safe_cell(_UNFIT.sub("", str(value)))[:LONGEST_TEXT]
    text = _LIKE_CODE.sub("_x005F_", text)
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def write_workbook(
    file: IO[bytes], *, sheet: str, head: Sequence[str], rows: Iterable[bytes]
) -> None:
    """Write an archive with one sheet to `file`: its head, then `rows`, which are what `row_xml`
    gave, as UTF-8 in pieces of any size. `sheet` is the sheet's name, of plain letters.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, _HEAD + text.replace("%(sheet)s", sheet))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as body:
            body.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            body.write(row_xml(head).encode())
            for piece in rows:
                body.write(piece)
            body.write(b"</sheetData></worksheet>")
