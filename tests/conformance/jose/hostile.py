"""Access tokens that an attacker might send (RFC 8725, RFC 7515, RFC 9068), by what is wrong with them, and their
near-twins, which differ in one thing and are good: a refusal cannot come from something else."""

import json

from tests.conformance.jose import hostile_claims, hostile_headers, hostile_texts
from tests.conformance.jose.forging import Forger, rs256, twin
from tests.conformance.jose.hostile_headers import STRANGER_JWK
from tests.support.policy_world import AUDIENCE, NOW, compact, header

GROUPS = (
    hostile_headers.algorithms,
    hostile_headers.keys,
    hostile_headers.extensions,
    hostile_headers.types,
    hostile_texts.signatures,
    hostile_texts.spellings,
    hostile_texts.shapes,
    hostile_texts.doubles,
    hostile_claims.who,
    hostile_claims.when,
)


def hostile(forger: Forger) -> dict[str, str]:
    """All of them, by name."""
    groups = [group(forger) for group in GROUPS]
    found = {name: token for group in groups for name, token in group.items()}
    assert len(found) == sum(map(len, groups)), "two have one name"
    return found


def sound(forger: Forger) -> dict[str, str]:
    """Good tokens, each of which is near to a hostile one."""
    claims = forger.claims()
    return {
        "es256": forger.good,
        "rs256": compact(header(alg="RS256", kid="rsa"), claims, rs256),
        # Two texts for one token: nothing here may depend on there being one, and nothing does.
        "the other signature that ecdsa has": compact(header(), claims, twin),
        "full media type": forger.head_of(typ="application/at+jwt"),
        "typ in another case": forger.head_of(typ="AT+JWT"),
        "jku that nobody follows": forger.head_of(jku="https://evil.example/jwks"),
        "embedded key that nobody uses": forger.head_of(jwk=STRANGER_JWK),
        "one of two audiences": forger.body_of(aud=["https://x.example", AUDIENCE]),
        "the version's own audience": forger.body_of(aud=AUDIENCE + "/orders/v1"),
        "issued within the skew": forger.body_of(iat=NOW + 30, nbf=NOW + 30),
        "the last moment": forger.body_of(exp=NOW + 0.5),
        "claims of a private kind": forger.body_of(partner={"id": 7, "tags": ["a", "a"]}),
        "no scope beyond what is needed": forger.body_of(scope="orders.read orders:read"),
        "claims with white space": compact(header(), " " + json.dumps(claims, indent=1) + "\n"),
    }


UNTYPED = {
    "an id token by its hash": {"at_hash": "x"},
    "an id token by its code's hash": {"c_hash": "x"},
    "an id token, as keycloak says": {"typ": "ID"},
    "a refresh token, as keycloak says": {"typ": "Refresh"},
    "a logout token": {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
}
"""What an issuer whose access tokens are plain JWTs signs beside them: claims that tell one kind from another."""
