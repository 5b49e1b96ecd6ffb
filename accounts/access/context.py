"""What every page's template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def workspace(request: HttpRequest) -> dict[str, Any]:
    """The user's memberships, for the switcher, and whether this is the demo."""
    return {"memberships": getattr(request, "memberships", []), "demo": settings.DEMO}
