"""L-18: files are kept and looked at; mappings are guessed, said, and remembered by header."""

import gzip
import json
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from cursive.lib.errors import DomainError, InvalidInput, NotFound
from cursive.lib.tables import RowProblem, TableRefused
from cursive.lib.tenancy import tenant_context
from leads.imports.uploads import operations
from leads.imports.uploads.models import RememberedMapping, Upload
from leads.imports.uploads.operations import (
    map_columns,
    open_upload,
    read_otherwise,
    receive_upload,
    remove_expired_uploads,
)
from leads.imports.uploads.purposes import IMPORT, Purpose
from leads.records.mapping import MappingError
from tests import cast
from tests.foreign import DATA, needs_foreign_files

PEOPLE = b"First,Last,Mail\nAnn,Lee,ann@acme.example\n"


def upload(acme, content: bytes, name: str = "people.csv", purpose: Purpose = IMPORT) -> Upload:
    with tenant_context(acme.id):
        return receive_upload(
            workspace_id=acme.id,
            actor=acme.actor,
            file=ContentFile(content, name=name),
            purpose=purpose,
            country="US",
        )


def kept(files) -> list[Path]:
    return [path for path in files.rglob("*") if path.is_file()]


def fields(found: Upload) -> dict[str, str | None]:
    return {each.column: each.field for each in found.columns_mapped.columns}


def test_what_is_found_out(acme):
    found = upload(acme, PEOPLE, "C:\\lists\\people\x07.csv")
    assert (found.kind, found.file_name, found.size) == ("csv", "people.csv", len(PEOPLE))
    assert fields(found) == {"First": "first_name", "Last": "last_name", "Mail": "email"}
    assert found.sample == [["Ann", "Lee", "ann@acme.example"]] and found.has_header
    with tenant_context(acme.id), open_upload(found) as table:
        assert list(table.rows()) == [(2, ["Ann", "Lee", "ann@acme.example"])]


@pytest.mark.parametrize(
    ("content", "described"),
    [
        ("Vorname;Mail\nJürgen;j@acme.example\n".encode("utf-8-sig"), "semicolon"),
        ("Vorname;Mail\nJürgen;j@acme.example\n".encode("latin-1"), "semicolon"),
        ("Vorname\tMail\nJürgen\tj@acme.example\n".encode("utf-16"), "tab"),
        ("Vorname|Mail\nJürgen|j@acme.example\n".encode("utf-16-le"), "pipe"),
        (gzip.compress("Vorname,Mail\nJürgen,j@acme.example\n".encode(), mtime=0), "comma"),
    ],
    ids=["bom", "latin-1", "utf-16", "utf-16-le", "gzip"],
)
def test_delimiters_and_encodings(acme, content, described):
    found = upload(acme, content)
    assert described in found.description
    assert found.sample == [["Jürgen", "j@acme.example"]]
    assert fields(found) == {"Vorname": "first_name", "Mail": "email"}


def test_no_header(acme):
    found = upload(acme, b"ann@acme.example,Ann\nbob@acme.example,Bob\n")
    assert not found.has_header and found.columns == ["Column 1", "Column 2"]
    assert fields(found)["Column 1"] == "email"


def test_duplicate_headers_are_told_apart(acme):
    found = upload(acme, b"Mail,Mail,Name\na@acme.example,b@acme.example,Ann\n")
    assert found.columns == ["Mail 1", "Mail 2", "Name"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "PNG image"),
        (b"<!doctype html><html>", "HTML page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">\n<path/>\n</svg>\n', "SVG image"),
        (b"PK\x03\x04broken", "damaged or cut off"),
        (b"PAR1" + b"\0" * 50, ""),
        (b"a" * 3_000_000, "first line is longer"),
        ((",".join(f"c{n}" for n in range(612)) + "\n").encode() * 2, "612 columns"),
    ],
    ids=["nothing", "png", "html", "svg", "zip", "parquet", "endless", "wide"],
)
def test_no_table_is_refused_and_nothing_kept(acme, files, content, said):
    with pytest.raises(DomainError) as refusal:
        upload(acme, content, "people.csv")
    assert said in refusal.value.message
    assert kept(files) == []
    with tenant_context(acme.id):
        assert not Upload.objects.exists()


def test_too_large_is_refused_before_anything_is_kept(acme, files, monkeypatch):
    monkeypatch.setattr(operations, "MAX_BYTES", 10)
    with pytest.raises(InvalidInput) as refusal:
        upload(acme, PEOPLE)
    assert "file" in refusal.value.fields and kept(files) == []


def test_five_hundred_columns(acme):
    header = ",".join(["Mail", *(f"c{n}" for n in range(499))])
    found = upload(acme, f"{header}\n{','.join(['a@acme.example'] * 500)}\n".encode())
    assert len(found.columns) == 500 and fields(found)["Mail"] == "email"


def test_reading_it_otherwise(acme):
    found = upload(acme, b"Name;Mail\nAnn;ann@acme.example\n")
    with tenant_context(acme.id):
        other = read_otherwise(
            workspace_id=acme.id,
            upload_id=found.id,
            purpose=IMPORT,
            country="US",
            delimiter=",",
            header=False,
        )
        assert other.columns == ["Column 1"] and not other.has_header
        with pytest.raises(TableRefused):
            read_otherwise(
                workspace_id=acme.id,
                upload_id=found.id,
                purpose=IMPORT,
                country="US",
                encoding="no such",
            )
        assert Upload.objects.get(id=found.id).delimiter == ","


def say(acme, found: Upload, purpose: Purpose = IMPORT, **chosen) -> Upload:
    with tenant_context(acme.id):
        return map_columns(workspace_id=acme.id, upload_id=found.id, purpose=purpose, fields=chosen)


def test_what_was_said_is_remembered_for_the_same_header(acme):
    say(acme, upload(acme, PEOPLE), First="last_name", Last="first_name", Mail="work_email")
    again = upload(acme, b"first,LAST,mail\nLee,Ann,ann@acme.example\n")
    assert again.is_remembered
    assert fields(again) == {"first": "last_name", "LAST": "first_name", "mail": "work_email"}
    assert not upload(acme, b"First,Last\nAnn,Lee\n").is_remembered
    rival, carol = cast.rival()
    rival.actor = cast.actor_for(carol)
    assert not upload(rival, PEOPLE).is_remembered


def test_a_wrong_mapping_is_refused_and_changes_nothing(acme):
    found = upload(acme, PEOPLE)
    for chosen in ({"First": "title", "Last": "title"}, {"Nope": "title"}, {"First": "iq"}):
        with pytest.raises(MappingError):
            say(acme, found, **chosen)
    with pytest.raises(InvalidInput):
        say(acme, found, First=None, Last=None, Mail=None)
    with tenant_context(acme.id):
        assert Upload.objects.get().mapping == found.mapping
        assert not RememberedMapping.objects.exists()


def test_another_purpose_has_its_own_fields_and_memory(acme):
    purpose = Purpose("other", "A row needs an e-mail address.", ("email",))
    found = upload(acme, PEOPLE, purpose=purpose)
    assert fields(found) == {"First": None, "Last": None, "Mail": "email"}
    with pytest.raises(InvalidInput):
        say(acme, found, purpose, First="first_name")
    with pytest.raises(NotFound):
        say(acme, found, IMPORT, Mail="email")


def test_files_go_after_thirty_days(acme, files):
    found = upload(acme, PEOPLE)
    assert remove_expired_uploads() == 0 and len(kept(files)) == 1
    with tenant_context(acme.id):
        Upload.objects.update(created_at=found.created_at - operations.KEPT)
    assert remove_expired_uploads() == 1 and remove_expired_uploads() == 0
    assert kept(files) == []
    with tenant_context(acme.id):
        assert Upload.objects.get().sample == []
        with pytest.raises(DomainError):
            open_upload(found)


def _foreign() -> list[Path]:
    folders = ("contacts", "csv-dialects", "email", "phone", "security")
    return sorted(path for name in folders for path in (DATA / name).rglob("*") if path.is_file())


@needs_foreign_files
def test_every_file_there_is_comes_in_or_is_refused_with_a_sentence(acme):
    """All of the shared data, whatever it is: read to its end, or refused in words."""
    loaded, refused = 0, 0
    for path in _foreign():
        try:
            found = upload(acme, path.read_bytes(), path.name)
            with tenant_context(acme.id), open_upload(found) as table:
                for row in table.rows():
                    assert isinstance(row, RowProblem) or len(row[1]) == len(found.columns)
            loaded += 1
        except DomainError as refusal:
            assert refusal.message.endswith("."), path
            refused += 1
    assert loaded > 40 and loaded + refused == len(_foreign())


@needs_foreign_files
def test_broken_files_are_mended_as_their_manifest_says(acme):
    folder = DATA / "contacts" / "broken"
    manifest = json.loads((folder / "broken_csv_manifest.json").read_text())
    assert manifest
    for path in sorted(folder.glob("*.csv")):
        found = upload(acme, path.read_bytes(), path.name)
        assert any(each.field for each in found.columns_mapped.columns), path.name
