"""Requests that are sound HTTP: what a gateway in front of an API does with their targets and their fields.

They are for a gateway that serves `OPERATIONS` and nothing else. `{token}` in a request stands for a good access
token with the scope `orders:read`. Whatever a client forges has `forged` in it, so that an upstream that sees the
word anywhere has been lied to.

Sources: RFC 3986 (§3.3, §6.2.2), RFC 9110 (§7.6.1), RFC 9112 (§3.2), and the public research on path confusion,
method override, header smuggling through `_`, and hop-by-hop abuse.
"""

from typing import Final, NamedTuple

from tests.conformance.http.cases import CHUNKED, END, GET, HOST, SMUGGLED, Refused, post

OPERATIONS: Final = (
    # method, template, scope (empty for a public one)
    ("GET", "/a", ""),
    ("POST", "/a", ""),
    ("GET", "/items/{item}", ""),
    ("GET", "/orders", "orders:read"),
    ("GET", "/admin", "orders:admin"),
    ("GET", "/smuggled", "orders:admin"),
)


class Forwarded(NamedTuple):
    """`line` is the request line that the upstream gets, without a prefix of its own; `kept` are lines of it."""

    name: str
    raw: bytes
    line: bytes = b"GET /a HTTP/1.1"
    kept: tuple[bytes, ...] = ()


def _to(target: bytes, fields: bytes = b"", method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\n" + HOST + fields + END


def _ambiguous(name: str, target: bytes) -> Refused:
    return Refused(name, _to(target), 400, "ambiguous-target")


def _malformed(name: str, target: bytes) -> Refused:
    return Refused(name, _to(target))


def _absent(name: str, target: bytes) -> Refused:
    return Refused(name, _to(target), 404, "route-not-found")


def _with_request(target: bytes, method: bytes = b"GET", *, chunked: bool = False) -> bytes:
    if chunked:
        return _to(target, CHUNKED, method) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    return _to(target, b"Content-Length: %d\r\n" % len(SMUGGLED), method) + SMUGGLED


def _unknown(
    name: str, fields: bytes, target: bytes = b"/orders", problem: str = "credentials-missing"
) -> Refused:
    return Refused(name, _to(target, fields), 401, problem)


_BEARER: Final = b"Authorization: Bearer {token}\r\n"
_OVERRIDE: Final = b"X-HTTP-Method-Override: DELETE\r\n"

REFUSED_BY_GATEWAY: Final = (
    # encoded slashes, backslashes and controls
    _ambiguous("encoded-slash", b"/items/a%2fb"),
    _ambiguous("encoded-slash-in-capitals", b"/items/a%2Fb"),
    _ambiguous("encoded-backslash", b"/items/a%5cb"),
    _ambiguous("encoded-backslash-in-capitals", b"/items/..%5Cadmin"),
    _ambiguous("encoded-nul", b"/items/a%00"),
    _ambiguous("nul-before-suffix", b"/admin%00.json"),
    _ambiguous("encoded-line-break", b"/items/%0d%0aX-Forged:%20forged"),
    _ambiguous("encoded-lf", b"/items/a%0a"),
    _ambiguous("encoded-tab", b"/items/a%09"),
    _ambiguous("encoded-delete", b"/items/a%7f"),
    _ambiguous("encoded-tab-last", b"/admin%09"),
    _ambiguous("encoded-url", b"/items/a%3A%2F%2Fforged"),
    _ambiguous("encoded-backslashes-first", b"/%5c%5cforged"),
    # dot segments
    _ambiguous("dot-dot", b"/items/../admin"),
    _ambiguous("dot", b"/items/./a"),
    _ambiguous("dot-dot-last", b"/items/.."),
    _ambiguous("dot-last", b"/items/."),
    _ambiguous("dot-dot-above-root", b"/../admin"),
    _ambiguous("encoded-dots", b"/items/%2e%2e/admin"),
    _ambiguous("one-encoded-dot", b"/items/.%2e/admin"),
    _ambiguous("other-encoded-dot", b"/items/%2E./admin"),
    _ambiguous("encoded-dot-last", b"/items/%2e"),
    _ambiguous("dots-and-encoded-slash", b"/items/..%2fadmin"),
    _ambiguous("encoded-dots-and-slash", b"/items/%2e%2e%2fadmin"),
    _ambiguous("dots-before-query", b"/items/..?x=1"),
    _ambiguous("dots-alone", b"/.."),
    _ambiguous("dot-first", b"/./a"),
    _ambiguous("dot-behind-operation", b"/admin/."),
    _ambiguous("dots-by-way-of-another", b"/a/../admin"),
    _ambiguous("five-hundred-dots", b"/items/" + b"../" * 500),
    _ambiguous("dots-and-encoded-backslash", b"/items/%2e%2e%5cadmin"),
    _ambiguous("dots-and-nul", b"/items/..%00/admin"),
    _ambiguous("dots-and-cr", b"/items/..%0d/admin"),
    _ambiguous("slashes-encoded-between-dots", b"/items/x/..%2f..%2fadmin"),
    # encoded twice
    _ambiguous("twice-encoded-slash", b"/items/a%252fb"),
    _ambiguous("twice-encoded-dots", b"/items/%252e%252e/admin"),
    _ambiguous("twice-encoded-letter", b"/items/%2561"),
    _ambiguous("thrice-encoded-slash", b"/items/%25252f"),
    _ambiguous("digits-of-an-escape-encoded", b"/items/%25%32%66"),
    _ambiguous("one-digit-of-an-escape-encoded", b"/items/%252%66"),
    _ambiguous("encoded-dot-in-pieces", b"/items/%25%32%65"),
    # empty segments
    _ambiguous("two-slashes-first", b"//admin"),
    _ambiguous("two-slashes-within", b"/items//admin"),
    _ambiguous("two-slashes-last", b"/a//"),
    _ambiguous("network-path", b"//api.example/a"),
    _ambiguous("three-slashes-first", b"///a"),
    _ambiguous("two-slashes-for-a-parameter", b"/items//"),
    # path parameters
    _ambiguous("dot-dot-encoded-semicolon", b"/items/..%3b/admin"),
    _ambiguous("dot-encoded-semicolon", b"/items/%2e%3Bx/a"),
    _ambiguous("semicolon", b"/admin;x=1"),
    _ambiguous("dot-dot-semicolon", b"/items/..;/admin"),
    _ambiguous("semicolon-first", b"/;/admin"),
    _ambiguous("dot-semicolon", b"/.;/admin"),
    _ambiguous("encoded-dot-semicolon", b"/%2e;/admin"),
    _ambiguous("encoded-semicolon-then-dots", b"/a%3B/../admin"),
    _ambiguous("semicolon-then-dots", b"/a;/../admin"),
    _ambiguous("dots-encoded-semicolon-last", b"/items/..%3Ba"),
    # what is no UTF-8
    _ambiguous("overlong-slash", b"/items/%c0%af"),
    _ambiguous("overlong-dots", b"/items/%c0%ae%c0%ae/admin"),
    _ambiguous("three-byte-overlong-slash", b"/items/%e0%80%af"),
    _ambiguous("four-byte-overlong-slash", b"/items/%f0%80%80%af"),
    _ambiguous("surrogate", b"/items/%ed%a0%80"),
    _ambiguous("lone-byte", b"/items/%ff"),
    _ambiguous("five-byte-overlong-slash", b"/items/%f8%80%80%80%af"),
    _ambiguous("overlong-backslash", b"/items/%c1%9c"),
    _ambiguous("half-overlong-dot", b"/items/%C0%2E"),
    _ambiguous("three-byte-overlong-dot", b"/items/%E0%80%AE"),
    _ambiguous("beyond-unicode", b"/items/%F4%90%80%80"),
    _ambiguous("pair-of-surrogates", b"/items/%ED%AF%80%ED%BF%BF"),
    # what is no escape, no character, no form
    _malformed("u-escape", b"/items/%u002f"),
    _malformed("percent-last", b"/items/%"),
    _malformed("half-escape", b"/items/%2"),
    _malformed("escape-not-hexadecimal", b"/items/%zz"),
    _malformed("two-percents", b"/items/%%32%66"),
    _malformed("escape-within-an-escape", b"/items/%2%66"),
    _malformed("percent-in-query", b"/a?%"),
    _malformed("backslash-in-query", b"/a?next=\\"),
    _malformed("backslash-behind-slash", b"/\\forged"),
    _malformed("escape-in-query-not-hexadecimal", b"/a?x=%zz"),
    _malformed("nul-in-query", b"/a?x=%00"),
    _malformed("backslash", b"/items/a\\b"),
    _malformed("dot-dot-backslash", b"/items/..\\admin"),
    _malformed("fragment", b"/items/a#b"),
    _malformed("fragment-after-query", b"/a?x#y"),
    _malformed("pipe-in-path", b"/items/a|b"),
    _malformed("quote-in-path", b'/items/a"b'),
    _malformed("angle-bracket-in-path", b"/items/<b>"),
    _malformed("brace-in-path", b"/items/{b}"),
    _malformed("asterisk-with-get", b"*"),
    _malformed("authority-form", b"api.example:443"),
    _malformed("no-first-slash", b"items/a"),
    _malformed("query-alone", b"?x=1"),
    _malformed("absolute-of-other-host", b"http://other.example/a"),
    _malformed("absolute-with-user", b"http://api.example@other.example/a"),
    _malformed("absolute-with-port", b"http://api.example:81/a"),
    _malformed("absolute-without-host", b"http:///a"),
    _malformed("absolute-of-other-scheme", b"ftp://api.example/a"),
    _malformed("file-scheme", b"file:///a"),
    _malformed("websocket-scheme", b"ws://api.example/a"),
    _malformed("absolute-with-default-port", b"http://api.example:80/a"),
    _malformed("absolute-with-last-dot", b"http://api.example./a"),
    _malformed("absolute-with-user-of-host", b"http://forged@api.example/a"),
    _malformed("absolute-with-password", b"http://forged:forged@api.example/a"),
    _malformed("absolute-of-an-address", b"http://[::1]/a"),
    _malformed("asterisk-with-query", b"*?x"),
    _ambiguous("absolute-with-dots", b"http://api.example/items/../admin"),
    _ambiguous("absolute-with-encoded-slash", b"http://api.example/items/a%2fb"),
    # near to an operation, and none
    _absent("other-case", b"/A"),
    _absent("trailing-slash", b"/a/"),
    _absent("trailing-space", b"/a%20"),
    _absent("trailing-dot", b"/a%2e"),
    _absent("suffix", b"/a.json"),
    _absent("segment-too-many", b"/items/a/b"),
    _absent("parameter-missing", b"/items/"),
    _absent("encoded-question-mark", b"/a%3fx=1"),
    _absent("full-width-letter", b"/%ef%bd%81"),
    _absent("other-case-encoded", b"/%41dmin"),
    _absent("no-break-space-last", b"/admin%c2%a0"),
    _absent("version-in-path", b"/a%20HTTP/1.1"),
    _absent("ampersand", b"/a&x"),
    _absent("home", b"/~root"),
    _absent("absolute-without-path", b"http://api.example"),
    _absent("absolute-without-path-with-query", b"http://api.example?x"),
    Refused("length-of-32-bits-and-2", post(b"Content-Length: 4294967298\r\n", b"ab"), 413, "body-too-large"),
    Refused("propfind", _to(b"/a", method=b"PROPFIND"), 405, "method-not-allowed"),
    Refused("purge", _to(b"/a", method=b"PURGE"), 405, "method-not-allowed"),
    Refused("source", _to(b"/a", method=b"SOURCE"), 405, "method-not-allowed"),
    Refused(
        "content-coding-chunked",
        post(b"Content-Encoding: chunked\r\nContent-Length: 2\r\n", b"ab"),
        415,
        "content-coding-unsupported",
    ),
    Refused("query-with-encoded-line-break", _to(b"/a?%0d%0aX:%20forged"), 422, "schema-violation"),
    Refused("put-on-get", _to(b"/a", b"Content-Length: 0\r\n", b"PUT"), 405, "method-not-allowed"),
    Refused("delete-on-get", _to(b"/a", method=b"DELETE"), 405, "method-not-allowed"),
    Refused(
        "override-to-delete",
        _to(b"/orders", b"X-HTTP-Method-Override: DELETE\r\n", b"POST"),
        405,
        "method-not-allowed",
    ),
    Refused("get-with-body", _to(b"/a", b"Content-Length: 2\r\n") + b"ab", 422, "schema-violation"),
    Refused("post-without-body", _to(b"/a", b"Content-Length: 0\r\n", b"POST"), 422, "schema-violation"),
    # who calls
    _unknown("no-credentials", b""),
    _unknown("encoded-path-no-credentials", b"", b"/%6f%72ders"),
    _unknown("token-in-query", b"", b"/orders?access_token={token}"),
    _unknown("token-in-cookie", b"Cookie: access_token={token}\r\n"),
    _unknown("token-for-a-proxy", b"Proxy-Authorization: Bearer {token}\r\n"),
    _unknown("token-in-an-alias", b"X-Authorization: Bearer {token}\r\n"),
    _unknown("token-with-underscore", b"Authorization_: Bearer {token}\r\n"),
    _unknown("identity-by-header", b"X-Ostiary-Consumer: acme\r\nRemote-User: acme\r\n"),
    _unknown("other-url-by-header", b"X-Original-URL: /a\r\nX-Rewrite-URL: /a\r\n"),
    _unknown("basic", b"Authorization: Basic YTpi\r\n"),
    _unknown("two-tokens-in-one", b"Authorization: Bearer {token}, Bearer {token}\r\n", problem="token-invalid"),
    _unknown("cut-token", b"Authorization: Bearer {token}x\r\n", problem="token-invalid"),
    Refused("scope-missing", _to(b"/admin", _BEARER), 403, "scope-insufficient"),
    Refused("scope-missing-encoded", _to(b"/%61dmin", _BEARER), 403, "scope-insufficient"),
)

BODIES_LIKE_REQUESTS: Final = (
    # Answered before the body is read: it is dropped as what it is, and not taken for the next request.
    Refused("body-to-nowhere", _with_request(b"/nowhere", b"POST"), 404, "route-not-found"),
    Refused("body-without-credentials", _with_request(b"/orders"), 401, "credentials-missing"),
    Refused("body-of-another-method", _with_request(b"/orders", b"PUT"), 405, "method-not-allowed"),
    Refused("body-of-a-get", _with_request(b"/a"), 422, "schema-violation"),
    Refused("body-to-an-ambiguous-target", _with_request(b"/items/a%2fb", b"POST"), 400, "ambiguous-target"),
    Refused("body-of-another-type", _with_request(b"/a", b"POST"), 415, "unsupported-media-type"),
    Refused("chunks-to-nowhere", _with_request(b"/nowhere", b"POST", chunked=True), 404, "route-not-found"),
    Refused("chunks-of-a-get", _with_request(b"/a", chunked=True), 422, "schema-violation"),
)

_NAMES: Final = (
    # identity and place, in spellings that a CGI-like server takes for them
    *(b"X-Forwarded-For", b"X_Forwarded_For", b"x-forwarded_for", b"X.Forwarded.For", b"X~Forwarded!For"),
    *(b"X-Forwarded-Proto", b"X-Forwarded-Host", b"X-Forwarded-Prefix", b"X-Forwarded-User", b"Forwarded"),
    *(b"X-Ostiary-Consumer", b"X_Ostiary_Consumer", b"x-ostiary_client", b"Via", b"X-Real-IP", b"X_Real_IP"),
    *(b"True-Client-IP", b"CF-Connecting-IP", b"X-Client-IP", b"Remote-User", b"Remote_User", b"X-Remote-User"),
    *(b"Client-Cert", b"Client_Cert", b"X-SSL-Client-Verify", b"X-Auth-Request-User", b"X-Odoo-Database"),
    *(b"X-Openerp-Session-Id", b"Cookie", b"Proxy-Authorization", b"DPoP", b"Traceparent", b"Tracestate"),
    # another request than the one that was authorised
    *(b"X-Original-URL", b"X_Original_URL", b"X-Rewrite-URL", b"X-Host", b"X-HTTP-Method-Override"),
    *(b"X_HTTP_Method_Override", b"X-Method-Override", b"X-HTTP-Method", b"Proxy", b"Content_Type"),
    *(b"Content_Length", b"Transfer_Encoding", b"Api_Version", b"Idempotency_Key", b"Content.Type"),
    # hop by hop
    *(b"Keep-Alive", b"Keep_Alive", b"Proxy-Connection", b"TE", b"Trailer", b"HTTP2-Settings", b"Upgrade"),
    *(b"Expect", b"Proxy-Authenticate", b"Proxy-Authentication-Info"),
)

FORWARDED: Final = (
    *(Forwarded(f"forged-{name.decode().lower()}", _to(b"/a", name + b": forged\r\n")) for name in _NAMES),
    Forwarded("forged-authorization", _to(b"/a", b"Authorization: Bearer forged\r\n")),
    Forwarded("token-stays", _to(b"/orders", _BEARER), b"GET /orders HTTP/1.1"),
    Forwarded(
        "encoded-operation",
        _to(b"/%6Frders", _BEARER),
        b"GET /orders HTTP/1.1",
    ),
    # Connection
    Forwarded(
        "connection-twice",
        _to(b"/a", b"Connection: x-a\r\nConnection: x-b\r\nX-A: forged\r\nX-B: forged\r\n"),
    ),
    Forwarded("connection-lists", _to(b"/a", b"Connection: keep-alive,\t X-A ,,\r\nX-A: forged\r\n")),
    Forwarded("connection-names-itself", _to(b"/a", b"Connection: connection, close\r\n")),
    Forwarded("connection-names-ours", _to(b"/a", b"Connection: X-Forwarded-For, Via, X-Request-Id\r\n")),
    Forwarded("connection-names-cookie", _to(b"/a", b"Connection: Cookie\r\nCookie: forged\r\n")),
    Forwarded("connection-of-nothing", _to(b"/a", b"Connection: ,,\r\nX-A: kept\r\n"), kept=(b"X-A: kept",)),
    Forwarded("connection-of-no-token", _to(b"/a", b'Connection: "x-a"\r\nX-A: kept\r\n'), kept=(b"X-A: kept",)),
    # what passes as it stands
    Forwarded(
        "order-and-duplicates",
        _to(b"/a", b"X-B: 1\r\nx-a: 2\r\nX-B: 3\r\n"),
        kept=(b"X-B: 1", b"x-a: 2", b"X-B: 3"),
    ),
    Forwarded("eight-bit-value", _to(b"/a", b"X-A: \xe4\t\xff\r\n"), kept=(b"X-A: \xe4\t\xff",)),
    Forwarded("plain-underscore", _to(b"/a", b"x_a: kept\r\n"), kept=(b"x_a: kept",)),
    Forwarded("request-in-a-value", _to(b"/a", b"X-A: GET /admin HTTP/1.1\r\n")),
    # targets
    Forwarded("encoded-letter", _to(b"/%61")),
    Forwarded("empty-query", _to(b"/a?")),
    Forwarded("slashes-and-dots-in-query", _to(b"/a?next=/../admin//x;y"), b"GET /a?next=/../admin//x;y HTTP/1.1"),
    Forwarded("escapes-in-query", _to(b"/a?next=%2f%2e%2E%252f"), b"GET /a?next=%2f%2e%2E%252f HTTP/1.1"),
    Forwarded("question-marks", _to(b"/a?next=1?y=2"), b"GET /a?next=1?y=2 HTTP/1.1"),
    Forwarded("encoded-tilde", _to(b"/items/%7eb"), b"GET /items/~b HTTP/1.1"),
    Forwarded("lower-case-escape", _to(b"/items/%c3%a4"), b"GET /items/%C3%A4 HTTP/1.1"),
    Forwarded("encoded-space", _to(b"/items/a%20b"), b"GET /items/a%20b HTTP/1.1"),
    Forwarded("encoded-semicolon", _to(b"/items/a%3bb"), b"GET /items/a%3Bb HTTP/1.1"),
    Forwarded("encoded-percent", _to(b"/items/100%25"), b"GET /items/100%25 HTTP/1.1"),
    Forwarded("encoded-hash", _to(b"/items/a%23b"), b"GET /items/a%23b HTTP/1.1"),
    Forwarded("encoded-question-mark-in-value", _to(b"/items/a%3fb"), b"GET /items/a%3Fb HTTP/1.1"),
    # Look like separators and are none: they stay encoded, for whoever decodes them once more.
    Forwarded("division-slash", _to(b"/items/%E2%88%95admin"), b"GET /items/%E2%88%95admin HTTP/1.1"),
    Forwarded("full-width-slash", _to(b"/items/%ef%bc%8fadmin"), b"GET /items/%EF%BC%8Fadmin HTTP/1.1"),
    Forwarded("full-width-dots", _to(b"/items/%EF%BC%8E%EF%BC%8E"), b"GET /items/%EF%BC%8E%EF%BC%8E HTTP/1.1"),
    Forwarded("right-to-left-override", _to(b"/items/%E2%80%AE"), b"GET /items/%E2%80%AE HTTP/1.1"),
    Forwarded("letter-and-encoded-dots", _to(b"/items/%61%2e%2e"), b"GET /items/a.. HTTP/1.1"),
    Forwarded("encoded-comma-and-star", _to(b"/items/a%2c%2a"), b"GET /items/a%2C%2A HTTP/1.1"),
    Forwarded("all-letters-encoded", _to(b"/items/" + b"%61" * 2000), b"GET /items/" + b"a" * 2000 + b" HTTP/1.1"),
    Forwarded("marks-in-query", _to(b"/a?next=|^`{}"), b"GET /a?next=|^`{} HTTP/1.1"),
    Forwarded("three-dots", _to(b"/items/..."), b"GET /items/... HTTP/1.1"),
    Forwarded("dot-file", _to(b"/items/.a"), b"GET /items/.a HTTP/1.1"),
    Forwarded("colon-and-at", _to(b"/items/a:b@c"), b"GET /items/a:b@c HTTP/1.1"),
    Forwarded("absolute", _to(b"http://api.example/a")),
    Forwarded("absolute-in-capitals", _to(b"HTTP://API.EXAMPLE/a")),
    Forwarded("absolute-with-query", _to(b"http://api.example/items/x?next=1"), b"GET /items/x?next=1 HTTP/1.1"),
    Forwarded("absolute-https", _to(b"https://api.example/a")),
    Forwarded("http-1-0", b"GET /a HTTP/1.0\r\n" + HOST + END),
    Forwarded("head-of-get", _to(b"/a", method=b"HEAD"), b"HEAD /a HTTP/1.1"),
    Forwarded("no-accept", GET + HOST + END),
)
