"""Events, written in the transaction that causes them (A-11)."""

from .operations import emit

__all__ = ["emit"]
