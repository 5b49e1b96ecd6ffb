"""Errors that operations raise, and how pages and the API show them.

An operation raises a `DomainError`: a code for programs, a sentence for people, the HTTP status
that fits, and the fields at fault. The middleware below turns one that leaves a page's view into
a page or an inline message; `cursive.lib.problems` turns it into a problem document for the API.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django_htmx.http import trigger_client_event
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)

Response = TypeVar("Response", bound=HttpResponseBase)


class DomainError(Exception):
    """A refusal with a reason. `fields` maps a field's name or path to what is wrong with it."""

    code = "refused"
    status = 400

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        self.extra = extra


class InvalidInput(DomainError):
    """What came in can't be used as it is."""

    code = "invalid"


class NoneFound(InvalidInput):
    """None of the ids that were given is anything of this workspace's."""


class Forbidden(DomainError):
    """The actor's role doesn't allow it."""

    code = "forbidden"
    status = 403


class NotFound(DomainError):
    """There is no such thing in this workspace."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """It contradicts what is there: a key used for something else, a state already left."""

    code = "conflict"
    status = 409


class TooMany(DomainError):
    """A limit is reached. `retry_after` is in whole seconds."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after: int, **extra: Any) -> None:
        super().__init__(message, retry_after=retry_after, **extra)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """Retry-After, and X-RateLimit-* where the limit's figures were given."""
        told = {"Retry-After": str(self.retry_after)}
        for name in ("limit", "remaining", "reset"):
            if name in self.extra:
                told[f"X-RateLimit-{name.capitalize()}"] = str(self.extra[name])
        return told


class Unavailable(DomainError):
    """Something that this needs doesn't answer now; trying again later helps."""

    code = "unavailable"
    status = 503


def as_domain_error(error: Exception) -> DomainError | None:
    """The refusal that an error comes down to, or None where it is a fault of ours.

    Redis that doesn't answer is a 503: where it may be missing, its caller has caught that.
    """
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RedisConnectionError | RedisTimeoutError):
        log.error("redis_down", exc_info=error)
        return Unavailable("This can't be done right now. Try again in a minute.")
    return None


class DomainErrorMiddleware:
    """Shows a `DomainError` that leaves a page's view: inline for htmx, as a page otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do while all is well."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for a `DomainError`; None for what is somebody else's to show."""
        error = as_domain_error(error) or error
        if not isinstance(error, DomainError):
            return None
        return error_page(request, status=error.status, message=error.message, error=error)


def error_page(
    request: HttpRequest,
    *,
    status: int,
    message: str,
    error: DomainError | None = None,
    back: str = "",
) -> HttpResponse:
    """The page for `status` with one sentence; for htmx a fragment and a toast.

    `back` is where a 405 leads on to. What the query of an address spoils has the page without it.
    """
    if not back and request.method == "GET" and request.GET and error is not None:
        back = request.path
    context = {"message": message, "error": error, "status": status, "back": back}
    if getattr(request, "htmx", False):
        response = render(request, "errors/_fragment.html", context, status=status)
        trigger_client_event(response, "toast", {"message": message, "level": "danger"})
    else:
        known = status if status in {400, 403, 404, 405, 429, 500, 503} else 400
        response = render(request, f"{known}.html", context, status=status)
    return tell_limits(response, error)


def tell_limits(response: Response, error: Exception | None) -> Response:
    """Give `response` Retry-After and X-RateLimit-* where `error` is a limit that was reached.

    For every answer that shows a refusal by itself, in a form or beside a list.
    """
    if isinstance(error, TooMany):
        for name, value in error.headers.items():
            response[name] = value
    return response
