"""Events, written in the transaction that causes them (A-11)."""

from .operations import emit, emit_all

__all__ = ["emit", "emit_all"]
