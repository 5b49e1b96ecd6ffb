"""Asking a provider whether a reported address takes mail, by a job (M-5, L-15)."""

import time
from datetime import datetime

import structlog

from cursive.lib.errors import DomainError
from leads.verification.asking import place_at
from leads.verification.known import recall, remember
from leads.verification.models import Status
from leads.verification.providers import Provider, Undecided, Verdict, chain

log = structlog.get_logger(__name__)

# How long to wait for one of a provider's places.
PLACE_SECONDS = 10.0


def can_ask() -> bool:
    """Whether a provider has a key. The built-in check can't say that a mailbox is gone."""
    return bool(_with_key())


def ask_about(address: str, *, since: datetime, is_first: bool) -> Verdict | None:
    """What is known of an address, or what a provider says now; None where nobody can say.

    An answer counts that was given after `since`, and 'invalid' also an earlier one. Where it
    `is_first`, everybody is asked; else, since a worker died, only who may be asked twice.
    """
    known = recall([address]).get(address)
    if known is not None and (known.checked_at > since or known.status == "invalid"):
        return Verdict(Status(known.status), known.reason)
    for provider in _with_key():
        if provider.breaker.is_open() or not (is_first or provider.asks_again):
            continue
        verdict = _ask(provider, address)
        if verdict is not None:
            return verdict
    return None


def _with_key() -> list[Provider]:
    return [provider for provider in chain() if provider.code != "built_in"]


def _ask(provider: Provider, address: str) -> Verdict | None:
    with place_at(provider, until=time.monotonic() + PLACE_SECONDS) as is_ours:
        if not is_ours:
            return None
        try:
            verdict = provider.ask(address)
        except (DomainError, Undecided):
            log.info("reported_address_not_answered", provider=provider.code)
            return None
        remember(address, verdict, provider)
        return verdict
