"""The API keys of the access part in force, by their public id: those that are sent, and those that sign requests.

Also the public keys by which applications are registered as OAuth clients: they sign requests too, under their
thumbprint (RFC 7638).
"""

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from contracts.access import NO_CLAIMS, ApiKey, Application, Claims
from contracts.public_keys import KeyFault, PublicKey, public_key
from policies.exchange import Principal

API_KEY_ISSUER: Final = "urn:ostiary:api-key"
"""What stands for an issuer in the principal of an API key: nobody issues tokens under this name."""

NEVER: Final = 253402300799
"""When a registered public key ends, as far as a gateway knows: the year 9999. The catalog withdraws it."""

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class KnownKey:
    """One key and whose it is; `public` is what it verifies by, where its client has kept the other half, and
    `claims` are those of the consumer.

    What a request needs of it is made when it is first used: of many keys few are.
    """

    __slots__ = ("_claims", "_networks", "_principal", "application", "key", "public")

    def __init__(
        self, application: Application, key: ApiKey, claims: Claims, public: PublicKey | None = None
    ) -> None:
        self.application = application
        self.key = key
        self.public = public
        self._claims = claims
        self._networks: tuple[Network, ...] | None = None
        self._principal: Principal | None = None

    @property
    def principal(self) -> Principal:
        """Who calls by it: with the key's scopes, or all that the subscriptions grant where it names none."""
        if self._principal is None:
            granted = (scope for each in self.application.subscriptions for scope in each.scopes)
            self._principal = Principal(
                issuer=API_KEY_ISSUER,
                client_id=self.application.client_id,
                subject=self.application.client_id,
                consumer=self.application.consumer,
                scopes=frozenset(self.key.scopes or granted),
                expires=self.key.expires,
                token_id=self.key.id,
                claims=self._claims,
            )
        return self._principal

    def say(self, claims: Claims) -> None:
        """What it says of the consumer from now on."""
        self._claims = claims
        self._principal = None

    def admits(self, peer: str) -> bool:
        """Whether it is good from the client's address."""
        if not self.key.networks:
            return True
        if self._networks is None:
            self._networks = tuple(ipaddress.ip_network(each) for each in self.key.networks)
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:  # a client on a Unix socket has none
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped  # how a socket for both families shows an IPv4 client
        return any(address in network for network in self._networks)


def known_keys(
    applications: Collection[Application], claims: Mapping[str, Claims] = MappingProxyType({})
) -> dict[str, KnownKey]:
    """Those of the applications, by their id. `claims` are by consumer."""
    found: dict[str, KnownKey] = {}
    for each in applications:
        said = claims.get(each.consumer, NO_CLAIMS)
        for key in each.keys:
            found[key.id] = KnownKey(each, key, said)
        for public in _registered(each):
            found[public.thumbprint] = KnownKey(
                each, ApiKey(public.thumbprint, b"", NEVER, signs=True), said, public
            )
    return found


def _registered(application: Application) -> Iterator[PublicKey]:
    jwks = None if application.oauth is None else application.oauth.jwks
    for member in () if jwks is None else jwks.get("keys", ()):
        try:
            yield public_key(member)
        except KeyFault:
            continue  # the estate's check has refused it already
