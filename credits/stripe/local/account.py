"""One Stripe account: its objects, its clock, and the events that tell of changes."""

import copy
import hashlib
import hmac
import json
import secrets
import string
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .errors import missing
from .store import Obj, Store

API_VERSION = "2026-10-28.endive"
LETTERS = string.ascii_letters + string.digits
PREFIXES = {
    "customer": "cus",
    "payment_method": "pm",
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "transfer": "tr",
    "balance_transaction": "txn",
    "product": "prod",
    "price": "price",
    "checkout.session": "cs_test",
    "item": "li",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "invoice": "in",
    "invoiceitem": "ii",
    "line_item": "il",
    "invoice_payment": "inpay",
    "billing_portal.session": "bps",
    "billing_portal.configuration": "bpc",
    "event": "evt",
}
# What has no `livemode` or `created` of its own.
UNDATED = ("item", "line_item")
WITHOUT_MODE = ("refund", "balance_transaction", "subscription_item", "item")


class Account:
    """Everything that happens does so under `lock`, which may be taken again by its holder.

    `pages` is where a browser finds the hosted pages; a host of '*' stands for that of the page
    which the visitor comes from.
    """

    def __init__(self, *, secret: str, path: str = "", pages: str = "") -> None:
        self.lock = threading.RLock()
        self.store = Store(path)
        self.secret = secret
        self.pages = pages
        # What transfers may take, where a test says that it isn't enough.
        self.funds: int | None = None
        self.on_event: list[Callable[[Obj], None]] = []
        self.request: Obj = {"id": None, "idempotency_key": None}
        self._now: int | None = None
        self._state = self.store.find("state") or self.store.add(
            {"id": "state", "object": "_state", "ahead": 0}
        )

    # --- time --------------------------------------------------------------------------------
    def now(self) -> int:
        """The account's time in seconds since 1970: ours, plus how far it was moved on."""
        return int(time.time()) + self._state["ahead"] if self._now is None else self._now

    def stop_at(self, moment: int | None) -> None:
        """Hold the clock at a moment while what is due then is done; None lets it run on."""
        self._now = moment

    def move_to(self, moment: int) -> None:
        """Let the clock run on from a moment; it never goes back."""
        self._state["ahead"] = max(moment - int(time.time()), self._state["ahead"])

    # --- objects -----------------------------------------------------------------------------
    def new(self, kind: str, /, **values: Any) -> Obj:
        """A new object of a kind, with an id; it is kept."""
        obj: Obj = {"id": self.new_id(PREFIXES[kind]), "object": kind}
        if kind not in UNDATED:
            obj["created"] = self.now()
        if kind not in WITHOUT_MODE:
            obj["livemode"] = False
        return self.store.add(obj | values)

    def new_id(self, prefix: str) -> str:
        """A fresh id."""
        return f"{prefix}_{''.join(secrets.choice(LETTERS) for _ in range(24))}"

    def get(self, kind: str, key: str, *, param: str = "id") -> Obj:
        """The object of a kind with this id, or Stripe's refusal that names `param`."""
        obj = self.store.find(key)
        if obj is None or obj["object"] != kind or obj.get("deleted"):
            raise missing(_readable(kind), key, param=param)
        return obj

    def find(self, key: str | None) -> Obj | None:
        """The object with this id, whatever its kind."""
        return self.store.find(key) if key else None

    def all(self, kind: str) -> list[Obj]:
        """All objects of a kind, oldest first."""
        return self.store.kind(kind)

    # --- events ------------------------------------------------------------------------------
    def emit(self, kind: str, obj: Obj, previous: Obj | None = None) -> Obj:
        """Make the event that something has happened to `obj`, with the object as it is now."""
        data: Obj = {"object": public(obj)}
        if previous is not None:
            data["previous_attributes"] = copy.deepcopy(previous)
        event = self.new(
            "event",
            type=kind,
            api_version=API_VERSION,
            data=data,
            pending_webhooks=1,
            request=dict(self.request),
        )
        for listener in self.on_event:
            listener(event)
        return event

    def change(self, event: str, obj: Obj, **values: Any) -> None:
        """Set fields and tell of it; nothing is told where nothing has changed."""
        previous = {key: obj.get(key) for key, value in values.items() if obj.get(key) != value}
        if previous:
            obj |= values
            self.emit(event, obj, {key: old for key, old in previous.items() if key[0] != "_"})

    def signed(self, event: Obj, timestamp: int | None = None) -> tuple[bytes, str]:
        """(body, Stripe-Signature) of an event as it is delivered; signed now unless told when."""
        body = json.dumps(event, indent=2, default=str).encode()
        moment = int(time.time()) if timestamp is None else int(timestamp)
        content = f"{moment}.".encode() + body
        digest = hmac.new(self.secret.encode(), content, hashlib.sha256).hexdigest()
        return body, f"t={moment},v1={digest}"

    # --- pages -------------------------------------------------------------------------------
    def page(self, path: str, back: str) -> str:
        """The address of a hosted page, for a visitor who came from `back`."""
        parts = urlsplit(self.pages)
        if parts.hostname == "*":
            host = urlsplit(back).hostname or "localhost"
            host = f"[{host}]" if ":" in host else host
            return f"{parts.scheme}://{host}:{parts.port}{path}"
        return f"{self.pages}{path}"


def public(value: Any) -> Any:
    """A copy without the server's own fields."""
    if isinstance(value, dict):
        return {key: public(one) for key, one in value.items() if not key.startswith("_")}
    return [public(one) for one in value] if isinstance(value, list) else value


def with_metadata(obj: Obj, given: Any) -> Obj:
    """The metadata after an update: '' takes a key away, or all of them."""
    if given == "":
        return {}
    merged = {**obj.get("metadata", {}), **given}
    return {key: value for key, value in merged.items() if value != ""}


def _readable(kind: str) -> str:
    return {
        "payment_method": "PaymentMethod",
        "checkout.session": "checkout.session",
    }.get(kind, kind)
