"""Refusals in the shape of Stripe's."""

from typing import Any


class Refusal(Exception):
    """An answer with an `error`. `fields` go into it beside type, code, message and param."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str = "",
        param: str = "",
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param
        self.error |= fields


class BadParams(Refusal):
    """Parameters that are refused before anything is tried; such an answer is never replayed."""


def missing(what: str, key: str, *, param: str = "id") -> Refusal:
    """The refusal for an id that leads nowhere."""
    message = f"No such {what}: '{key}'"
    return Refusal(
        message, status=404 if param == "id" else 400, code="resource_missing", param=param
    )


def card_refused(message: str, code: str, decline_code: str, **fields: Any) -> Refusal:
    """The refusal for a card that wasn't charged."""
    if decline_code:
        fields["decline_code"] = decline_code
    return Refusal(message, status=402, kind="card_error", code=code, **fields)
