"""What Django admin's pages need to live under our Content-Security-Policy (X-6).

django-unfold writes its colours as a `<style>` into each page, and has attributes that need eval
or are inline styles. They are completed here, on the way out; the rest is done by Alpine's build
without eval and `static/js/admin/components.js`.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static

PREFIX = "/admin/"
# The start of the frame: `activeTab = …; $watch('sidebarDesktopOpen', …)`.
START = re.compile(rb'x-init="\s*activeTab = (?:getCurrentTab\(\) \|\| )?(\'[a-z]*\')[^"]*"')

# Where a form is sent: an expression that reads `window`.
ACTION = re.compile(rb'x-bind:action="activeTab &&[^"]*"')
# How wide the bar of actions is: set as one text, which the policy takes for an inline style.
WIDTH = b"""x-bind:style="'width: ' + changeListWidth + 'px'\""""
# The policy refuses inline styles, and reports each. What users typed is escaped: it has no `"`.
INLINE = re.compile(rb'(<[a-z]+\b[^<>]*?)\sstyle="[^"]*"')


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
            response.content = _complete(page)
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(response.content))
        return response


def _complete(page: bytes) -> bytes:
    """The page without what the policy refuses."""
    page = START.sub(rb'x-init="startAdmin($data, \1)"', page)
    page = ACTION.sub(b'x-bind:action="formAction()"', page)
    page = page.replace(WIDTH, b'x-bind:style="widthOf(changeListWidth)"')
    return INLINE.sub(rb"\1", page)
