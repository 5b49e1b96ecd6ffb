"""Encodings are found by marks and content (L-18)."""

import pytest

from cursive.lib.tables import RowProblem, TableRefused, open_table

from .builders import read, write

TEXT = "name,city\nJosé Müller,Köln\nŁukasz,Gdańsk\n"
COLUMNS = ["name", "city"]
ROWS = [["José Müller", "Köln"], ["Łukasz", "Gdańsk"]]


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32-le", b"\xff\xfe\x00\x00"),
        ("utf-32-be", b"\x00\x00\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b""),
        ("utf-32-be", b""),
        ("utf-32-le", b"\xff\xfe"),
    ],
)
def test_unicode_with_and_without_mark(tmp_path, codec, mark):
    """Also UTF-32 with the shorter mark of UTF-16, as some exports have it."""
    path = write(tmp_path, mark + TEXT.encode(codec))
    assert read(path) == (COLUMNS, ROWS, [])


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "name,note\nJosé,“Premium” \N{EN DASH} 50 €\nMüller,Zürich\n"),
        ("latin-1", "name,note\nJosé,España\nAndré,Genève\n"),
        ("cp1251", "name,note\n" + "Наталья,Санкт-Петербург и Ленинградская область\n" * 20),
        ("shift_jis", "name,note\n" + "山田太郎,東京都千代田区にある会社です\n" * 20),
        ("gb18030", "name,note\n" + "王小明,北京市海淀区的一家公司的经理\n" * 20),
    ],
)
def test_encodings_from_before_unicode(tmp_path, codec, text):
    """Windows-1252 first, others where its words would be implausible."""
    _, rows, problems = read(write(tmp_path, text.encode(codec)))
    assert [",".join(row) for row in rows] == text.splitlines()[1:]
    assert not problems


def test_a_wrong_byte_in_a_utf8_file_is_a_row_error(tmp_path):
    """Late invalid bytes cost a row, with line and byte, not the file."""
    lines = [f"Zoë {n},Köln".encode() for n in range(30_000)]
    lines[20_000] = b"Zo\xeb,K\xf6ln"
    path = write(tmp_path, b"name,city\n" + b"\n".join(lines))
    _, rows, problems = read(path)
    assert len(rows) == 29_999
    assert problems == [
        RowProblem(
            20_002,
            "The row holds bytes that are not UTF-8 text (for example 0xEB). "
            "Save the file as UTF-8.",
            r"Zo\xeb,K\xf6ln",
        )
    ]


@pytest.mark.parametrize("times", [1, 50])
def test_a_file_of_two_encodings(tmp_path, times):
    """UTF-8 rows are read; the others are told with line and fix, and nothing is mangled."""
    rows = ("José,Madrid\n".encode() + "André,Genève\n".encode("latin-1")) * times
    _, found, problems = read(write(tmp_path, b"name,city\n" + rows))
    assert found == [["José", "Madrid"]] * times
    assert [each.line for each in problems] == [3 + 2 * n for n in range(times)]
    assert "Save the file as UTF-8." in problems[0].reason


def test_an_ascii_beginning_doesn_t_decide(tmp_path):
    """Latin-1 that shows only after a megabyte of ASCII is still read."""
    path = write(tmp_path, b"name,city\n" + b"Ann,Paris\n" * 150_000 + b"Zo\xe9,Lyon\n")
    _, rows, problems = read(path)
    assert rows[-1] == ["Zoé", "Lyon"]
    assert not problems


def test_nul_bytes_are_left_out(tmp_path):
    """PostgreSQL refuses NUL, so no value holds it."""
    path = write(tmp_path, "a,b,c\n\x001,2,3\n4,\x00,6\n")
    assert read(path) == (["a", "b", "c"], [["1", "2", "3"], ["4", "", "6"]], [])


def test_a_named_encoding_is_used(tmp_path):
    """What the user says isn't guessed; what isn't an encoding is refused."""
    path = write(tmp_path, "name\nЖ\n".encode("koi8-r"))
    assert read(path, encoding="KOI8-R")[1] == [["Ж"]]
    assert read(write(tmp_path, "\ufeffname\nЖ\n".encode("utf-16")), encoding="utf-16")[1] == [
        ["Ж"]
    ]
    for name in ("nonsense", "rot13", "zlib", "idna", "utf-7", "\x00"):
        with pytest.raises(TableRefused):
            open_table(path, encoding=name)
