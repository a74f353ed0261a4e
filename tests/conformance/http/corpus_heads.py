"""The head's own lines: request lines, names, values and hosts in spellings that some server takes for sound.

Sources: RFC 9112 (§3, §5), RFC 9110 (§5.1, §5.5, §7.2, §7.6.1, §7.8), RFC 3986 (§3.2.2), and what public fuzzing
of servers against each other has found them to differ in.
"""

from typing import Final

from tests.conformance.http.cases import END, GET, HOST, Refused, Served, get

_LINES: Final = {
    "tab-before-target": b"GET\t/a HTTP/1.1",
    "tab-after-target": b"GET /a\tHTTP/1.1",
    "tab-last": b"GET /a HTTP/1.1\t",
    "four-words": b"GET /a HTTP/1.1 x",
    "two-versions": b"GET /a HTTP/1.1 HTTP/1.1",
    "two-in-one": b"GET /admin HTTP/1.1 /a HTTP/1.1",
    "comma-last": b"GET /a HTTP/1.1,",
    "nul-first": b"\x00GET /a HTTP/1.1",
    "nul-in-method": b"GET\x00 /a HTTP/1.1",
    "nul-in-target": b"GET /a\x00 HTTP/1.1",
    "space-first": b" GET /a HTTP/1.1",
    "equals-sign-in-method": b"G=T /a HTTP/1.1",
    "eight-bit-method": b"G\xcbT /a HTTP/1.1",
    "version-01-1": b"GET /a HTTP/01.1",
    "version-1-10": b"GET /a HTTP/1.10",
    "version-11": b"GET /a HTTP/11",
    "version-1": b"GET /a HTTP/1",
    "version-1-dot": b"GET /a HTTP/1.",
    "version-minus-1": b"GET /a HTTP/1.-1",
    "version-0-9": b"GET /a HTTP/0.9",
    "version-1-9": b"GET /a HTTP/1.9",
    "version-3-0": b"GET /a HTTP/3.0",
    "space-in-version": b"GET /a HTTP /1.1",
    "icecast": b"GET /a ICE/1.0",
    "an-answer": b"HTTP/1.1 200 OK",
    "vertical-tab-after-target": b"GET /a\x0bHTTP/1.1",
    "no-break-space-after-target": b"GET /a\xa0HTTP/1.1",
    "no-target": b"GET HTTP/1.1",
    "two-crs": b"GET /a HTTP/1.1\r",
    "line-break-turned-round": b"GET /a HTTP/1.1\n\r",
    "quoted-target": b'GET "/a" HTTP/1.1',
    "proxy-protocol": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2",
    "proxy-protocol-2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c",
    "delete-in-query": b"GET /a?x=\x7f HTTP/1.1",
    "scheme-alone": b"GET http:/a HTTP/1.1",
    "script": b"GET javascript:alert(1) HTTP/1.1",
    "backslash-first": b"GET \\a HTTP/1.1",
    "at-first": b"GET @forged/a HTTP/1.1",
    "port-first": b"GET :80/a HTTP/1.1",
    "backslash-in-authority": b"GET http://api.example\\@forged/a HTTP/1.1",
    "fragment-in-authority": b"GET http://api.example#@forged/a HTTP/1.1",
}
_METHODS: Final = (b"Get", b"GET-", b"G_ET", b"DEBUG", b"TRACK", b"G" * 9_000)
_NAMES: Final = {
    "parenthesis": b"X(",
    "at": b"X@",
    "slash": b"X/",
    "brackets": b"X[]",
    "braces": b"X{}",
    "angle-brackets": b"<X>",
    "quotes": b'"X"',
    "comma": b"X,Y",
    "semicolon": b"X;Y",
    "equals-sign": b"X=Y",
    "question-mark": b"X?",
    "backslash": b"X\\Y",
    "space": b"X Y",
    "delete": b"X\x7f",
    "vertical-tab": b"X\x0b",
    "zero-width-space": b"\xe2\x80\x8bX",
    "pseudo-path": b":path",
    "pseudo-authority": b":authority",
}
_VALUES: Final = {
    "vertical-tab": b" a\x0bb",
    "form-feed": b" a\x0cb",
    "start-of-heading": b" a\x01b",
    "backspace": b" a\x08b",
    "nul-first": b"\x00a",
    "bare-cr": b" a\rb",
    "bare-cr-last": b" a\r",
    "bare-lf": b" a\nb",
}
_HOSTS: Final = {
    "nul": b"api.example\x00",
    "empty-port": b"api.example:",
    "port-65536": b"api.example:65536",
    "port-99999": b"192.0.2.1:99999",
    "negative-port": b"api.example:-1",
    "signed-port": b"api.example:+80",
    "space-before-port": b"api.example: 80",
    "two-ports": b"api.example:80:81",
    "port-alone": b":80",
    "future-address": b"[v1.x]",
    "text-behind-address": b"[::1]x",
    "no-address": b"[::g]",
    "two-brackets": b"[[::1]]",
    "empty-brackets": b"[]",
    "zone": b"[fe80::1%25eth0]",
    "empty-label": b"api..example",
    "dot-first": b".api.example",
    "star": b"*",
    "semicolon": b"api.example;x",
    "backslash": b"api.example\\x",
    "query": b"api.example?x",
    "at": b"api.example@forged",
    "quotes": b'"api.example"',
    "angle-brackets": b"<x>",
    "braces": b"${x}",
    "comment": b"(x)api.example",
    "tab": b"api.example\tx",
    "vertical-tab": b"\x0bapi.example",
    "eight-bit": b"api.ex\xe4mple",
    "escaped-line-break": b"api.example%0d%0aX:y",
    "of-256": b"a" * 256,
}
_CONNECTIONS: Final = (
    b"Content-Type",
    b"API-Version",
    b"Idempotency-Key",
    b"Accept",
    b"DPoP",
    b"Content-Encoding",
    b"If-Match",
    b"If-None-Match",
    b"If-Modified-Since",
    b"If-Unmodified-Since",
    b"If-Range",
    b"Range",
    b"Content-Digest",
    b"Signature",
    b"Signature-Input",
)
_TWICE: Final = (b"API-Version", b"DPoP", b"Idempotency-Key", b"Content-Encoding", b"Expect", b"Transfer-Encoding")
_UPGRADES: Final = {
    "h2c-or-websocket": b"h2c, websocket",
    "http-2": b"HTTP/2.0",
    "tls": b"TLS/1.0",
    "websocket-of-a-version": b"websocket/13",
    "h2": b"h2",
    "connect-udp": b"connect-udp",
}

REFUSED: Final = (
    *(Refused(f"line-{name}", line + END + HOST + END) for name, line in _LINES.items()),
    *(
        Refused(
            f"method-{method.decode()[:9]}",
            method + b" /a HTTP/1.1\r\n" + HOST + END,
            501,
            "method-not-implemented",
        )
        for method in _METHODS
    ),
    *(Refused(f"name-with-{name}", get(spelled + b": a\r\n")) for name, spelled in _NAMES.items()),
    *(Refused(f"value-with-{name}", get(b"X:" + value + b"\r\n")) for name, value in _VALUES.items()),
    *(Refused(f"host-is-{name}", GET + b"Host: " + host + END + END) for name, host in _HOSTS.items()),
    Refused("host-space-before-colon", GET + b"Host : api.example\r\n\r\n"),
    Refused("host-in-two-cases", GET + b"host: api.example\r\nHOST: forged\r\n\r\n"),
    Refused("host-then-an-empty-one", GET + HOST + b"Host:\r\n\r\n"),
    Refused("host-after-a-folded-one", GET + b" Host: forged\r\n" + HOST + END),
    Refused("two-hosts-in-http-1-0", b"GET /a HTTP/1.0\r\n" + HOST + b"Host: forged\r\n\r\n"),
    Refused("bad-host-in-http-1-0", b"GET /a HTTP/1.0\r\nHost: a/b\r\n\r\n"),
    Refused("absolute-with-two-hosts", b"GET http://api.example/a HTTP/1.1\r\n" + HOST + b"Host: forged\r\n\r\n"),
    *(
        Refused(
            f"connection-names-{name.decode().lower()}", get(b"Connection: x, " + name + END + name + b": a\r\n")
        )
        for name in _CONNECTIONS
    ),
    Refused("nul-in-connection", get(b"Connection: \x00close\r\n")),
    *(
        Refused(f"twice-{name.decode().lower()}", get(name + b": a\r\n" + name.lower() + b": b\r\n"))
        for name in _TWICE
    ),
    *(
        Refused(
            f"upgrade-to-{name}",
            get(b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"),
            501,
            "method-not-implemented",
        )
        for name, protocol in _UPGRADES.items()
    ),
    Refused("102-fields", get(b"".join(b"X%d: y\r\n" % number for number in range(101))), 431, "head-too-large"),
)

SERVED: Final = (
    Served("name-of-all-marks", get(b"X!#$%&'*+.^_`|~9: a\r\n")),
    Served("long-name", get(b"X" * 30_000 + b": a\r\n")),
    Served("host-with-last-dot", GET + b"Host: api.example.\r\n\r\n"),
    Served("host-with-underscore", GET + b"Host: api_example\r\n\r\n"),
    Served("host-of-255", GET + b"Host: " + b"a" * 255 + b":65535\r\n\r\n"),
    Served("connection-of-3000-names", get(b"Connection: " + b",".join(b"x%d" % n for n in range(3_000)) + END)),
    Served("close-twice", get(b"Connection: close, close\r\n")),
    Served("keep-alive-and-close", get(b"Connection: keep-alive, close\r\n")),
    Served("upgrade-of-nothing", get(b"Connection: Upgrade\r\nUpgrade:\r\n")),
    Served("connection-upgrade-alone", get(b"Connection: upgrade\r\n")),
)
