"""What is written about requests."""

from collections.abc import MutableMapping
from typing import Any

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware


class RequestLogMiddleware(RequestMiddleware):
    """Logs each request's beginning and end, with the address but without its query: that may say
    who was looked for, or hold a token."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Method and path."""
        return f"{request.method} {request.path}"


def without_query(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: of a request that Django adds to what it says of a refusal, method
    and path are kept, no query."""
    if isinstance(request := event.get("request"), HttpRequest):
        event["request"] = RequestLogMiddleware.format_request(request)
    return event
