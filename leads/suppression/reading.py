"""Reads addresses and numbers as staff write them."""

from typing import NamedTuple

from cursive.lib.errors import InvalidInput
from leads.records.identity import normalise_email, normalise_phone

from .models import SuppressedContact

MOST = 10_000
_SAID = 5


class Contact(NamedTuple):
    """An e-mail address or phone number in its normal form, and which of the two it is."""

    kind: SuppressedContact.Kind
    form: str


def read_contacts(text: str) -> list[Contact]:
    """Return what stands in `text`, one a line, each once, in their order.

    Raises InvalidInput for the field `contacts` where nothing stands there, more than 10,000
    do, or a line is neither an address nor a number with its country's prefix.
    """
    found: dict[Contact, None] = {}
    wrong = []
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    if not lines:
        raise _refused("Write at least one e-mail address or phone number.")
    if len(lines) > MOST:
        raise _refused(f"These are {len(lines):,}: at most {MOST:,} at a time.")
    for number, line in lines:
        contact = read_contact(line)
        if contact is None:
            wrong.append(number)
        else:
            found[contact] = None
    if wrong:
        which = ", ".join(f"{number:,}" for number in wrong[:_SAID])
        more = f" and {len(wrong) - _SAID:,} more" if len(wrong) > _SAID else ""
        raise _refused(
            f"Line{'s' if len(wrong) > 1 else ''} {which}{more}: neither an e-mail address nor a"
            " phone number. Write numbers with + and the country's prefix."
        )
    return list(found)


def read_contact(text: str) -> Contact | None:
    """Return the one address or number that `text` is, or None."""
    if "@" in text:
        kind, form = SuppressedContact.Kind.EMAIL, normalise_email(text)
    else:
        kind, form = SuppressedContact.Kind.PHONE, normalise_phone(text)
    return Contact(kind, form) if form else None


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, fields={"contacts": sentence})
