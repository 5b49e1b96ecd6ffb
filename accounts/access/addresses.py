"""The client's address, as far as it can be trusted."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


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


def plain_address(text: str) -> str:
    """An address in the one form that lists, logs and limits compare.

    IPv4 that came in IPv6's clothes is IPv4, and an interface's name (%eth0) is left out.
    Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))
    return str(address)
