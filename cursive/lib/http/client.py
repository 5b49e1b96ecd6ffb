"""One call: checked address, hard deadline, capped body, one log line."""

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import structlog
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

from cursive.lib.errors import DomainError

from .sockets import CuttableAdapter, forget, tracked

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
CHUNK = 16_384
USER_AGENT = "Cursive/1"


class CallFailed(DomainError):
    """No answer, or none in time. `extra["sent"]` is False where no connection was made at all."""

    code = "call_failed"
    status = 502


class ForbiddenAddress(DomainError):
    """The address leads to a private, loopback, link-local or otherwise closed place (A-14)."""

    code = "forbidden_address"
    status = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is at most `cap` bytes; `truncated` says whether there was more."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    truncated: bool = False

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON. Raises `CallFailed` where it isn't."""
        try:
            return requests.models.complexjson.loads(self.body)
        except ValueError as error:
            raise CallFailed("The answer isn't JSON.") from error


def call(
    method: str,
    url: str,
    *,
    service: str,
    endpoint: str,
    deadline: float = 10.0,
    cap: int = 1_000_000,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    json: Any = None,
    params: Mapping[str, Any] | None = None,
    allow_loopback: bool = False,
) -> Answer:
    """Call another system; follows no redirects, and any HTTP status is an answer.

    `deadline` is in seconds and covers everything after the name look-up: a receiver that drips
    bytes is cut off by shutting its socket down. `cap` is in bytes. `service` and `endpoint` are
    what the call counts under; `endpoint` is a name, never the URL, which can hold secrets.
    Raises `ForbiddenAddress` or `CallFailed`.
    """
    started = time.monotonic()
    outcome = "failed"
    try:
        answer = _call(method, url, deadline, cap, headers, body, json, params, allow_loopback)
        outcome = str(answer.status)
        return answer
    except ForbiddenAddress:
        outcome = "forbidden"
        raise
    finally:
        log.info(
            "http_call",
            service=service,
            endpoint=endpoint,
            outcome=outcome,
            seconds=round(time.monotonic() - started, 3),
        )


def _session(allow_loopback: bool) -> HTTPSession:
    session = HTTPSession(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=allow_loopback,
            never_redirect=True,
            default_timeout=(CONNECT_SECONDS, CONNECT_SECONDS),
            user_agent_override=USER_AGENT,
        )
    )
    session.trust_env = False  # no proxies and no .netrc from the environment
    for scheme, secure in (("http://", False), ("https://", True)):
        session.mount(scheme, CuttableAdapter(is_https_proto=secure, allow_loopback=allow_loopback))
    return session


def _call(
    method: str,
    url: str,
    deadline: float,
    cap: int,
    headers: Mapping[str, str] | None,
    body: bytes | None,
    json: Any,
    params: Mapping[str, Any] | None,
    allow_loopback: bool,
) -> Answer:
    forget()
    sockets = tracked()
    late = threading.Event()

    def cut() -> None:
        late.set()
        for sock in list(sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                continue

    timer = threading.Timer(deadline, cut)
    timer.daemon = True
    timer.start()
    started = time.monotonic()
    try:
        with _session(allow_loopback) as session:
            # The timer alone says when it is too late: two clocks would race.
            timeout = (min(CONNECT_SECONDS, deadline), deadline + CONNECT_SECONDS)
            with session.request(
                method,
                url,
                headers=headers,
                data=body,
                json=json,
                params=params,
                timeout=timeout,
                stream=True,
            ) as response:
                content, truncated = _read(response, cap)
                if late.is_set():
                    raise CallFailed(f"No whole answer within {deadline:g} seconds.")
                return Answer(
                    status=response.status_code,
                    body=content,
                    headers=dict(response.headers),
                    seconds=time.monotonic() - started,
                    truncated=truncated,
                )
    except InvalidIPAddress as error:
        raise ForbiddenAddress("This address can't be called from here.") from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, ValueError) as error:
        raise ForbiddenAddress("This isn't an http(s) address.") from error
    except (requests.RequestException, OSError) as error:
        if late.is_set():
            sentence = f"No whole answer within {deadline:g} seconds."
            raise CallFailed(sentence, sent=bool(sockets)) from error
        raise CallFailed("The other side doesn't answer.", sent=bool(sockets)) from error
    finally:
        timer.cancel()
        forget()


def _read(response: requests.Response, cap: int) -> tuple[bytes, bool]:
    content = bytearray()
    for chunk in response.iter_content(CHUNK):
        content += chunk
        if len(content) > cap:
            return bytes(content[:cap]), True
    return bytes(content), False
