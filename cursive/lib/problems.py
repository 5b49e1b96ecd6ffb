"""Errors as the API shows them: problem documents (RFC 9457, X-3)."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest
from rest_framework import exceptions as drf
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from .errors import DomainError, as_domain_error, tell_limits

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


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal becomes a problem document (X-3)."""
    request = context["request"]
    error = as_domain_error(error) or error
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
        tell_limits(response, error)
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
