"""The outside world of verifications on this machine: both providers, and a name server."""

import http.server
import json
import socketserver
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

MILLION, ZERO = "millionverifier", "zerobounce"
PATHS = {"/api/v3/": MILLION, "/v2/validate": ZERO}


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.answer(self, PATHS[parts.path], query)

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Providers(http.server.ThreadingHTTPServer):
    """MillionVerifier and ZeroBounce. What an address is, its name says: `invalid.7@x.example`.

    `moods` says how a provider behaves: ok, error (200 with an error), busy (429), shield (403),
    broken (500), garbage, empty, silent. `calls` has every address that was asked for, `most` how
    many calls there were at once.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.moods = defaultdict(lambda: "ok")
        self.calls: dict[str, list[str]] = defaultdict(list)
        self.now, self.most = Counter(), Counter()
        self.seconds = 0.0
        self.silence = 5.0
        self.keys: set[str] = set()
        self._lock = threading.Lock()

    def handle_error(self, *_):
        """Callers that hang up are what some tests are about."""

    def answer(self, handler: _Handler, provider: str, query: dict[str, str]) -> None:
        with self._lock:
            self.calls[provider].append(query["email"])
            self.keys.add(query.get("api") or query.get("api_key", ""))
            self.now[provider] += 1
            self.most[provider] = max(self.most[provider], self.now[provider])
        try:
            time.sleep(self.seconds)
            status, body = self._said(provider, query["email"])
            handler.reply(status, body)
        finally:
            with self._lock:
                self.now[provider] -= 1

    def _said(self, provider: str, address: str) -> tuple[int, bytes]:
        mood = self.moods[provider]
        if mood == "silent":
            time.sleep(self.silence)
        if mood in {"busy", "shield", "broken"}:
            return {"busy": 429, "shield": 403, "broken": 500}[mood], b"no"
        if mood in {"garbage", "empty", "list"}:
            return 200, {"garbage": b"<html>\xff", "empty": b"", "list": b"[1]"}[mood]
        if mood == "strange":
            return 200, b'{"result": "perhaps", "status": "perhaps"}'
        if mood == "error":
            return 200, json.dumps({"error": "Insufficient credits", "result": ""}).encode()
        name = address.partition(".")[0].partition("@")[0]
        if provider == MILLION:
            result = name if name in MILLION_WORDS else "ok"
            return 200, json.dumps({"result": result, "error": "", "credits": 7}).encode()
        status = name.replace("_", "-") if name in ZERO_WORDS else "valid"
        if name in ("do_not_mail", "disposable"):
            status = "do_not_mail"
        sub = "disposable" if name == "disposable" else ""
        return 200, json.dumps({"status": status, "sub_status": sub}).encode()


MILLION_WORDS = ("ok", "catch_all", "unknown", "error", "disposable", "invalid")
ZERO_WORDS = ("valid", "invalid", "catch_all", "unknown", "spamtrap", "abuse")


@contextmanager
def providers() -> Iterator[Providers]:
    running = Providers()
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()


class _Names(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        question = dns.message.from_wire(data)
        (asked,) = question.question
        name, kind = asked.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(asked.rdtype)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        self.server.asked.append((name, kind))
        zone = ZONES.get(name)
        if name == "silent.example":
            return
        if name == "lame.example":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif zone is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif kind in zone:
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, zone[kind]))
        sock.sendto(answer.to_wire(), self.client_address)


ZONES = {
    "com": {},
    "mail.example": {"MX": "10 mx.mail.example."},
    "nullmx.example": {"MX": "0 ."},
    "onlyhost.example": {"A": "8.8.8.8"},
    "nomail.example": {"A": "8.8.8.8", "TXT": '"v=spf1 -all"'},
    "empty.example": {},
}


@contextmanager
def name_server() -> Iterator[socketserver.ThreadingUDPServer]:
    """A name server that knows ZONES; every other domain doesn't exist."""
    running = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Names)
    running.daemon_threads = True
    running.asked = []
    running.address = f"127.0.0.1:{running.server_address[1]}"
    threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()
