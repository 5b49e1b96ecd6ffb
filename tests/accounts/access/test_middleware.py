"""X-1: who asks, for which workspace, in which transaction."""

import asyncio
import os

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.db import connections
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from accounts.workspaces.models import Membership, Workspace
from cursive.lib.tenancy import current_workspace_id, system_context
from tests import cast
from tests.accounts.conftest import browser
from tests.accounts.keys.test_keys import make


@pytest.fixture(autouse=True)
def _odd_urls(settings):
    settings.ROOT_URLCONF = "tests.accounts.access.odd_urls"


def name_of(workspace):
    with system_context():
        return Workspace.objects.get(id=workspace.id).name


def open_transactions():
    """How many clients' connections of the test's database are within a transaction.

    PostgreSQL's own work there, such as autovacuum, comes whenever it likes.
    """
    with psycopg.connect(os.environ["SUPERUSER_DATABASE_URL"], autocommit=True) as connection:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            " AND backend_type = 'client backend' AND xact_start IS NOT NULL"
        )
        name = connections["default"].settings_dict["NAME"]
        return connection.execute(query, [name]).fetchone()[0]


def test_a_page_is_inside_its_workspace_and_time_zone(acme):
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(time_zone="Asia/Tokyo")
    body = browser(acme.member).get("/odd/who/").content.decode()
    assert body == f"Acme Bob (Member) {acme.workspace.id} Asia/Tokyo 0"
    assert current_workspace_id() is None
    assert timezone.get_current_timezone_name() == "UTC"
    assert browser().get("/odd/who/").content == b"None None None UTC 0"
    zoe = browser(cast.user("Zoe"))
    assert zoe.get("/odd/who/").content == b"None None None UTC 0"


def test_a_time_zone_that_this_machine_does_not_know_is_utc(acme):
    with system_context():
        Workspace.objects.filter(id=acme.workspace.id).update(time_zone="Mars/Olympus")
    assert b"UTC" in browser(acme.member).get("/odd/who/").content


@pytest.mark.parametrize(
    ("to", "status", "kept"),
    [("ok", 200, True), ("refuse", 409, True), ("unavailable", 503, False), ("crash", 500, False)],
)
def test_what_a_5xx_did_is_rolled_back(acme, to, status, kept):
    client = browser(acme.owner)
    client.raise_request_exception = False
    assert client.get(f"/odd/rename/{to}/").status_code == status
    assert name_of(acme.workspace) == (to if kept else "Acme")
    assert not connections["default"].in_atomic_block
    assert current_workspace_id() is None


@pytest.mark.parametrize(
    "chosen", ["", "x", "\x00", "0" * 10_000, "00000000-0000-0000-0000-000000000000"]
)
def test_a_session_that_names_no_workspace_of_ours_falls_back(acme, chosen):
    client = browser(acme.member)
    session = client.session
    session["workspace"] = chosen.replace("\x00", "0")
    session.save()
    assert b"Acme" in client.get("/odd/who/").content


def test_a_session_that_names_somebody_elses_workspace_falls_back(acme):
    client = browser(acme.member)
    session = client.session
    session["workspace"] = str(acme.rival.id)
    session.save()
    assert b"Acme" in client.get("/odd/who/").content


@pytest.mark.parametrize(
    "cookie",
    [
        '"\\000\\000\\000\\000\\000\\000\\000\\000\\000"',
        "\x00" * 9,
        "é" * 9,
        "'; --",
        "x" * 10_000,
        "'" * 40,
    ],
)
def test_a_session_cookie_that_cannot_be(acme, cookie):
    """X-5: among them a NUL, which PostgreSQL would choke on."""
    client = browser()
    client.cookies["sessionid"] = "x"
    client.cookies["sessionid"].set("sessionid", cookie, cookie)
    assert client.get("/odd/who/").content == b"None None None UTC 0"
    answer = client.get(reverse("accounts:people"))
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("cookie", ['"\\000"', "x" * 100_000, '"\\377"'])
@pytest.mark.parametrize("name", ["csrftoken", "messages"])
def test_other_cookies_that_cannot_be(acme, name, cookie):
    client = browser(acme.member)
    client.cookies[name] = "x"
    client.cookies[name].set(name, cookie, cookie)
    assert client.get(reverse("accounts:people")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "\x00" * 10},
        {"User-Agent": "x" * 10_000},
        {"X-Request-ID": "\x00"},
        {"X-Request-ID": "x" * 10_000},
        {"X-Forwarded-For": "\x00, x"},
        {"Referer": "\x00"},
        {"HX-Request": "true", "HX-Current-URL": "\x00"},
    ],
)
def test_headers_that_cannot_be(acme, headers):
    client = browser(acme.owner)
    values = {"name": "Acme 2", "time_zone": "UTC", "country": "US", "low_credit_threshold": "1"}
    answer = client.post(reverse("accounts:workspace_settings"), values, headers=headers)
    assert answer.status_code in {200, 302}
    assert name_of(acme.workspace) == "Acme 2"


@pytest.mark.parametrize("address", ["", "x", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "\x00"])
def test_addresses_that_cannot_be(acme, address):
    client = browser(acme.owner)
    client.post(reverse("accounts:profile_new"), {"name": "A", "sells": "x"}, REMOTE_ADDR=address)
    values = {"name": "Fine", "sells": "x", "tone": "direct"}
    answer = client.post(reverse("accounts:profile_new"), values, REMOTE_ADDR=address)
    assert answer.status_code == 302


# --- answers that are sent piece by piece -----------------------------------------------------


def test_a_stream_is_made_inside_the_workspace_without_an_open_transaction(acme):
    """The client may read for long: no transaction and no connection waits for it."""
    answer = browser(acme.owner).get("/odd/stream/")
    assert open_transactions() == 0
    pieces = []
    for piece in answer.streaming_content:
        pieces.append(piece.decode())
        assert open_transactions() == 0
        assert connections["default"].connection is None
        assert current_workspace_id() is None
    assert pieces == ["0:3 ", "1:3 ", "2:3 "]


def test_a_stream_for_an_api_key_is_inside_its_workspace(acme):
    _, token = make(acme)
    answer = browser().get("/odd/stream/", headers={"Authorization": f"Bearer {token}"})
    with pytest.raises(Exception, match="scope"):  # pages know no keys
        list(answer.streaming_content)


def test_a_stream_that_breaks_undoes_its_last_piece(acme):
    answer = browser(acme.owner).get("/odd/broken-stream/")
    pieces = iter(answer.streaming_content)
    assert next(pieces) == b"first"
    with pytest.raises(RuntimeError):
        next(pieces)
    assert name_of(acme.workspace) == "Acme"
    assert open_transactions() == 0
    assert current_workspace_id() is None


def test_a_stream_that_nobody_reads_to_its_end(acme):
    answer = browser(acme.owner).get("/odd/stream/")
    assert next(iter(answer.streaming_content)) == b"0:3 "
    answer.close()
    assert open_transactions() == 0


def test_a_file_is_sent_as_it_is(acme):
    for client in (browser(acme.owner), browser()):
        answer = client.get("/odd/file/")
        assert b"".join(answer.streaming_content).startswith(b"#!")


@pytest.mark.parametrize("path", ["/odd/stream/", "/odd/events/"])
def test_streams_on_asgi(acme, path):
    """One by one, made in a thread: the first piece doesn't wait for the last."""

    async def read():
        client = AsyncClient()
        await asyncio.to_thread(_sign_in, client, acme.owner)
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.is_async
        pieces = []
        async for piece in answer.streaming_content:
            pieces.append(piece.decode())
            assert await asyncio.to_thread(open_transactions) == 0
        return pieces

    assert async_to_sync(read)() == ["0:3 ", "1:3 ", "2:3 "]


def test_pages_and_files_on_asgi(acme):
    async def read():
        client = AsyncClient()
        await asyncio.to_thread(_sign_in, client, acme.owner)
        page = await client.get("/odd/page/")
        file = await client.get("/odd/file/")
        content = b"".join([piece async for piece in file.streaming_content])
        return page.content, content[:2], open_transactions()

    assert async_to_sync(read)() == (b"3", b"#!", 0)


def _sign_in(client, who):
    client.force_login(who)
    connections.close_all()


def test_health_is_asked_without_a_session(acme, django_assert_max_num_queries):
    """It has to answer when the database doesn't: nobody is looked up for it."""
    client = browser(acme.owner)
    with django_assert_max_num_queries(0, using="admin"):
        assert client.get("/api/health").status_code in {200, 503}


def test_people_and_workspaces_are_found_in_few_questions(acme, django_assert_max_num_queries):
    client = browser(acme.member)
    client.get("/odd/who/")
    with (
        django_assert_max_num_queries(5, using="default"),
        django_assert_max_num_queries(1, using="admin"),
    ):
        client.get("/odd/who/")
    with system_context():
        assert Membership.objects.count() == 4
