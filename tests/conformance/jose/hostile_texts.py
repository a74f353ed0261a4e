"""What is wrong with a token's text: its signature, its spelling, its shape, and what stands in it twice."""

import json

from tests.conformance.jose.forging import (
    ORDER,
    Forger,
    by_exponent_one,
    by_p384,
    by_stranger,
    constant,
    der,
    doubled,
    flipped,
    high_bits,
    of_sha384,
    raw,
    rs256,
)
from tests.support.policy_world import NOW, b64, compact, es256, header


def signatures(forger: Forger) -> dict[str, str]:
    claims = forger.claims()
    head, body = forger.head, forger.body
    found = {
        "empty": f"{head}.{body}.",
        "truncated": forger.good[:-4],
        "with more": forger.good + "AAAA",
        "of another token": forger.body_of(jti="x").rsplit(".", 1)[0] + "." + forger.signature,
        "by a stranger": compact(header(), claims, by_stranger),
        "zero": compact(header(), claims, raw(0, 0)),
        "r zero": compact(header(), claims, raw(0, 1)),
        "s zero": compact(header(), claims, raw(1, 0)),
        "r the order": compact(header(), claims, raw(ORDER, 1)),
        "s the order": compact(header(), claims, raw(1, ORDER)),
        "both the order": compact(header(), claims, raw(ORDER, ORDER)),
        "r = s = order - 1": compact(header(), claims, raw(ORDER - 1, ORDER - 1)),
        "beyond the order": compact(header(), claims, raw(2**256 - 1, 2**256 - 1)),
        "r = s = 1": compact(header(), claims, raw(1, 1)),
        "one byte": compact(header(), claims, constant(b"\x01")),
        "a byte less": compact(header(), claims, lambda data: es256(data)[1:]),
        "a zero more": compact(header(), claims, lambda data: b"\0" + es256(data)),
        "halves exchanged": compact(header(), claims, lambda data: es256(data)[32:] + es256(data)[:32]),
        "in der": compact(header(), claims, der),
        "on another curve": compact(header(), claims, by_p384),
        "over another digest": compact(header(), claims, of_sha384),
        "rsa zero": compact(header(alg="RS256", kid="rsa"), claims, constant(bytes(256))),
        "rsa one": compact(header(alg="RS256", kid="rsa"), claims, constant(bytes(255) + b"\x01")),
        "rsa padding alone": compact(header(alg="RS256", kid="rsa"), claims, by_exponent_one),
        "rsa short": compact(header(alg="RS256", kid="rsa"), claims, lambda data: rs256(data)[1:]),
    }
    return {f"signature {name}": token for name, token in found.items()} | {
        "header altered": flipped(forger.good, 0),
        "claims altered": flipped(forger.good, 1),
    }


def spellings(forger: Forger) -> dict[str, str]:
    """Malleable spellings of one token: a list of those that were withdrawn would miss them."""
    good, head, body, signature = forger.good, forger.head, forger.body, forger.signature
    return {
        "padding": good + "==",
        "padding once": good + "=",
        "padding of the header": f"{head}=.{body}.{signature}",
        "padding of the claims": f"{head}.{body}==.{signature}",
        "spare bits set": high_bits(good),
        "plain base64 alphabet": good.replace("-", "+").replace("_", "/") + ("+" if "-" not in good else ""),
        "a line break in percent": f"{head}.{body[:8]}%0A{body[8:]}.{signature}",
        "a space within": f"{head}.{body[:8]} {body[8:]}.{signature}",
        "a tab within": f"{head}.{body[:8]}\t{body[8:]}.{signature}",
        "a dot in percent": f"{head}%2E{body}.{signature}",
        "a wide dot": f"{head}．{body}.{signature}",
        "a letter of no width": f"{head}.{body}\u200b.{signature}",
        "in quotes": f'"{good}"',
        "twice": f"{good},{good}",
        "a comma after": good + ",",
        "a tilde after": good + "~",
    }


def shapes(forger: Forger) -> dict[str, str]:
    good, head, body, signature = forger.good, forger.head, forger.body, forger.signature
    claims = forger.claims()
    text = json.dumps(claims)
    flattened = json.dumps({"protected": head, "payload": body, "signature": signature})
    return {
        "two segments": f"{head}.{body}",
        "four segments": f"{good}.{signature}",
        "five segments, as encrypted": f"{head}..{signature}.{body}.{signature}",
        "encrypted": compact({"alg": "dir", "enc": "A128GCM", "typ": "at+jwt"}, claims) + f".{body}.{signature}",
        "in json": flattened,
        "in json, encoded": b64(flattened.encode()),
        "only dots": "..",
        "a dot before": "." + good,
        "no claims": f"{head}..{signature}",
        "header no json": compact("{", claims),
        "header no object": compact("[]", claims),
        "header a number": compact("5", claims),
        "header null": compact("null", claims),
        "header with a byte order mark": compact("\ufeff" + json.dumps(header()), claims),
        "header nested without end": compact('{"a":' * 2000, claims),
        "header oversized": forger.head_of(x="x" * 8192),
        "claims no object": compact(header(), '"' + forger.issuer + '"'),
        "claims a list of claims": compact(header(), json.dumps([claims])),
        "claims and more": compact(header(), text + "{}"),
        "claims nested without end": compact(header(), "[" * 3000),
        "claims with a number without end": compact(header(), text[:-1] + ', "n": ' + "9" * 5000 + "}"),
        "claims with a comment": compact(header(), "/**/" + text),
        "claims with a comma more": compact(header(), text[:-1] + ",}"),
        "claims not utf-8": f"{head}.{b64(text.encode('utf-16'))}.{signature}",
        "claims in an overlong form": f"{head}.{b64(text.encode().replace(b'a', bytes((0xC1, 0xA1)), 1))}.x",
        "claims with NaN": compact(header(), forger.claims(exp=float("nan"))),
        "claims with NaN in passing": compact(header(), forger.claims(partner=[float("nan")])),
        "claims with Infinity": compact(header(), forger.claims(exp=float("inf"))),
        "claims with a lone surrogate": forger.body_of(sub="\ud800"),
        "claims with a byte order mark": compact(header(), "\ufeff" + text),
        "a token in a token": compact(header(cty="JWT"), good),
        "a token in a token in quotes": compact(header(cty="JWT"), json.dumps(good)),
        "oversized": forger.body_of(padding="x" * 8192),
    }


def doubles(forger: Forger) -> dict[str, str]:
    """RFC 7519 §4: a name that stands twice means two things to two parsers."""
    claims = forger.claims()
    found = {
        "alg": compact(doubled(header(), "alg", "none", last=False), claims),
        "alg, good last": compact(doubled(header(alg="none"), "alg", "ES256", last=True), claims),
        "kid": compact(doubled(header(), "kid", "k9", last=False), claims),
        "typ": compact(doubled(header(), "typ", "JWT", last=True), claims),
        "iss": compact(header(), doubled(claims, "iss", "https://evil.example", last=False)),
        "aud": compact(header(), doubled(claims, "aud", "https://other.example", last=True)),
        "exp": compact(header(), doubled(claims, "exp", NOW + 9999, last=True)),
        "sub": compact(header(), doubled(claims, "sub", "admin", last=False)),
        "scope": compact(header(), doubled(claims, "scope", "admin", last=True)),
        "sub, in an escape": compact(header(), doubled(claims, "sub", "admin", last=True, written='"\\u0073ub"')),
        "client_id": compact(header(), doubled(claims, "client_id", "acme-shop", last=True)),
        "a nested member": compact(header(), json.dumps(claims)[:-1] + ', "act": {"sub": "a", "sub": "b"}}'),
    }
    return {f"{name} twice": token for name, token in found.items()}
