"""Events on their way to the webhook: signed, in order, tried again until they are taken."""

import http.client
import threading
import time
from urllib.parse import urlsplit

from .account import Account
from .store import Obj

TIMEOUT_SECONDS = 10
# After a failed try: how long until the next one. Then the event is given up.
RETRY_SECONDS = (1, 3, 10, 30, 120, 600, 3600)


def post(url: str, body: bytes, header: str, *, timeout: float = TIMEOUT_SECONDS) -> int:
    """POST a signed event; the status, or 0 where nobody answered."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = parts.path or "/"
        connection.request(
            "POST",
            f"{path}?{parts.query}" if parts.query else path,
            body=body,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": header,
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
        )
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Delivery:
    """A thread that brings an account's events to one address. What it owes outlives a restart."""

    def __init__(self, account: Account, url: str) -> None:
        self.account = account
        self.url = url
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier run has left."""
        self.account.on_event.append(self._owe)
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is under way."""
        self._ending = True
        self._wake.set()
        self._thread.join(TIMEOUT_SECONDS + 1)

    def _owe(self, event: Obj) -> None:
        self.account.store.add(
            {
                "id": f"owed:{event['id']}",
                "object": "_owed",
                "event": event["id"],
                "tries": 0,
                "at": 0,
            }
        )
        self._wake.set()

    def _run(self) -> None:
        while not self._ending:
            self._wake.clear()
            owed = self._due()
            if owed is None:
                self._wake.wait(0.5)
                continue
            with self.account.lock:
                event = self.account.find(owed["event"])
                assert event is not None
                body, header = self.account.signed(event)
            status = post(self.url, body, header)
            with self.account.lock:
                self._note(owed["id"], taken=200 <= status < 300)
                self.account.store.save()

    def _due(self) -> Obj | None:
        with self.account.lock:
            now = time.time()
            return next((one for one in self.account.all("_owed") if one["at"] <= now), None)

    def _note(self, key: str, *, taken: bool) -> None:
        # Fetched anew: what changes is saved only if it was fetched since the last save.
        owed = self.account.find(key)
        assert owed is not None
        event = self.account.find(owed["event"])
        assert event is not None
        if taken or owed["tries"] >= len(RETRY_SECONDS):
            self.account.store.remove(owed["id"])
            event["pending_webhooks"] = 0 if taken else 1
            return
        owed["at"] = time.time() + RETRY_SECONDS[owed["tries"]]
        owed["tries"] += 1
