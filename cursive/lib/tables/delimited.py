"""CSV and its relatives as a table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from .blocks import Block, BlockReader, LongLine
from .dialects import detect_dialect, read_loosely
from .encodings import Encoding, detect_encoding, named_encoding
from .headers import find_header
from .kinds import binary, empty, refuse_binary, refuse_other_text
from .records import RecordParser
from .shapes import column_shapes
from .sources import ByteSource
from .table import Position, Row, RowProblem, Table, TableRefused

_HEAD_BYTES = 256 * 1024
_SAMPLE_LINES = 600
_SAMPLE_ROWS = 200
#: The first line of some files made for Excel.
_SEPARATOR_HINT = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
#: How far a file is searched for the first byte that isn't ASCII, and in what pieces after that.
_SEARCH_BYTES = 64 * 1024 * 1024
_PROBES = 16
_PROBE_BYTES = 1024 * 1024


class DelimitedTable(Table):
    """Text in which every line is a row, more or less."""

    kind = "csv"

    def __init__(
        self,
        source: ByteSource,
        path: str | os.PathLike[str],
        *,
        delimiter: str | None,
        encoding: str | None,
        header: bool | None,
        header_line: int | None = None,
    ) -> None:
        """Look at the beginning of `source` and find out its encoding, dialect and header."""
        super().__init__()
        self._source = source
        self._encoding = _encoding_of(source, path, encoding)
        blocks = BlockReader(source, self._encoding, self._encoding.bom, 1)
        block = blocks.advance(0)
        if isinstance(block, LongLine):
            raise TableRefused(
                "The first line is longer than 1 MB, so this is not a table. Save it as CSV, "
                "with a line for each row."
            )
        if block is None:
            raise empty()
        lines = block.lines
        skipped = 0
        hint = _SEPARATOR_HINT.fullmatch(lines[0].rstrip("\r\n"))
        if hint:
            delimiter = delimiter or hint[1]
            skipped = 1
        sample = lines[skipped : skipped + _SAMPLE_LINES]
        self._dialect = detect_dialect(sample, delimiter)
        rows = read_loosely(self._dialect, sample, _SAMPLE_ROWS)
        said = None if header_line is None else header_line - 1 - skipped
        found = find_header(rows, header, said)
        self.columns, self.has_header = found.columns, found.found
        self.description = f"{self._dialect.label}, {self._encoding.label}"
        self.description += self._header_label(skipped + found.top + 1)
        begin = skipped + found.lines
        self._start = Position(blocks.offset_of(begin), blocks.line_of(begin))
        width = len(self.columns)
        data = [row.values for row in rows if row.index >= found.lines and not row.broken]
        self._shapes = column_shapes((row for row in data if len(row) == width), width)
        first = Block(lines[begin : begin + _SAMPLE_LINES], begin + 1, block.suspect, True)
        items = islice(self._new_parser().parse_block(first), _SAMPLE_ROWS)
        self.sample = [item[1] for item in items if not isinstance(item, RowProblem)]
        self.repairs.clear()
        self._parser = self._new_parser()

    def _new_parser(self) -> RecordParser:
        return RecordParser(
            self._dialect, len(self.columns), self._shapes, self._encoding, self.repairs
        )

    def rows(self, start: Position | None = None) -> Iterator[Row | RowProblem]:
        """Yield the rows; see Table."""
        begin = start or self._start
        if begin.offset < self._start.offset:
            raise TableRefused("Reading can't go on there: that is not a position in this file.")
        self._parser = self._new_parser()
        return self._parser.parse(BlockReader(self._source, self._encoding, *begin))

    @property
    def position(self) -> Position:
        """Where the next row begins."""
        return self._parser.at or self._start

    def progress(self) -> tuple[int, int]:
        """Bytes read of bytes in the file."""
        return self._source.progress()

    def close(self) -> None:
        """Close the file."""
        self._source.close()


def _encoding_of(source: ByteSource, path: str | os.PathLike[str], named: str | None) -> Encoding:
    """Settle the encoding, or refuse what is no text or another format."""
    head = b""
    while len(head) < _HEAD_BYTES:
        chunk = source.read(_HEAD_BYTES - len(head))
        if not chunk:
            break
        head += chunk
    if named is not None:
        encoding = named_encoding(named, head)
    else:
        later = _later_samples(path) if source.is_plain() else ()
        encoding = detect_encoding(head, later, whole=len(head) < _HEAD_BYTES)
    start = head[encoding.bom : encoding.bom + 32_768]
    text = start.decode(encoding.codec, "replace")
    if not text.strip("\x00 \t\r\n\ufeff"):
        if len(head) < _HEAD_BYTES:
            raise empty()
        raise binary()
    refuse_other_text(text)
    refuse_binary(text)
    return encoding


def _later_samples(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """Yield pieces of a plain file beyond its head: all of its beginning, then here and there."""
    with Path(path).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(_HEAD_BYTES)
        while file.tell() < min(_SEARCH_BYTES, size):
            yield file.read(_PROBE_BYTES)
        if size > _SEARCH_BYTES:
            step = max((size - _SEARCH_BYTES) // _PROBES, _PROBE_BYTES)
            for at in range(_SEARCH_BYTES, size, step):
                file.seek(at)
                yield file.read(_PROBE_BYTES)
