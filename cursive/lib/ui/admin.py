"""What Django admin's pages need to live under our Content-Security-Policy (X-6).

django-unfold writes its colours as a `<style>` into each page, and starts its frame with several
statements in one attribute, which needs eval. Both are completed here, on the way out; the rest is
done by Alpine's build without eval and `static/js/admin/components.js`.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static

PREFIX = "/admin/"
# The start of the frame: `activeTab = …; $watch('sidebarDesktopOpen', …)`.
START = re.compile(rb'x-init="\s*activeTab = (?:getCurrentTab\(\) \|\| )?(\'[a-z]*\')[^"]*"')


def admin_script(request: HttpRequest) -> str:
    """The script that names admin's components, for `UNFOLD["SCRIPTS"]`."""
    return static("js/admin/components.js")


class AdminPagesMiddleware:
    """Completes Django admin's pages. Place it inside `CSPMiddleware`.

    Every `<style>` there gets the request's nonce: what users typed is escaped, so none is theirs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then complete an admin page."""
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if request.path.startswith(PREFIX) and is_page and isinstance(response, HttpResponse):
            nonce = str(request.csp_nonce).encode()  # type: ignore[attr-defined]
            page = response.content.replace(b"<style", b'<style nonce="%s"' % nonce)
            response.content = START.sub(rb'x-init="startAdmin($data, \1)"', page)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response
