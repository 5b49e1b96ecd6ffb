"""Errors that operations raise, and how pages and the API show them.

An operation raises a `DomainError`: a code for programs, a sentence for people, the HTTP status
that fits, and the fields at fault. `middleware` turns one that leaves a page's view into a page
or an inline message, `api_exception_handler` into a problem document (RFC 9457).
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import trigger_client_event
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler


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


class Unavailable(DomainError):
    """Something that this needs doesn't answer now; trying again later helps."""

    code = "unavailable"
    status = 503


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    402: "Not enough credits",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Server error",
    503: "Unavailable",
}


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    errors: Mapping[str, Any] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """The body of a problem document (X-3)."""
    body: dict[str, Any] = {
        "type": f"about:blank#{code}",
        "title": TITLES.get(status, "Refused"),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
    }
    if errors:
        body["errors"] = errors
    return body | extra


class DomainErrorMiddleware:
    """Shows a `DomainError` that leaves a page's view: inline for htmx, as a page otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return error_page(request, status=error.status, message=error.message, error=error)


def error_page(
    request: HttpRequest, *, status: int, message: str, error: DomainError | None = None
) -> HttpResponse:
    """The page for `status` with one sentence; for htmx a fragment and a toast."""
    context = {"message": message, "error": error, "status": status}
    if getattr(request, "htmx", False):
        response = render(request, "errors/_fragment.html", context, status=status)
        trigger_client_event(response, "toast", {"message": message, "level": "danger"})
    else:
        known = status if status in {400, 403, 404, 429, 500, 503} else 400
        response = render(request, f"{known}.html", context, status=status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes a problem document (X-3)."""
    request = context["request"]
    if isinstance(error, DomainError):
        response = Response(
            problem(
                request,
                status=error.status,
                code=error.code,
                detail=error.message,
                errors=error.fields,
                **error.extra,
            ),
            status=error.status,
        )
        if isinstance(error, TooMany):
            response["Retry-After"] = str(error.retry_after)
    else:
        if isinstance(error, SuspiciousOperation):
            error = drf.ParseError("The request can't be read.")
        plain = drf_exception_handler(error, context)
        if plain is None:
            return None
        response = plain
        response.data = _drf_problem(request, error, plain)
    response.content_type = "application/problem+json"
    return response


def _drf_problem(request: HttpRequest, error: Exception, plain: Response) -> dict[str, Any]:
    if isinstance(error, drf.ValidationError):
        return problem(
            request,
            status=400,
            code="invalid",
            detail="Some fields can't be used as they are.",
            errors=error.detail if isinstance(error.detail, dict) else {"": error.detail},
        )
    detail = plain.data.get("detail", "") if isinstance(plain.data, dict) else plain.data
    if isinstance(error, Http404 | drf.NotFound):
        # One sentence for 'never was' and 'is somebody else's'.
        detail = "There is nothing here."
    code = getattr(detail, "code", None) or {403: "forbidden", 404: "not_found"}.get(
        plain.status_code, "refused"
    )
    if isinstance(error, PermissionDenied):
        detail = "Your role doesn't allow this."
    return problem(request, status=plain.status_code, code=code, detail=str(detail))
