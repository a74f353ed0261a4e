"""What it costs to find out who calls, by kind of credential: `python tests/benchmarks/credential_cost.py`.

Microseconds of CPU a call for the stages that decide it (authentication, then the sender constraint), on requests
whose heads were read already; nothing of a connection, of the limits or of the content is in it. A token that is
known on its connection is beside each as the measure. Every proof and every signature is a new one. Medians of
rounds; figures of two runs differ by a fifth and more: read the ratios.
"""

import argparse
import hashlib
import inspect
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

from contracts.access import ApiKey
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiKeyUse
from contracts.public_keys import public_key
from contracts.sealed_text import Sealing
from contracts.snapshot import Application, Subscription
from policies import authentication, sender_constraint
from policies.credentials.known_keys import known_keys
from policies.credentials.trusted_issuer import TrustedIssuer
from policies.exchange import Exchange, Kept
from policies.verdict import ALLOW
from tests.support.policy_world import (
    AUDIENCE,
    ISSUER,
    NOW,
    World,
    b64,
    claims,
    compact,
    ec_jwk,
    es256,
    header,
    operation,
    rsa_jwk,
    rsa_key,
    version,
)
from tests.support.signing import by_key, by_secret, signed

MEASURE: Final = "token, known on the connection"
PEPPER: Final = b"p" * 32
SECRET: Final = ("sigAAAABBBBCCCC", "ost_test_sigAAAABBBBCCCC_secret")
EC: Final = ec.generate_private_key(ec.SECP256R1())
ED: Final = ed25519.Ed25519PrivateKey.generate()
RSA: Final = rsa_key()
EC_JWK: Final = {name: value for name, value in ec_jwk(EC, "x").items() if name != "kid"}
JWKS: Final = (
    EC_JWK,
    {"kty": "OKP", "crv": "Ed25519", "x": b64(ED.public_key().public_bytes_raw())},
    rsa_jwk(RSA, "r"),
)
TARGET: Final = "/orders/v1/orders"

Requests = Callable[[int], Iterator[Exchange]]


def world() -> World:
    """It trusts one issuer by an EC and an RSA key; its application has keys of every kind."""
    made = World()
    made.keys.issuers[ISSUER] = TrustedIssuer(ISSUER, ("ES256", "RS256"))
    made.keys.known[ISSUER, "r"] = public_key(JWKS[2])
    key_id, text = SECRET
    key = ApiKey(key_id, Sealing(PEPPER).seal(key_id, text), NOW + 1000, signs=True)
    subscriptions = (Subscription("orders", "v1", "gold", ("orders.read",)),)
    oauth = OAuthSettings(jwks={"keys": list(JWKS)})
    application = Application("acme-shop", "Shop", "acme", subscriptions, (key,), oauth=oauth)
    made.access.applications = {"acme-shop": application}
    made.access.keys = known_keys((application,))
    return made


def stages(here: World) -> Callable[[Exchange], Any]:
    ports = replace(here.ports(), key_pepper=PEPPER, key_plans=frozenset({"gold"}))
    served = operation(api_key=ApiKeyUse("signature", (("orders.read",),), signed=True))
    first, second = (each.bind(version(), served, ports) for each in (authentication, sender_constraint))
    assert first is not None
    assert second is not None
    return lambda exchange: first(exchange) is ALLOW and second(exchange) is ALLOW


def request(**fields: str) -> Exchange:
    pairs = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    made = Exchange("GET", TARGET.encode(), list(pairs.items()), pairs, "192.0.2.1")
    made.path = TARGET
    return made


def repeated(token: str, *, kept: bool) -> Requests:
    """The same token again and again, on one connection or on ever new ones."""
    together = Kept()

    def make(count: int) -> Iterator[Exchange]:
        for _ in range(count):
            exchange = request(authorization=f"Bearer {token}")
            exchange.kept = together if kept else None
            yield exchange

    return make


def new_tokens(head: dict[str, Any], sign: Callable[[bytes], bytes]) -> Requests:
    def make(count: int) -> Iterator[Exchange]:
        for number in range(count):
            yield request(
                authorization=f"Bearer {compact(head, claims(jti=f'{time.perf_counter_ns()}-{number}'), sign)}"
            )

    return make


def with_proofs(jwk: dict[str, Any], algorithm: str, sign: Callable[[bytes], bytes]) -> Requests:
    """One bound token, which is known, and a proof with each call."""
    token = compact(header(), claims(cnf={"jkt": public_key(jwk).thumbprint}))
    said = {"htm": "GET", "htu": AUDIENCE + TARGET, "iat": NOW}
    said["ath"] = b64(hashlib.sha256(token.encode()).digest())
    head = {"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk}

    def make(count: int) -> Iterator[Exchange]:
        for number in range(count):
            proof = compact(head, {**said, "jti": f"{time.perf_counter_ns()}-{number}"}, sign)
            yield request(authorization=f"DPoP {token}", dpop=proof)

    return make


def with_signatures(key_id: str, sign: Callable[[bytes], bytes]) -> Requests:
    def make(count: int) -> Iterator[Exchange]:
        for number in range(count):
            told = f';created={NOW};keyid="{key_id}";nonce="{time.perf_counter_ns():0>20}-{number}"'
            yield request(**signed(sign, told))

    return make


def kinds() -> dict[str, Requests]:
    token = compact(header(), claims())
    thumbprints = [public_key(each).thumbprint for each in JWKS]
    ec_sign = lambda data: es256(data, EC)  # noqa: E731  (a value, among others)
    rsa_sign = lambda data: RSA.sign(data, padding.PKCS1v15(), hashes.SHA256())  # noqa: E731
    return {
        MEASURE: repeated(token, kept=True),
        "token, known": repeated(token, kept=False),
        "token at first sight, ES256": new_tokens(header(), es256),
        "token at first sight, RS256": new_tokens(header(alg="RS256", kid="r"), rsa_sign),
        "bound token, DPoP by ES256": with_proofs(EC_JWK, "ES256", ec_sign),
        "bound token, DPoP by EdDSA": with_proofs(JWKS[1], "EdDSA", ED.sign),
        "signature by hmac-sha256": with_signatures(SECRET[0], by_secret(SECRET[1])),
        "signature by ed25519": with_signatures(thumbprints[1], by_key(ED)),
        "signature by ecdsa-p256-sha256": with_signatures(thumbprints[0], by_key(EC)),
        "signature by rsa-pss-sha512": with_signatures(thumbprints[2], by_key(RSA)),
    }


def measure(calls: int, rounds: int) -> dict[str, float]:
    """Microseconds of CPU a call, by kind."""
    found: dict[str, float] = {}
    for name, make in kinds().items():
        times = []
        for _ in range(rounds):
            judge, exchanges = stages(world()), list(make(calls + 1))
            assert judge(exchanges.pop()), name  # so that what is known is known, and what is made once is made
            begun = time.process_time()
            good = [judge(each) for each in exchanges]
            times.append((time.process_time() - begun) / calls * 1e6)
            assert all(good), name
        found[name] = median(times)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=inspect.getdoc(sys.modules[__name__]))
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of a table")
    options = parser.parse_args(arguments)
    found = measure(options.calls, options.rounds)
    if options.json:
        print(json.dumps(found))
        return
    for name, cost in found.items():
        print(f"{name:34} {cost:8.2f} µs {cost / found[MEASURE]:8.1f} ×")


if __name__ == "__main__":
    main()
