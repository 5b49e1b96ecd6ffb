"""Connections that can be cut from outside, to addresses that may be spoken to."""

import ipaddress
import socket
import threading
from typing import Any

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# What the library lets pass: site-local IPv6, and IPv4 written as ::a.b.c.d.
ALSO_FORBIDDEN = (ipaddress.ip_network("fec0::/10"), ipaddress.ip_network("::/96"))
USUAL_PORTS = frozenset({80, 443})

_open = threading.local()


def tracked() -> list[socket.socket]:
    """The sockets that this thread has opened since the last call of `forget`."""
    if not hasattr(_open, "sockets"):
        _open.sockets = []
    return _open.sockets


def forget() -> None:
    """Start a new list of sockets for this thread."""
    _open.sockets = []


class _TrackedConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        tracked().append(sock)
        return sock


class _TrackedSecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        if self.sock is not None:
            tracked().append(self.sock)

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        tracked().append(sock)  # the handshake can hang, too
        return sock


class _Pool(HTTPConnectionPool):
    ConnectionCls = _TrackedConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TrackedSecureConnection


class CuttableAdapter(IPFilterAdapter):
    """The library's filter (pinned address, no private networks), and what it lacks."""

    def __init__(self, *, is_https_proto: bool, allow_loopback: bool) -> None:
        self.loopback = allow_loopback
        super().__init__(is_https_proto=is_https_proto, allow_loopback=allow_loopback)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Refuse odd ports and the address forms that the library lets pass."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        address = ipaddress.ip_address(str(host["host"]).strip("[]"))
        if self.loopback and address.is_loopback:
            return host, pool
        if any(
            address in network for network in ALSO_FORBIDDEN if network.version == address.version
        ):
            raise InvalidIPAddress(address)
        port = host["port"] or (443 if host["scheme"] == "https" else 80)
        if port not in USUAL_PORTS:
            raise InvalidIPAddress(f"port {port}")
        return host, pool
