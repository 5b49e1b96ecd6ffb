"""Rows that aren't as they should be: mended where that is safe, else reported."""

import pytest

from cursive.lib.tables import Row, RowProblem, open_table
from cursive.lib.tables.records import (
    CUT,
    JOINED,
    LOOSE_QUOTES,
    OPEN_QUOTE,
    OTHER_DELIMITER,
    PADDED,
)

from .builders import items_of, read, write

HEADER = "id,name,email\n"
ALICE = "1,Alice,alice@example.com\n"


def mended(path) -> tuple[list[Row | RowProblem], dict[str, int]]:
    """The rows of a file and what was mended."""
    with open_table(path) as table:
        return list(table.rows()), dict(table.repairs)


def test_quoted_values(tmp_path):
    """Doubled quotes, delimiters and line ends within quotes are kept; lines are counted."""
    text = 'a,b,c\n1,"x, ""y""",2\n"Once\r\nupon\na\rtime",5,6\r\n7,8,9'
    assert items_of(write(tmp_path, text)) == [
        (2, ["1", 'x, "y"', "2"]),
        (3, ["Once\r\nupon\na\rtime", "5", "6"]),
        (7, ["7", "8", "9"]),
    ]


def test_mixed_line_endings(tmp_path):
    """LF, CR LF and CR in one file."""
    assert read(write(tmp_path, "a,b\r\n1,2\n3,4\r5,6\r\n7,8"))[1] == [
        ["1", "2"],
        ["3", "4"],
        ["5", "6"],
        ["7", "8"],
    ]


def test_formulas_are_left_as_they_are(tmp_path):
    """Neutralising is for writing (L-22), not for reading."""
    row = ["=1+1", "+49 30", "-5", "@x", '=HYPERLINK("http://x")']
    text = 'a,b,c,d,e\n=1+1,+49 30,-5,@x,"=HYPERLINK(""http://x"")"\n'
    assert read(write(tmp_path, text))[1] == [row]


def test_blank_lines_are_skipped(tmp_path):
    """Empty lines, lines of spaces, of delimiters, and the end mark of DOS."""
    text = HEADER + "\n" + ALICE + "   \n,,\n\r\n2,Bob,bob@example.com\n\x1a"
    items, repairs = mended(write(tmp_path, text))
    assert [item[0] for item in items] == [3, 7]
    assert not repairs


def test_short_rows_are_padded(tmp_path):
    """Spreadsheets leave out what is empty at the end."""
    items, repairs = mended(write(tmp_path, HEADER + ALICE + "2,Bob\n3\n"))
    assert items[1:] == [(3, ["2", "Bob", ""]), (4, ["3", "", ""])]
    assert repairs == {PADDED: 2}


def test_a_row_that_is_too_long(tmp_path):
    """Empty extras go; filled ones go only where nothing can have been shifted."""
    text = (
        HEADER + ALICE + "2,Bob,bob@example.com,,\n3,Cy,cy@example.com,what\n4,Dee, Inc.,d@x.co\n"
    )
    items, repairs = mended(write(tmp_path, text))
    assert items[1:3] == [(3, ["2", "Bob", "bob@example.com"]), (4, ["3", "Cy", "cy@example.com"])]
    assert items[3] == RowProblem(
        5, "The row has 4 values, but the table has 3 columns.", "4,Dee, Inc.,d@x.co"
    )
    assert repairs == {CUT: 1}


def test_rows_with_another_delimiter(tmp_path):
    """Lists glued together from several programs."""
    text = HEADER + ALICE + "2;Bob;bob@example.com\n3\tCy\tcy@example.com\n"
    items, repairs = mended(write(tmp_path, text))
    assert items[1:] == [(3, ["2", "Bob", "bob@example.com"]), (4, ["3", "Cy", "cy@example.com"])]
    assert repairs == {OTHER_DELIMITER: 2}


def test_line_ends_outside_quotes(tmp_path):
    """A lone piece of text after a whole row, and a row in two halves, are put together."""
    text = "id,name,notes\n1,Ann,first\nsecond line\n2,Bo\nb Ray,ok\n3,Cy,fine\n"
    items, repairs = mended(write(tmp_path, text))
    assert items == [
        (2, ["1", "Ann", "first\nsecond line"]),
        (4, ["2", "Bo\nb Ray", "ok"]),
        (6, ["3", "Cy", "fine"]),
    ]
    assert repairs == {JOINED: 2}


def test_short_rows_aren_t_glued_together(tmp_path):
    """Two ragged rows stay two rows; text after a blank line belongs to nobody."""
    items, _ = mended(write(tmp_path, HEADER + ALICE + "2,Bob\n3,Cy\n\nTotal of all rows\n"))
    assert items[1:3] == [(3, ["2", "Bob", ""]), (4, ["3", "Cy", ""])]
    problem = RowProblem(6, "The line is not a row of the table.", "Total of all rows")
    assert items[3] == problem
    # Nor is it the rest of an e-mail address.
    items, repairs = mended(write(tmp_path, HEADER + ALICE + "Total of all rows\n"))
    assert items[1].line == 3
    assert not repairs


def test_endless_continuation_ends(tmp_path):
    """A row doesn't grow without end."""
    row = "1,Alice,a note\n"
    text = "id,name,note\n" + row * 1000 + "some words\n" * 5000 + row
    items, repairs = mended(write(tmp_path, text))
    assert repairs == {JOINED: 20}
    assert len(items) == 1001 + 4980
    assert len(items[999][1][2]) < 500


def test_quotes_that_aren_t_doubled(tmp_path):
    """A quote ends a value only before a delimiter or the line's end."""
    text = 'id,name,notes\n1,Ann,"He said "go" twice"\n2,"Bob "B" Ray",ok\n3,Cy,5" pipe\n'
    items, repairs = mended(write(tmp_path, text))
    assert [item[1] for item in items] == [
        ["1", "Ann", 'He said "go" twice'],
        ["2", 'Bob "B" Ray', "ok"],
        ["3", "Cy", '5" pipe'],
    ]
    assert repairs == {LOOSE_QUOTES: 2}


def test_a_space_after_a_closing_quote(tmp_path):
    """'"a" ,b' is two values."""
    assert read(write(tmp_path, 'id,name\n1,"Ann"  \n"2" ,Bob\n'))[1] == [
        ["1", "Ann"],
        ["2", "Bob"],
    ]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    """The row where it opened is reported or mended; the rest is read."""
    rest = "".join(f"{n},Name {n},n{n}@example.com\n" for n in range(3, 3000))
    items, repairs = mended(write(tmp_path, HEADER + '1,"Ann,a@x.co\n2,Bob,b@x.co\n' + rest))
    assert items[0] == RowProblem(
        2, "A quotation mark in this row is never closed.", '1,"Ann,a@x.co'
    )
    assert items[1] == (3, ["2", "Bob", "b@x.co"])
    assert len(items) == 2999
    assert not repairs
    # In the last column the value plainly ends with its line.
    items, repairs = mended(write(tmp_path, 'id,name,notes\n1,Ann,"started\n2,Bob,ok\n'))
    assert [item[1] for item in items] == [["1", "Ann", "started"], ["2", "Bob", "ok"]]
    assert repairs == {OPEN_QUOTE: 1}


def test_an_open_quote_before_quoted_rows(tmp_path):
    """A later quote doesn't close it when the rows between would be swallowed."""
    text = 'id,name,notes\n1,Ann,"started\n2,Bob,"fine"\n3,"Cy","good"\n'
    items, _ = mended(write(tmp_path, text))
    assert [item[1] for item in items] == [
        ["1", "Ann", "started"],
        ["2", "Bob", "fine"],
        ["3", "Cy", "good"],
    ]


def test_long_values_in_quotes_are_kept(tmp_path):
    """Up to 500 lines a row."""
    note = "\n".join(f"line {n}" for n in range(499))
    path = write(tmp_path, f'id,note\n1,"{note}"\n2,ok\n')
    assert read(path)[1] == [["1", note], ["2", "ok"]]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_line_over_a_megabyte_is_one_problem(tmp_path, codec):
    """Also as the last line, and between good rows."""
    long = "x" * 1_200_000
    text = f"a,b\n1,2\n{long}\n3,4\r\n5,{long}"
    items = items_of(write(tmp_path, text.encode(codec)))
    assert [item[1] for item in items if isinstance(item, tuple)] == [["1", "2"], ["3", "4"]]
    problems = [item for item in items if isinstance(item, RowProblem)]
    assert [problem.line for problem in problems] == [3, 5]
    assert "longer than a row can be (" in problems[0].reason
    assert len(problems[0].raw) == 500


def test_progress_is_counted_in_bytes(tmp_path):
    """For the progress bar."""
    path = write(tmp_path, "a,b\n" + "1,2\n" * 200_000)
    with open_table(path) as table:
        rows = table.rows()
        next(rows)
        done, total = table.progress()
        assert 0 < done < total == path.stat().st_size
        list(rows)
        assert table.progress() == (total, total)
