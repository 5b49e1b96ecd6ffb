"""Short notices in the corner: sent with an htmx answer, or from Django's messages."""

import json
from typing import Any, Literal

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Level = Literal["success", "info", "warning", "danger"]

LEVELS: dict[int, Level] = {
    messages.DEBUG: "info",
    messages.INFO: "info",
    messages.SUCCESS: "success",
    messages.WARNING: "warning",
    messages.ERROR: "danger",
}


def toast_level(level: int) -> Level:
    """The toast's level for a level of Django's messages."""
    return LEVELS.get(level, "info")


def add_toast(response: HttpResponseBase, message: str, *, level: Level = "success") -> None:
    """Let the page that gets `response` (an htmx answer) show `message`.

    Several toasts and other events of the same answer all arrive.
    """
    events = read_events(response.get("HX-Trigger", ""))
    # An event name can appear once in the header, so further toasts ride in a list.
    earlier = events.get("toast")
    toast = {"message": str(message), "level": level}
    if earlier is None:
        events["toast"] = toast
    else:
        first = earlier if isinstance(earlier, dict) else {"message": str(earlier)}
        events["toast"] = {**first, "more": [*first.get("more", []), toast]}
    response["HX-Trigger"] = json.dumps(events)


def read_events(header: str) -> dict[str, Any]:
    """The events of an HX-Trigger header, whether it is JSON or a list of names."""
    if header.startswith("{"):
        events: dict[str, Any] = json.loads(header)
        return events
    return {name.strip(): {} for name in header.split(",") if name.strip()}


def add_messages(request: HttpRequest, response: HttpResponseBase) -> None:
    """Turn Django's waiting messages into toasts of an htmx answer."""
    for message in messages.get_messages(request):
        add_toast(response, message.message, level=toast_level(message.level))
