"""What somebody sees who asks an address in a way that it doesn't take."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from .errors import error_page
from .problems import problem


class MethodNotAllowedMiddleware:
    """Makes Django's empty 405 a page with the way back, or the API's problem document.

    Many addresses only take what a form sends: the Back button, a sign-in or a bookmark may lead
    to one all the same. What is allowed stays in the header `Allow`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; where that is an empty 405, say in words what it means."""
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        answer = _answer(request)
        answer["Allow"] = response["Allow"]
        return answer


def _answer(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith("/api/"):
        detail = f"{request.method} isn't allowed here."
        body = problem(request, status=405, code="method_not_allowed", detail=detail)
        return JsonResponse(body, status=405, content_type="application/problem+json")
    back = page_for(request.path)
    return error_page(
        request,
        status=405,
        message="This address only works from its form or button. Nothing was changed.",
        back=request.get_full_path() if back == request.path else back,
    )


def page_for(path: str) -> str:
    """`path` or the nearest address above it that can be opened; else the dashboard."""
    for above in (path, *_above(path)):
        try:
            found = resolve(above)
        except Resolver404:
            continue
        if _can_be_opened(found.func):
            return above
    return "/dashboard/"


def _above(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")[:-1]
    for count in range(len(parts), 0, -1):
        yield f"/{'/'.join(parts[:count])}/"


def _can_be_opened(view: Callable[..., Any]) -> bool:
    """Whether a view takes GET, as far as Django's decorators and class views tell."""
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        return hasattr(view_class, "get")
    inner: Any = view
    while inspect.isfunction(inner):
        methods = inspect.getclosurevars(inner).nonlocals.get("request_method_list")
        if methods is not None:
            return "GET" in methods
        inner = getattr(inner, "__wrapped__", None)
    return True
