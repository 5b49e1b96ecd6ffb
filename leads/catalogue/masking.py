"""How e-mail addresses and telephone numbers look before a person is pulled."""

from typing import Any

EMAILS = ("email", "work_email", "personal_email")
PHONES = ("phone", "mobile_phone", "direct_phone")
HIDDEN = "•"


def mask_email(address: str | None) -> str | None:
    """Return the first character and the domain: `a•••••@acme.example`.

    Always five dots, so that the length says nothing.
    """
    if not address:
        return address
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{HIDDEN * 5}@{domain}"


def mask_phone(number: str | None) -> str | None:
    """Return the beginning of an E.164 number, which says where it is, and its last two digits."""
    if not number:
        return number
    shown = 2 if number.startswith("+1") else 3
    return f"{number[:shown]}{HIDDEN * max(len(number) - shown - 2, 4)}{number[-2:]}"


def mask_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with every address and number masked; the rest as it is."""
    masked = dict(record)
    for field in EMAILS:
        masked[field] = mask_email(masked.get(field))
    for field in PHONES:
        masked[field] = mask_phone(masked.get(field))
    return masked
