"""An estate as a snapshot, for a gateway of a test's own and tokens of `tests.support.policy_world`."""

from collections.abc import Mapping

from contracts.estate.estate import Estate, access_applications, contracts_part
from contracts.snapshot import FORMAT, AccessPart, Issuer, Manifest, Snapshot, encode_part
from tests.support.policy_world import AUDIENCE, EC_KEY, ISSUER, NOW, ec_jwk


def published(estate: Estate, upstream_urls: Mapping[str, str]) -> Snapshot:
    """With upstreams where the test has them."""
    contracts = contracts_part(estate, upstream_urls=upstream_urls, audience=AUDIENCE)
    keys = {"keys": [ec_jwk(EC_KEY, "k1", use="sig", alg="ES256")]}
    access = AccessPart((Issuer(ISSUER, f"{ISSUER}/jwks", ("ES256",), keys),), access_applications(estate))
    manifest = Manifest(FORMAT, 2, NOW, encode_part(contracts)[0], encode_part(access)[0])
    return Snapshot(manifest, contracts, access)
