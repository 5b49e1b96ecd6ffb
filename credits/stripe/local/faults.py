"""Faults that tests ask for: answers that fail, come late, or get lost on the way back."""

import json
import threading
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests whose path begins so; `status` 0 cuts the line.

    `lost`: the request takes effect all the same, only its answer doesn't arrive.
    """

    prefix: str
    status: int = 500
    seconds: float = 0.0
    times: int = 1
    lost: bool = False


class Faults:
    """The faults that wait for their requests."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Let a fault wait."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Let all go well again."""
        with self._lock:
            self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        """The fault of a request, after its delay."""
        failing = None
        delay = 0.0
        with self._lock:
            for fault in list(self._waiting):
                if not path.startswith(fault.prefix):
                    continue
                if fault.seconds:
                    delay += fault.seconds
                elif failing is None:
                    failing = fault
                else:
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
        if delay:
            time.sleep(delay)
        return failing


def body_of(status: int) -> bytes:
    """The body of a failed answer."""
    kind = "rate_limit_error" if status == 429 else "api_error"
    return json.dumps({"error": {"type": kind, "message": f"Told to fail with {status}."}}).encode()
