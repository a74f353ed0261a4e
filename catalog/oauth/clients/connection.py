"""The certificate of a client's TLS connection: of our own listener, or told by a TLS terminator that is listed.

RFC 9440 §2.1: a terminator passes the certificate on in `Client-Cert`. From anybody else the field says nothing:
who could write it could be any client.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

import http_sf
from starlette.requests import Request

from catalog.api.protocol import CLIENT_CERTIFICATE

FIELD: Final = b"client-cert"
_LARGEST: Final = 16_384


class ClientCertificates:
    """`terminators` are the networks (CIDR) of TLS terminators that are trusted to tell the truth; `listened` says
    that our own listener asks for certificates."""

    def __init__(self, terminators: Iterable[str] = (), *, listened: bool = False) -> None:
        self._terminators = tuple(ipaddress.ip_network(each) for each in terminators)
        self.are_seen: Final = listened or bool(self._terminators)
        """Whether any certificate reaches the catalog."""

    def of(self, request: Request) -> bytes | None:
        """The client's certificate in DER, which TLS proved; None where there is none."""
        direct: bytes | None = request.scope.get(CLIENT_CERTIFICATE)
        if direct is not None or not self._terminators:
            return direct
        told = [value for name, value in request.headers.raw if name == FIELD]
        if len(told) != 1 or not self._is_terminator(request):
            return None
        return _certificate(told[0])

    def _is_terminator(self, request: Request) -> bool:
        try:
            address = ipaddress.ip_address(request.client.host if request.client is not None else "")
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # how a socket for both families shows an IPv4 peer
        return any(address in network for network in self._terminators)


def _certificate(field: bytes) -> bytes | None:
    """The bytes of the field, which is a structured-field Byte Sequence (RFC 9440 §2.1)."""
    if len(field) > _LARGEST:
        return None
    try:
        item: Any = http_sf.parse(field, tltype="item")
    except ValueError:
        return None
    value, parameters = item
    return value if isinstance(value, bytes) and not parameters else None
