"""Health, and the pages for what went wrong."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cursive.lib.errors import error_page
from cursive.lib.health import examine
from cursive.lib.problems import problem


class HealthView(APIView):
    """Whether Cursive works: 200 ok or degraded, 503 when a needed part is down (N-14)."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    schema = None

    def get(self, request: Request) -> Response:
        """The state of each part, without secrets."""
        status, body = examine()
        return Response(body, status=status)


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = problem(request, status=status, code=code, detail=message)
        return JsonResponse(body, status=status, content_type="application/problem+json")
    return error_page(request, status=status, message=message)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: something in the request can't be read."""
    return _answer(request, 400, "bad_request", "The request can't be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not with these rights."""
    return _answer(request, 403, "forbidden", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same sentence for what never was and what is somebody else's (X-2)."""
    return _answer(request, 404, "not_found", "There is nothing here.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: needs neither database nor context processors."""
    if request.path.startswith("/api/"):
        body = problem(request, status=500, code="server_error", detail="Something broke.")
        return JsonResponse(body, status=500, content_type="application/problem+json")
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without its token."""
    message = "This form has expired. Go back, reload the page and send it again."
    return _answer(request, 403, "csrf", message)
