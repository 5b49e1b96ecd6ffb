"""Who came in earlier rows of a file: on disk, so that memory stays flat whatever the file is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from leads.catalogue.engine import connect
from leads.records.known import Identity, People

_MEMORY = "32MB"
# Thousands of values travel as one text, which is made much faster than a list. Neither normal
# forms nor names have control characters.
_SEPARATOR = "\x1f"
_EACH = "unnest(string_split(${}, chr(31)))"
# Of addresses and hashes 128 bits are kept: to be looked through they are a third of the texts.
_DIGEST = "md5_number(k)"


class Seen:
    """The people of a file so far. Close it.

    The rule of sameness is that of `known`; here only lies what it needs to be asked.
    """

    def __init__(self) -> None:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="import-")))
            self._db = stack.enter_context(
                connect(folder / "seen.duckdb", memory=_MEMORY, spill=folder)
            )
            self._db.execute(
                "CREATE TABLE email (k UHUGEINT); CREATE TABLE hash (k UHUGEINT);"
                "CREATE TABLE phone (k VARCHAR, first VARCHAR, last VARCHAR, has_email BOOLEAN)"
            )
            self._open = stack.pop_all()

    def among(self, people: Sequence[Identity]) -> People:
        """Those who came before and share an address, number or identity with one of `people`."""
        found = People()
        for email in self._shared("email", {mail for one in people for mail in one.emails}):
            found.add_email(email)
        for digest in self._shared("hash", {one.dedup_hash for one in people if not one.emails}):
            found.add_hash(digest)
        numbers = {number for one in people for number in one.phones}
        if numbers:
            rows = self._db.execute(
                "SELECT DISTINCT k, first, last, has_email FROM phone"
                f" WHERE k IN (SELECT {_EACH.format(1)})",
                [_SEPARATOR.join(numbers)],
            )
            for number, first, last, has_email in rows.fetchall():
                found.add_phone(number, first, last, has_email=has_email)
        return found

    def add(self, people: Iterable[Identity]) -> None:
        """From now on these came before."""
        people = list(people)
        self._note("email", [mail for one in people for mail in one.emails])
        # Equal hashes mean equal addresses, where there are addresses.
        self._note("hash", [one.dedup_hash for one in people if not one.emails])
        lines = [
            (number, one.first_name, one.last_name, "true" if one.emails else "false")
            for one in people
            for number in one.phones
        ]
        if lines:
            values = ", ".join(_EACH.format(number + 1) for number in range(len(lines[0])))
            texts = [_SEPARATOR.join(column) for column in zip(*lines, strict=True)]
            self._db.execute(f"INSERT INTO phone SELECT {values}", texts)

    def close(self) -> None:
        """Forget everybody."""
        self._open.close()

    def _shared(self, table: str, keys: set[str]) -> list[str]:
        if not keys:
            return []
        rows = self._db.execute(
            f"SELECT DISTINCT asked.k FROM {table} JOIN"
            f" (SELECT k, {_DIGEST} AS digest FROM (SELECT {_EACH.format(1)} AS k)) asked"
            f" ON {table}.k = asked.digest",
            [_SEPARATOR.join(keys)],
        )
        return [row[0] for row in rows.fetchall()]

    def _note(self, table: str, keys: Sequence[str]) -> None:
        if keys:
            self._db.execute(
                f"INSERT INTO {table} SELECT {_DIGEST} FROM (SELECT {_EACH.format(1)} AS k)",
                [_SEPARATOR.join(keys)],
            )
