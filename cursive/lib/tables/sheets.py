"""The XML inside a workbook, read as a stream."""

from __future__ import annotations

import datetime
import os
import re
import tempfile
from array import array
from collections.abc import Iterator
from functools import lru_cache
from typing import IO
from xml.parsers import expat

from .headers import MAX_COLUMNS
from .table import TableRefused

#: Small, since a few bytes of a row can stand for a long text that is kept elsewhere.
_CHUNK = 16 * 1024
#: XML that goes on so long without a tag or text is made to exhaust memory.
_MAX_SILENCE = 1024 * 1024
#: Excel's own limit. Others write more; what is beyond it is left out.
_MAX_CELL = 32_767
#: Characters, as in a line of CSV. Who goes on for longer wants to exhaust memory.
_MAX_ROW = 1_000_000
#: Of how many texts the ends are read at once.
_PAGE = 512
#: A sheet's elements are some ten deep, and have some hundred names, their attributes' included.
_MAX_DEPTH = 200
_MAX_NAMES, _MAX_NAME_CHARACTERS = 2_000, 100_000
#: A million rows of 60 cells have fewer tags. Beside the sheets and their texts there are few.
_MAX_TAGS, _MAX_OTHER_TAGS = 200_000_000, 5_000_000
#: All that is read of a workbook's attributes: Excel has at most 64,000 cell formats.
_MAX_ATTRIBUTES = 8_000_000
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_FORMAT_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


class XmlRefused(Exception):
    """The XML is malformed, or made to do harm."""


class _Parser:
    """Expat without document types (so without entities), fed in chunks.

    It keeps every name it has met, and a record of every open element. So who listens to it counts
    `tags` (opened) and `ended`, and sets `silence` to 0 at text; what goes too far is refused
    after the chunk in which it does. Counting by chunk costs the tags nothing.
    """

    def __init__(self, most_tags: int | None = None) -> None:
        # The dictionary has each name of an element or attribute once.
        self._names: dict[str, str] = {}
        self.expat = expat.ParserCreate(None, None, self._names)
        self.expat.buffer_text = True
        self.expat.StartDoctypeDeclHandler = self._refuse
        self.silence = self.tags = self.ended = 0
        self._most_tags = most_tags or _MAX_TAGS
        self._tags_before = self._names_before = 0

    def _refuse(self, *_: object) -> None:
        raise XmlRefused("a document type")

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Parse a piece. Raises XmlRefused, and TableRefused for what no spreadsheet writes."""
        self.silence += len(chunk)
        if self.silence > _MAX_SILENCE:
            raise XmlRefused("a tag without end")
        try:
            self.expat.Parse(chunk, last)
        except expat.ExpatError as error:
            raise XmlRefused(str(error)) from error
        if self.tags != self._tags_before:
            self._tags_before, self.silence = self.tags, 0
            self._check_bounds()

    def _check_bounds(self) -> None:
        if self.tags - self.ended > _MAX_DEPTH:
            raise _no_spreadsheet(f"elements more than {_MAX_DEPTH} deep in each other")
        if self.tags > self._most_tags:
            raise _no_spreadsheet(f"a part with more than {self._most_tags:,} elements")
        if len(self._names) != self._names_before:
            self._names_before = len(self._names)
            length = sum(map(len, self._names))
            if self._names_before > _MAX_NAMES or length > _MAX_NAME_CHARACTERS:
                raise _no_spreadsheet(f"elements of more than {_MAX_NAMES:,} names")


def _no_spreadsheet(what: str) -> TableRefused:
    return TableRefused(
        f"This workbook has {what}, which no spreadsheet writes. Save it again in Excel, or as CSV."
    )


@lru_cache(256)
def _local(name: str) -> str:
    return name.rpartition(":")[2]


def number_of(text: str) -> int:
    """The number that an attribute holds, or -1 where it holds none."""
    return int(text) if text.isdecimal() and len(text) < 16 else -1


class _Pieces:
    """A text that comes in pieces: its first characters, however long it is."""

    def __init__(self) -> None:
        self.length = 0
        self._found = ""

    def add(self, text: str) -> None:
        if self.length < _MAX_CELL:
            self._found = (self._found + text)[:_MAX_CELL] if self.length else text[:_MAX_CELL]
        self.length += len(text)

    def take(self) -> str:
        """The text; another one begins."""
        text, self._found, self.length = self._found, "", 0
        return text


def _too_long(what: str) -> TableRefused:
    return TableRefused(
        f"{what} holds more text than a row can (1 MB). Shorten it, or leave it out."
    )


def read_attributes(
    part: IO[bytes], wanted: set[str], names: set[str]
) -> list[tuple[str, dict[str, str]]]:
    """Return (tag, attributes) of every element with one of the wanted tags, without prefixes.

    Of its attributes those called one of `names`.
    """
    found: list[tuple[str, dict[str, str]]] = []
    left = _MAX_ATTRIBUTES

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal left
        parser.tags += 1
        if _local(name) in wanted:
            kept = {_local(key): each for key, each in attributes.items() if _local(key) in names}
            left -= 64 + sum(map(len, kept.values()))
            if left < 0:
                raise XmlRefused("too many elements")
            found.append((_local(name), kept))

    def end(_: str) -> None:
        parser.ended += 1

    parser = _Parser(_MAX_OTHER_TAGS)
    parser.expat.StartElementHandler = start
    parser.expat.EndElementHandler = end
    while chunk := part.read(_CHUNK):
        parser.feed(chunk, last=False)
    parser.feed(b"", last=True)
    return found


class SharedTexts:
    """The texts that cells refer to by number, kept in temporary files with where each ends."""

    def __init__(self, part: IO[bytes], limit: int) -> None:
        """Read them all from `xl/sharedStrings.xml`; at most `limit` bytes."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = tempfile.TemporaryFile()  # noqa: SIM115
        # How far each text of the newest reaches, before they are written.
        self._new = array("Q", [0])
        self._count = self._size = 0
        self._page, self._bounds = -1, array("Q")
        self._pieces = _Pieces()
        self._in_text = self._in_phonetic = False
        parser = _Parser()
        self._parser = parser
        parser.expat.StartElementHandler = self._start
        parser.expat.EndElementHandler = self._end
        parser.expat.CharacterDataHandler = self._text
        read = 0
        try:
            while chunk := part.read(_CHUNK):
                read += len(chunk)
                if read > limit:
                    raise XmlRefused("too much text")
                parser.feed(chunk, last=False)
                self._new.tofile(self._ends)
                del self._new[:]
            parser.feed(b"", last=True)
            self._new.tofile(self._ends)
            self._ends.flush()
            self._file.flush()
        except BaseException:
            self.close()
            raise

    def _start(self, name: str, _: dict[str, str]) -> None:
        self._parser.tags += 1
        tag = _local(name)
        if tag == "si":
            self._pieces.take()
        elif tag == "rPh":
            self._in_phonetic = True
        elif tag == "t":
            self._in_text = not self._in_phonetic

    def _end(self, name: str) -> None:
        self._parser.ended += 1
        tag = _local(name)
        if tag == "t":
            self._in_text = False
        elif tag == "rPh":
            self._in_phonetic = False
        elif tag == "si":
            data = self._pieces.take().encode()
            self._file.write(data)
            self._size += len(data)
            self._new.append(self._size)
            self._count += 1

    def _text(self, text: str) -> None:
        self._parser.silence = 0
        if self._in_text:
            self._pieces.add(text)
            if self._pieces.length > _MAX_ROW:
                raise _too_long("A cell")

    def __getitem__(self, number: int) -> str:
        """Return a text; "" for a number that there isn't."""
        if not 0 <= number < self._count:
            return ""
        page, at = divmod(number, _PAGE)
        if page != self._page:
            # Texts are mostly named in the order in which they come first.
            self._page = page
            found = os.pread(self._ends.fileno(), 8 * (_PAGE + 1), 8 * _PAGE * page)
            self._bounds = array("Q", found)
        start, end = self._bounds[at], self._bounds[at + 1]
        return os.pread(self._file.fileno(), end - start, start).decode()

    def close(self) -> None:
        """Delete the temporary files."""
        self._file.close()
        self._ends.close()


class CellReader:
    """Turns what stands in a cell into the text that a person sees, more or less."""

    def __init__(
        self,
        texts: SharedTexts | None,
        styles: list[int],
        custom: dict[int, str],
        epoch_1904: bool,
    ) -> None:
        """`styles`: the number format of each style; `custom`: the code of own formats."""
        self._texts = texts
        self._dates = [
            number in _DATE_FORMATS or _is_date_format(custom.get(number, "")) for number in styles
        ]
        first_day = datetime.date(1904, 1, 1) if epoch_1904 else datetime.date(1899, 12, 30)
        self._epoch = datetime.datetime.combine(first_day, datetime.time())

    def read(self, kind: str, style: str, value: str) -> str:
        """`kind` and `style` are the cell's t and s attributes."""
        if kind == "s":
            return self._texts[number_of(value)] if self._texts else ""
        if kind in {"inlineStr", "str", "d"}:
            return value
        if kind == "b":
            return "true" if value == "1" else "false"
        if kind == "e":
            return ""
        if 0 <= (number := number_of(style)) < len(self._dates) and self._dates[number]:
            return self._date(value)
        return value if value.isdecimal() else _number(value)

    def _date(self, value: str) -> str:
        try:
            moment = self._epoch + datetime.timedelta(seconds=round(float(value) * 86_400))
        except (ValueError, OverflowError):
            return value
        if float(value) < 1:
            return moment.strftime("%H:%M:%S")
        has_time = moment.time() != datetime.time()
        return moment.isoformat() if has_time else moment.date().isoformat()


def _is_date_format(code: str) -> bool:
    bare = _FORMAT_LITERALS.sub("", code).lower().partition(";")[0]
    return "general" not in bare and any(letter in bare for letter in "ymdhs")


def _number(value: str) -> str:
    """'1.5042344321E10' → '15042344321'; '0.10000000000000001' → '0.1'."""
    try:
        number = float(value)
    except ValueError:
        return value
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)


class _Sheet:
    """Collects rows while a sheet's XML is fed to it."""

    def __init__(self, parser: _Parser, cells: CellReader) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._parser = parser
        self._cells = cells
        self._line = self._length = 0
        self._values: list[str] = []
        self._column = 0
        self._kind = self._style = ""
        self._pieces = _Pieces()
        self._in_value = self._in_phonetic = False
        parser.expat.StartElementHandler = self._start
        parser.expat.EndElementHandler = self._end
        parser.expat.CharacterDataHandler = self._text

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._parser.tags += 1
        tag = _local(name)
        if tag == "c":
            reference = attributes.get("r")
            self._column = _column_number(reference) if reference else len(self._values)
            self._kind, self._style = attributes.get("t", ""), attributes.get("s", "")
            self._pieces.take()
        elif tag == "v":
            self._in_value = True
        elif tag == "t":
            self._in_value = not self._in_phonetic
        elif tag == "rPh":
            self._in_phonetic = True
        elif tag == "row":
            number = number_of(attributes.get("r", ""))
            self._line = number if number >= 0 else self._line + 1
            self._values = []
            self._length = 0

    def _end(self, name: str) -> None:
        self._parser.ended += 1
        tag = _local(name)
        if tag in {"v", "t"}:
            self._in_value = False
        elif tag == "rPh":
            self._in_phonetic = False
        elif tag == "c":
            # One more than are read, so that a table that is wider is refused and not cut.
            if self._pieces.length and self._column <= MAX_COLUMNS:
                value = self._cells.read(self._kind, self._style, self._pieces.take())
                self._length += len(value)
                if self._length > _MAX_ROW:
                    raise _too_long(f"Row {self._line:,}")
                if len(self._values) <= self._column:
                    self._values += [""] * (self._column + 1 - len(self._values))
                self._values[self._column] = value.replace("\x00", "")
        elif tag == "row":
            self.rows.append((self._line, self._values))
            self._values = []

    def _text(self, text: str) -> None:
        self._parser.silence = 0
        if self._in_value:
            self._pieces.add(text)
            if self._pieces.length > _MAX_ROW:
                raise _too_long(f"Row {self._line:,}")


def _column_number(reference: str) -> int:
    """'C5' → 2."""
    number = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number - 1 if 0 < number <= 20_000 else 0


def sheet_rows(
    part: IO[bytes], cells: CellReader, limit: int
) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (bytes read so far, row number, values) of a sheet; at most `limit` bytes of XML."""
    parser = _Parser()
    sheet = _Sheet(parser, cells)
    read = 0
    while True:
        chunk = part.read(_CHUNK)
        read += len(chunk)
        if read > limit:
            raise XmlRefused("too many rows")
        parser.feed(chunk, last=not chunk)
        for line, values in sheet.rows:
            yield read, line, values
        sheet.rows.clear()
        if not chunk:
            return
