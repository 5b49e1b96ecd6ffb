"""Excel workbooks (.xlsx) as a table, streamed: only style numbers are held in memory."""

from __future__ import annotations

import os
import posixpath
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import IO
from zlib import error as ZlibError

from .archives import Archive
from .dialects import LooseRow
from .headers import find_header
from .records import CUT
from .sheets import CellReader, SharedTexts, XmlRefused, number_of, read_attributes, sheet_rows
from .table import Position, Row, RowProblem, Table, TableRefused

_SAMPLE_ROWS = 220
#: Fewer rows where they are long.
_SAMPLE_CHARACTERS = 2_000_000
_ATTRIBUTES = {"Id", "Target", "date1904", "state", "id", "name", "numFmtId", "formatCode"}
_DAMAGED = (zipfile.BadZipFile, ZlibError, EOFError, KeyError, XmlRefused, NotImplementedError)
#: More than this is no table of leads, but a file that blows up when unpacked.
_MAX_PART = 8 * 1024**3
#: (part of the archive, what such a file is)
_OTHERS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook. Save it as .xlsx or CSV."),
    ("word/document.xml", "a Word document, not a table."),
    ("ppt/presentation.xml", "a PowerPoint presentation, not a table."),
    ("content.xml", "an OpenDocument file. Save it as .xlsx or CSV."),
    ("Index/Document.iwa", "an Apple Numbers or Pages file. Export it as CSV."),
)


def is_workbook(path: str | os.PathLike[str]) -> bool:
    """Whether a zip archive is an .xlsx workbook. Raises TableRefused for other Office files."""
    try:
        with Archive(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise TableRefused("This zip archive is damaged or cut off. Upload it again.") from error
    for part, what in _OTHERS:
        if part in names:
            raise TableRefused(f"This file is {what}")
    return "xl/workbook.xml" in names


class WorkbookTable(Table):
    """The first visible sheet with rows; `Position.line` is the row number as Excel shows it."""

    kind = "xlsx"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        header: bool | None = None,
        header_line: int | None = None,
        max_bytes: int | None = None,
    ) -> None:
        """Open the workbook and find its sheet, styles and header."""
        super().__init__()
        self._limit = max_bytes or _MAX_PART
        self._archive = Archive(path)
        self._texts: SharedTexts | None = None
        self._read = 0
        try:
            self._open_sheet(header, header_line)
        except _DAMAGED as error:
            self.close()
            raise _damaged() from error
        except BaseException:
            self.close()
            raise

    def _open_sheet(self, header: bool | None, header_line: int | None) -> None:
        targets = {
            each.get("Id", ""): each.get("Target", "")
            for _, each in self._attributes("xl/_rels/workbook.xml.rels", {"Relationship"})
        }
        sheets, epoch_1904 = [], False
        for tag, each in self._attributes("xl/workbook.xml", {"sheet", "workbookPr"}):
            if tag == "workbookPr":
                epoch_1904 = epoch_1904 or each.get("date1904") in {"1", "true"}
            elif each.get("state", "visible") == "visible":
                target = targets.get(each.get("id", ""), "")
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                sheets.append((each.get("name", ""), posixpath.normpath(part)))
        names = set(self._archive.namelist())
        if "xl/sharedStrings.xml" in names:
            with self._part("xl/sharedStrings.xml") as part_file:
                self._texts = SharedTexts(part_file, self._limit)
        styles: list[int] = []
        custom: dict[int, str] = {}
        if "xl/styles.xml" in names:
            in_cells = False
            wanted = {"numFmt", "cellXfs", "cellStyleXfs", "xf"}
            for tag, each in self._attributes("xl/styles.xml", wanted):
                if tag == "numFmt":
                    custom[number_of(each.get("numFmtId", "0"))] = each.get("formatCode", "")
                elif tag == "xf" and in_cells:
                    styles.append(number_of(each.get("numFmtId", "0")))
                elif tag != "xf":
                    in_cells = tag == "cellXfs"
        self._cells = CellReader(self._texts, styles, custom, epoch_1904)
        rows: list[LooseRow] = []
        name, number = "", 0
        while not any(not row.blank for row in rows):
            if number == len(sheets):
                raise TableRefused("The workbook has no sheet with rows in it.")
            name, self._sheet = sheets[number]
            number += 1
            rows, characters = [], 0
            for line, values in islice(self._rows_of_sheet(), _SAMPLE_ROWS):
                rows.append(LooseRow(line, 1, values, False))
                characters += sum(map(len, values))
                if characters > _SAMPLE_CHARACTERS:
                    break
        width = max(len(row.values) for row in rows)
        rows = [
            LooseRow(row.index, 1, row.values + [""] * (width - len(row.values)), False)
            for row in rows
        ]
        while width > 1 and not any(row.values[width - 1].strip() for row in rows):
            width -= 1
        rows = [LooseRow(row.index, 1, row.values[:width], False) for row in rows]
        found = find_header(rows, header, header_line)
        self.columns, self.has_header = found.columns, found.found
        self._start = Position(0, found.lines)
        self._next = found.lines
        self.sample = [
            row.values[: len(self.columns)]
            for row in rows
            if row.index >= found.lines and not row.blank
        ][:200]
        which = f" (sheet {number} of {len(sheets)})" if len(sheets) > 1 else ""
        self.description = f"Excel, sheet '{name}'{which}{self._header_label(found.top)}"

    def _part(self, name: str) -> IO[bytes]:
        info = self._archive.getinfo(name)
        if info.file_size > self._limit:
            raise TableRefused(
                f"Unpacked, the file is larger than {self._limit // 1_000_000:,} MB."
            )
        if info.flag_bits & 1:
            raise TableRefused("The workbook has a password. Save it without one.")
        return self._archive.open(info)

    def _attributes(self, name: str, wanted: set[str]) -> list[tuple[str, dict[str, str]]]:
        with self._part(name) as part:
            return read_attributes(part, wanted, _ATTRIBUTES)

    def _rows_of_sheet(self) -> Iterator[tuple[int, list[str]]]:
        with self._part(self._sheet) as part:
            self._size = self._archive.getinfo(self._sheet).file_size
            for read, line, values in sheet_rows(part, self._cells, self._limit):
                self._read = read
                yield line, values

    def rows(self, start: Position | None = None) -> Iterator[Row | RowProblem]:
        """Yield the rows; see Table."""
        first = (start or self._start).line
        width = len(self.columns)
        self._next = first
        try:
            for line, values in self._rows_of_sheet():
                if line < first or not any(values):
                    continue
                self._next = line + 1
                if len(values) < width:
                    values += [""] * (width - len(values))
                elif len(values) > width:
                    self.repairs[CUT] += any(values[width:])
                    del values[width:]
                    if not any(values):  # all that it has stands under no column
                        continue
                yield line, values
        except _DAMAGED as error:
            raise _damaged() from error

    @property
    def position(self) -> Position:
        """Where the next row begins."""
        return Position(self._next - self._start.line, self._next)

    def progress(self) -> tuple[int, int]:
        """Bytes read of bytes in the sheet, unpacked."""
        return min(self._read, self._size), self._size

    def close(self) -> None:
        """Close the file."""
        if self._texts is not None:
            self._texts.close()
        self._archive.close()


def _damaged() -> TableRefused:
    return TableRefused("This Excel file is damaged. Save it again in Excel, or as CSV.")
