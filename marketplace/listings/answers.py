"""Answers that are kept while the market stays as it is (M-2)."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

KEPT = 1_024


class Answers:
    """The answers of this process to the latest version of the market; at most so many."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._version = 0
        self._kept: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: int, key: Any, ask: Callable[[], Any]) -> Any:
        """The kept answer, or a new one. Every change of the market makes all of them void."""
        with self._lock:
            if version > self._version:
                self._version = version
                self._kept.clear()
            if version == self._version and key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        answer = ask()
        with self._lock:
            if version == self._version:
                self._kept[key] = answer
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return answer
