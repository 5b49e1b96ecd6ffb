"""The demo's mailbox. Outside of the demo there is nothing here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from cursive.lib.errors import NotFound
from cursive.lib.ui.pagination import numbered_page

from .queries import mail_of, newest_mail


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 unless this is the demo, where everybody is the same visitor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@never_cache
@demo_only
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mail that the demo would have sent, newest first."""
    page = numbered_page(newest_mail(), request.GET)
    return render(request, "accounts/mailbox/mail_list.html", {"page": page})


@require_safe
@never_cache
@demo_only
def mail(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """One message as text, with its links to click."""
    try:
        found = mail_of(name, number)
    except NotFound as error:
        raise Http404 from error
    return render(request, "accounts/mailbox/mail_detail.html", {"mail": found})
