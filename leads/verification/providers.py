"""Who is asked whether an address takes mail (L-15): MillionVerifier, ZeroBounce, or ourselves."""

import random
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import dns.exception
import dns.resolver
import structlog
from django.conf import settings
from email_validator import EmailNotValidError, EmailUndeliverableError, validate_email

from cursive.lib.errors import Unavailable
from cursive.lib.http import Answer, Breaker, CallFailed, call

from .domains import is_disposable, is_role
from .models import SOURCES, Status

log = structlog.get_logger(__name__)

DEADLINE = 15.0  # seconds for one call
LOOK_UPS = 5  # at once
LOOK_UP = 2  # seconds for one question to DNS; an address asks at most four
CAP = 50_000  # bytes
# Odd forms exist, and aren't for us to call invalid: "quoted"@…, user@[192.0.2.1], user@tld.
read_address = partial(
    validate_email, allow_quoted_local=True, allow_domain_literal=True, globally_deliverable=False
)


class NoVerdict(CallFailed):
    """The provider is out of order, or refuses us. It counts for its breaker.

    `maybe_charged` says whether the call may have been counted all the same.
    """

    code = "no_verdict"

    def __init__(self, message: str, *, maybe_charged: bool = False) -> None:
        super().__init__(message)
        self.maybe_charged = maybe_charged


class Undecided(Exception):
    """The provider works, but couldn't find out about this address now."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out; `reason` is a sentence for people."""

    status: Status
    reason: str


class Provider:
    """Somebody to ask. `asks_again` says whether a call may be repeated that got no answer."""

    code: ClassVar[str]
    label: ClassVar[str]
    breaker: ClassVar[Breaker]
    asks_again: ClassVar[bool] = True
    is_kept: ClassVar[bool] = True  # its answers are worth keeping for a month

    def ask(self, address: str) -> Verdict:
        """Find out. Raises `NoVerdict`, `Undecided`, or `Unavailable` while its breaker is open."""
        raise TypeError(f"{type(self).__name__} doesn't say how it is asked")


class MillionVerifier(Provider):
    """Every one of its errors comes as HTTP 200 with `error`; `result` is what counts."""

    code = "millionverifier"
    label = SOURCES[code]
    breaker = Breaker("millionverifier")
    URL = "https://api.millionverifier.com"
    VERDICTS: ClassVar = {
        "ok": Verdict(Status.VALID, "The mailbox takes mail."),
        "catch_all": Verdict(Status.CATCH_ALL, "The domain takes mail for every name."),
        "unknown": Verdict(Status.UNKNOWN, "The mail server doesn't say."),
        "invalid": Verdict(Status.INVALID, "The mailbox doesn't exist."),
        "disposable": Verdict(Status.RISKY, "A throw-away address."),
    }

    def ask(self, address: str) -> Verdict:
        """One call; it is repeated without harm, since only what is found out is charged."""
        with self.breaker.guard():
            base = settings.MILLIONVERIFIER_URL
            answer = call(
                "GET",
                f"{base}/api/v3/",
                service=self.code,
                endpoint="verify",
                params={
                    "api": settings.MILLIONVERIFIER_KEY,
                    "email": address,
                    "timeout": int(DEADLINE) - 3,
                },
                deadline=DEADLINE,
                cap=CAP,
                allow_loopback=base != self.URL,
            )
            found = _document(self, answer)
            result = found.get("result")
            if result != "error" and (not isinstance(result, str) or result not in self.VERDICTS):
                raise NoVerdict(f"{self.label} gave an answer that can't be read.")
        if result == "error":
            raise Undecided
        return self.VERDICTS[result]


class ZeroBounce(Provider):
    """What it charges isn't told, and a call may be charged twice: no call is repeated blindly."""

    code = "zerobounce"
    label = SOURCES[code]
    breaker = Breaker("zerobounce")
    asks_again = False
    URL = "https://api.zerobounce.net"
    VERDICTS: ClassVar = {
        "valid": Verdict(Status.VALID, "The mailbox takes mail."),
        "invalid": Verdict(Status.INVALID, "The mailbox doesn't exist."),
        "catch-all": Verdict(Status.CATCH_ALL, "The domain takes mail for every name."),
        "unknown": Verdict(Status.UNKNOWN, "The mail server doesn't say."),
        "spamtrap": Verdict(Status.RISKY, "A trap for senders of spam."),
        "abuse": Verdict(Status.RISKY, "Its owner often reports mail as spam."),
        "do_not_mail": Verdict(Status.RISKY, "Better not mailed."),
    }
    # More is known of some; new ones appear, and say no more than their status.
    FINER: ClassVar = {
        "disposable": "A throw-away address.",
        "role_based": "An office's address, not a person's.",
        "role_based_catch_all": "An office's address, at a domain that takes mail for every name.",
        "possible_trap": "Perhaps a trap for senders of spam.",
        "does_not_accept_mail": "The domain takes no mail.",
        "no_dns_entries": "The domain doesn't exist, or takes no mail.",
        "mailbox_quota_exceeded": "The mailbox is full.",
    }

    def ask(self, address: str) -> Verdict:
        """One call."""
        with self.breaker.guard():
            base = settings.ZEROBOUNCE_URL
            try:
                answer = call(
                    "GET",
                    f"{base}/v2/validate",
                    service=self.code,
                    endpoint="validate",
                    params={"api_key": settings.ZEROBOUNCE_KEY, "email": address},
                    deadline=DEADLINE,
                    cap=CAP,
                    allow_loopback=base != self.URL,
                )
            except CallFailed as error:
                sent = bool(error.extra.get("sent", True))
                raise NoVerdict(error.message, maybe_charged=sent) from error
            found = _document(self, answer)
            status = found.get("status")
            if not isinstance(status, str) or status.lower() not in self.VERDICTS:
                sentence = f"{self.label} gave an answer that can't be read."
                raise NoVerdict(sentence, maybe_charged=True)
        verdict = self.VERDICTS[status.lower()]
        finer = self.FINER.get(str(found.get("sub_status") or "").lower())
        return Verdict(verdict.status, finer) if finer else verdict


def _document(provider: Provider, answer: Answer) -> dict[str, Any]:
    """The answer's JSON object. Raises `NoVerdict` for everything else, and for its `error`."""
    if not answer.ok:
        log.warning("verification_refused", provider=provider.code, status=answer.status)
        raise NoVerdict(
            f"{provider.label} answered {answer.status}.", maybe_charged=answer.status >= 500
        )
    try:
        found = answer.json()
    except CallFailed as error:
        raise NoVerdict(error.message, maybe_charged=True) from error
    if not isinstance(found, dict):
        raise NoVerdict(f"{provider.label} gave no object.", maybe_charged=True)
    if said := found.get("error"):
        log.warning("verification_refused", provider=provider.code, error=str(said)[:200])
        raise NoVerdict(f"{provider.label} refuses: {str(said)[:120]}")
    return found


class BuiltIn(Provider):
    """Ourselves. No mail server is asked, so it never says that an address is valid."""

    code = "built_in"
    label = SOURCES[code]
    breaker = Breaker("dns", failures=5, cooldown=60)
    is_kept = False
    NOT_ASKED = Verdict(Status.UNKNOWN, "It looks right. Nobody was asked whether it exists.")
    NO_DNS = Verdict(Status.UNKNOWN, "It looks right. Its domain could not be looked up.")
    BY_FORM = Verdict(Status.UNKNOWN, "It looks right. Domains can't be looked up in this demo.")

    def ask(self, address: str) -> Verdict:
        """Syntax, the domain's mail servers, throw-away domains, offices' names."""
        return self._at_sight(address) or self._judged(address, self._look_up(address))

    def ask_all(self, addresses: Iterable[str]) -> dict[str, Verdict]:
        """The same of many, by address: each domain is looked up once.

        Those whose domain could not be looked up now, or wasn't since none can be, are left out.
        """
        seen = {address: self._at_sight(address) for address in addresses}
        domains = {_domain(address): address for address, said in seen.items() if said is None}
        found = self._look_up_all(domains)
        return {
            address: said or self._judged(address, found[_domain(address)])
            for address, said in seen.items()
            if said or _domain(address) in found
        }

    def _look_up_all(self, domains: Mapping[str, str]) -> dict[str, Verdict]:
        """What is known of domains, each given with an address of it; without those that can't be
        looked up now.

        The breaker is asked once for all of them, and told where too many fail in a row: asked
        each time it would take longer than the look-up. The order differs from try to try, so that
        some that always fail don't keep the others from ever being looked up.
        """
        if not domains or self.breaker.is_open():
            return {}
        failures = 0

        def look_up(address: str) -> Verdict | None:
            nonlocal failures
            if failures >= self.breaker.failures:
                return None
            try:
                verdict = _looked_up(address)
            except CallFailed:
                failures += 1
                return None
            failures = 0
            return verdict

        order = random.sample(list(domains), len(domains))
        with ThreadPoolExecutor(min(LOOK_UPS, len(order))) as pool:
            answers = list(pool.map(look_up, (domains[domain] for domain in order)))
        if failures >= self.breaker.failures:
            self.breaker.open()
        found = zip(order, answers, strict=True)
        return {domain: verdict for domain, verdict in found if verdict is not None}

    def _at_sight(self, address: str) -> Verdict | None:
        """What needs no look-up."""
        if said := misspelt(address):
            return Verdict(Status.INVALID, said)
        return Verdict(Status.RISKY, "A throw-away address.") if is_disposable(address) else None

    def _look_up(self, address: str) -> Verdict | None:
        """What is known of the domain; None where it can't be looked up now."""
        try:
            with self.breaker.guard():
                return _looked_up(address)
        except (Unavailable, CallFailed):
            return None

    def _judged(self, address: str, found: Verdict | None) -> Verdict:
        if found is not None and found.status == Status.INVALID:
            return found
        if is_role(address):
            return Verdict(Status.RISKY, "An office's address, not a person's.")
        return found or self.NO_DNS


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def misspelt(address: str) -> str:
    """Why no mail server can have this address; '' where its form is right."""
    try:
        read_address(address, check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)[:200]
    return ""


@lru_cache(maxsize=4)
def _resolver(server: str) -> dns.resolver.Resolver:
    resolver = _asking(server)
    resolver.cache = dns.resolver.LRUCache(10_000)
    return resolver


def _asking(server: str) -> dns.resolver.Resolver:
    """A resolver that remembers nothing."""
    resolver = dns.resolver.Resolver(configure=not server)
    if server:
        host, _, port = server.rpartition(":")
        resolver.nameservers, resolver.port = [host], int(port)
    resolver.lifetime = LOOK_UP
    return resolver


@lru_cache(maxsize=4)
def _knows_names(server: str, minute: int) -> bool:
    try:
        _asking(server).resolve("com.", "NS")
    except dns.resolver.NoAnswer:
        return True
    except dns.exception.DNSException:
        return False
    return True


def knows_names() -> bool:
    """Whether domains can be looked up from here at all, asked once a minute.

    In a network without a way out there may be a resolver all the same, to which no domain exists.
    """
    return _knows_names(settings.VERIFICATION_DNS, int(time.monotonic() // 60))


def is_built_in() -> bool:
    """Whether no provider has a key, so that no address can be found valid (ADR 0021)."""
    return [provider.code for provider in chain()] == [BuiltIn.code]


def is_by_form() -> bool:
    """Whether addresses are judged by their form alone: in a demo that can't look domains up."""
    return bool(settings.DEMO) and is_built_in() and not knows_names()


def _looked_up(address: str) -> Verdict:
    """What DNS knows of the domain. Raises `CallFailed` where it gives no answer that counts.

    A demo where domains can't be looked up goes by the form of addresses, and says so.
    """
    if is_by_form():
        return BuiltIn.BY_FORM
    found = _said_by_dns(address)
    if found.status == Status.INVALID and not knows_names():
        raise CallFailed("No domain can be looked up from here.")
    return found


def _said_by_dns(address: str) -> Verdict:
    try:
        resolver = _resolver(settings.VERIFICATION_DNS)
        found = read_address(address, dns_resolver=resolver)
    except EmailUndeliverableError as error:
        # The library also says 'undeliverable' for whatever else goes wrong.
        known = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, type(None))
        if not isinstance(error.__cause__, known):
            raise CallFailed("The domain could not be looked up.") from error
        if "does not send" in str(error):
            return Verdict(Status.RISKY, "The domain has no mail server, and sends no mail.")
        return Verdict(Status.INVALID, str(error)[:200])
    except dns.resolver.NoResolverConfiguration as error:
        raise CallFailed("The domain could not be looked up.") from error
    if found.domain.startswith("["):
        return BuiltIn.NOT_ASKED
    if not getattr(found, "mx", None):
        raise CallFailed("The domain could not be looked up.")
    return BuiltIn.NOT_ASKED


PROVIDERS: dict[str, Provider] = {
    provider.code: provider for provider in (MillionVerifier(), ZeroBounce(), BuiltIn())
}


def chain() -> list[Provider]:
    """Who may be asked, the first choice first: those with a key, or else ourselves."""
    keys = {"millionverifier": settings.MILLIONVERIFIER_KEY, "zerobounce": settings.ZEROBOUNCE_KEY}
    with_key = [PROVIDERS[code] for code, key in keys.items() if key]
    return with_key or [PROVIDERS[BuiltIn.code]]
