"""What Python's csv writes, in any dialect, comes back as it was."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from cursive.lib.tables import RowProblem, TableRefused, open_table

from .builders import read, write

CELL = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r\x85"), max_size=12
) | st.sampled_from(["", '"', '""', ",", "\r\n", "\n", "\r", "a\nb", " x ", "'", "\\", '\\"', "=1"])
WIDTH = 3
ROWS = st.lists(st.lists(CELL, min_size=WIDTH, max_size=WIDTH).filter(any), max_size=12)


def written(rows: list[list[str]], delimiter: str, quoting: int) -> str:
    """The rows as CSV below a header."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerows([["first name", "email", "note"], *rows])
    return out.getvalue()


@settings(max_examples=150, print_blob=True)
@given(
    rows=ROWS,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_round_trip(tmp_path, rows, delimiter, quoting, codec):
    """L-18, L-22: every value as it was, in order."""
    # QUOTE_MINIMAL leaves a lone CR unquoted when lines end with CR LF.
    if quoting == csv.QUOTE_MINIMAL:
        rows = [[value.replace("\r", " ") for value in row] for row in rows]
        rows = [row for row in rows if any(row)]
    path = write(tmp_path, written(rows, delimiter, quoting).encode(codec))
    columns, found, problems = read(path, delimiter=delimiter, header=True)
    assert columns == ["first name", "email", "note"]
    assert not problems
    assert found == rows


@settings(max_examples=150, print_blob=True)
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda t: ("a,b\n" + t).encode()))
def test_any_bytes_give_rows_or_a_reason(tmp_path, data):
    """X-5: never a crash, and every row is as wide as the table."""
    try:
        with open_table(write(tmp_path, data)) as table:
            for item in table.rows():
                if isinstance(item, RowProblem):
                    assert item.reason
                    assert item.reason[0].isupper()
                    assert item.raw.encode()
                else:
                    assert len(item[1]) == len(table.columns)
                    assert "\x00" not in "".join(item[1])
    except TableRefused as refusal:
        assert refusal.message.endswith(".")
