"""What is wrong with a token's header: algorithms, keys, extensions and types (RFC 8725, RFC 7515)."""

import json

from tests.conformance.jose.forging import (
    EC_PEM,
    ED,
    JWK_BYTES,
    PEM,
    STRANGER,
    WEAK,
    Forger,
    by_exponent_one,
    by_stranger,
    hs,
    hs256,
    pss,
    rs256,
    unsigned,
)
from tests.support.policy_world import b64, compact, ec_jwk, header

STRANGER_JWK = ec_jwk(STRANGER, "k1")
DETACHED = b64(json.dumps(header(b64=False, crit=["b64"])).encode())


def algorithms(forger: Forger) -> dict[str, str]:
    """RFC 8725 §3.1, §3.2: the algorithm is the issuer's, never the token's."""
    claims = forger.claims()
    nones = ("none", "None", "NONE", "nOnE", " none", "none ", "none\0", "ｎｏｎｅ", "", "null")
    found = {f"alg {each!r}": compact(header(alg=each), claims, unsigned) for each in nones}
    found |= {
        "alg none with the good signature": f"{b64(json.dumps(header(alg='none')).encode())}."
        f"{forger.body}.{forger.signature}",
        "alg missing": forger.head_of(alg=...),
        "alg null": forger.head_of(alg=None),
        "alg a list": forger.head_of(alg=["ES256"]),
        "alg in another case": forger.head_of(alg="es256"),
        "alg with a space": forger.head_of(alg="ES256 "),
        "alg in other letters": forger.head_of(alg="ЕS256"),
        "hmac with the public pem": compact(header(alg="HS256", kid="rsa"), claims, hs256(PEM)),
        "hmac with the other public pem": compact(header(alg="HS256"), claims, hs256(EC_PEM)),
        "hmac with the public jwk": compact(header(alg="HS256", kid="rsa"), claims, hs256(JWK_BYTES)),
        "hmac with nothing": compact(header(alg="HS256"), claims, hs256(b"")),
        "hmac, longer": compact(header(alg="HS384", kid="rsa"), claims, hs("sha384", PEM)),
        "hmac, longest": compact(header(alg="HS512", kid="rsa"), claims, hs("sha512", PEM)),
        "rsa algorithm on an ec key": compact(header(alg="RS256"), claims, rs256),
        "ec algorithm on an rsa key": compact(header(kid="rsa"), claims),
        "pss where the key says pkcs1": compact(header(alg="PS256", kid="rsa"), claims, pss),
        "algorithm that the issuer does not use": compact(header(alg="RS512", kid="rsa"), claims, rs256),
        "another curve's algorithm": compact(header(alg="ES384"), claims),
        "the curve of coins": compact(header(alg="ES256K"), claims),
        "eddsa": compact(header(alg="EdDSA"), claims, ED.sign),
        "encryption as a signature": compact(header(alg="RSA-OAEP", kid="rsa"), claims, rs256),
    }
    return found


def keys(forger: Forger) -> dict[str, str]:
    """RFC 8725 §3.10 and RFC 7515 §4.1: keys come from the issuer, never from the token."""
    claims = forger.claims()
    kids = {
        "traversal": "../../../../dev/null",
        "a file": "/proc/self/environ",
        "injection": "k1' UNION SELECT 'x",
        "a command": "k1|/usr/bin/id",
        "an address": "https://evil.example/jwks",
        "empty": "",
        "a nul": "k1\0",
        "a line break": "k1\r\nX-Admin: 1",
        "a lone surrogate": "\ud800",
        "in other letters": "ｋ1",
        "in another case": "K1",
        "with a space": "k1 ",
        "without end": "k" * 4000,
        "of another issuer": "other",
    }
    found = {f"kid {name}": forger.head_of(kid=kid) for name, kid in kids.items()}
    found |= {
        "embedded jwk": compact(header(jwk=STRANGER_JWK), claims, by_stranger),
        "embedded jwk of its own": compact(header(jwk=STRANGER_JWK, kid="x"), claims, by_stranger),
        "jku": compact(header(jku="https://evil.example/jwks", kid="x"), claims, by_stranger),
        "jku beside a known kid": compact(header(jku="https://evil.example/jwks"), claims, by_stranger),
        "jku on this machine": compact(header(jku="http://127.0.0.1:8082/", kid="x"), claims, by_stranger),
        "x5u": compact(header(x5u="https://evil.example/x5u", kid="x"), claims, by_stranger),
        "x5c": compact(header(x5c=["MIIB"], kid="x"), claims, by_stranger),
        "x5c beside a known kid": compact(header(x5c=["MIIB"]), claims, by_stranger),
        "x5t": compact(header(x5t="AAAA", kid="x"), claims, by_stranger),
        "kid of an empty secret": compact(header(alg="HS256", kid="/dev/null"), claims, hs256(b"")),
        "kid missing": forger.head_of(kid=...),
        "kid a number": forger.head_of(kid=1),
        "kid a list": forger.head_of(kid=["k1"]),
        "key on a curve that the issuer does not use": forger.head_of(kid="p384"),
        "weak key in the issuer's set": compact(
            header(alg="RS256", kid="weak"), claims, lambda data: rs256(data, WEAK)
        ),
        "exponent of one in the issuer's set": compact(header(alg="RS256", kid="one"), claims, by_exponent_one),
        "symmetric key in the issuer's set": compact(header(alg="HS256", kid="oct"), claims, hs256(b"x" * 32)),
        "encryption key in the issuer's set": forger.head_of(kid="enc"),
    }
    return found


def extensions(forger: Forger) -> dict[str, str]:
    """RFC 7515 §4.1.11, RFC 7797: no extension is understood."""
    return {
        "crit unknown": forger.head_of(crit=["exp2"], exp2=1),
        "crit empty": forger.head_of(crit=[]),
        "crit a text": forger.head_of(crit="exp"),
        "crit null": forger.head_of(crit=None),
        "crit naming a known member": forger.head_of(crit=["alg"]),
        "b64 false": forger.head_of(b64=False, crit=["b64"]),
        "b64 false and not critical": forger.head_of(b64=False),
        "b64 false with a detached payload": f"{DETACHED}..{forger.signature}",
        "b64 true and critical": forger.head_of(b64=True, crit=["b64"]),
    }


def types(forger: Forger) -> dict[str, str]:
    """RFC 9068 §2.1 and RFC 8725 §3.11: an id token is no access token."""
    kinds = ("JWT", "dpop+jwt", "logout+jwt", "secevent+jwt", "at+jwt ", "at+jwt;v=1", "аt+jwt")
    found = {f"typ {each!r}": forger.head_of(typ=each) for each in kinds}
    found |= {
        "typ missing": forger.head_of(typ=...),
        "typ empty": forger.head_of(typ=""),
        "typ null": forger.head_of(typ=None),
        "typ a number": forger.head_of(typ=1),
        "typ a list": forger.head_of(typ=["at+jwt"]),
        "typ a media type twice": forger.head_of(typ="application/application/at+jwt"),
    }
    return found
