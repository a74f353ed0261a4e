"""The digest that a client gives of its request's content (RFC 9530), held against the content as it came.

Of a request that is authenticated by a signature: that covers the digest, and the digest the content. The digests
that are known are SHA-256 and SHA-512; of others nothing is believed, and at least one that is known has to be
there.
"""

import hashlib
import hmac
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.body_limits import has_body
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.credentials.signature_base import SignatureFault, dictionary
from policies.exchange import Exchange
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "content-digest"
FIELD: Final = b"content-digest"

_KNOWN: Final = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def reads_whole(version: ApiVersion, operation: Operation) -> bool:
    """Whether a signature is looked at, and there may be content that it covers."""
    return operation.api_key is not None and operation.api_key.signed and operation.body is not None


def bind(version: ApiVersion, operation: Operation, ports: Ports | None = None) -> Stage | None:
    """None where there is nothing to compare."""
    return check if reads_whole(version, operation) else None


def check(exchange: Exchange) -> Verdict:
    """Reads `exchange.principal` and the whole body."""
    principal = exchange.principal
    if principal is None or principal.issuer != API_KEY_ISSUER:
        return ALLOW
    field = exchange.fields.get(FIELD)
    if field is None and not has_body(exchange):
        return ALLOW
    try:
        if field is None or not matches(field, exchange.body or b""):
            return _refused("it is not that of the content")
    except SignatureFault as fault:
        return _refused(str(fault))
    return ALLOW


def matches(field: bytes, content: bytes) -> bool:
    """Whether every digest that is known is that of the content, and there is one. Raises SignatureFault."""
    members = dictionary(field)
    given = [(make, members[name]) for name, make in _KNOWN.items() if name in members]
    if not given:
        raise SignatureFault("there is none by SHA-256 or SHA-512")
    for make, member in given:
        if not isinstance(member, tuple) or not isinstance(member[0], bytes):
            raise SignatureFault("it is no byte sequence")
        if not hmac.compare_digest(member[0], make(content).digest()):
            return False
    return True


def _refused(reason: str) -> Deny:
    detail = f"The request's Content-Digest is not accepted: {reason}."
    return Deny(POLICY, problem("content-digest-invalid", detail))
