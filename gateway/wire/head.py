"""A request's head, read and judged (RFC 9110, RFC 9112). Pure: bytes in, a `Head` or a refusal out.

llhttp parses; it already refuses bare CR and LF, obs-fold, a space before the colon, control bytes, a signed or
listed Content-Length, and Content-Length beside Transfer-Encoding. What it lets through, or what two servers in
a row could read in two ways, is refused here. A refusal closes the connection: after a head that cannot be
trusted nobody knows where the next request begins (RFC 9112 §11.2).
"""

import re
from typing import Final

import httptools

from contracts.problems import Problem, problem
from gateway.wire.host import sound_hosts
from gateway.wire.names import NameTable
from policies.exchange import Header, Kept

# Fields that decide something: a second one could decide otherwise for the next server.
SINGULAR: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
        b"authorization",
        b"api-version",
        b"dpop",
        b"idempotency-key",
        b"expect",
        b"upgrade",
    }
)

# A client that names one of these in Connection would have us drop what we have judged the request by, or what the
# upstream is to judge it by.
_END_TO_END: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
        b"authorization",
        b"api-version",
        b"dpop",
        b"idempotency-key",
        b"accept",
        b"if-match",
        b"if-none-match",
        b"if-modified-since",
        b"if-unmodified-since",
        b"if-range",
        b"range",
        b"content-digest",
        b"signature",
        b"signature-input",
    }
)

_NOT_CARRIED: Final = frozenset({"CONNECT", "TRACE"})
_FIRST_BYTE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z\r-]")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_DIGITS: Final = re.compile(rb"[0-9]{1,18}\Z")
_SPACE: Final = 0x20
_TAB: Final = 0x09

# For a head that another server has parsed.
_METHOD: Final = re.compile(
    r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY|ACL|BIND|CHECKOUT|COPY|LINK|LOCK|M-SEARCH|MERGE|MKACTIVITY"
    r"|MKCALENDAR|MKCOL|MOVE|NOTIFY|PROPFIND|PROPPATCH|PURGE|REBIND|REPORT|SEARCH|SOURCE|SUBSCRIBE|UNBIND|UNLINK"
    r"|UNLOCK|UNSUBSCRIBE)\Z"
)
"""Those that llhttp knows, so that both ways refuse the same."""
_TARGET: Final = re.compile(rb"[/*][\x21-\x7e]*\Z")
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_VALUE: Final = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\Z")
_CONNECTION_FIELDS: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings"}
)

_START: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP/1\.[01]\r\n")


def _malformed(detail: str) -> Problem:
    return problem("malformed-request", detail)


START_LINE: Final = _malformed("The request line is not `method SP target SP HTTP/1.1`.")
NO_HOST: Final = _malformed("An HTTP/1.1 request has exactly one Host field.")
BAD_HOST: Final = _malformed("The Host field is not a host with an optional port.")
LENGTH: Final = _malformed("Content-Length is not a plain decimal number.")
CODING: Final = _malformed("The only transfer coding understood is `chunked`.")
CODING_OLD: Final = _malformed("An HTTP/1.0 request has no transfer coding.")
BOTH: Final = _malformed("Content-Length and Transfer-Encoding contradict each other.")
HOP: Final = _malformed("Connection names a field that is meant for all recipients.")
FIELD: Final = _malformed("A header field has a name or a value that RFC 9110 does not admit.")
CONNECTION_FIELD: Final = _malformed("A field that speaks of an HTTP/1 connection has no place in HTTP/2.")
TWICE: Final = {name: _malformed(f"There is more than one {name.decode()} field.") for name in SINGULAR}
PREFACE: Final = _malformed("This listener speaks HTTP/1.1; it was sent the preface of HTTP/2.")
METHOD: Final = problem("method-not-implemented", "The gateway does not carry this method.")
UPGRADE: Final = problem("method-not-implemented", "The gateway does not carry this upgrade.")
UPGRADE_BODY: Final = _malformed("A request that asks for another protocol has no body.")
TARGET: Final = problem("target-too-long", "The request target is longer than the listener admits.")
FIELDS: Final = problem("head-too-large", "The request has more header fields than the listener admits.")
SIZE: Final = problem("head-too-large", "The request head is larger than the listener admits.")


def connection_options(value: bytes) -> set[bytes]:
    """The options of a Connection field, in lower case (RFC 9110 §7.6.1)."""
    return {option.strip(b" \t") for option in value.lower().split(b",")}


def hopeless(data: bytes, examined: int, max_head: int, max_target: int) -> Problem | None:
    """Why the head that begins with `data` can no longer be sound, if so; `examined` bytes were asked before.

    Said before its end has come, since it may never: a TLS hello has none, nor have lines with a bare LF.
    """
    line = max_target + 32  # and a method and a version
    if len(data) > line and data.find(b"\r\n", 0, line) < 0:
        return TARGET
    if len(data) > max_head:
        return SIZE
    if data and (_FIRST_BYTE.match(data) is None or _BARE_LF.search(data, examined) is not None):
        return START_LINE
    return None


# What `Head` has to look at; most requests have Host alone of these.
_HOST_FIELD: Final = 1
_FRAMING: Final = 2
_CONNECTION: Final = 4
_EXPECT: Final = 8
_ROLES: Final = {
    b"host": _HOST_FIELD,
    b"content-length": _FRAMING,
    b"transfer-encoding": _FRAMING,
    b"connection": _CONNECTION,
    b"expect": _EXPECT,
}


class _Name:
    """A field's name in lower case, and what its field does to a request."""

    __slots__ = ("lower", "role")

    def __init__(self, name: bytes) -> None:
        self.lower = name.lower()
        self.role = _ROLES.get(self.lower, 0)


_names: Final = NameTable(_Name)


class Head:
    """One request head. `read` fills it; after a refusal it holds what had been read by then.

    `fields` maps a lower-case name to its value, duplicates joined with ", ". `length` is the body's length in
    bytes, None for a chunked one. `keep_alive` says whether the client would go on with the connection. `upgrade`
    says that it asks for a WebSocket, `special` that it has an upgrade of any kind or an expectation. `path` and
    `query` are set where the target is known to be normal, `kept` where others have the same fields.
    """

    __slots__ = (
        "_found",
        "_roles",
        "expects_continue",
        "fields",
        "headers",
        "keep_alive",
        "kept",
        "length",
        "method",
        "minor",
        "path",
        "query",
        "special",
        "target",
        "upgrade",
    )

    def __init__(self) -> None:
        self.method = ""
        self.target = b""
        self.headers: list[Header] = []
        self.fields: dict[bytes, bytes] = {}
        self.minor = 1
        self.length: int | None = 0
        self.keep_alive = True
        self.expects_continue = False
        self.upgrade = False
        self.special = False
        self.path = ""
        self.query = b""
        self.kept: Kept | None = None
        self._found: dict[bytes, bytes] = {}  # `fields`, as long as it is not known whether any comes twice
        self._roles = 0

    def on_url(self, data: bytes) -> None:
        self.target += data

    def on_header(self, name: bytes, value: bytes) -> None:
        known = _names[name]
        if value and (value[-1] == _SPACE or value[-1] == _TAB):  # llhttp leaves what trails
            value = value.rstrip(b" \t")
        self.headers.append((name, value))
        self._found[known.lower] = value
        self._roles |= known.role

    def read(self, data: bytes, max_target: int, max_fields: int) -> Problem | None:
        """Reads `data`, which ends with the first empty line. The refusal, or None for a sound head."""
        # A new parser for each head costs a quarter of a microsecond, and no state survives a message.
        parser = httptools.HttpRequestParser(self)
        upgrade = False
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            upgrade = True
        except httptools.HttpParserInvalidMethodError:
            return METHOD if _START.match(data) is not None else START_LINE
        except httptools.HttpParserError as error:
            if data.startswith(b"PRI * HTTP/2.0\r\n"):
                return PREFACE
            return _malformed(f"The request head is not HTTP/1.1: {error}.")
        method = parser.get_method()
        self.method = method.decode("ascii")
        # llhttp admits HTTP/0.9, HTTP/2.0, RTSP and further spaces here. A target has no space, so that only the
        # exact line has its version at this place.
        place = len(method) + 1 + len(self.target)
        if not data.startswith(b" HTTP/1.1\r\n", place):
            if not data.startswith(b" HTTP/1.0\r\n", place):
                return START_LINE
            self.minor = 0
        headers = self.headers
        if len(self.target) > max_target:
            return TARGET
        if len(headers) > max_fields:
            return FIELDS
        fields = self.fields = self._found
        if len(fields) != len(headers):
            twice = self._join()
            if twice is not None:
                return twice
        if self.method in _NOT_CARRIED:
            return METHOD
        return self._judge(upgrade)

    def take(
        self,
        method: str,
        target: bytes,
        headers: list[Header],
        *,
        minor: int,
        framed: bool,
        max_head: int,
        max_target: int,
        max_fields: int,
    ) -> Problem | None:
        """Judges a head that another server has parsed, by all that is still to be seen of it.

        `framed` says that the message is delimited by its fields, as in HTTP/1; in HTTP/2 those fields that do so,
        or speak of the connection, make a request malformed (RFC 9113 §8.2.2).
        """
        self.method, self.target, self.headers, self.minor = method, target, headers, minor
        if method in _NOT_CARRIED or _METHOD.match(method) is None:
            return METHOD
        if len(target) > max_target:
            return TARGET
        if _TARGET.match(target) is None:
            return START_LINE
        if len(headers) > max_fields:
            return FIELDS
        if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > max_head:
            return SIZE
        for name, value in headers:
            if _NAME.match(name) is None or _VALUE.match(value) is None:
                return FIELD
        for name, value in headers:
            known = _names[name]
            self._found[known.lower] = value
            self._roles |= known.role
        self.fields = self._found
        twice = self._join() if len(self.fields) != len(headers) else None
        if twice is not None:
            return twice
        fields = self.fields
        if not framed:
            if not _CONNECTION_FIELDS.isdisjoint(fields):
                return CONNECTION_FIELD
            if fields.get(b"te", b"trailers").lower() != b"trailers":
                return CONNECTION_FIELD
        named = fields.get(b"connection", b"").lower()
        return self._judge(bool(fields.get(b"upgrade")) and b"upgrade" in named)

    def _join(self) -> Problem | None:
        """RFC 9110 §5.3: fields of one name are one list, but for those that are no lists."""
        fields: dict[bytes, bytes] = {}
        for name, value in self.headers:
            lower = name.lower()
            if lower not in fields:
                fields[lower] = value
            elif lower in SINGULAR:
                return TWICE[lower]
            else:
                fields[lower] += b", " + value
        self.fields = fields
        return None

    def _judge(self, upgrade: bool) -> Problem | None:
        fields, roles = self.fields, self._roles
        self.special = upgrade or bool(roles & _EXPECT)
        host = fields.get(b"host")
        if host is None:
            if self.minor:
                return NO_HOST
        elif not sound_hosts[host]:
            return BAD_HOST
        if roles & _FRAMING:
            refusal = self._judge_framing()
            if refusal is not None:
                return refusal
        self.keep_alive = self.minor == 1
        if roles & _CONNECTION:
            named = connection_options(fields[b"connection"])
            if not named.isdisjoint(_END_TO_END):
                return HOP
            self.keep_alive = b"close" not in named and (self.minor == 1 or b"keep-alive" in named)
        if upgrade and self.minor:  # RFC 9110 §7.8: one of HTTP/1.0 is ignored
            refusal = self._judge_upgrade(fields.get(b"upgrade", b"").lower())
            if refusal is not None:
                return refusal
        if roles & _EXPECT and self.minor and self.length != 0:
            self.expects_continue = fields[b"expect"].lower() == b"100-continue"
        return None

    def _judge_framing(self) -> Problem | None:
        length = self.fields.get(b"content-length")
        coding = self.fields.get(b"transfer-encoding")
        if coding is not None:
            if length is not None:
                return BOTH
            if not self.minor:
                return CODING_OLD
            if coding.lower() != b"chunked":  # RFC 9112 §7: coding names are case-insensitive
                return CODING
            self.length = None
        elif length is not None:
            if _DIGITS.match(length) is None:
                return LENGTH
            self.length = int(length)
        return None

    def _judge_upgrade(self, protocol: bytes) -> Problem | None:
        """RFC 9110 §7.8: an upgrade may be ignored. That is right for h2c, which many clients offer unasked and do
        without; who asks for a WebSocket cannot do without."""
        if protocol == b"h2c":
            return None
        if self.length != 0:  # where would the other protocol begin?
            return UPGRADE_BODY
        if protocol != b"websocket":
            return UPGRADE
        self.upgrade = True
        self.keep_alive = False  # whatever is answered, if it is not 101: the client may have begun to talk frames
        return None
