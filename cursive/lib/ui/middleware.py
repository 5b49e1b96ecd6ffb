"""What every htmx answer needs, so that no view has to think of it."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

from .toasts import add_messages

REDIRECTS = {301, 302, 303, 307, 308}


class FragmentMiddleware:
    """Completes answers to htmx. Place it after `HtmxMiddleware` and `MessageMiddleware`.

    - A page and its fragment share a URL, so HTML varies by HX-Request.
    - A redirect becomes `HX-Redirect`: the browser goes there, instead of htmx putting the
      whole page into a part of this one. A redirect to sign-in comes back to the page that is
      open, not to the fragment.
    - Waiting messages become toasts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then complete the answer."""
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request"])
        htmx = getattr(request, "htmx", None)
        if not htmx or htmx.boosted:
            return response
        if response.status_code in REDIRECTS and response.get("Location"):
            response["HX-Redirect"] = _return_to_page(response["Location"], htmx)
            del response["Location"]
            response.status_code = 200
        elif not (response.streaming or "HX-Redirect" in response or "HX-Refresh" in response):
            add_messages(request, response)
        return response


def _return_to_page(location: str, htmx: object) -> str:
    """`location`, with the open page as `next` where it leads to sign-in."""
    parts = urlsplit(location)
    page = getattr(htmx, "current_url_abs_path", None)
    if parts.path != resolve_url(settings.LOGIN_URL) or not page:
        return location
    query = QueryDict(parts.query, mutable=True)
    if "next" not in query:
        return location
    query["next"] = page
    return parts._replace(query=urlencode(query.dict())).geturl()
