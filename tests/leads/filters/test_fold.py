"""Text compares alike in Python, DuckDB and PostgreSQL (S-1, S-2)."""

import hashlib
import os
import unicodedata

import duckdb
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.filters.fold_table import TABLE
from leads.filters.sql import FOLD_FUNCTION_SQL
from leads.filters.text import duckdb_fold, fold, tag_form, topic_form

CODES = "(SELECT code FROM {range} WHERE NOT code BETWEEN 55296 AND 57343)"


@pytest.fixture(scope="module")
def postgres():
    """A connection whose `fold_text` is gone when the module ends."""
    with psycopg.connect(os.environ["SUPERUSER_DATABASE_URL"]) as connection:
        connection.execute("CREATE SCHEMA fold_test")
        connection.execute("SET LOCAL search_path = fold_test")
        connection.execute(FOLD_FUNCTION_SQL)
        yield connection
        connection.rollback()


@pytest.fixture(scope="module")
def duck():
    with duckdb.connect() as connection:
        yield connection


def in_postgres(connection, texts):
    rows = connection.execute(
        "SELECT fold_text(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u(t, n) ORDER BY n", [texts]
    )
    return [folded for (folded,) in rows]


def in_duckdb(connection, texts):
    rows = connection.execute(
        f"SELECT {duckdb_fold('t')} FROM (SELECT unnest($1) AS t, generate_subscripts($1, 1) AS n)"
        " ORDER BY n",
        [texts],
    )
    return [folded for (folded,) in rows.fetchall()]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""),
        ("Data ENGINEER", "data engineer"),
        ("Zoë Müller", "zoe muller"),
        ("Zoe\u0308", "zoe"),
        ("São Paulo", "sao paulo"),
        ("Straße STRASSE \u1e9e", "strasse strasse ss"),
        ("Łódź, Ørsted, Đặng", "lodz, orsted, dang"),
        ("İstanbul ISPARTA \u0131l\u0131k", "istanbul isparta ilik"),
        ("Æon œuvre Þór", "aeon oeuvre thor"),
        ("ΔΙΕΥΘΥΝΤΗΣ διευθυντής", "διευθυντησ διευθυντησ"),
        ("Йошкар ЁЛКА", "иошкар елка"),
        ("O\u2019Brien \u201cx\u201d a\u2013b", 'o\'brien "x" a-b'),
        ("ＡＢＣ\u3000１２", "abc 12"),
        ("ﬁn\u00adance\u200b", "finance"),
        ("50% _x\\ `'\"", "50% _x\\ `'\""),
        ("東京 ガス", "東京 ガス"),
    ],
)
def test_examples(text, folded, postgres, duck):
    """S-1: without case and accents; other scripts and wildcards stay as they are."""
    assert fold(text) == folded
    assert in_postgres(postgres, [text]) == [folded]
    assert in_duckdb(duck, [text]) == [folded]


def test_every_character_folds_alike_in_postgres(postgres):
    """S-2: a sweep over all code points; each folds by itself, so every string does."""
    codes = CODES.format(range="generate_series(1, 1114111) AS s(code)")
    rows = postgres.execute(f"SELECT code, fold_text(chr(code)) FROM {codes} AS c").fetchall()
    assert len(rows) == 1_112_063
    assert [(code, found) for code, found in rows if found != fold(chr(code))] == []


def test_every_character_folds_alike_in_duckdb(duck):
    """S-2: a sweep over all code points, alone and between Latin letters."""
    for before, end, after, count in (("", 0x110000, "", 1_112_063), ("é", 0x3000, "Ö", 0x2FFF)):
        codes = CODES.format(range=f"range(1, {end}) AS s(code)")
        text = f"'{before}' || chr(code::INTEGER) || '{after}'"
        rows = duck.execute(
            f"SELECT code, {duckdb_fold('t')} FROM (SELECT code, {text} AS t FROM {codes} AS c)"
        ).fetchall()
        assert len(rows) == count
        wrong = [c for c, found in rows if found != fold(f"{before}{chr(c)}{after}")]
        assert wrong == []


def test_folding_is_the_same_in_every_version_of_python():
    """Stored folded columns outlive an upgrade: change the table only with a migration."""
    table = "".join(f"{code:x}{text}\n" for code, text in sorted(TABLE.items()))
    digest = hashlib.sha256(table.encode()).hexdigest()
    assert (len(TABLE), digest[:16]) == (1454, "1c5a058006831ecc")


_SCRIPTS = (
    "aZ \u00e9\u00d6\u00df\u0130\u0131\u00e6\u01c6\u1ec7\u1e9e\u0301\u0308\u0327\u0345\u2019\u2013"
    "\u0416\u0439\u03a3\u03c2\u05e9\u05c1\u0623\u064b\u6771\u30ac\u3099\uff21\uac00\u1100\u1161"
    "\U0001f600\u200d\u200b\xad\xa0%_'\\"
)


@settings(max_examples=100)
@given(
    st.lists(
        st.text(alphabet=_SCRIPTS, max_size=12)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
        max_size=20,
    )
)
def test_strings_fold_alike(postgres, duck, texts):
    """S-2: characters in any company fold as they do alone."""
    folded = [fold(text) for text in texts]
    assert folded == ["".join(fold(character) for character in text) for text in texts]
    assert [fold(text) for text in folded] == folded
    if texts:
        assert in_postgres(postgres, texts) == folded
        assert in_duckdb(duck, texts) == folded


def test_null_stays_null(postgres, duck):
    """Unset stays unset."""
    assert in_postgres(postgres, [None]) == [None]
    assert duck.execute(f"SELECT {duckdb_fold('NULL::VARCHAR')}").fetchone() == (None,)


def test_composed_and_decomposed_spellings_are_equal():
    """S-1: é typed as one character or as two is the same."""
    for text in ("Zoë", "Đặng", "Йошкар", "Ǿ", "ΐ"):
        assert fold(unicodedata.normalize("NFD", text)) == fold(text)


def test_stored_forms():
    """Tags and topics compare exactly, so they are stored in one form."""
    assert topic_form(" Cloud Security & KI-Größe ") == "cloud_security_ki_grosse"
    assert topic_form(topic_form("A  b")) == "a_b"
    assert topic_form("!?") == ""
    assert tag_form("  Hot \t Lead ") == "hot lead"
    assert tag_form("Gru\u0308n") == "grün"
