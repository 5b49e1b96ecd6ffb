"""Reading goes on exactly where it stopped (L-19)."""

import bz2
import gzip

import pytest

from cursive.lib.tables import Position, TableRefused, blocks, open_table

from .builders import write

TEXT = (
    "\n# exported\nid,name,note\n"
    '1,Zoë,"two\nlines"\n2,Bob,first\nsecond\n\n3,"Ann,open\n4,Cy,"in "quotes""\r\n'
    "5;Dee;other\n6,Eve\n7,Flo,x,y,z\n\r8,Łu,end\r9,Gus,ok\n"
    + "".join(f"{n},Name {n},note {n}\n" for n in range(10, 60))
)


def check(path) -> None:
    """From after every item on, the rest is the same as in one go."""
    with open_table(path) as table:
        start = table.position
        items = []
        positions = []
        for item in table.rows():
            items.append(item)
            positions.append(list(table.position))
        assert list(table.rows(start)) == items
        assert len(items) > 55
        for at, stored in enumerate(positions):
            assert list(table.rows(Position(*stored))) == items[at + 1 :]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252"])
def test_restart_after_every_row(tmp_path, codec):
    """Whatever the encoding, and with rows mended and refused on the way."""
    text = TEXT.replace("Ł", "L") if codec == "cp1252" else TEXT
    check(write(tmp_path, text.encode(codec)))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_restart_in_packed_files(tmp_path, pack):
    """By unpacking up to there."""
    check(write(tmp_path, pack(TEXT.encode())))


@pytest.mark.parametrize("size", [16, 50, 333])
def test_blocks_make_no_difference(tmp_path, monkeypatch, size):
    """Rows are the same however the file is cut into blocks."""
    path = write(tmp_path, TEXT)
    with open_table(path) as table:
        whole = list(table.rows())
        monkeypatch.setattr(blocks, "BLOCK_BYTES", size)
        assert list(table.rows()) == whole
        check(path)


def test_restart_in_another_process_s_table(tmp_path):
    """A position is good for the same file opened anew."""
    path = write(tmp_path, "a,b\n" + "".join(f"{n},x\n" for n in range(100_000)))
    with open_table(path) as table:
        rows = table.rows()
        for _ in range(70_000):
            next(rows)
        stored = list(table.position)
    with open_table(path) as table:
        rest = list(table.rows(Position(*stored)))
    assert rest[0] == (70_002, ["70000", "x"])
    assert len(rest) == 30_000


def test_a_position_before_the_data_is_refused(tmp_path):
    """The header is no row."""
    with open_table(write(tmp_path, "a,b\n1,2\n")) as table, pytest.raises(TableRefused):
        table.rows(Position(0, 1))
