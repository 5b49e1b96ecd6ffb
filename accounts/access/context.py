"""What every page's template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from cursive.lib.ui.navigation import entries_for


def workspace(request: HttpRequest) -> dict[str, Any]:
    """The user's memberships, the navigation that they may use, and whether this is the demo."""
    membership = getattr(request, "membership", None)
    return {
        "memberships": getattr(request, "memberships", []),
        "navigation": entries_for(membership.role if membership else ""),
        "demo": settings.DEMO,
    }
