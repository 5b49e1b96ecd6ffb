"""Which of a row's addresses and numbers is a person's best one."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import NamedTuple

from .freemail import is_freemail
from .normalise import clean_emails, clean_text
from .phones import is_mobile, parse_phone

_SEVERAL_PHONES = re.compile(r"[;,|\n]| / | or ")


class EmailColumn(NamedTuple):
    """A column with addresses: `work` or `personal`, where that is known, and if it is the main."""

    kind: str | None
    is_main: bool


class BestEmail(NamedTuple):
    """What a row's addresses come to, by the fields of a Person; `bad` is a value that is none."""

    email: str | None
    email_type: str | None
    email_verified: bool | None
    email_verified_at: datetime.date | None
    work_email: str | None
    personal_email: str | None
    bad: str


class BestPhone(NamedTuple):
    """What a row's numbers come to, by the fields of a Person; `bad` is a value that is none."""

    phone: str | None
    phone_type: str | None
    phone_verified: bool | None
    mobile_phone: str | None
    direct_phone: str | None
    bad: str


NO_PHONE = BestPhone(None, None, None, None, None, "")


def best_email(
    columns: Sequence[EmailColumn],
    raws: Sequence[str],
    said_type: str | None,
    verified: bool | None,
    day: datetime.date | None,
) -> BestEmail:
    """The best address of a row's `raws`, one a column; what is said is said of the main one."""
    found: list[tuple[str, str]] = []
    main = bad = ""
    for (kind, is_main), raw in zip(columns, raws, strict=True):
        if not raw:
            continue
        addresses = clean_emails(raw)
        if not addresses:
            bad = bad or (clean_text(raw) or "")
        for address in addresses:
            known = kind
            if is_main and not main:
                main, known = address, said_type
            domain = address.rpartition("@")[2]
            found.append((address, known or ("personal" if is_freemail(domain) else "work")))
    if not found:
        return BestEmail(None, None, None, None, None, None, bad)
    # Verified work, work, verified personal, personal; the file's own best one before others.
    best, best_kind = (
        found[0]
        if len(found) == 1
        else min(found, key=lambda each: (each[1] != "work", each[0] != main))
    )
    if best != main:
        verified = day = None
    work = next((address for address, kind in found if kind == "work"), None)
    personal = next((address for address, kind in found if kind != "work"), None)
    return BestEmail(best, best_kind, verified, day, work, personal, bad)


def best_phone(
    raws: Sequence[str],
    raw_mobile: str,
    raw_direct: str,
    country: str | None,
    kind: str | None,
    verified: bool | None,
) -> BestPhone:
    """The best number of a row's cells; `raws` are of the main columns, the first one's before all.

    `kind` and `verified` are said of that one. `country` is where the person is.
    """
    bad = ""
    main: str | None = None
    for at, raw in enumerate(raws):
        if raw:
            number = _phone(raw, country)
            if number is None:
                bad = bad or (clean_text(raw) or "")
            elif main is None:
                main = number
                if at:
                    kind = verified = None
    others: list[str | None] = []
    for raw in (raw_mobile, raw_direct):
        number = _phone(raw, country) if raw else None
        others.append(number)
        if raw and number is None:
            bad = bad or (clean_text(raw) or "")
    mobile, direct = others
    best = main or mobile or direct
    if best is None:
        return BestPhone(None, None, None, mobile, direct, bad)
    if best != main:
        kind = verified = None
    if not kind:
        if best == mobile or is_mobile(best):
            kind = "mobile"
        elif best == direct:
            kind = "direct"
    if kind == "mobile":
        mobile = mobile or best
    elif kind == "direct":
        direct = direct or best
    return BestPhone(best, kind, verified, mobile, direct, bad)


def _phone(raw: str, country: str | None) -> str | None:
    number = parse_phone(raw, country)
    if number is None and _SEVERAL_PHONES.search(raw):
        for part in _SEVERAL_PHONES.split(raw)[:10]:
            number = parse_phone(part, country) if part.strip() else None
            if number:
                break
    return number
