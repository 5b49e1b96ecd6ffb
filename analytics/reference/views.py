"""The API's reference."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .queries import groups


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every route of the API, for everybody to read."""
    context = {
        "groups": groups(),
        "base_url": settings.BASE_URL,
        "rate": settings.API_RATE.partition("/")[0],
    }
    return render(request, "analytics/reference/reference.html", context)
