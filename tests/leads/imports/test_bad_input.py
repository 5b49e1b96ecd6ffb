"""L-18, L-19: whatever is sent is loaded, or refused with the line and the reason; memory stays
bounded, and nothing is half-written. Large things are stood in for by small ones on the same way;
BIG_LINE_MB gives the long line its full length."""

import asyncio
import csv
import gzip
import io
import json
import os
import tracemalloc
import zlib

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from cursive.lib.errors import DomainError
from cursive.lib.tables import TableRefused
from cursive.lib.tenancy import tenant_context
from cursive.serving import PageHandler
from leads.imports.models import Import
from leads.imports.operations import left_out_file
from leads.imports.uploads import operations as uploads
from leads.imports.uploads.models import Upload
from tests.cursive.lib.tables.builders import write_workbook
from tests.foreign import DATA, needs_foreign_files
from tests.leads.imports.importing import again, confirm, leads, preview, run, upload, work

LINE_MB = int(os.environ.get("BIG_LINE_MB", "48"))


def packed(pieces) -> bytes:
    """Pieces of a file, packed one after the other, so that none of it is ever whole."""
    engine = zlib.compressobj(1, wbits=31)
    return b"".join([*(engine.compress(piece) for piece in pieces), engine.flush()])


def test_a_line_without_an_end(acme):
    """A line of 2 GB: it is left out with its number, and the rest comes in."""
    head = "Mail,First\n" + "".join(f"p{n}@acme.example,P{n}\n" for n in range(50))
    raw = packed([head.encode(), *([b"x" * 1_000_000] * LINE_MB), b"\nq@acme.example,Q\n"])
    found = upload(acme, raw, "people.csv.gz")
    tracemalloc.start()
    work(acme, found.preview_job)
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = again(acme, found)
    assert found.state == "ready", found.preview_job.error
    assert found.plan["counts"] == {"new": 51, "invalid": 1}
    (row,) = found.plan["samples"]["invalid"]
    assert row["line"] == 52 and "MB" in row["reason"]
    assert highest < 24_000_000
    work(acme, confirm(acme, found))
    assert len(leads(acme)) == 51


def test_an_open_quote_does_not_swallow_the_rest(acme):
    rows = ['First,Mail\n"Ann,ann@acme.example\n'] + [
        f"P{n},p{n}@acme.example\n" for n in range(40)
    ]
    found = run(acme, "".join(rows))
    assert found.result["created"] >= 40
    assert found.plan["rows"] >= 41


def test_five_hundred_columns(acme):
    header = ["Mail", *(f"c{n}" for n in range(499))]
    rows = [[f"p{n}@acme.example", *["x" * 20] * 499] for n in range(30)]
    found = run(acme, "\n".join(",".join(row) for row in [header, *rows]))
    assert found.result["created"] == 30
    client = Client()
    client.force_login(acme.alice)
    found = preview(acme, ",".join(header) + "\nx@acme.example" + ",y" * 499 + "\n")
    page = client.get(f"/leads/imports/{found.id}/mapping/").content.decode()
    assert page.count("<select") > 500
    chosen = {f"column_{at}": "" for at in range(1, 500)} | {"column_0": "email"}
    assert client.post(f"/leads/imports/{found.id}/mapping/", chosen).status_code == 302


def test_no_header_and_the_same_header_twice(acme):
    assert run(acme, "ann@acme.example,Ann\nbob@acme.example,Bob\n").result["created"] == 2
    found = run(acme, "Mail,Mail,Name\na@x.example,b@x.example,Eve Ray\n")
    assert found.result["created"] == 1 and leads(acme)[-1].last_name == "Ray"


def test_a_workbook(acme, tmp_path):
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Mail</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>Name</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>ann@acme.example</t></is></c>'
        '<c r="B2" t="inlineStr"><is><t>Ann Lee</t></is></c></row>'
    )
    found = run(acme, write_workbook(tmp_path, {"People": rows}).read_bytes(), "people.xlsx")
    assert (found.upload.kind, found.result["created"]) == ("xlsx", 1)
    assert leads(acme)[0].last_name == "Lee"


def test_a_workbook_that_blows_up(acme, tmp_path, files, monkeypatch):
    """A zip bomb: a few KB that would become megabytes (in life: gigabytes)."""
    monkeypatch.setattr(uploads, "MAX_UNPACKED", 1_000_000)
    bomb = write_workbook(tmp_path, {"People": "<row/>" * 900_000}).read_bytes()
    assert len(bomb) < 50_000
    with pytest.raises(TableRefused) as refusal:
        upload(acme, bomb, "people.xlsx")
    assert "larger than" in refusal.value.message
    _nothing_is_kept(acme, files)


def test_a_packed_file_that_blows_up(acme, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_UNPACKED", 500_000)
    raw = packed([b"Mail\n", *([b"p@acme.example\n" * 10_000] * 5)])
    found = preview(acme, raw, "people.csv.gz")
    assert found.state == "preview_failed" and "larger than" in found.preview_job.error
    assert leads(acme) == []


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20,
        b"GIF89a" + bytes(range(256)) * 20,
        bytes((n * 37) % 256 for n in range(9_000)),
    ],
)
def test_an_image_called_csv(acme, files, content):
    with pytest.raises(TableRefused):
        upload(acme, content, "people.csv")
    _nothing_is_kept(acme, files)


def test_an_upload_that_is_cut_off_in_the_middle(acme, files):
    """The connection breaks before the body's end: nobody keeps half a file."""
    client = Client()
    client.force_login(acme.alice)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\nMail\nann@acme.example\nbob@ac"
    )
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/leads/imports/new/",
        "query_string": b"",
        "headers": [
            (b"host", b"testserver"),
            (b"content-type", b"multipart/form-data; boundary=x"),
            (b"content-length", b"100000"),
            (b"cookie", cookie.encode()),
        ],
    }

    async def send_half() -> int:
        sender = ApplicationCommunicator(PageHandler(), scope)
        await sender.send_input({"type": "http.request", "body": body, "more_body": True})
        await sender.send_input({"type": "http.disconnect"})
        await sender.wait(5)
        answer = await sender.receive_output()
        return int(answer["status"])

    assert asyncio.run(send_half()) == 400
    _nothing_is_kept(acme, files)


def _nothing_is_kept(acme, files) -> None:
    with tenant_context(acme.id):
        assert not Upload.objects.exists() and not Import.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]


def hostile() -> list[str]:
    """Strings that have broken others: in the shared data, by the hundred."""
    found: list[str] = []
    for path in sorted((DATA / "security").iterdir()):
        text = path.read_text("utf-8", "replace")
        if path.suffix == ".json":
            loaded = json.loads(text)
            found += [each for each in _texts(loaded) if each.strip()]
        else:
            found += [line for line in text.splitlines() if line.strip()]
    return found


def _texts(loaded) -> list[str]:
    if isinstance(loaded, str):
        return [loaded]
    values = loaded.values() if isinstance(loaded, dict) else loaded
    if not isinstance(values, list | type({}.values())):
        return []
    return [text for each in values for text in _texts(each)]


@needs_foreign_files
def test_hostile_strings_come_in_as_text_and_go_out_harmless(acme):
    strings = hostile()
    assert len(strings) > 500
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["First name", "Last name", "Company", "E-mail"])
    for at, text in enumerate(strings):
        mail = f"p{at}@acme.example" if at % 2 else "nobody"
        writer.writerow([text, text if at % 2 else "", text if at % 2 else "", mail])
    found = run(acme, out.getvalue().encode("utf-8", "replace"))
    assert found.state == "completed"
    counts = found.plan["counts"]
    assert counts["new"] == len(strings) // 2 == len(leads(acme))
    assert sum(counts.values()) == found.plan["rows"]
    for row in csv.reader(io.StringIO("".join(left_out_file(found)))):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    client = Client()
    client.force_login(acme.alice)
    page = client.get(f"/leads/imports/{found.id}/").content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page


def test_a_cell_larger_than_any_spreadsheet_takes(acme):
    found = run(acme, f"Mail,Name\nann@acme.example,Ann\nnobody,{'x' * 200_000}\n")
    assert found.result["created"] == 1
    _, row = csv.reader(io.StringIO("".join(left_out_file(found))))
    assert row[0] == "3" and len(row[3]) == 32_767


@needs_foreign_files
def test_contacts_of_the_shared_data(acme):
    """Every list of contacts there is either becomes leads, or says why not."""
    made, refused = 0, []
    for path in sorted((DATA / "contacts").rglob("*.csv")):
        if path.stat().st_size > 150_000 or "expected" in str(path):
            continue
        try:
            found = preview(acme, path.read_bytes(), path.name)
        except DomainError as error:
            assert error.message.endswith("."), path
            refused.append(path.name)
            continue
        assert found.state == "ready", (path, found.preview_job.error)
        counts = found.plan["counts"]
        assert sum(counts.values()) == found.plan["rows"], path
        if counts.get("new"):
            work(acme, confirm(acme, found))
            made += 1
            assert again(acme, found).result["created"] == counts["new"], path
    assert made >= 8


def test_rows_are_the_same_whether_packed_or_not(acme):
    text = "Mail,First\n" + "".join(f"p{n}@acme.example,P{n}\n" for n in range(20))
    plain = preview(acme, text).plan["samples"]["new"]
    assert preview(acme, gzip.compress(text.encode())).plan["samples"]["new"] == plain
