"""URIs as they stand in header fields, between angle brackets or quotes."""

from typing import Final
from urllib.parse import quote

# RFC 3986 reserved and unreserved characters, and `%` of escapes that are there already.
_SAFE: Final = ":/?#[]@!$&'()*+,;=%-._~"


def field_uri(text: str) -> str:
    """`text` with everything percent-encoded that no URI holds (quotes, brackets, spaces, non-ASCII)."""
    return quote(text, safe=_SAFE)
