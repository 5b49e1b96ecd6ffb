"""One API request from its bytes to its answer: key, parameters, idempotency, faults."""

import base64
import json
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The endpoints register as they are imported.
from . import (
    charges,
    checkout,
    customers,
    disputes,
    intents,
    invoice_items,
    invoices,
    portal,
    prices,
    records,
    refunds,
    schedules,
    subscriptions,
    transfers,
)
from .account import Account
from .errors import BadParams, Refusal
from .expansion import shown
from .idempotency import Keys
from .params import fields, read
from .routing import ROUTES, Route, find_route, page_of

ENDPOINTS = (
    charges,
    checkout,
    customers,
    disputes,
    intents,
    invoice_items,
    invoices,
    portal,
    prices,
    records,
    refunds,
    schedules,
    subscriptions,
    transfers,
)
__all__ = ["ENDPOINTS", "ROUTES", "Answer", "Api"]


@dataclass(slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """The API of one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.keys = Keys(account)
        self.calls: list[tuple[str, str, dict[str, Any], str | None]] = []
        self._recording = threading.Lock()

    def answer(
        self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Answer a request under /v1; never raises."""
        request_id = self.account.new_id("req")
        key = headers.get("Idempotency-Key") if method == "POST" else None
        extra = {"Request-Id": request_id, "Stripe-Version": headers.get("Stripe-Version", "")}
        if key:
            extra["Idempotency-Key"] = key
        try:
            _check_key(headers.get("Authorization", ""))
            given = fields(body.decode() if method == "POST" else query)
            if method == "DELETE":
                given = given | fields(body.decode())
            with self._recording:
                self.calls.append((method, path, given, headers.get("Idempotency-Key")))
            status, content, replayed = self._run(method, path, given, key, request_id)
            if replayed:
                extra["Idempotent-Replayed"] = "true"
        except Refusal as refusal:
            status, content = refusal.status, {"error": refusal.error}
        except UnicodeDecodeError:
            status, content = 400, {"error": {"type": "invalid_request_error", "message": "UTF-8?"}}
        except Exception:
            traceback.print_exc()
            message = "The local server of test payments has failed; its log says how."
            status, content = 500, {"error": {"type": "api_error", "message": message}}
        if "error" in content and key is None:
            content["error"].setdefault("request_log_url", None)
        return Answer(status, json.dumps(content, indent=2).encode(), extra)

    def _run(
        self, method: str, path: str, given: dict[str, Any], key: str | None, request_id: str
    ) -> tuple[int, Any, bool]:
        """(status, content, whether it is a replay)."""
        route, ids = find_route(method, path)
        if key is not None:
            kept = self.keys.begin(key, path, given)
            if kept is not None:
                return *kept, True
        keep: tuple[int, Any] | None = None
        try:
            values = read(route.spec, given)
            with self.account.lock:
                try:
                    keep = self._execute(route, path, values, ids, key, request_id)
                finally:
                    self.account.store.save()
            return *keep, False
        finally:
            if key is not None:
                self.keys.finish(key, path, given, keep)

    def _execute(
        self,
        route: Route,
        path: str,
        values: dict[str, Any],
        ids: dict[str, str],
        key: str | None,
        request_id: str,
    ) -> tuple[int, Any]:
        account = self.account
        expand = values.pop("expand", [])
        account.request = {"id": request_id, "idempotency_key": key}
        try:
            found = route.endpoint(account, values, **ids)
            if isinstance(found, list):
                found = page_of(path, found, values)
            return 200, shown(account, found, expand)
        except BadParams:
            raise
        except Refusal as refusal:
            # What was tried and refused is an answer like any other: a key replays it.
            return refusal.status, {"error": refusal.error}
        finally:
            account.request = {"id": None, "idempotency_key": None}


def _check_key(authorization: str) -> None:
    scheme, _, token = authorization.partition(" ")
    if scheme == "Basic":
        token = base64.b64decode(token).decode().partition(":")[0]
    if not token:
        raise Refusal(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth.",
            status=401,
        )
    if not token.startswith(("sk_test_", "rk_test_")):
        raise Refusal(f"Invalid API Key provided: {token[:8]}****", status=401)
