"""Loading: merge, rejects, start over, who is left out, and both ways of reading (L-4)."""

import csv
import datetime
import fcntl
import gzip
import random
from pathlib import Path

import duckdb
import pytest
from pyroaring import BitMap

from cursive.lib.errors import Conflict, InvalidInput
from leads.catalogue import suppression
from leads.catalogue.generate import generate_people
from leads.catalogue.loader import load_file
from leads.catalogue.local import LocalSource
from leads.catalogue.snapshots import Snapshots
from leads.filters.tree import EVERYBODY
from leads.records.person import FIELD_NAMES

AS_OF = datetime.date(2026, 3, 31)


def write(path: Path, rows, columns=None, encoding="utf-8") -> Path:
    """A CSV of dicts."""
    columns = columns or list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def people(directory) -> dict[str, tuple[int, object]]:
    """Everybody in the catalogue: e-mail, or else name → (id, person)."""
    records = LocalSource(directory).take(EVERYBODY, limit=10_000).records
    return {r.person.email or f"{r.person.first_name}": (r.id, r.person) for r in records}


def ann(**fields):
    return {"first_name": "Ann", "email": "ann@acme.example", **fields}


def test_newer_wins_field_by_field(tmp_path):
    """L-4: each field has its newest value; what the newer record doesn't know stays."""
    catalogue = tmp_path / "catalogue"
    load_file(
        write(
            tmp_path / "1.csv",
            [ann(title="Engineer", city="Austin", phone="", source_date="2026-01-10")],
        ),
        catalogue,
    )
    load_file(
        write(
            tmp_path / "2.csv",
            [
                ann(title="Director", city="", phone="+15125550100", source_date="2026-02-20"),
                ann(title="Intern", city="Dallas", phone="", source_date="2025-12-01"),
            ],
        ),
        catalogue,
    )
    ((_, person),) = people(catalogue).values()
    assert (person.title, person.city, person.phone, person.source_date) == (
        "Director",
        "Austin",
        "+15125550100",
        datetime.date(2026, 2, 20),
    )


def test_what_is_said_of_an_address_stays_with_it(tmp_path):
    """L-4: a verified mark belongs to the number it was given to, not to the next one."""
    catalogue = tmp_path / "catalogue"
    rows = [
        ann(phone="+15125550100", phone_verified="yes", source_date="2026-01-01"),
        ann(phone="+15125550101", phone_verified="", source_date="2026-02-01"),
    ]
    load_file(write(tmp_path / "1.csv", rows), catalogue)
    ((_, person),) = people(catalogue).values()
    assert (person.phone, person.phone_verified) == ("+15125550101", None)
    rows = [ann(phone="+15125550101", phone_verified="yes", source_date="2025-06-01")]
    load_file(write(tmp_path / "2.csv", rows), catalogue)
    ((_, person),) = people(catalogue).values()
    assert (person.phone, person.phone_verified) == ("+15125550101", True)


def test_the_same_person_by_the_identity_rule(tmp_path):
    """L-11: case, Gmail dots and tags don't matter; the id stays, ids aren't given twice."""
    catalogue = tmp_path / "catalogue"
    first = [
        {"first_name": "Ann", "email": "a.nn+x@gmail.com"},
        {"first_name": "Bob", "email": "bob@acme.example"},
    ]
    load_file(write(tmp_path / "1.csv", first), catalogue)
    before = people(catalogue)
    second = [
        {"first_name": "Anna", "email": "Ann@GoogleMail.com"},
        {"first_name": "Cid", "email": "cid@acme.example"},
    ]
    loaded = load_file(write(tmp_path / "2.csv", second), catalogue)
    after = people(catalogue)
    assert (loaded.rows, loaded.merged, loaded.version) == (3, 1, 2)
    ids = {person.first_name: id for id, person in after.values()}
    assert ids["Anna"] == before["a.nn+x@gmail.com"][0]
    assert ids["Bob"] == before["bob@acme.example"][0]
    assert len(set(ids.values())) == 3


def test_rejects_name_line_reason_and_row(tmp_path):
    """L-4: rows that are nobody are in the reject file, and only those."""
    path = tmp_path / "people.csv"
    path.write_text(
        "first_name,last_name,email,company_name\n"
        "Ann,Lee,ann@acme.example,Acme\n"
        'Nobody,,"not, an address",\n'
        "Bob,Roe,,Acme\n"
        "Cid,,,\n"
    )
    loaded = load_file(path, tmp_path / "catalogue", reject_file=tmp_path / "rejects.csv")
    assert (loaded.read, loaded.rejected, loaded.rows) == (4, 2, 2)
    with (tmp_path / "rejects.csv").open(newline="") as file:
        rejects = list(csv.reader(file))
    assert rejects[0] == ["line", "reason", "row"]
    assert [(line, row) for line, _, row in rejects[1:]] == [
        ("3", 'Nobody,,"not, an address",'),
        ("5", "Cid,,,"),
    ]
    assert all(reason for _, reason, _ in rejects)
    assert set(people(tmp_path / "catalogue")) == {"ann@acme.example", "Bob"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_reads_files_in_other_encodings(tmp_path, encoding):
    """L-4: what a spreadsheet saves is read, letters and all."""
    rows = [{"First": f"Zoë{n}", "Mail": f"z{n}@acme.example", "Town": "Köln"} for n in range(40)]
    path = write(tmp_path / "people.csv", rows, encoding=encoding)
    load_file(path, tmp_path / "catalogue", mapping="First=first_name,Mail=email,Town=city")
    found = people(tmp_path / "catalogue")
    assert len(found) == 40 and found["z7@acme.example"][1].city == "Köln"
    assert found["z7@acme.example"][1].first_name == "Zoë7"


def test_starting_over_keeps_ids_and_nothing_else(tmp_path):
    """L-4: --replace has only the file's people and values; who stays keeps the id."""
    catalogue = tmp_path / "catalogue"
    rows = [ann(city="Austin"), {"first_name": "Bob", "email": "bob@acme.example", "city": "Rome"}]
    load_file(write(tmp_path / "1.csv", rows), catalogue)
    before = people(catalogue)
    rows = [ann(title="CEO"), {"first_name": "Cid", "email": "cid@acme.example", "title": ""}]
    load_file(write(tmp_path / "2.csv", rows), catalogue, replace=True)
    after = people(catalogue)
    assert set(after) == {"ann@acme.example", "cid@acme.example"}
    assert after["ann@acme.example"][0] == before["ann@acme.example"][0]
    assert after["ann@acme.example"][1].city is None
    assert after["cid@acme.example"][0] not in {id for id, _ in before.values()}


def test_ids_are_new_also_after_switching_back(tmp_path):
    """L-4: an id that a version gave is never given to somebody else by a later one."""
    catalogue = tmp_path / "catalogue"
    names = {}
    for number, name in enumerate(["ann", "bob", "cid"], start=1):
        if number == 3:
            Snapshots(catalogue).switch_to(1)
        rows = [{"first_name": name, "email": f"{name}@acme.example"}]
        load_file(write(tmp_path / f"{number}.csv", rows), catalogue)
        names |= {person.first_name: id for id, person in people(catalogue).values()}
    assert set(people(catalogue)) == {"ann@acme.example", "cid@acme.example"}
    assert len(set(names.values())) == 3


def test_suppressed_and_dead_people_stay_out(tmp_path):
    """L-4, A-18: neither in the file nor in the version before; also by a second address."""
    catalogue = tmp_path / "catalogue"
    rows = [
        {"first_name": name, "email": f"{name}@acme.example", "personal_email": f"{name}@x.example"}
        for name in ("ann", "bob", "cid", "dan")
    ]
    load_file(write(tmp_path / "1.csv", rows), catalogue)
    dead = BitMap([people(catalogue)["dan@acme.example"][0]])
    listed = {"ann@x.example", "eve@acme.example"}

    def suppressed(contacts):
        return (not listed.isdisjoint(emails) for emails, _ in contacts)

    rows = [{"first_name": name, "email": f"{name}@acme.example"} for name in ("eve", "fay")]
    loaded = load_file(
        write(tmp_path / "2.csv", rows), catalogue, suppressed=suppressed, tombstones=dead
    )
    assert set(people(catalogue)) == {f"{name}@acme.example" for name in ("bob", "cid", "fay")}
    assert (loaded.suppressed, loaded.rows) == (3, 3)


def test_the_suppression_list_is_whatever_is_registered():
    """A-18: a higher floor says who is suppressed."""
    before = list(suppression._providers)
    try:
        suppression.register_suppression(lambda: None)
        assert suppression.suppression_list() is None
    finally:
        suppression._providers[:] = before


def test_one_load_at_a_time(tmp_path):
    """A second load is refused while one runs, and changes nothing."""
    catalogue = tmp_path / "catalogue"
    path = write(tmp_path / "1.csv", [ann()])
    load_file(path, catalogue)
    with (catalogue / "load.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict):
            load_file(path, catalogue)
    assert Snapshots(catalogue).numbers() == [1]


def test_bad_files_are_refused_in_words(tmp_path):
    """A file that isn't there or is no table changes nothing."""
    catalogue = tmp_path / "catalogue"
    with pytest.raises(InvalidInput):
        load_file(tmp_path / "absent.csv", catalogue)
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 40)
    with pytest.raises(InvalidInput):
        load_file(tmp_path / "noise.csv", catalogue)
    assert Snapshots(catalogue).current() is None


def test_limit_and_packed_files(tmp_path):
    """L-4: the first N rows of a packed CSV, and all of it."""
    path = tmp_path / "people.csv.gz"
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["first_name", "email"])
        writer.writerows([f"P{n}", f"p{n}@acme.example"] for n in range(500))
    assert load_file(path, tmp_path / "a", limit=120, part_rows=50).rows == 120
    assert load_file(path, tmp_path / "b", part_rows=50).rows == 500


def test_scores_people_whom_the_source_does_not_score(tmp_path):
    """L-2: a given score stays; else completeness, verification and freshness make it."""
    today = datetime.datetime.now(datetime.UTC).date()
    rows = [
        ann(quality_score="7"),
        {"email": "bob@acme.example", "email_verified": "yes", "source_date": today.isoformat()},
        {"email": "cid@acme.example", "source_date": "2001-01-01"},
    ]
    load_file(write(tmp_path / "1.csv", rows, ["first_name", *rows[1], "quality_score"]),
              tmp_path / "catalogue")  # fmt: skip
    found = people(tmp_path / "catalogue")
    scores = {email: person.quality_score for email, (_, person) in found.items()}
    assert scores == {"ann@acme.example": 7, "bob@acme.example": 57, "cid@acme.example": 10}


def tables(directory: Path) -> dict[str, list[object]]:
    """All that a version holds, but for when it was built."""
    with duckdb.connect() as db:
        db.execute(f"ATTACH '{Snapshots(directory).path(1)}' AS snap (READ_ONLY)")
        names = [
            row[0]
            for row in db.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'snap'"
            ).fetchall()
        ]
        return {
            name: db.execute(f"SELECT * FROM snap.{name}").fetchall()
            for name in names
            if name != "meta"
        }


DIRT = {
    "first_name": ["  Ann ", "N/A", "A\u0301nn", "Ann\u200b", "ann  lee", "'=Ann", "x" * 150],
    "last_name": [
        "O'Brien",
        "Müller-Lüdenscheidt",
        "null",
        "\uff37\uff49\uff44\uff45",
        "\ud55c\uad6d",
    ],
    "email": ["Ann@ACME.example", "no address", "a@b", "ann+tag@gmail.com", "x@y.invalid", ""],
    "work_email": ["", "Other@acme.example", "broken@"],
    "phone": ["(512) 555-0100", "+1 512 555 0100", "12345", "+15125550100;+15125550101"],
    "phone_type": ["", "Mobile", "fax", "direct"],
    "linkedin_url": ["linkedin.com/in/Ann-Lee/", "https://x.example/ann", "in/ann", ""],
    "title": ["", "CEO", "  VP   Sales", "Mr.", "unknown", "Head of Growth"],
    "seniority": ["", "VP", "c-level", "nonsense"],
    "department": ["", "Marketing", "nonsense"],
    "company_domain": ["https://www.acme.example/about", "gmail.com", "ACME.EXAMPLE", "no domain"],
    "industry": ["Computer Software", "nonsense", ""],
    "employee_band": ["57", "1,001-5,000", "many"],
    "company_founded": ["1998-05-01", "3000", "98"],
    "country": ["United States", "us", "Germany", "Nowhere", ""],
    "state": ["Texas", "tx", "Bavaria", ""],
    "postal_code": ["2134", "sw1a 1aa", " 78701 "],
    "intent_topics": ["Cloud Security; SEO", "seo;cloud", "seo;seo", "[]"],
    "source_date": ["31.12.2025", "2025-02-30", "2999-01-01", "1066-10-14", "2025-03-01T10:00:00"],
    "email_verified": ["valid", "1", "maybe", "False"],
    "email_verified_at": ["", "2025-01-01"],
    "quality_score": ["101", "85", "85.4", "-1"],
    "naics": ["31-33", "5112", "abc"],
}


def test_both_ways_of_reading_give_the_same_snapshot(tmp_path):
    """L-4: rows vouched for by columns are what reading them one by one gives; others are read."""
    clean, dirty = tmp_path / "clean.parquet", tmp_path / "dirty.parquet"
    generate_people(clean, rows=1_200, seed=11, as_of=AS_OF)
    rng = random.Random(20260331)
    with duckdb.connect() as db:
        columns = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in FIELD_NAMES)
        rows = [list(r) for r in db.execute(f"SELECT {columns} FROM '{clean}'").fetchall()]
        for row in rng.sample(rows, 500):
            for name in rng.sample(list(DIRT), rng.choice([1, 1, 1, 2, 3])):
                row[FIELD_NAMES.index(name)] = rng.choice(DIRT[name])
        for row in rng.sample(rows[300:], 20):
            row[:] = [
                value if name == "title" else ""
                for name, value in zip(FIELD_NAMES, row, strict=True)
            ]
        write(tmp_path / "dirty.csv", [dict(zip(FIELD_NAMES, row, strict=True)) for row in rows])
        db.execute(
            f"COPY (FROM read_csv('{tmp_path / 'dirty.csv'}', all_varchar = true))"
            f" TO '{dirty}' (FORMAT parquet)"
        )
        rows[1_000][FIELD_NAMES.index("title")] = "Head of\nGrowth"  # a chunk that isn't simple
        folded = tmp_path / "folded.csv"
        write(folded, [dict(zip(FIELD_NAMES, row, strict=True)) for row in rows])
        packed = tmp_path / "packed.csv.gz"
        packed.write_bytes(gzip.compress(folded.read_bytes()))
    for path in (clean, dirty, folded, packed):
        quick, slow = tmp_path / f"{path.stem}-quick", tmp_path / f"{path.stem}-slow"
        by_columns = load_file(path, quick, part_rows=300)
        one_by_one = load_file(path, slow, part_rows=300, careful=True)
        assert by_columns.rows == one_by_one.rows > 1_000
        assert by_columns.rejected == one_by_one.rejected
        found, wanted = tables(quick), tables(slow)
        assert found.keys() == wanted.keys()
        for name in wanted:
            assert found[name] == wanted[name], name
        rejects = [directory / "rejected_v1.csv" for directory in (quick, slow)]
        if path != clean:
            assert rejects[0].read_text() == rejects[1].read_text()
            assert len(rejects[0].read_text().splitlines()) > 20
