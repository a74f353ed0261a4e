"""Access parts that trust the catalog, another issuer whose tokens are `at+jwt`, and one of plain JWTs."""

from typing import Final

from contracts.access import ExternalIssuer, Identity
from contracts.snapshot import Issuer
from tests.conformance.jose.forging import PUBLISHED
from tests.support.policy_world import EC_KEY, ISSUER, ec_jwk

EXTERNAL: Final = "https://sso.example/realms/partners"
PLAIN: Final = "https://plain.example"
ALGORITHMS: Final = ("ES256", "RS256", "HS256", "none")
"""More than may count: what an access part says wrongly opens nothing."""
IDENTITIES: Final = tuple(Identity(issuer, "acme-shop") for issuer in (EXTERNAL, PLAIN))


def issuers(jwks_uri: str = "https://catalog.example/jwks") -> tuple[Issuer, ...]:
    """All with the same keys, and a further one that has a key which is not theirs."""
    keys = {"keys": PUBLISHED}
    return (
        Issuer(ISSUER, jwks_uri, ALGORITHMS, keys),
        Issuer(EXTERNAL, jwks_uri, ALGORITHMS, keys, ExternalIssuer()),
        Issuer(PLAIN, jwks_uri, ALGORITHMS, keys, ExternalIssuer(token_types=("JWT",))),
        Issuer("https://other.example", jwks_uri, ("ES256",), {"keys": [ec_jwk(EC_KEY, "other")]}),
    )
