"""Proxies before the gateway whose word about a client is taken: `X-Forwarded-For` and `X-Forwarded-Proto`, and of
those that end TLS and clean the field, `Client-Cert` (RFC 9440).

Each proxy appends the address that it was called from, and a client may have sent any before it. So the list is
read from its end: the first address that is no listed proxy's is the client's. From anyone else these fields count
for nothing, and what an upstream is told is made anew in either case.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from gateway.wire.client_certificate import told_certificate
from policies.exchange import Exchange

_SCHEMES: Final = {b"http": "http", b"https": "https"}


class TrustedProxies:
    """Those of some networks. With `certificates` they tell of a client's certificate too: a proxy that passes on
    what a client sends in that field must not be asked."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network], *, certificates: bool = False) -> None:
        self._networks = tuple(networks)
        self._certificates = certificates
        self.lists = lru_cache(maxsize=1024)(self._lists)
        """Whether an address, as text, is a listed proxy's."""

    def _lists(self, peer: str) -> bool:
        address = _address(peer)
        return address is not None and self._listed(address)

    def _listed(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)

    def introduce(self, exchange: Exchange) -> None:
        """Sets the exchange's peer and scheme, and certificate if it is asked for that, to what its peer, a listed
        proxy, says of the client."""
        fields = exchange.fields
        exchange.peer = self._client(exchange.peer, fields.get(b"x-forwarded-for", b""))
        said = fields.get(b"x-forwarded-proto", b"").rpartition(b",")[2].strip(b" \t").lower()
        exchange.scheme = _SCHEMES.get(said, exchange.scheme)
        if self._certificates:  # what the connection has is the proxy's own
            exchange.client_certificate = told_certificate(fields.get(b"client-cert"))
        exchange.kept = None  # it was kept for those who call from this address themselves

    def _client(self, peer: str, forwarded: bytes) -> str:
        """The last listed proxy itself, where what it says is no address."""
        for text in reversed(forwarded.split(b",") if forwarded else ()):
            address = _address(_without_port(text.strip(b" \t").decode("latin-1")))
            if address is None:
                break
            peer = str(address)
            if not self._listed(address):
                break
        return peer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _without_port(text: str) -> str:
    """Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
