"""Trailer fields (RFC 9110 §6.5): which of them pass, and to whom.

A trailer comes when the message has been judged and is on its way, so that none passes by which it was judged, or
could be: what frames, routes, authenticates, or steers how the content is read (§6.5.1), and whatever would not
have passed as a header.
"""

from typing import Final

from gateway.wire.headers import forwarded_headers
from policies.exchange import Header

# RFC 9110 §6.5.1, as RFC 7230 §4.1.2 listed them; `forwarded_headers` knows of framing, identity and hops.
_NEVER: Final = frozenset(
    {
        *(b"cache-control", b"expect", b"max-forwards", b"pragma", b"range", b"te", b"host", b"content-length"),
        *(b"accept", b"accept-charset", b"accept-encoding", b"accept-language", b"api-version"),
        *(b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range"),
        *(b"authorization", b"www-authenticate", b"authentication-info", b"cookie", b"set-cookie", b"signature"),
        *(b"signature-input", b"idempotency-key", b"origin", b"referer", b"user-agent"),
        *(b"age", b"expires", b"date", b"last-modified", b"location", b"retry-after", b"vary", b"warning"),
        *(b"content-encoding", b"content-type", b"content-range", b"content-location", b"content-disposition"),
        *(b"transfer-encoding", b"trailer", b"connection", b"upgrade", b"keep-alive", b"server", b"allow"),
        *(b"deprecation", b"sunset", b"link", b"ratelimit", b"ratelimit-policy", b"x-request-id"),
        *(b"strict-transport-security", b"content-security-policy", b"clear-site-data"),
    }
)
_ORIGIN_CONTROL: Final = b"access-control-"


def passing_trailers(fields: list[Header], connection: bytes | None, credential: bytes = b"") -> list[Header]:
    """Those of a message's trailers that go on. `connection` is the message's Connection field; `credential` is
    the name of the header in which the gateway proves itself to the upstream."""
    return [
        (name, value)
        for name, value in forwarded_headers(fields, connection, credential)
        if (plain := name.lower().replace(b"_", b"-")) not in _NEVER and not plain.startswith(_ORIGIN_CONTROL)
    ]
