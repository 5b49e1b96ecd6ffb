"""Files that others made, where they are at hand: in the folder CURSIVE_EXTRA_DATA.

They are not part of the project, so these tests are skipped where the folder is missing.
"""

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cursive.lib.tables import RowProblem, TableRefused, open_table
from leads.records.freemail import is_freemail
from leads.records.mapping import guess_mapping
from leads.records.normalise import clean_email
from leads.records.person import Person
from leads.records.phones import parse_phone
from leads.records.reading import PersonReader
from tests.foreign import DATA, needs_foreign_files

pytestmark = needs_foreign_files
CSVKIT = DATA / "csv-dialects/csvkit"
SPECTRUM = DATA / "csv-dialects/spectrum"
BROKEN = DATA / "contacts/broken"

#: file → (people, rows that are nobody)
CONTACTS = {
    "atomic-crm/contacts.csv": (500, 0),
    "atomic-crm/contacts_export.csv": (2, 0),
    # names alone, or nothing but notes, are nobody
    "broken/bom-and-whitespace-headers.csv": (2, 0),
    "broken/broken-encoding-latin1.csv": (0, 3),
    "broken/broken-encoding-windows-1252.csv": (0, 2),
    "broken/duplicate-headers.csv": (2, 0),
    "broken/missing-closing-quote.csv": (0, 2),
    "broken/mixed-delimiters.csv": (3, 0),
    "broken/mixed-line-endings.csv": (3, 0),
    "broken/newline-inside-unquoted-field.csv": (0, 2),
    "broken/ragged-rows-extra-columns.csv": (2, 0),
    "broken/ragged-rows-missing-columns.csv": (1, 1),
    "broken/unescaped-quotes.csv": (0, 2),
    "broken/wrong-delimiter-semicolon.csv": (2, 0),
    "mautic/10contacts.csv": (10, 0),
    "mautic/contacts.csv": (2, 0),
    "mautic/fakecompanydata.csv": (0, 4),
    # the last four rows have a place and nothing else
    "mautic/fakeleaddata.csv": (50, 4),
    # numbers, companies and dummies: nobody
    "salesforce/20kRows.csv": (0, 20_000),
    "salesforce/accountData.csv": (0, 423),
    "salesforce/accountsForInsert.csv": (0, 4),
    "salesforce/csvEscapedQuotes.csv": (0, 2),
    "salesforce/csvSeparator.csv": (0, 2),
    "salesforce/csvtext.csv": (0, 2),
    "salesforce/csvtext_BOM_UTF16BE.csv": (0, 2),
    "salesforce/csvtext_BOM_UTF16LE.csv": (0, 2),
    "salesforce/csvtext_BOM_UTF32BE.csv": (0, 2),
    "salesforce/csvtext_BOM_UTF32LE.csv": (0, 2),
    "salesforce/csvtext_BOM_UTF8.csv": (0, 2),
    "sample-leads/customers-1000.csv": (1000, 0),
    "sample-leads/leads-1000.csv": (1000, 0),
    "sample-leads/leads-duplicates-1000.csv": (1000, 0),
    "sample-leads/leads-duplicates-10000.csv": (10_000, 0),
    "sample-leads/messy-company-data-1000.csv": (0, 1000),
    "us-500/us-500.csv": (500, 0),
}


def people_of(path: Path) -> tuple[list[Person], int, int]:
    """(people, rejected rows, unreadable rows) of a file, with everything guessed."""
    with open_table(path) as table:
        mapping = guess_mapping(table.columns, table.sample, default_country="US")
        reader = PersonReader(mapping, default_country="US")
        items = list(table.rows())
    found = [reader.read(item[1]) for item in items if not isinstance(item, RowProblem)]
    people = [one for one in found if isinstance(one, Person)]
    return people, len(found) - len(people), len(items) - len(found)


@pytest.mark.parametrize("name", CONTACTS)
def test_contacts(name):
    """L-18: read and mapped without a word from the user; no row lost, none made up."""
    people, rejected, unreadable = people_of(DATA / "contacts" / name)
    assert (len(people), rejected) == CONTACTS[name]
    assert unreadable == 0


def test_every_contact_file_is_in_the_table():
    """A new file needs its numbers."""
    found = (DATA / "contacts").rglob("*.csv")
    names = {str(path.relative_to(DATA / "contacts")) for path in found}
    assert {name for name in names if "expected-fixed" not in name} == set(CONTACTS)


def test_people_of_us_500():
    """Fields land where they belong."""
    people, _, _ = people_of(DATA / "contacts/us-500/us-500.csv")
    first = people[0]
    assert (first.first_name, first.last_name, first.email) == ("James", "Butt", "jbutt@gmail.com")
    assert (first.phone, first.email_type) == ("+15046218927", "personal")
    assert (first.company_name, first.company_domain) == (
        "Benton, John B Jr",
        "bentonjohnbjr.com",
    )
    assert (first.city, first.state, first.country) == ("New Orleans", "LA", "US")
    assert all(person.email and person.phone and person.postal_code for person in people)


def rows_of(path: Path) -> list[list[str]]:
    """Header and rows of a file that must read without a problem."""
    with open_table(path) as table:
        items = list(table.rows())
        assert not [item for item in items if isinstance(item, RowProblem)]
        header = [table.columns] if table.has_header else []
        return [*header, *(item[1] for item in items)]


@pytest.mark.parametrize("name", [name for name in CONTACTS if name.startswith("broken/")])
def test_broken_files_are_repaired_as_expected(name):
    """Twelve defects, each with the repair that its makers expect."""
    file_name = Path(name).name
    fixed = (BROKEN / "expected-fixed" / file_name).read_bytes().decode()
    assert rows_of(BROKEN / file_name) == list(csv.reader(io.StringIO(fixed, newline="")))


def test_csv_spectrum():
    """Every case of csv-spectrum. This copy of its files has lost all CR, so they don't count."""
    names = sorted(path.stem for path in (SPECTRUM / "csvs").glob("*.csv"))
    assert len(names) == 11
    for name in names:
        expected = json.loads((SPECTRUM / f"json/{name}.json").read_text())
        with open_table(SPECTRUM / f"csvs/{name}.csv") as table:
            rows = [
                dict(zip(table.columns, item[1], strict=True))
                for item in table.rows()
                if isinstance(item, tuple)
            ]
        wanted = [{k: v.replace("\r\n", "\n") for k, v in row.items()} for row in expected]
        assert rows == wanted, name


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_utf16_big.csv", [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_utf16_little.csv", [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_utf8_bom.csv", [["foo", "bar", "baz"], ["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_latin1.csv", [["a", "b", "c"], ["1", "2", "3"], ["4", "5", "©"]]),
        ("null_byte.csv", [["a", "b", "c"], ["", "2", "3"]]),
        ("mac_newlines.csv", [["a", "b", "c"], ["1", "2", "3"], ["Once upon\ra time", "5", "6"]]),
        ("test_header_newline.csv", [["start end", "b", "c"], ["d", "e", "f"]]),
        ("bad_skip_lines.csv", None),
        ("test_skip_lines.csv", [["a", "b", "c"], ["1", "2", "3"]]),
        ("sniff_limit.csv", [["a", "b", "c"], ["1", "2", "3"]]),
        ("dummy.tsv", [["a", "b", "c"], ["1", "2", "3"]]),
        ("dummy.csv.gz", [["a", "b", "c"], ["1", "2", "3"]]),
        ("dummy.csv.bz2", [["a", "b", "c"], ["1", "2", "3"]]),
        ("dummy.xlsx", [["a", "b", "c"], ["1", "2", "3"]]),
        ("no_header_row3.csv", [["1", "2", "3"], ["4", "5", "6"]]),
        ("optional_quote_characters.csv", [["a", "b", "c"], ["1", "2", "3"]]),
        ("test_extra_header.csv", [["a", "b", "c", "d"], ["1", "2", "3", ""]]),
        (
            "test_join_short_rows.csv",
            [["a", "b", "c"], ["1", "cat\ndog", "c"], ["3", "b", "c"]],
        ),
        ("test_locale.csv", [["a", "b", "c"], ["1,7", "200.000.000", ""]]),
        ("test_empty_columns_long_row.csv", [["a", "b", "c"]]),
    ],
)
def test_csvkit(name, rows):
    """Encodings, ragged rows, line ends, packing."""
    if rows is None:
        with open_table(CSVKIT / name) as table:
            problem, *rest = table.rows()
        assert problem == RowProblem(
            5, "The row has 4 values, but the table has 3 columns.", '1,27,,"I\'m too long!"'
        )
        assert [item[1] for item in rest] == [
            ["", "I'm too short!", ""],
            ["0", "mixed types.... uh oh", "17"],
        ]
    else:
        assert rows_of(CSVKIT / name) == rows


def test_all_of_csvkit_reads_as_its_own_reader_does():
    """For files without a defect, the rows are those of Python's csv."""
    special = {
        *("bad.csv", "bad_skip_lines.csv", "blanks.csv", "empty.csv", "null_byte.csv"),
        *("sniff_limit.csv", "test_header_newline.csv", "test_join_short_rows.csv"),
        *("Datagov_FY10_EDU_recp_by_State.csv", "FY09_EDU_Recipients_by_State.csv"),
        *("sheetsxlsx_converted.csv", "mac_newlines.csv", "determination_schema.csv"),
    }
    checked = 0
    for path in sorted(CSVKIT.glob("*.csv")):
        raw = path.read_bytes()
        if path.name in special or not raw.isascii():
            continue
        wanted = [row for row in csv.reader(io.StringIO(raw.decode(), newline="")) if any(row)]
        if len({len(row) for row in wanted}) == 1:
            assert rows_of(path) == wanted, path.name
            checked += 1
    assert checked > 40


def test_excel_reads_as_converted():
    """The first visible sheet, dates from 1904, booleans, empty columns."""
    with open_table(CSVKIT / "test.xlsx") as table:
        rows = [item[1] for item in table.rows() if isinstance(item, tuple)]
    text = (CSVKIT / "testxlsx_converted.csv").read_text()
    _, *wanted = csv.reader(io.StringIO(text))
    wanted = [[v.replace("T00:00:00", "").replace("True", "true") for v in row] for row in wanted]
    assert rows == [[v.replace("False", "false") for v in row] for row in wanted]
    with open_table(CSVKIT / "ne_1033_data.xlsx") as table:
        assert len(list(table.rows())) == 1036
    for name in ("dummy.xls", "sheets.xls", "test.xls", "test_skip_lines.xls"):
        with pytest.raises(TableRefused, match=r"save it as \.xlsx"):
            open_table(CSVKIT / name)


def test_parquet_of_50000_people():
    """A file from another program's world."""
    path = DATA / "entity-resolution/historical_figures_with_errors_50k.parquet"
    with open_table(path) as table:
        assert "full_name" in table.columns
        assert sum(1 for _ in table.rows()) == table.progress()[1] == 50_578


def test_phone_corpus():
    """Valid examples of every region and type are accepted in every form, invalid ones refused."""
    with (DATA / "phone/example_numbers.csv").open(newline="") as file:
        examples = list(csv.DictReader(file))
    assert len(examples) > 1500
    for each in examples:
        region = each["region"] if len(each["region"]) == 2 else None
        for form in ("e164", "national", "international"):
            if each[form]:
                wanted = each["e164"] if each["validity"] == "valid" else None
                assert parse_phone(each[form], region) == wanted, each


def test_email_corpus():
    """Agreement with isemail on what can be sent to.

    Not counted: what is valid but no plain address (quoted names, numeric hosts), and white space
    around an address, which we trim.
    """
    accepted = {"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN"}
    refused = {"ISEMAIL_ERR", "ISEMAIL_RFC5322", "ISEMAIL_CFWS", "ISEMAIL_DEPREC"}
    checked = agreed = 0
    for name in ("tests.xml", "tests-original.xml"):
        for test in ET.parse(DATA / "email" / name).getroot().iter("test"):
            address = test.findtext("address") or ""
            address = "".join(
                chr(ord(c) - 0x2400) if 0x2400 <= ord(c) <= 0x2420 else c for c in address
            )
            category = test.findtext("category")
            if category not in accepted | refused or address != address.strip():
                continue
            checked += 1
            agreed += (clean_email(address) is not None) == (category in accepted)
    assert checked > 320
    # The rest: 'test@io', and two domains that end in digits.
    assert checked - agreed <= 3


def test_freemail_providers():
    """Of the well-known providers none is missing, and no big company is one."""
    listed = set(json.loads((DATA / "email/free_domains.json").read_text()))
    common = "gmail.com yahoo.com hotmail.com outlook.com aol.com icloud.com gmx.de web.de mail.ru"
    for domain in common.split():
        assert domain in listed
        assert is_freemail(domain)
    for domain in ("microsoft.com", "sap.com", "salesforce.com", "siemens.de"):
        assert not is_freemail(domain)
