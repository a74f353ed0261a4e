"""Whose calls a limit counts together: what agrees in the dimensions that it is `by`."""

from ipaddress import IPv6Address, ip_address
from typing import Final

from contracts.limits import Dimension
from contracts.operations import ApiVersion, Operation
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.credentials.revocation import CREDENTIAL_CLAIM
from policies.exchange import Exchange

_NETWORK: Final = 64
"""Bits of an IPv6 address that tell one subscriber from another (RFC 6177): who has one address of such a network
has all of them."""


class Scopes:
    """Names the scopes on one operation, for the caller of an exchange."""

    __slots__ = ("_operation", "_version")

    def __init__(self, version: ApiVersion, operation: Operation) -> None:
        self._version = version
        self._operation = operation

    def of(self, dimensions: tuple[Dimension, ...], exchange: Exchange) -> str:
        """A name that no other scope has: of what a caller may choose, its own client id stands before it."""
        return "+".join([f"{dimension}:{self._part(dimension, exchange)}" for dimension in dimensions])

    def _part(self, dimension: Dimension, exchange: Exchange) -> str:
        version = self._version
        if dimension == "api":
            return version.api
        if dimension == "operation":
            return f"{version.api}/{version.version}/{self._operation.id}"
        if dimension == "upstream":
            return self._operation.backend.upstream
        if dimension == "address":
            return network_of(exchange.peer)
        principal, subscription = exchange.principal, exchange.subscription
        assert principal is not None
        assert subscription is not None
        if dimension == "plan":
            return subscription.plan
        if dimension == "application":
            return principal.client_id
        if dimension == "consumer":
            return principal.consumer
        if dimension == "credential":
            return credential_of(exchange)
        return f"{version.api}/{version.version}/{subscription.plan}/{principal.client_id}"


def credential_of(exchange: Exchange) -> str:
    """The API key, or what the token was obtained by. Where a token does not tell, the client: who may have a new
    token for the asking would otherwise never meet a limit."""
    principal = exchange.principal
    assert principal is not None
    if principal.issuer == API_KEY_ISSUER:
        return principal.token_id
    claimed = principal.claims.get(CREDENTIAL_CLAIM)
    return f"{principal.client_id}/{claimed if isinstance(claimed, str) else ''}"


def network_of(peer: str) -> str:
    """An IPv4 address, or the /64 network of an IPv6 address; what is neither is one for all."""
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return peer
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK))}/{_NETWORK}"
