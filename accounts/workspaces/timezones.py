"""The time zones that a workspace can choose."""

from functools import cache
from zoneinfo import available_timezones


@cache
def timezone_choices() -> list[tuple[str, str]]:
    """(name, label) of the canonical zones, by continent and city."""
    names = sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/", "SystemV/", "US/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
