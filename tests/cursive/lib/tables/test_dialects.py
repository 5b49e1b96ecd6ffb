"""Delimiter, quotes and header are found (L-18)."""

import pytest

from cursive.lib.tables import TableRefused, open_table

from .builders import read, write


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f", "\x01"])
def test_delimiters(tmp_path, delimiter):
    """Also where values are full of commas."""
    lines = [["name", "address", "note"]] + [
        [f"Ann {n}", f"{n} Main St, Austin, TX", "a, b"] for n in range(5)
    ]
    quoted = [[f'"{v}"' if delimiter in v else v for v in line] for line in lines]
    path = write(tmp_path, "\n".join(delimiter.join(line) for line in quoted))
    columns, rows, problems = read(path)
    assert [columns, *rows] == lines
    assert not problems


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        # decimal commas
        ("a;b;c\n1,5;2,5;3,5\n1,7;2,7;3,7\n", ["a", "b", "c"], 2),
        # a list in one column
        ("email,topics\na@b.co,x;y;z\nc@d.co,x;y;z\n", ["email", "topics"], 2),
        # one column, with and without a delimiter in its values
        ("email\na@b.co\nc@d.co\n", ["email"], 2),
        ('name\n"Smith, John"\n"Doe, Jane"\n', ["name"], 2),
        ("name\nSmith, John\nDoe, Jane\n", ["name"], 2),
        # Excel's own hint
        ("sep=|\na|b,c\n1|2\n", ["a", "b,c"], 1),
        # header only
        ("first,last,email\n", ["first", "last", "email"], 0),
        ("first,last,email", ["first", "last", "email"], 0),
        # single quotes
        ("'a','b'\n'1','x, y'\n'2','z'\n", ["a", "b"], 2),
        # a space after the comma, before a quote
        ('a, b\n1, "x, y"\n2, "z, w"\n', ["a", "b"], 2),
    ],
)
def test_forms(tmp_path, text, columns, rows):
    """Forms in which lists come."""
    found, read_rows, problems = read(write(tmp_path, text))
    assert [name.strip() for name in found] == columns
    assert len(read_rows) == rows
    assert all(len(row) == len(columns) for row in read_rows)
    assert not problems


def test_backslash_escapes(tmp_path):
    """Where backslashes escape quotes, they do; elsewhere they are text."""
    path = write(tmp_path, 'a,b\n1,"say \\"hi\\", ok"\n2,"x \\"y\\""\n')
    assert read(path)[1] == [["1", 'say "hi", ok'], ["2", 'x "y"']]
    path = write(tmp_path, 'a,b\n1,C:\\temp\n2,"D:\\x"\n')
    assert read(path)[1] == [["1", "C:\\temp"], ["2", "D:\\x"]]


def test_what_is_said_isn_t_guessed(tmp_path):
    """A given delimiter and header win."""
    path = write(tmp_path, "a;b,c\n1;2,3\n")
    assert read(path, delimiter=",")[0] == ["a;b", "c"]
    assert read(path, delimiter=";", header=False) == (
        ["Column 1", "Column 2"],
        [["a", "b,c"], ["1", "2,3"]],
        [],
    )
    for bad in ("", ",,", '"', "\n"):
        with pytest.raises(TableRefused, match="one character"):
            open_table(path, delimiter=bad)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("first,last,email\nAnn,Lee,ann@acme.com\n", True),
        ("Ann,Lee,ann@acme.com\nBob,Ray,bob@acme.com\n", False),
        ("1,2,3\n4,5,6\n", False),
        ("1,2,3\n", False),
        ("504-621-8927,LA\n810-292-9388,MI\n", False),
        ("http://acme.com,Acme\nhttp://zen.com,Zen\n", False),
        ("alpha,beta\ngamma,delta\n", True),
        ("Vorname,Nachname\nAnna,Huber\n", True),
        ("Ann,Austin,TX\nBob,Austin,TX\nCid,Austin,TX\nDee,Austin,TX\n", False),
        ("Jahr 2020,Jahr 2021\n5,7\n8,9\n", True),
        ("#,Name,Email\n1,Ann,ann@acme.com\n", True),
    ],
)
def test_header_or_not(tmp_path, text, header):
    """A first row of data isn't lost as a header."""
    with open_table(write(tmp_path, text)) as table:
        assert table.has_header is header
        lines = len(text.strip().splitlines())
        assert len(list(table.rows())) == lines - header


def test_what_stands_above_the_header_is_skipped(tmp_path):
    """Blank lines, remarks, a title."""
    text = "\n\n# made on Monday\nOur leads\n,,\nfirst,last,email\nAnn,Lee,ann@acme.com\n"
    with open_table(write(tmp_path, text)) as table:
        assert table.columns == ["first", "last", "email"]
        assert list(table.rows()) == [(7, ["Ann", "Lee", "ann@acme.com"])]


def test_names_are_made_distinct(tmp_path):
    """Doubled and missing names get numbers, without hitting a name that is there."""
    path = write(tmp_path, "\ufeff id , Email,email,,Email 1,'  x\t y'\n1,2,3,4,5,6\n")
    columns = read(path)[0]
    assert columns == ["id", "Email 2", "email 3", "Column 4", "Email 1", "' x y'"]
    assert len({name.casefold() for name in columns}) == 6


def test_values_right_of_the_header_get_columns(tmp_path):
    """Data in columns that have no name is kept."""
    path = write(tmp_path, "first,last\nAnn,Lee,x\nBob,Ray,y\nCid,Roe,z\n")
    assert read(path)[0] == ["first", "last", "Column 3"]


def test_too_many_columns_are_refused(tmp_path):
    """A table has an end on the right."""
    with pytest.raises(TableRefused, match="2,000 columns; at most 500 are read"):
        open_table(write(tmp_path, ",".join(f"c{n}" for n in range(2000)) + "\n"))


def test_description_says_how_it_is_read(tmp_path):
    """For the page that shows what was found."""
    with open_table(write(tmp_path, "a;b\n1;2\n")) as table:
        assert table.description == "semicolon-separated, UTF-8"


NAMES = "Email,First name,Last name,Company,Phone,Title"
PEOPLE = "".join(f"p{n}@acme.com,Ann{n},Lee{n},Acme,,CEO\n" for n in range(100))


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("Report of leads\nExported 2026-01-01\n\n", 4),
        ("Report of leads,,,,,\nExported 2026-01-01,,,,,\n,,,,,\n", 4),
        ("Report,Q3\n", 2),
        ("Report,Q3,,,,\nBy,Ann Lee,,,,\n", 3),
        ("Report of leads\n" * 12, 13),
        ("Leads by company\nOwner: Ann Lee\n\n", 4),
    ],
)
def test_titles_above_the_names(tmp_path, above, line):
    """L-18: however many lines, and however many cells they have."""
    path = write(tmp_path, above + NAMES + "\n" + PEOPLE)
    with open_table(path) as table:
        assert table.columns == NAMES.split(",")
        assert table.description == f"comma-separated, UTF-8, column names in line {line}"
        rows = list(table.rows())
    assert rows[0] == (line + 1, ["p0@acme.com", "Ann0", "Lee0", "Acme", "", "CEO"])
    assert len(rows) == 100


def test_titles_above_names_in_another_language(tmp_path):
    """They are told by their one cell alone."""
    names = "Mail,Vorname,Nachname,Firma,Telefon,Funktion"
    path = write(tmp_path, f"Bericht,,,,,\nStand 1. Januar,,,,,\n{names}\n{PEOPLE}")
    with open_table(path) as table:
        assert table.columns == names.split(",")


@pytest.mark.parametrize(
    "top", ["ann@acme.com,,,,,", "ann@acme.com", "https://www.linkedin.com/in/ann,,,,,"]
)
def test_a_sparse_row_that_is_somebody_is_no_title(tmp_path, top):
    path = write(tmp_path, f"{top}\n{PEOPLE}")
    with open_table(path) as table:
        assert not table.has_header
        assert len(list(table.rows())) == 101


def test_the_names_may_be_said_to_be_in_a_line(tmp_path):
    """Where they can't be told from what stands above them."""
    path = write(tmp_path, "sep=,\nAlpha,Beta,Gamma\nUno,Due,Tre\n1,2,3\n")
    with open_table(path) as table:
        assert table.columns == ["Alpha", "Beta", "Gamma"]
    with open_table(path, header_line=3) as table:
        assert table.columns == ["Uno", "Due", "Tre"]
        assert list(table.rows()) == [(4, ["1", "2", "3"])]
    for line in (1, 9):
        with pytest.raises(TableRefused, match="no row of column names in that line"):
            open_table(path, header_line=line)
