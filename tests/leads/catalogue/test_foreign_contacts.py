"""`load_catalogue` takes every contact file that others made, and its counts are right (L-4).

The files are not part of the project: skipped where the folder CURSIVE_EXTRA_DATA is missing.
"""

import csv
import re
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from leads.catalogue.local import LocalSource
from leads.filters.tree import EVERYBODY
from tests.leads.records.test_foreign_files import CONTACTS, DATA, pytestmark

__all__ = ["pytestmark"]

#: file → different people in it, by the identity rule of L-11: as many as it has first e-mail
#: addresses, +tags and all (they are tags at Gmail alone). All others hold nobody twice.
DIFFERENT = {
    "sample-leads/leads-duplicates-1000.csv": 817,
    "sample-leads/leads-duplicates-10000.csv": 8_202,
}
TOLD = re.compile(
    r"Version \d+: ([\d,]+) people\. Read ([\d,]+) rows, merged ([\d,]+),"
    r" left out 0 as suppressed, rejected ([\d,]+)\."
)


def load(name: str, reject_file, **options) -> tuple[int, ...]:
    """(people, rows read, merged, rejected), as the command tells them."""
    out = StringIO()
    call_command(
        "load_catalogue",
        str(DATA / "contacts" / name),
        reject_file=reject_file,
        stdout=out,
        verbosity=0,
        **options,
    )
    return tuple(int(number.replace(",", "")) for number in TOLD.search(out.getvalue()).groups())


@pytest.mark.parametrize("name", CONTACTS)
def test_each_file_is_loaded(db, tmp_path, name):
    """Every row becomes somebody, is merged into somebody, or is in the reject file."""
    wanted, nobody = CONTACTS[name]
    rejects = tmp_path / "rejects.csv"
    people, read, merged, rejected = load(name, rejects, country="US")
    assert (read, rejected) == (wanted + nobody, nobody)
    assert (people, people + merged) == (DIFFERENT.get(name, wanted), wanted)
    if nobody:
        with rejects.open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert len(lines) == nobody
        assert all(line["line"].isdigit() and line["reason"] for line in lines)
    else:
        assert not rejects.exists()
    assert LocalSource(settings.CATALOGUE_DIR).count(EVERYBODY).total == people
