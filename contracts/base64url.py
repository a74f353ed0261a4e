"""base64url in its one canonical form: what JOSE (RFC 7515 §2) encodes bytes with."""

import base64
import binascii


class NotCanonical(ValueError):
    """The text is not base64url, or another text stands for the same bytes."""


def canonical_base64url(text: bytes) -> bytes:
    """Decodes base64url without padding and with spare bits zero (RFC 7515 §2, RFC 4648 §3.5). Raises
    NotCanonical."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotCanonical("it is not base64url") from None
    if base64url(data).encode() != text:
        raise NotCanonical("it is not base64url in canonical form")
    return data


def base64url(data: bytes) -> str:
    """The canonical form."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
