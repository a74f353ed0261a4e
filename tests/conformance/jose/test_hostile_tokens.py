"""Access tokens that an attacker might send (RFC 8725, RFC 7515, RFC 9068), each with the reason it must fail.

Every one is refused with `token-invalid` and the challenge of RFC 6750 §3.1, by the real stage over the real key
source, and without a byte sent to anybody: the key source's session raises when it is used. The near-twins at the
end differ in one thing and pass, so that a refusal cannot come from something else.
"""

import hashlib
import hmac
import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from contracts.snapshot import Issuer
from gateway.adapters.keys import IssuerKeys
from policies import authentication
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import (
    EC_KEY,
    ISSUER,
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
    rsa_jwk,
    rsa_key,
    version,
)

RSA = rsa_key()
WEAK = rsa_key(1024)
STRANGER = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PEM = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
JWK_BYTES = json.dumps(rsa_jwk(RSA, "rsa")).encode()


def rs256(data: bytes, key: Any = RSA) -> bytes:
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def pss(data: bytes) -> bytes:
    return RSA.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda data: hmac.new(secret, data, hashlib.sha256).digest()


def unsigned(data: bytes) -> bytes:
    return b""


def raw(r: int, s: int) -> Callable[[bytes], bytes]:
    return lambda data: r.to_bytes(32, "big") + s.to_bytes(32, "big")


def der(data: bytes) -> bytes:
    return EC_KEY.sign(data, ec.ECDSA(hashes.SHA256()))


def high_bits(token: str) -> str:
    """The same signature octets, with a spare bit set in the last base64url character."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def doubled(mapping: dict[str, Any], name: str, value: Any, *, last: bool) -> str:
    """JSON text with `name` twice: a second value before or after the true one."""
    text, extra = json.dumps(mapping), f"{json.dumps(name)}: {json.dumps(value)}"
    return f"{text[:-1]}, {extra}}}" if last else f"{{{extra}, {text[1:]}"


def flipped(token: str, segment: int) -> str:
    parts = token.split(".")
    first = "A" if parts[segment][4] != "A" else "B"
    parts[segment] = parts[segment][:4] + first + parts[segment][5:]
    return ".".join(parts)


GOOD = compact(header(), claims())
HEAD, BODY, SIGNATURE = GOOD.split(".")
DETACHED = b64(json.dumps(header(b64=False, crit=["b64"])).encode())
STRANGER_JWK = ec_jwk(STRANGER, "k1")

HOSTILE: dict[str, str] = {
    # RFC 8725 §3.1, §3.2: the algorithm is the issuer's, never the token's.
    "alg none": compact(header(alg="none"), claims(), unsigned),
    "alg None": compact(header(alg="None"), claims(), unsigned),
    "alg nOnE": compact(header(alg="nOnE"), claims(), unsigned),
    "alg none with the good signature": f"{b64(json.dumps(header(alg='none')).encode())}.{BODY}.{SIGNATURE}",
    "alg empty": compact(header(alg=""), claims()),
    "alg missing": compact(header(alg=...), claims()),
    "alg a list": compact(header(alg=["ES256"]), claims()),
    "alg in another case": compact(header(alg="es256"), claims()),
    "hmac with the public pem": compact(header(alg="HS256", kid="rsa"), claims(), hs256(PEM)),
    "hmac with the public jwk": compact(header(alg="HS256", kid="rsa"), claims(), hs256(JWK_BYTES)),
    "hmac with nothing": compact(header(alg="HS256"), claims(), hs256(b"")),
    "rsa algorithm on an ec key": compact(header(alg="RS256"), claims(), rs256),
    "ec algorithm on an rsa key": compact(header(kid="rsa"), claims()),
    "pss where the key says pkcs1": compact(header(alg="PS256", kid="rsa"), claims(), pss),
    "algorithm that the issuer does not use": compact(header(alg="RS512", kid="rsa"), claims(), rs256),
    # RFC 8725 §3.10 and RFC 7515 §4.1: keys come from the issuer, never from the token.
    "embedded jwk": compact(header(jwk=STRANGER_JWK), claims(), lambda data: es256(data, STRANGER)),
    "jku": compact(header(jku="https://evil.example/jwks", kid="x"), claims(), lambda data: es256(data, STRANGER)),
    "x5u": compact(header(x5u="https://evil.example/x5u"), claims(), lambda data: es256(data, STRANGER)),
    "x5c": compact(header(x5c=["MIIB"]), claims(), lambda data: es256(data, STRANGER)),
    "kid traversal": compact(header(kid="../../../../dev/null"), claims(), hs256(b"")),
    "kid injection": compact(header(kid="k1' UNION SELECT 'x"), claims()),
    "kid missing": compact(header(kid=...), claims()),
    "kid a number": compact(header(kid=1), claims()),
    "key on a curve that the issuer does not use": compact(header(kid="p384"), claims()),
    "kid of another issuer": compact(header(kid="other"), claims()),
    "weak key in the issuer's set": compact(header(alg="RS256", kid="weak"), claims(), lambda d: rs256(d, WEAK)),
    "symmetric key in the issuer's set": compact(header(alg="HS256", kid="oct"), claims(), hs256(b"x" * 32)),
    "encryption key in the issuer's set": compact(header(kid="enc"), claims()),
    # RFC 7515 §4.1.11, RFC 7797: no extension is understood.
    "crit unknown": compact(header(crit=["exp2"], exp2=1), claims()),
    "crit empty": compact(header(crit=[]), claims()),
    "crit naming a known member": compact(header(crit=["alg"]), claims()),
    "b64 false": compact(header(b64=False, crit=["b64"]), claims()),
    "b64 false and not critical": compact(header(b64=False), claims()),
    "b64 false with a detached payload": f"{DETACHED}..{SIGNATURE}",
    "b64 true and critical": compact(header(b64=True, crit=["b64"]), claims()),
    # RFC 9068 §2.1 and RFC 8725 §3.11: an id token is no access token.
    "typ missing": compact(header(typ=...), claims()),
    "typ JWT": compact(header(typ="JWT"), claims()),
    "typ dpop": compact(header(typ="dpop+jwt"), claims()),
    "typ a number": compact(header(typ=1), claims()),
    # Signatures.
    "signature empty": f"{HEAD}.{BODY}.",
    "signature truncated": GOOD[:-4],
    "signature with more": GOOD + "AAAA",
    "signature of another token": compact(header(), claims(jti="x")).rsplit(".", 1)[0] + "." + SIGNATURE,
    "signature by a stranger": compact(header(), claims(), lambda data: es256(data, STRANGER)),
    "signature zero": compact(header(), claims(), raw(0, 0)),
    "signature r zero": compact(header(), claims(), raw(0, 1)),
    "signature r the order": compact(header(), claims(), raw(ORDER, 1)),
    "signature r = s = order - 1": compact(header(), claims(), raw(ORDER - 1, ORDER - 1)),
    "signature in der": compact(header(), claims(), der),
    "header altered": flipped(GOOD, 0),
    "claims altered": flipped(GOOD, 1),
    # Malleable spellings of one token.
    "padding": GOOD + "==",
    "spare bits set": high_bits(GOOD),
    "plain base64 alphabet": GOOD.replace("-", "+").replace("_", "/") + ("+" if "-" not in GOOD else ""),
    "line break within": HEAD + "." + BODY[:8] + "%0A" + BODY[8:] + "." + SIGNATURE,
    # Shapes.
    "two segments": f"{HEAD}.{BODY}",
    "four segments": GOOD + "." + SIGNATURE,
    "five segments, as encrypted": f"{HEAD}..{SIGNATURE}.{BODY}.{SIGNATURE}",
    "only dots": "..",
    "no dots": "abcdef",
    "header no json": compact("{", claims()),
    "header no object": compact("[]", claims()),
    "header a number": compact("5", claims()),
    "claims no object": compact(header(), '"' + ISSUER + '"'),
    "claims nested without end": compact(header(), "[" * 3000),
    "claims with a number without end": compact(
        header(), json.dumps(claims())[:-1] + ', "n": ' + "9" * 5000 + "}"
    ),
    "claims not utf-8": f"{HEAD}.{b64(json.dumps(claims()).encode('utf-16'))}.{SIGNATURE}",
    "claims with NaN": compact(header(), claims(exp=float("nan"))),
    "claims with NaN in passing": compact(header(), claims(partner=[float("nan")])),
    "claims with Infinity": compact(header(), claims(exp=float("inf"))),
    "claims with a lone surrogate": compact(header(), claims(sub="\ud800")),
    "claims with a byte order mark": compact(header(), "\ufeff" + json.dumps(claims())),
    "a token in a token": compact(header(cty="JWT"), GOOD),
    "oversized": compact(header(), claims(padding="x" * 8192)),
    # RFC 7519 §4: a name that stands twice means two things to two parsers.
    "alg twice": compact(doubled(header(), "alg", "none", last=False), claims()),
    "kid twice": compact(doubled(header(), "kid", "k9", last=False), claims()),
    "sub twice": compact(header(), doubled(claims(), "sub", "admin", last=False)),
    "client_id twice": compact(header(), doubled(claims(), "client_id", "acme-shop", last=True)),
    "a nested member twice": compact(header(), json.dumps(claims())[:-1] + ', "act": {"sub": "a", "sub": "b"}}'),
    # RFC 8725 §3.8, §3.9, §3.12: who, for whom, when.
    "issuer unknown": compact(header(), claims(iss="https://evil.example")),
    "issuer with a slash more": compact(header(), claims(iss=ISSUER + "/")),
    "issuer missing": compact(header(), claims(iss=...)),
    "issuer a list": compact(header(), claims(iss=[ISSUER])),
    "audience of another": compact(header(), claims(aud="https://other.example")),
    "audience a prefix": compact(header(), claims(aud="https://api.example.evil.example")),
    "audience empty": compact(header(), claims(aud=[])),
    "audience missing": compact(header(), claims(aud=...)),
    "audience an object": compact(header(), claims(aud={"https://api.example": 1})),
    "expired": compact(header(), claims(exp=NOW)),
    "expired, in text": compact(header(), claims(exp=str(NOW + 600))),
    "expiry missing": compact(header(), claims(exp=...)),
    "expiry null": compact(header(), claims(exp=None)),
    "expiry true": compact(header(), claims(exp=True)),
    "expiry beyond all dates": compact(header(), claims(exp=10**30)),
    "expiry an overflowing float": compact(
        header(), json.dumps(claims(exp=0)).replace('"exp": 0', '"exp": 1e999')
    ),
    "not yet valid": compact(header(), claims(nbf=NOW + 31)),
    "issued in the future": compact(header(), claims(iat=NOW + 31)),
    "issue time missing": compact(header(), claims(iat=...)),
    "subject missing": compact(header(), claims(sub=...)),
    "subject a number": compact(header(), claims(sub=7)),
    "client missing": compact(header(), claims(client_id=...)),
    "client unknown": compact(header(), claims(client_id="nobody")),
    "token id missing": compact(header(), claims(jti=...)),
    "scope a list": compact(header(), claims(scope=["orders.read"])),
    # RFC 9449 §7.2, RFC 8705 §3: bound to a key that the caller does not show.
    "bound by dpop, sent as bearer": compact(
        header(), claims(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})
    ),
    "bound to a certificate": compact(
        header(), claims(cnf={"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})
    ),
}

SOUND: dict[str, str] = {
    "es256": GOOD,
    "rs256": compact(header(alg="RS256", kid="rsa"), claims(), rs256),
    "full media type": compact(header(typ="application/at+jwt"), claims()),
    "typ in another case": compact(header(typ="AT+JWT"), claims()),
    "jku that nobody follows": compact(header(jku="https://evil.example/jwks"), claims()),
    "embedded key that nobody uses": compact(header(jwk=STRANGER_JWK), claims()),
    "one of two audiences": compact(header(), claims(aud=["https://x.example", "https://api.example"])),
    "issued within the skew": compact(header(), claims(iat=NOW + 30, nbf=NOW + 30)),
    "the last moment": compact(header(), claims(exp=NOW + 0.5)),
    "claims of a private kind": compact(header(), claims(partner={"id": 7, "tags": ["a", "a"]})),
    "no scope": compact(header(), claims(scope=...)),
}


class NoNetwork:
    def get(self, *arguments: Any, **options: Any) -> Any:
        raise OSError("a token made the gateway ask somebody")


@pytest.fixture
def stage() -> Any:
    world = World()
    keys = IssuerKeys(NoNetwork(), lambda: 0.0)  # type: ignore[arg-type]
    mine = [
        ec_jwk(EC_KEY, "k1", alg="ES256"),
        rsa_jwk(RSA, "rsa", alg="RS256"),
        rsa_jwk(WEAK, "weak"),
        {"kty": "oct", "k": b64(b"x" * 32), "kid": "oct", "alg": "HS256"},
        ec_jwk(EC_KEY, "enc", use="enc"),
        ec_jwk(P384, "p384", "P-384"),
    ]
    keys.update(
        [
            Issuer(ISSUER, "https://catalog.example/jwks", ("ES256", "RS256", "HS256", "none"), {"keys": mine}),
            Issuer(
                "https://other.example",
                "https://other.example/jwks",
                ("ES256",),
                {"keys": [ec_jwk(EC_KEY, "other")]},
            ),
        ]
    )
    # Nothing is fetched: an unknown key id is answered out of the interval of the last fetch.
    for issuer in keys._issuers.values():
        issuer.fetched_at = 0.0
    world.keys = keys  # type: ignore[assignment]
    return authentication.bind(version(), operation(), world.ports())


async def verdict_on(stage: Any, token: str) -> Any:
    request = exchange(token)
    verdict = stage(request)
    if inspect.isawaitable(verdict):
        verdict = await verdict
    assert (request.principal is not None) is (verdict is ALLOW)
    return verdict


@pytest.mark.parametrize("name", HOSTILE)
async def test_it_is_refused(stage: Any, name: str) -> None:
    verdict = await verdict_on(stage, HOSTILE[name])
    assert isinstance(verdict, Deny)
    assert verdict.problem.type.id == "token-invalid"
    assert dict(verdict.problem.headers)["www-authenticate"].startswith('Bearer error="invalid_token", ')


@pytest.mark.parametrize("name", SOUND)
async def test_its_near_twin_passes(stage: Any, name: str) -> None:
    assert await verdict_on(stage, SOUND[name]) is ALLOW


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_refusal_repeats_the_token(stage: Any, name: str) -> None:
    token = HOSTILE[name]
    shown = repr(await verdict_on(stage, token))
    assert not [part for part in token.split(".") if len(part) > 8 and part in shown]
    assert "evil" not in shown
    assert "nobody" not in shown
