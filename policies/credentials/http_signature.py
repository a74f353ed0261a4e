"""Authentication by a signature over the request (RFC 9421), where a contract asks for one: for partners that
cannot do OAuth, and whose key should not travel.

A signing key of the ledger signs by HMAC-SHA-256, a public key by which an application is registered by what it
is: `keyid` is the public id of the one, the thumbprint (RFC 7638) of the other. What has to be covered is decided
here and not by the client: the method, the target, the digest of the content, when it was made, and a nonce, by
which a signature is good once.
"""

import hmac
from collections.abc import Awaitable, Mapping
from typing import Any, Final

from contracts.problems import problem
from contracts.sealed_text import Sealing
from policies.body_limits import has_body
from policies.content_digest import FIELD as CONTENT_DIGEST
from policies.credentials.api_key import NOT_ALLOWED, POLICY, fault_of, may_be_used
from policies.credentials.known_keys import API_KEY_ISSUER, KnownKey
from policies.credentials.signature_base import (
    SignatureFault,
    SignatureInput,
    SignedRequest,
    read_inputs,
    read_signature,
    signature_base,
)
from policies.credentials.used_proofs import NoRoomError, proof_digest
from policies.exchange import Exchange
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

AGE: Final = 300.0
"""Seconds for which a signature is good after it was `created`."""
SKEW: Final = 30.0
"""Seconds by which a client's clock may be ahead of ours."""
TAG: Final = "ostiary"
"""What the signature for us says in `tag` where a request has several (RFC 9421 §2.3)."""

_NONCE: Final = (16, 256)
"""Characters: with fewer, two that are made at random could be the same."""
_HMAC: Final = "hmac-sha256"
_BY_NAME: Final[Mapping[str, str]] = {
    "ed25519": "EdDSA",
    "ecdsa-p256-sha256": "ES256",
    "ecdsa-p384-sha384": "ES384",
    "rsa-pss-sha512": "PS512",
}
"""RFC 9421 §6.2.2, with what JOSE calls the very same."""
_TARGET: Final = frozenset({"@authority", "@path", "@query"})
"""What says as much as `@target-uri`, but for the scheme."""
_UNKNOWN: Final = "its key is not known"


class SignatureCheck:
    """Sets `exchange.principal`. A request without a signature is left to `tokens`."""

    __slots__ = ("_ports", "_sealing", "_tokens", "_version")

    def __init__(self, version: tuple[str, str], ports: Ports, tokens: Stage | None) -> None:
        self._version = version
        self._ports = ports
        self._tokens = tokens
        self._sealing = None if ports.key_pepper is None else Sealing(ports.key_pepper)

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        field = exchange.fields.get(b"signature-input")
        if field is None or b"signature" not in exchange.fields:
            return self._missing() if self._tokens is None else self._tokens(exchange)
        if b"authorization" in exchange.fields:
            return self._invalid("one credential at a time: it came with an Authorization field")
        principal = exchange.principal
        if exchange.lasting and principal is not None and principal.issuer == API_KEY_ISSUER:
            return self._again(exchange, principal.token_id)
        try:
            signature = _ours(read_inputs(field))
            key_id, nonce, created = self._demands(exchange, signature)
            known = self._verified(exchange, signature, key_id)
            fault = fault_of(known, exchange, self._ports)
            if fault is not None:
                return self._invalid(fault)
            first = self._ports.proofs.use(proof_digest(f"signature {key_id}", nonce), created + AGE)
        except SignatureFault as fault:
            return self._invalid(str(fault))
        except NoRoomError:
            return _BUSY
        if isinstance(first, bool):
            return self._judged(exchange, known, first)
        return self._after_asking(exchange, known, first)

    def _demands(self, exchange: Exchange, signature: SignatureInput) -> tuple[str, str, int]:
        """The key's id, the nonce and when it was made, where it covers what it has to. Raises SignatureFault."""
        covered, parameters = signature.covered, signature.parameters
        if "@method" not in covered or not ("@target-uri" in covered or covered >= _TARGET):
            raise SignatureFault("it does not cover the method and the target")
        if (has_body(exchange) or CONTENT_DIGEST in exchange.fields) and "content-digest" not in covered:
            raise SignatureFault("it does not cover the digest of the content")
        key_id, nonce, created = (parameters.get(name) for name in ("keyid", "nonce", "created"))
        if type(key_id) is not str or type(nonce) is not str or type(created) is not int:
            raise SignatureFault("it has no keyid, no nonce, or no time at which it was created")
        if not _NONCE[0] <= len(nonce) <= _NONCE[1]:
            raise SignatureFault(f"its nonce has fewer than {_NONCE[0]} characters or more than {_NONCE[1]}")
        now = self._ports.clock()
        if not now - AGE < created <= now + SKEW or not _lasts(parameters, now):
            raise SignatureFault("it was made too long ago, or in the future")
        return key_id, nonce, created

    def _verified(self, exchange: Exchange, signature: SignatureInput, key_id: str) -> KnownKey:
        """Whose it is. Raises SignatureFault."""
        known = self._ports.access.keys.get(key_id)
        if known is None or not known.key.signs:
            raise SignatureFault(_UNKNOWN)
        proof = read_signature(exchange.fields[b"signature"], signature.label)
        request = SignedRequest(exchange.method, self._url(exchange), exchange.fields)
        base = signature_base(request, signature)
        algorithm = signature.parameters.get("alg")
        if algorithm is not None and type(algorithm) is not str:
            raise SignatureFault("its algorithm is no text")
        if known.public is None:
            good = algorithm in (None, _HMAC) and self._by_secret(known, base, proof)
        else:
            named = [name for name, jose in _BY_NAME.items() if jose in known.public.algorithms]
            good = algorithm in (None, *named) and any(
                known.public.verifies(base, proof, _BY_NAME[name]) for name in named
            )
        if not good:
            raise SignatureFault("it does not verify")
        return known

    def _by_secret(self, known: KnownKey, base: bytes, proof: bytes) -> bool:
        key = None if self._sealing is None else self._sealing.open(known.key.id, known.key.digest)
        return key is not None and hmac.compare_digest(proof, hmac.digest(key, base, "sha256"))

    def _url(self, exchange: Exchange) -> str:
        """The URL that the client asked for: our public one and the target as it stood on the wire."""
        target = exchange.target.decode("latin-1")
        if not target.startswith("/"):
            # RFC 9112 §3.2.2: a client may send the whole of it.
            target = "/" + target.partition("://")[2].partition("/")[2]
        return self._ports.audience + target

    async def _after_asking(self, exchange: Exchange, known: KnownKey, asked: Awaitable[bool]) -> Verdict:
        try:
            return self._judged(exchange, known, await asked)
        except NoRoomError:
            return _BUSY

    def _judged(self, exchange: Exchange, known: KnownKey, first: bool) -> Verdict:
        if not first:
            return self._invalid("its nonce was used before")
        if not may_be_used(known, self._version, self._ports):
            return NOT_ALLOWED
        exchange.kept = None  # the next one with these fields is no repetition of this
        exchange.principal = known.principal
        return ALLOW

    def _again(self, exchange: Exchange, key_id: str) -> Verdict:
        """Of an exchange that lasts: it was let in by a signature that is used up, and goes on as its key does."""
        known = self._ports.access.keys.get(key_id)
        fault = _UNKNOWN if known is None else fault_of(known, exchange, self._ports)
        return ALLOW if fault is None else self._invalid(fault)

    def _missing(self) -> Deny:
        return _refused("credentials-missing", "Sign the request (RFC 9421).")

    def _invalid(self, reason: str) -> Deny:
        return _refused("signature-invalid", f"The request's signature is not accepted: {reason}.")


def _ours(signatures: tuple[SignatureInput, ...]) -> SignatureInput:
    """The one there is, or of several the one that says it is for us. Raises SignatureFault."""
    mine = (
        signatures if len(signatures) == 1 else [each for each in signatures if each.parameters.get("tag") == TAG]
    )
    if len(mine) != 1:
        raise SignatureFault(f"of several, not exactly one has the tag {TAG}")
    return mine[0]


def _lasts(parameters: Mapping[str, Any], now: float) -> bool:
    expires = parameters.get("expires")
    return expires is None or (type(expires) is int and expires > now)


# RFC 9110 §11.6.1 wants a challenge with a 401, and none is registered for signatures. What to cover is said as
# RFC 9421 §5.1 has it.
_HEADERS: Final = (
    ("www-authenticate", 'ApiKey in="header", name="signature"'),
    ("accept-signature", f'ostiary=("@method" "@target-uri" "content-digest");created;tag="{TAG}"'),
)
_BUSY: Final = Deny(
    POLICY,
    problem(
        "overloaded",
        "No further signature can be remembered now; try again.",
        headers=(("retry-after", "5"),),
    ),
)


def _refused(problem_id: str, detail: str) -> Deny:
    return Deny(POLICY, problem(problem_id, detail, headers=_HEADERS))
