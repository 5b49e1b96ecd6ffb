"""Who is who: the normal forms and hashes by which two records are the same person (L-11).

The one place that computes them. All normal forms are idempotent, and empty text means
'nothing usable', so that a broken value never makes two strangers equal.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache

import idna

from cursive.lib.errors import InvalidInput

from .phones import parse_phone

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_NO_ADDRESS = re.compile(r"[\s<>,;\x00-\x1f]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://|//", re.IGNORECASE)
_PATH = re.compile(r"[/?#\\\s]")


class NoIdentity(InvalidInput):
    """Nothing in the record says who it is."""

    code = "no_identity"


def normalise_email(value: str | None) -> str:
    """Return the address under which its owner is known, or "" when it isn't one.

    Lower case; an international domain as ASCII; at Gmail (gmail.com, googlemail.com) dots and
    `+tag` go, and the domain becomes gmail.com. It is for comparing, not for sending.
    """
    if not value:
        return ""
    local, _, domain = value.strip().lower().rpartition("@")
    if not local or _NO_ADDRESS.search(local):
        return ""
    if not domain.isascii():
        domain = _to_ascii(domain)
    domain = domain.rstrip(".")
    if not _DOMAIN.fullmatch(domain):
        return ""
    if domain in _GMAIL:
        bare = local.partition("+")[0].replace(".", "")
        return f"{bare or local}@gmail.com"
    return f"{local}@{domain}"


def normalise_phone(value: str | None, country: str | None = None) -> str:
    """Return the number in E.164, or "" when it is no valid number.

    `country` (ISO alpha-2) is where a number without `+` is from: the person's, else the
    workspace's. Extensions are left out.
    """
    return parse_phone(value, country) or "" if value else ""


def normalise_domain(value: str | None) -> str:
    """Return a host name without scheme, user, port, path and `www.`, or "" when it isn't one."""
    if not value:
        return ""
    host = _SCHEME.sub("", value.strip(), count=1) if "/" in value else value.strip()
    host = _PATH.split(host, maxsplit=1)[0].rpartition("@")[2]
    host = host.partition(":")[0].rstrip(".").lower()
    if not host.isascii():
        host = _to_ascii(host)
    while host.startswith("www."):
        host = host[4:]
    return host if _DOMAIN.fullmatch(host) else ""


@lru_cache(maxsize=65_536)
def normalise_name(*parts: str | None) -> str:
    """Return names joined, without case, accents and punctuation: 'Renée O'Hara' → 'renee ohara'.

    Text without a letter or digit becomes "".
    """
    text = unicodedata.normalize("NFKD", " ".join(part for part in parts if part)).casefold()
    kept = "".join(c if c.isalnum() else " " if c in " \t-_./,&" else "" for c in text)
    return " ".join(kept.split())


def dedup_hash(
    email: str | None,
    company_domain: str | None,
    phone: str | None,
    *,
    country: str | None = None,
    linkedin_url: str | None = None,
    name: str | None = None,
    company_name: str | None = None,
) -> str:
    """Return the 64 hex digits that are unique for a person within a workspace.

    SHA-256 of `email|domain|phone` in their normal forms. A company alone is nobody: where
    neither e-mail nor phone is usable, what is hashed is `linkedin|<canonical address>`, else
    `name|<name>|<company domain, or company name>`. Raises NoIdentity when nothing is left.
    """
    return hash_of_forms(
        normalise_email(email),
        normalise_domain(company_domain),
        normalise_phone(phone, country),
        linkedin_url=linkedin_url,
        name=name,
        company_name=company_name,
    )


def hash_of_forms(
    mail: str,
    domain: str,
    number: str,
    *,
    linkedin_url: str | None,
    name: str | None,
    company_name: str | None,
) -> str:
    """`dedup_hash` for who has the normal forms at hand; "" is one that isn't there."""
    if mail or number:
        text = f"{mail}|{domain}|{number}"
    elif linkedin_url and linkedin_url.strip():
        text = f"linkedin|{linkedin_url.strip().lower().rstrip('/')}"
    else:
        who, where = normalise_name(name), domain or normalise_name(company_name)
        if not who or not where:
            raise NoIdentity(
                "Give an e-mail address, a phone number, a LinkedIn address, "
                "or a name together with a company."
            )
        text = f"name|{who}|{where}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def suppression_hash(value: str, key: bytes | str, *, country: str | None = None) -> str:
    """Return the keyed hash (HMAC-SHA-256, hex) of an e-mail address or phone number (A-18).

    Text with an `@` is an address, other text a phone number of `country`. The kind is part of
    what is hashed. Returns "" when the value is neither: nothing matches that.
    """
    secret = key.encode() if isinstance(key, str) else key
    if "@" in value:
        kind, normal = "email", normalise_email(value)
    else:
        kind, normal = "phone", normalise_phone(value, country)
    if not normal:
        return ""
    return hmac.new(secret, f"{kind}|{normal}".encode("utf-8", "replace"), "sha256").hexdigest()


def _to_ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""
