"""Zip archives from strangers, opened within bounds."""

from __future__ import annotations

import io
import os
import zipfile

#: Bytes of an archive's list of contents: room for some 20,000 files. In memory each takes ten
#: times what it takes in the list, and a workbook has hundreds of parts at most.
_MAX_LIST = 2_000_000


class _Bounded(io.BufferedReader):
    """`zipfile` reads the list of contents in one piece, and everything else in small ones."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_LIST:
            raise zipfile.BadZipFile("too many files")
        return super().read(size)


class Archive(zipfile.ZipFile):
    """A zip archive that is open for reading. Raises BadZipFile where it lists too many files."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._bytes = _Bounded(io.FileIO(path))
        try:
            super().__init__(self._bytes)
        except BaseException:
            self._bytes.close()
            raise

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._bytes.close()
