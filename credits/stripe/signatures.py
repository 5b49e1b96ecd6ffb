"""Whether a call comes from Stripe, and the event in its body (C-9).

Nothing in a body is looked at before its signature is verified.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, NoReturn

import stripe
from django.conf import settings

from cursive.lib.errors import InvalidInput

from .models import MAX_ID, MAX_TYPE

# Seconds that a signature may be old, or ahead of our clock: what is caught can't be sent later.
TOLERANCE = 300
# The longest part of a header that is looked at; Stripe's has about 150 characters.
MAX_HEADER = 2_000


class BadSignature(InvalidInput):
    """The call isn't Stripe's, or it isn't new."""

    code = "bad_signature"


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as it came in; `payload` is the whole of it, as JSON that PostgreSQL can hold."""

    event_id: str
    type: str
    payload: str


def read_event(body: bytes, header: str) -> ReceivedEvent:
    """The event in a call's raw body, whose Stripe-Signature header is `header`.

    Raises `BadSignature` where it isn't signed with our secret within the last 300 s, and
    `InvalidInput` for what is signed but no event.
    """
    _verify(body, header)
    try:
        event = json.loads(body, parse_constant=_refuse_constant)
        payload = json.dumps(_storable(event), allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body isn't valid JSON.") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise InvalidInput("The body isn't an event.")
    event_id, kind = event.get("id"), event.get("type")
    data = event.get("data")
    if (
        not (_is_word(event_id, MAX_ID) and _is_word(kind, MAX_TYPE))
        or not isinstance(data, dict)
        or not isinstance(data.get("object"), dict)
    ):
        raise InvalidInput("The event lacks its id, its type or its object.")
    return ReceivedEvent(str(event_id), str(kind), payload)


def _verify(body: bytes, header: str) -> None:
    # Other characters make the comparison of signatures fail with an error of its own.
    if not header or not header.isascii() or len(header) > MAX_HEADER:
        raise BadSignature("The Stripe-Signature header is missing or can't be read.")
    try:
        stripe.WebhookSignature.verify_header(
            body, header, settings.STRIPE_WEBHOOK_SECRET, tolerance=TOLERANCE
        )
    except UnicodeDecodeError as error:
        raise BadSignature("The body isn't UTF-8 text.") from error
    except stripe.SignatureVerificationError as error:
        raise BadSignature("The signature doesn't fit, or is too old.") from error
    # The library lets pass what is signed for a time to come.
    if _timestamp(header) > time.time() + TOLERANCE:
        raise BadSignature("The signature is from the future.")


def _timestamp(header: str) -> int:
    """The time of a verified header, read as the library reads it."""
    return next(int(part[2:]) for part in header.split(",") if part.startswith("t="))


def _is_word(value: object, longest: int) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        return False
    return value.isascii() and value.isprintable()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _storable(value: Any) -> Any:
    """`value` without what PostgreSQL refuses in text: NULs, and halves of characters.

    A payment isn't turned away for what somebody typed as a name.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value
