"""The client's address, as far as it can be trusted."""

from django.conf import settings
from django.http import HttpRequest

from cursive.lib.addresses import plain_address


def client_address(request: HttpRequest) -> str | None:
    """The address of the client, or None where it isn't known.

    X-Forwarded-For counts only as far as our own proxies wrote it: the TRUSTED_PROXIES-th entry
    from the right. Everything left of that is the client's word.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.TRUSTED_PROXIES:
            address = hops[-settings.TRUSTED_PROXIES]
    try:
        return plain_address(address)
    except ValueError:
        return None
