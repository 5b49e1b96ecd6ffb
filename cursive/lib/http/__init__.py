"""The only way out: calls to other systems that can't be led astray, hang, or fill the memory."""

from .breaker import Breaker
from .client import Answer, CallFailed, ForbiddenAddress, call

__all__ = ["Answer", "Breaker", "CallFailed", "ForbiddenAddress", "call"]
