"""Proof Key for Code Exchange (RFC 7636), by S256 alone: `plain` proves nothing to whoever saw the request."""

import base64
import hashlib
import hmac
import re
from typing import Final

# §4.2: base64url of a SHA-256 digest has 43 characters, of which the last carries two bits that are zero.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # §4.1


def is_challenge(text: str) -> bool:
    """Whether it can be the challenge of any verifier."""
    return _CHALLENGE.fullmatch(text) is not None


def proves(verifier: str, challenge: str) -> bool:
    """Whether the verifier is the challenge's (§4.6). Takes the same time for each well-formed one."""
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())
