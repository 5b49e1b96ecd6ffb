"""Cuts a byte stream into blocks of whole lines, in bounded memory whatever the lines are like."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .encodings import Encoding
from .sources import ByteSource

#: Bytes that are read at a time.
BLOCK_BYTES = 256 * 1024
#: A longer line is no row of a table.
MAX_LINE_BYTES = 1024 * 1024

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(slots=True)
class Block:
    """Whole lines with their line ends.

    `line` is the first one's number. `suspect`: some bytes weren't text in the file's encoding and
    stand there as lone surrogates or U+FFFD. `final`: nothing that follows belongs to these lines.
    """

    lines: list[str]
    line: int
    suspect: bool
    final: bool


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line over the limit, left out: its number, its length in bytes, its beginning."""

    line: int
    length: int
    raw: str


class BlockReader:
    """Yields blocks; the reader of a block says how many of its lines it is done with."""

    def __init__(self, source: ByteSource, encoding: Encoding, offset: int, line: int) -> None:
        """Start at a byte `offset` where the line with the number `line` begins."""
        self._source = source
        self._encoding = encoding
        self._offset = offset
        self._line = line
        self._buffer = b""
        #: Bytes at the beginning of the buffer that were handed out as the current block.
        self._held = 0
        self._texts: list[str] = []
        self._at_end = False
        source.seek(offset)

    def advance(self, done: int) -> Block | LongLine | None:
        """Drop `done` lines of the current block; return the rest with what follows.

        A block that wasn't final comes back longer. After a final one everything must be done.
        """
        self._drop(self.offset_of(done) - self._offset, done)
        held = self._held
        while True:
            cut = self._last_line_end()
            if cut > held or self._at_end or len(self._buffer) - held > MAX_LINE_BYTES:
                break
            chunk = self._source.read(BLOCK_BYTES)
            self._buffer += chunk
            self._at_end = not chunk
        if cut <= held and held:
            return self._block(held, final=True)
        if not self._buffer:
            return None
        if cut <= held:
            return self._skip_line()
        if cut > MAX_LINE_BYTES:
            return self._around_long_lines(cut)
        return self._block(cut, final=self._at_end and cut == len(self._buffer))

    def offset_of(self, index: int) -> int:
        """Return the byte offset in the file of the current block's line `index`."""
        if not index:
            return self._offset
        if index >= len(self._texts):
            return self._offset + self._held
        if self._encoding.unit > 1:
            return self._offset + self._width("".join(self._texts[:index]))
        if index == len(self._texts) - 1:  # as ever where the last row waits for the next block
            return self._offset + self._last_line_begin()
        ends = _LINE_END.finditer(self._buffer)
        for _ in range(index - 1):
            next(ends)
        return self._offset + next(ends).end()

    def _last_line_begin(self) -> int:
        """Where the current block's last line begins in the buffer, found from its end."""
        end = self._held
        if self._buffer[end - 2 : end] == b"\r\n":
            end -= 2
        elif self._buffer[end - 1 : end] in (b"\n", b"\r"):
            end -= 1
        return max(self._buffer.rfind(b"\n", 0, end), self._buffer.rfind(b"\r", 0, end)) + 1

    def line_of(self, index: int) -> int:
        """Return the number of the current block's line `index`."""
        return self._line + index

    def _drop(self, length: int, lines: int) -> None:
        self._buffer = self._buffer[length:]
        self._held -= length
        self._offset += length
        self._line += lines
        self._texts = []

    def _block(self, cut: int, *, final: bool) -> Block:
        raw = self._buffer[:cut]
        text, suspect = self._decode(raw)
        lines = list(io.StringIO(text, newline=""))
        self._texts = lines
        self._held = cut
        if "\x00" in text:
            lines = [line.replace("\x00", "") for line in lines]
        return Block(lines, self._line, suspect, final)

    def _decode(self, raw: bytes) -> tuple[str, bool]:
        codec = self._encoding.codec
        try:
            return raw.decode(codec), False
        except UnicodeDecodeError:
            errors = "surrogateescape" if self._encoding.unit == 1 else "replace"
            return raw.decode(codec, errors), True

    def _width(self, text: str) -> int:
        return len(text.encode(self._encoding.codec, "surrogatepass"))

    def _last_line_end(self) -> int:
        """Where the last whole line in the buffer ends; 0 when none does."""
        if self._at_end:
            return len(self._buffer)
        if self._encoding.unit == 1:
            # A CR at the very end may be half of a CR LF.
            carriage = self._buffer.rfind(b"\r", self._held, max(len(self._buffer) - 1, 0))
            return max(self._buffer.rfind(b"\n", self._held), carriage) + 1
        text = self._wide_text(self._buffer)
        end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        return self._width(text[:end])

    def _wide_text(self, raw: bytes) -> str:
        """Decode whole characters; what is cut in two at the end is left out."""
        unit = self._encoding.unit
        text = raw[: len(raw) // unit * unit].decode(self._encoding.codec, "replace")
        return text.removesuffix("\ufffd")

    def _first_line_end(self) -> int:
        """Where the first line in the buffer ends; -1 when it doesn't."""
        if self._encoding.unit == 1:
            match = _LINE_END.search(self._buffer)
            if match is None or (match.end() == len(self._buffer) and match[0] == b"\r"):
                return -1
            return match.end()
        text = self._wide_text(self._buffer)
        found = [at for at in (text.find("\n"), text.find("\r")) if at >= 0]
        if not found or min(found) + 1 == len(text):
            return -1
        at = min(found)
        return self._width(text[: at + (2 if text[at : at + 2] == "\r\n" else 1)])

    def _around_long_lines(self, cut: int) -> Block | LongLine:
        """Hand out what comes before a line over the limit, or skip that line."""
        start = 0
        for end in self._line_ends(cut):
            if end - start > MAX_LINE_BYTES:
                return self._block(start, final=True) if start else self._skip_line()
            start = end
        return self._block(cut, final=self._at_end and cut == len(self._buffer))

    def _line_ends(self, cut: int) -> Iterator[int]:
        if self._encoding.unit == 1:
            last = 0
            for match in _LINE_END.finditer(self._buffer, 0, cut):
                last = match.end()
                yield last
            if last < cut:
                yield cut
            return
        end = 0
        for line in io.StringIO(self._wide_text(self._buffer[:cut]), newline=""):
            end += self._width(line)
            yield end

    def _skip_line(self) -> LongLine:
        """Read on to the end of the line at the beginning of the buffer, keeping nothing."""
        raw = re.split("[\r\n]", self._decode(self._buffer[:2000])[0], maxsplit=1)[0][:500]
        length = 0
        while True:
            end = self._first_line_end()
            if end >= 0 or self._at_end:
                break
            # Keep a little, in which a line end may be cut in two.
            keep = len(self._buffer) % self._encoding.unit + 2 * self._encoding.unit
            gone = max(len(self._buffer) - keep, 0)
            self._buffer = self._buffer[gone:]
            length += gone
            chunk = self._source.read(BLOCK_BYTES)
            self._buffer += chunk
            self._at_end = not chunk
        if end < 0:
            end = len(self._buffer)
        self._buffer = self._buffer[end:]
        self._held = 0
        long_line = LongLine(self._line, length + end, raw.replace("\x00", ""))
        self._offset += length + end
        self._line += 1
        self._texts = []
        return long_line
