"""Sender-constrained tokens (RFC 9449 §7, RFC 8705 §3): what proves that one is the client's."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from contracts.oauth_client import OAuthSettings
from policies import authentication, sender_constraint
from policies.binding import bind_all
from policies.credentials.dpop_nonces import DpopNonces
from policies.credentials.used_proofs import NoRoomError, UsedProofs
from policies.exchange import ClientCertificate, Exchange
from policies.path_versions import PathVersions
from policies.routing import Router
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import (
    AUDIENCE,
    NOW,
    World,
    b64,
    claims,
    compact,
    ec_jwk,
    es256,
    exchange,
    header,
    operation,
    version,
)

KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
JWK = {name: value for name, value in ec_jwk(KEY, "x").items() if name in ("kty", "crv", "x", "y")}
THUMBPRINT = b64(hashlib.sha256(msgspec.json.encode(JWK, order="sorted")).digest())
CERTIFICATE = ClientCertificate(b64(hashlib.sha256(b"der").digest()), "CN=acme")
URI = AUDIENCE + "/orders/v1/orders"


def bound_token(**confirmation: Any) -> str:
    return compact(header(), claims(cnf=confirmation or {"jkt": THUMBPRINT}))


def proof(token: str, key: ec.EllipticCurvePrivateKey = KEY, **changes: Any) -> str:
    ath = b64(hashlib.sha256(token.encode()).digest())
    said = {"jti": "p-1", "htm": "GET", "htu": URI, "iat": NOW, "ath": ath, **changes}
    kept = {name: value for name, value in said.items() if value is not ...}
    jwk = JWK if key is KEY else {k: v for k, v in ec_jwk(key, "x").items() if k in ("kty", "crv", "x", "y")}
    return compact({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, kept, lambda data: es256(data, key))


def request(token: str, *, scheme: str = "DPoP", dpop: str | None = None) -> Exchange:
    made = exchange(**({} if dpop is None else {"dpop": dpop}))
    made.fields[b"authorization"] = f"{scheme} {token}".encode()
    return made


def judged(world: World, made: Exchange, ports: Any = None) -> Verdict:
    """By authentication and the constraint, as they follow each other."""
    ports = ports or world.ports()
    for policy in (authentication, sender_constraint):
        stage = policy.bind(version(), operation(), ports)
        assert stage is not None
        verdict = stage(made)
        assert isinstance(verdict, Deny) or verdict is ALLOW
        if verdict is not ALLOW:
            return verdict
    return ALLOW


def refused(verdict: Verdict) -> tuple[int, str, str]:
    assert isinstance(verdict, Deny)
    challenge = dict(verdict.problem.headers).get("www-authenticate", "")
    return verdict.problem.status, verdict.problem.type.id, challenge


def test_a_proof_of_the_key_opens_it_and_once() -> None:
    world, token = World(), bound_token()
    ports = world.ports()
    made = request(token, dpop=proof(token))
    assert judged(world, made, ports) is ALLOW
    assert made.principal is not None
    assert made.principal.binding is not None
    assert judged(world, request(token, dpop=proof(token, jti="p-2")), ports) is ALLOW
    again = judged(world, request(token, dpop=proof(token)), ports)
    status, kind, challenge = refused(again)
    assert (status, kind) == (401, "dpop-proof-invalid")
    assert challenge.startswith('DPoP error="invalid_dpop_proof", algs="')
    assert "resource_metadata=" in challenge
    assert "used before" in again.problem.detail  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"htm": "POST"}, "another method"),
        ({"htu": AUDIENCE + "/orders/v1/others"}, "another URI"),
        ({"htu": "http://api.example/orders/v1/orders"}, "another URI"),
        ({"iat": NOW - 61}, "too long ago"),
        ({"iat": NOW + 31}, "in the future"),
        ({"ath": ...}, "this access token"),
        ({"ath": b64(hashlib.sha256(b"another").digest())}, "this access token"),
        ({"jti": ""}, "jti is empty"),
        ({"key": ec.derive_private_key(0xBAD, ec.SECP256R1())}, "signed by the key that the access token"),
    ],
)
def test_a_proof_that_proves_something_else(changes: dict[str, Any], reason: str) -> None:
    token = bound_token()
    verdict = judged(World(), request(token, dpop=proof(token, **changes)))
    assert refused(verdict)[:2] == (401, "dpop-proof-invalid")
    assert reason in verdict.problem.detail  # type: ignore[union-attr]


def test_what_is_proved_is_the_path_that_was_called_where_it_names_no_version() -> None:
    router = Router([("GET", "/orders/v1/orders", 1)])
    paths = PathVersions()
    paths.add(msgspec.structs.replace(version(), default=True))
    for called, reason in (("/orders/orders", None), ("/orders/v1/orders", "another URI")):
        token = bound_token()
        made = request(token, dpop=proof(token, htu=AUDIENCE + called))
        made.path = "/orders/orders"
        assert paths.find(made, router) == ({"GET": 1}, ())
        assert made.path == "/orders/v1/orders"
        verdict = judged(World(), made)
        assert verdict is ALLOW if reason is None else reason in verdict.problem.detail  # type: ignore[union-attr]


def test_a_query_is_no_part_of_what_is_proved() -> None:
    token = bound_token()
    made = request(token, dpop=proof(token, htu=URI + "?of=the-client#x"))
    made.query = b"limit=1"
    assert judged(World(), made) is ALLOW


@pytest.mark.parametrize(
    ("made", "kind", "scheme"),
    [
        (request(bound_token()), "dpop-proof-invalid", "DPoP"),
        (request(bound_token(), scheme="Bearer"), "token-invalid", "Bearer"),
        (request(bound_token(), scheme="Bearer", dpop=proof(bound_token())), "token-invalid", "Bearer"),
        (request(compact(header(), claims())), "token-invalid", "DPoP"),
        (request(bound_token(**{"x5t#S256": CERTIFICATE.thumbprint})), "token-invalid", "DPoP"),
        (request(bound_token(jkt="short")), "token-invalid", "DPoP"),
        (request(bound_token(jkt=THUMBPRINT, kid="k")), "token-invalid", "DPoP"),
        (request(bound_token(jwk={}), scheme="Bearer"), "token-invalid", "Bearer"),
        (request("two tokens"), "token-invalid", "DPoP"),
    ],
    ids=[
        "no-proof",
        "as-bearer",
        "as-bearer-with-a-proof",
        "not-bound",
        "bound-to-a-certificate",
        "no-thumbprint",
        "two-confirmations",
        "unknown-confirmation",
        "two-tokens",
    ],
)
def test_what_does_not_go_together_is_refused(made: Exchange, kind: str, scheme: str) -> None:
    status, found, challenge = refused(judged(World(), made))
    assert (status, found, challenge.split(" ")[0]) == (401, kind, scheme)


def test_two_proofs_are_none() -> None:
    token = bound_token()
    both = f"{proof(token)}, {proof(token, jti='p-2')}"  # as two fields of one name are joined
    assert refused(judged(World(), request(token, dpop=both)))[1] == "dpop-proof-invalid"


def test_a_token_that_is_bound_to_a_certificate_needs_that_very_one() -> None:
    world, token = World(), bound_token(**{"x5t#S256": CERTIFICATE.thumbprint})
    ports = world.ports()
    for certificate, allowed in (
        (CERTIFICATE, True),
        (None, False),
        (ClientCertificate(b64(hashlib.sha256(b"other").digest()), CERTIFICATE.subject), False),
        (CERTIFICATE, True),
    ):
        made = request(token, scheme="Bearer")
        made.client_certificate = certificate
        verdict = judged(world, made, ports)
        assert (verdict is ALLOW) is allowed
        if not allowed:
            status, kind, challenge = refused(verdict)
            assert (status, kind, 'error="invalid_token"' in challenge) == (401, "token-invalid", True)


@pytest.mark.parametrize(
    ("constraint", "plain", "by_key", "by_certificate"),
    [("none", 1, 1, 1), ("dpop", 0, 1, 0), ("mtls", 0, 0, 1), ("any", 0, 1, 1)],
)
def test_an_application_may_have_to_call_with_bound_tokens(
    constraint: Any, plain: int, by_key: int, by_certificate: int
) -> None:
    world = World()
    application = world.access.applications["acme-shop"]
    settings = OAuthSettings(constraint=constraint)
    world.access.applications = {"acme-shop": msgspec.structs.replace(application, oauth=settings)}
    bearer = request(compact(header(), claims()), scheme="Bearer")
    bound = bound_token()
    shown = request(bound_token(**{"x5t#S256": CERTIFICATE.thumbprint}), scheme="Bearer")
    shown.client_certificate = CERTIFICATE
    found = [judged(world, each) is ALLOW for each in (bearer, request(bound, dpop=proof(bound)), shown)]
    assert found == [bool(plain), bool(by_key), bool(by_certificate)]


def test_a_nonce_is_asked_for_where_one_is_needed() -> None:
    world, token = World(), bound_token()
    nonces = DpopNonces(b"secret", lambda: world.now)
    ports = _with(world, nonces=nonces)
    for given in (..., "made-up", DpopNonces(b"another", lambda: world.now).current()):
        verdict = judged(world, request(token, dpop=proof(token, nonce=given)), ports)
        status, kind, challenge = refused(verdict)
        assert (status, kind, 'error="use_dpop_nonce"' in challenge) == (401, "dpop-proof-invalid", True)
        told = dict(verdict.problem.headers)["dpop-nonce"]  # type: ignore[union-attr]
    assert judged(world, request(token, dpop=proof(token, nonce=told)), ports) is ALLOW
    world.now += 300
    late = proof(token, nonce=told, iat=NOW + 300, jti="p-9")
    assert 'error="use_dpop_nonce"' in refused(judged(world, request(token, dpop=late), ports))[2]


def test_a_full_memory_lets_nothing_be_used_twice() -> None:
    world, token = World(), bound_token()
    ports = _with(world, proofs=UsedProofs(lambda: world.now, capacity=2))
    for number in range(2):
        assert judged(world, request(token, dpop=proof(token, jti=f"p-{number}")), ports) is ALLOW
    verdict = judged(world, request(token, dpop=proof(token, jti="p-2")), ports)
    assert refused(verdict)[:2] == (503, "overloaded")
    assert dict(verdict.problem.headers)["retry-after"] == "5"  # type: ignore[union-attr]
    world.now += 120
    later = proof(token, jti="p-0", iat=NOW + 120)
    assert judged(world, request(token, dpop=later), ports) is ALLOW


def test_used_proofs_are_forgotten_when_they_are_too_old_anyway() -> None:
    now = [1000.0]
    used = UsedProofs(lambda: now[0], capacity=3)
    assert [used.use(name, 1090.0) for name in (b"a", b"b", b"a")] == [True, True, False]
    assert used.use(b"c", 1060.0)
    with pytest.raises(NoRoomError):
        used.use(b"d", 1090.0)
    assert not used.use(b"a", 1200.0), "that it is full does not make an old one new"
    now[0] = 1076.0
    assert used.use(b"d", 1166.0)
    assert not used.use(b"b", 1090.0)
    now[0] = 1200.0
    assert used.use(b"a", 1290.0)
    assert len(used) == 1


def test_a_public_operation_and_one_for_keys_alone_have_no_such_stage() -> None:
    assert sender_constraint.bind(version(), operation(public=True, scopes=()), World().ports()) is None
    assert sender_constraint.bind(version(), operation(scopes=()), World().ports()) is None
    assert "sender-constraint" in bind_all(version(), operation(), World().ports()).policies


def _with(world: World, **changes: Any) -> Any:
    return replace(world.ports(), **changes)


def test_no_part_of_a_proof_is_told() -> None:
    token = bound_token()
    text = proof(token, jti="canary-of-a-proof", htm="POST")
    verdict = judged(World(), request(token, dpop=text))
    told = str(verdict)
    assert "canary" not in told
    assert all(part not in told for part in text.split("."))
    assert base64.b64encode(b"canary").decode()[:8] not in told
