"""An issuer whose access tokens are accepted, and how its tokens are read: fixed before any of them is seen.

RFC 8725 §3.1: what decides comes from here and never from the token. The catalog's own tokens are those of RFC
9068 to the letter; of another issuer's, the access part says what they look like.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.access import Issuer
from policies.credentials.jose import ASYMMETRIC

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  (a media type)
"""RFC 9068 §2.1."""
PLAIN_TYPE: Final = "jwt"
"""RFC 7519 §5.1: what `typ` says, or leaves out, where an issuer has no type of its own for access tokens."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """`types` are lower-case. Without `audiences` they are the gateway's own. `external`: not the catalog."""

    name: str
    algorithms: tuple[str, ...]
    types: frozenset[str] = frozenset({ACCESS_TOKEN_TYPE})
    audiences: frozenset[str] = frozenset()
    client_claim: str = "client_id"
    scope_claims: tuple[str, ...] = ("scope",)
    scope_map: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    external: bool = False

    @classmethod
    def of(cls, issuer: Issuer) -> "TrustedIssuer":
        """As the access part has it. Algorithms without a public key are never among those that count."""
        algorithms = tuple(each for each in issuer.algorithms if each in ASYMMETRIC)
        external = issuer.external
        if external is None:
            return cls(issuer.issuer, algorithms)
        return cls(
            issuer.issuer,
            algorithms,
            frozenset(each.lower() for each in external.token_types),
            frozenset(external.audiences),
            external.client_claim,
            external.scope_claims,
            external.scope_map,
            external=True,
        )

    def scopes(self, values: frozenset[str]) -> frozenset[str]:
        """The scopes of our contracts that what a token holds stands for."""
        if not self.scope_map:
            return values
        return frozenset(scope for value in values for scope in self.scope_map.get(value, ()))
