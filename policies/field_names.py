"""Header fields that are the gateway's own business: what passes it, and what settings must leave alone.

Names are compared in one spelling: a CGI-like server takes `X_Forwarded_For` and `X.Forwarded.For` for
`X-Forwarded-For`.
"""

import re
from typing import Final

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authentication-info",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)

NOT_FORWARDED: Final = HOP_BY_HOP | {
    b"host",  # the upstream's own
    b"content-length",  # framing is this hop's
    b"expect",  # answered here
    b"authorization",  # a partner's token never goes upstream
    b"cookie",
    b"dpop",
    b"client-cert",
    b"client-cert-chain",
    b"forwarded",
    b"via",
    b"x-real-ip",
    b"x-request-id",
    b"traceparent",
    b"tracestate",
    # Another path, method or host than the one that was authorised (Symfony, IIS, Rails, Express and others).
    b"x-original-url",
    b"x-original-uri",
    b"x-original-host",
    b"x-rewrite-url",
    b"x-host",
    b"x-http-host-override",
    b"x-http-method",
    b"x-http-method-override",
    b"x-method-override",
    b"proxy",  # CVE-2016-5385: CGI makes the upstream's own HTTP_PROXY of it
    # Another user or address than the connection's.
    b"remote-user",
    b"x-remote-user",
    b"x-authenticated-user",
    b"x-client-ip",
    b"x-cluster-client-ip",
    b"x-original-forwarded-for",
    b"true-client-ip",
    b"cf-connecting-ip",
    b"x-openerp-session-id",
}
OURS: Final = (
    b"x-ostiary-",
    b"x-forwarded-",
    b"x-auth-request-",
    b"x-odoo-",  # names the database
    # By these a TLS terminator tells of a client's certificate; a client tells of nobody's.
    b"ssl-client-",
    b"x-ssl-",
    b"x-client-cert",
    b"x-amzn-mtls-",
    b"x-arr-clientcert",
)
"""How the names begin by which the gateway, or a terminator in front of it, speaks of clients."""
# By these the request was judged: an alias must not tell the upstream otherwise.
JUDGED: Final = frozenset(
    {b"accept", b"api-version", b"content-encoding", b"content-type", b"idempotency-key", b"range"}
)
OF_THE_ANSWER: Final = frozenset(
    {b"x-request-id", b"ratelimit", b"ratelimit-policy", b"deprecation", b"sunset", b"www-authenticate"}
)
"""What the gateway itself says of an exchange: an upstream's word for it does not pass."""
OF_THE_CONTENT: Final = frozenset(
    {b"content-length", b"content-encoding", b"content-type", b"content-range", b"accept-ranges"}
)
"""What the content is, and how much of it there is."""

DIGESTS: Final = frozenset({b"content-digest", b"repr-digest", b"digest", b"content-md5"})
"""Of the bytes of a body (RFC 9530): who changes that takes them off."""

_SEPARATOR: Final = re.compile(rb"[^0-9a-z]")


def plain_name(name: bytes) -> bytes:
    """A field's name in lower case, with a hyphen for all that is neither letter nor digit."""
    return _SEPARATOR.sub(b"-", name.lower())


def is_forwarded(plain: bytes) -> bool:
    """Whether a request's field passes the gateway, by its name in that spelling."""
    return plain not in NOT_FORWARDED and not plain.startswith(OURS)
