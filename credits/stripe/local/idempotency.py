"""Idempotency keys, as Stripe keeps them: for a day, bound to the request that came first."""

import threading
from typing import Any

from .account import Account
from .errors import Refusal
from .store import Obj

KEPT_SECONDS = 24 * 3600
LONGEST = 255


class Keys:
    """The first answers to keys. A refusal of the parameters isn't kept: nothing was tried."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, key: str, path: str, params: Any) -> tuple[int, Any] | None:
        """The kept (status, content), or None for a first request, which then holds the key.

        Refusal where the key came with another request, or where that one still runs.
        """
        if len(key) > LONGEST:
            raise Refusal(f"Idempotency keys have at most {LONGEST} characters.")
        # Looking for an answer and taking the key are one step, as are keeping it and letting go:
        # else a request could slip in between that does everything once more.
        with self._lock:
            kept = self._kept(key)
            if kept is not None:
                if kept["path"] != path or kept["params"] != params:
                    raise _reused(key, path, kept["path"])
                return kept["status"], kept["content"]
            if key in self._running:
                raise Refusal(
                    "There is currently another in-progress request using this Idempotent Key "
                    "(that probably means you submitted twice, and the other request is still "
                    f"going through): {key}. Please try again later.",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self._running.add(key)
        return None

    def _kept(self, key: str) -> Obj | None:
        with self.account.lock:
            kept = self.account.find(f"key:{key}")
        fresh = kept is not None and kept["made"] + KEPT_SECONDS > self.account.now()
        return kept if fresh else None

    def finish(self, key: str, path: str, params: Any, answer: tuple[int, Any] | None) -> None:
        """Let the key go, and keep the answer where there is one."""
        with self._lock:
            if answer is not None:
                self._keep(key, path, params, answer)
            self._running.discard(key)

    def _keep(self, key: str, path: str, params: Any, answer: tuple[int, Any]) -> None:
        with self.account.lock:
            store = self.account.store
            if store.find(f"key:{key}") is not None:
                store.remove(f"key:{key}")
                store.save()
            store.add(
                {
                    "id": f"key:{key}",
                    "object": "_key",
                    "made": self.account.now(),
                    "path": path,
                    "params": params,
                    "status": answer[0],
                    "content": answer[1],
                }
            )
            store.save()


def _reused(key: str, path: str, first: str) -> Refusal:
    what = "parameters" if path == first else "endpoint"
    return Refusal(
        f"Keys for idempotent requests can only be used with the same {what} they were first used "
        f"with. Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )
