"""JOSE objects from strangers, parsed strictly (RFC 7515, RFC 8725): signed JWTs, in the one form they have.

Two parsers must never read one text differently, so what leaves a choice is refused: padding and spare bits of
base64url, members that appear twice, numbers that are none. No fault shows a part of what was read.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from contracts.base64url import NotCanonical, canonical_base64url

# RFC 8725 §3.2, §3.5: public keys only. A list of an issuer or a client can narrow this and never widen it.
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class JoseFault(Exception):
    """What was presented is not acceptable; the message says why and holds nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)
class SignedJwt:
    """A compact JWS over a JSON object, well-formed but not believed yet."""

    signed: bytes
    """What the signature is over: header and payload as they came."""
    header: dict[str, Any]
    claims: dict[str, Any]
    signature: bytes


def read_signed_jwt(text: bytes, maximum: int) -> SignedJwt:
    """Parses a compact JWS of at most `maximum` bytes. Raises JoseFault."""
    if len(text) > maximum:
        raise JoseFault("it is too long")
    segments = text.split(b".")
    if len(segments) != 3:
        raise JoseFault("it is not a signed JWT in compact form")
    header = json_object(_decoded(segments[0]))
    signature = _decoded(segments[2])
    # RFC 7515 §4.1.11: an extension that we do not know and that is critical ends it, and we know none.
    if "crit" in header or "b64" in header:
        raise JoseFault("its header demands an extension that is not supported")
    claims = json_object(_decoded(segments[1]))
    return SignedJwt(text[: -len(segments[2]) - 1], header, claims, signature)


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 whose members are unique at every depth. Raises JoseFault."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise JoseFault("it is not JSON") from None
    if not isinstance(value, dict):
        raise JoseFault("it is not a JSON object")
    return value


def _decoded(segment: bytes) -> bytes:
    try:
        return canonical_base64url(segment)
    except NotCanonical as fault:
        raise JoseFault(str(fault)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7519 §4: claim names are unique; parsers that take the first and that take the last must not differ.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
