"""The bytes of a file as they are when unpacked, with a limit on how many."""

from __future__ import annotations

import bz2
import gzip
import os
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from .archives import Archive
from .kinds import Kind, detect_kind, refusal
from .table import TableRefused

_DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_CUT_OFF = "The packed file is damaged or cut off. Pack or upload it again."


class ByteSource:
    """Reads the unpacked bytes of a file, in order, from any offset on."""

    def __init__(self, path: str | os.PathLike[str], max_bytes: int | None = None) -> None:
        """Open `path`. Raises TableRefused for files that aren't text, packed or plain."""
        try:
            self._raw: BinaryIO = Path(path).open("rb")  # noqa: SIM115
        except OSError as error:
            raise TableRefused(f"The file can't be opened: {error.strerror}.") from error
        self._max_bytes = max_bytes
        self._read = 0
        self._archive: Archive | None = None
        self._path = path
        self._member_size = 0
        try:
            self.size = os.fstat(self._raw.fileno()).st_size
            self.packing: Kind = detect_kind(self._raw.read(4096))
            self._raw.seek(0)
            self._stream = self._unpacked()
        except BaseException:
            self.close()
            raise

    def _unpacked(self) -> BinaryIO:
        if self.packing == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))
        if self.packing == "bzip2":
            return cast(BinaryIO, bz2.BZ2File(self._raw))
        if self.packing == "zip":
            return self._only_member()
        return self._raw

    def _only_member(self) -> BinaryIO:
        try:
            self._archive = Archive(self._path)
            members = [
                info
                for info in self._archive.infolist()
                if not info.is_dir()
                and not info.filename.startswith("__MACOSX/")
                and not info.filename.rpartition("/")[2].startswith(".")
            ]
            if len(members) != 1:
                raise TableRefused(
                    f"This zip archive holds {len(members)} files. Upload one CSV file at a time."
                )
            self._member_size = members[0].file_size
            stream = cast(BinaryIO, self._archive.open(members[0]))
            inner = detect_kind(stream.read(4096))
            stream.seek(0)
        except _DAMAGED as error:
            raise TableRefused("This zip archive is damaged or has a password.") from error
        if inner != "text":
            raise refusal("a zip archive of a packed file")
        return stream

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; empty at the end."""
        try:
            chunk = self._stream.read(size)
        except _DAMAGED as error:
            if self.packing == "text":
                raise
            raise TableRefused(_CUT_OFF) from error
        self._read += len(chunk)
        if self._max_bytes is not None and self._read > self._max_bytes:
            raise TableRefused(
                f"Unpacked, the file is larger than {self._max_bytes // 1_000_000:,} MB."
            )
        return chunk

    def seek(self, offset: int) -> None:
        """Go to an offset in the unpacked bytes (packed files are read up to there)."""
        try:
            self._stream.seek(offset)
        except _DAMAGED as error:
            if self.packing == "text":
                raise
            raise TableRefused(_CUT_OFF) from error
        self._read = offset

    def is_plain(self) -> bool:
        """Whether bytes anywhere can be had at no cost."""
        return self.packing == "text"

    def progress(self) -> tuple[int, int]:
        """Return how many of how many bytes are read (of the packed file where it is packed)."""
        if self.packing == "zip":
            return min(self._read, self._member_size), self._member_size
        return min(self._raw.tell(), self.size), self.size

    def close(self) -> None:
        """Close the file."""
        if self._archive is not None:
            self._archive.close()
        self._raw.close()
