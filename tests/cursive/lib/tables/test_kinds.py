"""What a file is, told by its content (L-18)."""

import bz2
import gzip
import zipfile

import duckdb
import pytest

from cursive.lib.errors import DomainError
from cursive.lib.tables import TableRefused, open_table

from .builders import read, write

TEXT = "first,email\nAnn,ann@acme.com\n"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n  \n", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "This file is a PNG image, not CSV."),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 50, "This file is a JPEG image, not CSV."),
        (b"GIF89a" + b"\x00" * 50, "This file is a GIF image, not CSV."),
        (b"%PDF-1.7\n%\xe2\xe3", "This file is a PDF document, not CSV."),
        (b"BM\x36\x00\x00\x00" + b"\x00" * 50, "This file is a BMP image, not CSV."),
        (b"RIFF\x24\x08\x00\x00WEBPVP8 ", "This file is a WebP image, not CSV."),
        (b"SQLite format 3\x00" + b"\x00" * 84, "This file is an SQLite database, not CSV."),
        (b"\x00" * 500, "The file is empty."),
        (b"\x00" * 300_000, "This file holds binary data, not a table."),
        (bytes(range(256)) * 40, "This file holds binary data, not a table."),
    ],
)
def test_what_is_no_table_is_refused_by_name(tmp_path, data, sentence):
    """L-18: an image called .csv is an image; and what to do is said."""
    path = write(tmp_path, data)
    with pytest.raises(TableRefused) as refusal:
        open_table(path)
    said, fix = refusal.value.message[: len(sentence)], refusal.value.message[len(sentence) :]
    assert said == sentence and fix.startswith((" Save it", " Choose the table itself"))
    assert isinstance(refusal.value, DomainError)
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        (b'<?xml version="1.0"?><a/>', "an XML file"),
        (b'[\n  {"email": "ann@acme.com"}\n]', "a JSON file"),
        (b'{"email": "ann@acme.com"}\n{"email": "bob@acme.com"}', "a JSON file"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "vCards"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "save it as .xlsx"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "Unpack it first"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS"),
    ],
)
def test_refusals_say_what_to_do(tmp_path, data, words):
    """Other formats are named, with advice where there is any."""
    with pytest.raises(TableRefused, match=words):
        open_table(write(tmp_path, data))


def test_words_that_look_like_signatures_are_words(tmp_path):
    """A header that begins with BM, MZ or ID3 is no image, program or sound."""
    for name in ("BMI", "MZ", "ID3", "ORC"):
        columns, rows, _ = read(write(tmp_path, f"{name},email\n1,ann@acme.com\n"))
        assert columns == [name, "email"]
        assert len(rows) == 1


def test_packed_text_is_read_whatever_it_is_called(tmp_path):
    """Gzip, bzip2 and a zip of one file."""
    expected = (["first", "email"], [["Ann", "ann@acme.com"]], [])
    assert read(write(tmp_path, gzip.compress(TEXT.encode()), "a.csv")) == expected
    assert read(write(tmp_path, bz2.compress(TEXT.encode()), "b.txt")) == expected
    two_parts = gzip.compress(TEXT[:15].encode()) + gzip.compress(TEXT[15:].encode())
    assert read(write(tmp_path, two_parts, "c.gz")) == expected
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("leads.csv", TEXT)
        archive.writestr("__MACOSX/._leads.csv", b"\x00\x05\x16\x07")
    assert read(tmp_path / "d.zip") == expected


def test_damaged_archives_are_refused(tmp_path):
    """A packed file that is cut off isn't taken for a short table."""
    whole = gzip.compress("".join(f"{n},x{n}@acme.com\n" for n in range(200_000)).encode())
    path = write(tmp_path, whole[: len(whole) // 2])
    with pytest.raises(TableRefused, match="damaged or cut off"), open_table(path) as table:
        list(table.rows())
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(TableRefused, match="holds 2 files"):
        open_table(tmp_path / "two.zip")
    with pytest.raises(TableRefused, match="zip archive is damaged"):
        open_table(write(tmp_path, b"PK\x03\x04" + b"nonsense" * 20))
    with zipfile.ZipFile(tmp_path / "word.docx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(TableRefused, match="Word document"):
        open_table(tmp_path / "word.docx")


def test_unpacked_size_is_limited(tmp_path):
    """A small archive can't unpack without end."""
    bomb = gzip.compress(b"email\n" + b"a@b.co\n" * 1_000_000)
    path = write(tmp_path, bomb)
    with (
        pytest.raises(TableRefused, match="larger than 2 MB"),
        open_table(path, max_bytes=2_000_000) as table,
    ):
        list(table.rows())


def test_a_missing_file_is_refused(tmp_path):
    """No traceback for a path that isn't there."""
    with pytest.raises(TableRefused, match="can't be opened"):
        open_table(tmp_path / "nowhere.csv")


def test_parquet(tmp_path):
    """Values come as text: lists with semicolons, moments by ISO 8601, the unknown empty."""
    path = tmp_path / "people.csv"
    duckdb.sql(
        "SELECT i AS id, 'Ann' || i AS \" First  Name\", ['crm', 'erp'] AS topics,"
        " DATE '2024-02-01' AS seen, TIMESTAMP '2024-02-01 10:30:00' AS at, NULL::VARCHAR AS gap,"
        " true AS ok, 'a' || chr(0) || 'b' AS odd FROM range(5000) r(i)"
    ).write_parquet(str(path))
    with open_table(path) as table:
        assert table.kind == "parquet"
        assert table.columns == ["id", "First Name", "topics", "seen", "at", "gap", "ok", "odd"]
        items = list(table.rows())
        assert items[0] == (
            1,
            ["0", "Ann0", "crm;erp", "2024-02-01", "2024-02-01T10:30:00", "", "true", "ab"],
        )
        assert len(items) == 5000
        assert table.progress() == (5000, 5000)
        stopped = iter(table.rows())
        for _ in range(3000):
            next(stopped)
        assert [item[0] for item in table.rows(table.position)] == list(range(3001, 5001))
    with pytest.raises(TableRefused, match="Parquet file is damaged"):
        open_table(write(tmp_path, path.read_bytes()[:3000], "cut.parquet"))
