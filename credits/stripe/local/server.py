"""The HTTP server: the API under /v1, the hosted pages beside it."""

import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .account import Account
from .api import Answer, Api
from .faults import Faults, body_of
from .pages import router as pages
from .pages.html import Page

LARGEST_BODY = 1_000_000


class LocalServer(ThreadingHTTPServer):
    """Listens for one account."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, account: Account, host: str = "127.0.0.1", port: int = 0) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)
        self.account = account
        self.api = Api(account)
        self.faults = Faults()
        self.verbose = False

    def start(self) -> threading.Thread:
        """Serve in a thread."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        return thread


def _is_here(address: str) -> bool:
    """Whether a caller is on this machine: only those may use the API."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: LocalServer
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Read something, or show a page."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Change something."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._send(Answer(413, b"{}"))
            return
        self._answer(self.rfile.read(length))

    do_DELETE = do_POST

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        if not parts.path.startswith("/v1/"):
            self._show(pages.answer(self.server.account, self.command, parts.path, body))
            return
        if not _is_here(self.client_address[0]):
            self._send(Answer(403, body_of(403)))
            return
        fault = self.server.faults.take(parts.path)
        if fault is not None and not fault.lost:
            self._fail(fault.status)
            return
        answer = self.server.api.answer(
            self.command, parts.path, parts.query, body, dict(self.headers.items())
        )
        if fault is not None:
            self._fail(fault.status)
            return
        self._send(answer)

    def _show(self, page: Page) -> None:
        headers = {**page.headers, "Content-Type": page.kind}
        if page.location:
            headers["Location"] = page.location
        self._send(Answer(page.status, page.body, headers))

    def _fail(self, status: int) -> None:
        if status:
            self._send(Answer(status, body_of(status)))
            return
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer) -> None:
        headers = {"Content-Type": "application/json", **answer.headers}
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        try:
            self.end_headers()
            self.wfile.write(answer.body)
        except ConnectionError:  # whoever asked has gone: killed, or out of patience
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """One line a request, where somebody reads it."""
        if self.server.verbose:
            super().log_message(format, *arguments)
