"""What came in with a request can be read, or the request is refused: in one place (X-5)."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import QueryDict
from django.http.response import HttpResponseBase

from .problems import problem

NUL = "\x00"  # PostgreSQL has no place for it
BROKEN = "\ufffd"  # what Django makes of bytes that aren't UTF-8
UNSAID = str.maketrans({NUL: "", BROKEN: ""})


class ReadableInputMiddleware:
    """Refuses a query string with NUL or broken UTF-8 in it, and a form with broken UTF-8.

    Otherwise the one would fail in the database, in whatever query happens to use it, and the
    other would be stored as question marks. (NUL in a form is for the form: it names the field.)
    Place it after the middleware that error pages need.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Nothing to do before the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The API's answer to what can't be read, or BadRequest for the page that says so."""
        bad = {
            name.translate(UNSAID): "Leave out NUL and what isn't UTF-8."
            for name, texts in _texts(request.GET)
            if any(NUL in text or BROKEN in text for text in texts)
        }
        if bad and request.path.startswith("/api/"):
            body = problem(
                request,
                status=400,
                code="invalid",
                detail="The address can't be read.",
                errors=bad,
            )
            return JsonResponse(body, status=400, content_type="application/problem+json")
        if bad:
            raise BadRequest("The address can't be read.")
        # A view without CSRF protection reads its body itself: a webhook, an API, an upload.
        if getattr(view, "csrf_exempt", False) or request.method != "POST":
            return None
        if any(BROKEN in text for _, texts in _texts(request.POST) for text in texts):
            raise BadRequest("The form isn't valid UTF-8 text.")
        return None


def _texts(params: QueryDict) -> Iterator[tuple[str, list[str]]]:
    """Each parameter's name, and all its texts, the name among them."""
    for name, values in params.lists():
        yield name, [name, *(value for value in values if isinstance(value, str))]
