"""Internet addresses, and the networks that they are in."""

import ipaddress

# Within one a home or an office changes its last digits; another one is somewhere else.
V4_NETWORK, V6_NETWORK = 24, 48


def plain_address(text: str) -> str:
    """An address in the one form that lists, logs and limits compare.

    IPv4 that came in IPv6's clothes is IPv4, and an interface's name (%eth0) is left out.
    Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))
    return str(address)


def network_of(text: str | None) -> str:
    """The network of an address, its /24 or /48, as text; "" for what is no address."""
    try:
        plain = plain_address(text or "")
    except ValueError:
        return ""
    length = V6_NETWORK if ":" in plain else V4_NETWORK
    return str(ipaddress.ip_network(f"{plain}/{length}", strict=False))
