"""The way out: deadline, cap, forbidden addresses, breaker (A-13, A-14)."""

import http.server
import os
import threading
import time
from pathlib import Path

import pytest
from django.core.cache import cache

from cursive.lib.errors import Unavailable
from cursive.lib.http import Breaker, CallFailed, ForbiddenAddress, call

DATA = Path(os.environ.get("CURSIVE_EXTRA_DATA", Path(__file__).parents[3].parent / "shared/data"))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.path)
        if self.path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)
        elif self.path == "/silent":
            time.sleep(3)
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/big")
            self.end_headers()
        elif self.path == "/big":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"y" * 300_000)
        else:
            self.send_response(418)
            self.end_headers()
            self.wfile.write(b'{"tea": true}')

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.seen = []
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, daemon=True).start()
    running.url = f"http://127.0.0.1:{running.server_port}"
    yield running
    running.shutdown()
    running.server_close()


def get(url, **options):
    return call("GET", url, service="test", endpoint="get", **options)


def test_any_status_is_an_answer(server):
    answer = get(f"{server.url}/tea", allow_loopback=True)
    assert (answer.status, answer.ok, answer.json()) == (418, False, {"tea": True})


def test_redirects_are_not_followed(server):
    assert get(f"{server.url}/away", allow_loopback=True).status == 302
    assert server.seen == ["/away"]


def test_the_body_is_capped(server):
    answer = get(f"{server.url}/big", allow_loopback=True, cap=1000)
    assert answer.truncated and len(answer.body) == 1000


@pytest.mark.parametrize("path", ["/drip", "/silent"])
def test_a_slow_receiver_is_cut_off_at_the_deadline(server, path):
    started = time.monotonic()
    with pytest.raises(CallFailed, match=r"within 0\.5 seconds"):
        get(f"{server.url}{path}", allow_loopback=True, deadline=0.5)
    assert time.monotonic() - started < 2.5  # it would drip for 10 s


def test_nobody_there():
    with pytest.raises(CallFailed):
        get("http://127.0.0.1:9", allow_loopback=True, deadline=1)


FORBIDDEN = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[fec0::1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0/",
    "http://93.184.215.14:22/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "http://",
    "//example.com",
    "",
    "http://[::1",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_forbidden_addresses_are_refused(url):
    with pytest.raises(ForbiddenAddress):
        get(url, deadline=1)


def test_no_hostile_form_reaches_this_machine(server):
    """A-14, on forms that others collected; what counts is that nothing arrives."""
    forms = sorted((DATA / "security").rglob("*ssrf*")) if DATA.exists() else []
    if not forms:
        pytest.skip(f"no collection of hostile addresses in {DATA}")
    port = str(server.server_port)
    lines = [line for path in forms if path.is_file() for line in path.read_text().splitlines()]
    hostile = [line.strip() for line in lines if "127.0.0.1" in line or "localhost" in line]
    for line in hostile[:150]:
        url = line if "://" in line else f"http://{line}"
        for form in (url, url.replace(":80", f":{port}")):
            with pytest.raises((ForbiddenAddress, CallFailed)):
                get(form, deadline=1)
    assert server.seen == []


def test_the_breaker_opens_and_closes(server, db):
    breaker = Breaker("tea", failures=2, cooldown=60)
    for _ in range(2):
        with pytest.raises(CallFailed), breaker.guard():
            get("http://127.0.0.1:9", allow_loopback=True, deadline=1)
    with pytest.raises(Unavailable), breaker.guard():
        get(f"{server.url}/tea", allow_loopback=True)
    assert server.seen == []
    cache.delete(breaker._open)  # the cooldown is over
    with breaker.guard():
        assert get(f"{server.url}/tea", allow_loopback=True).status == 418
    assert not breaker.is_open()
