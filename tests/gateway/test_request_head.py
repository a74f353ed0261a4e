"""The head of the request that an upstream gets."""

import pytest

from gateway.wire.forwarded import forwarded_lines
from gateway.wire.headers import request_head, upstream_lines
from gateway.wire.trace_context import trace_lines
from policies.exchange import Exchange, Header, Kept

PARENT = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def exchange_of(*headers: Header, method: str = "GET", body: bytes | None = None) -> Exchange:
    sent = [(b"Host", b"api.example"), *headers]
    exchange = Exchange(method, b"/", sent, {name.lower(): value for name, value in sent}, "192.0.2.7", "https")
    exchange.request_id = "request-id-1"
    exchange.body = body
    return exchange


def lines_of(exchange: Exchange, credential: Header | None = None, *, streaming: bool = False) -> list[bytes]:
    head = request_head(
        exchange, "/base/orders", upstream_lines(b"odoo.internal:8069", credential), streaming=streaming
    )
    assert head.endswith(b"\r\n\r\n")
    return head[:-4].split(b"\r\n")


def test_order_duplicates_and_case_are_kept() -> None:
    exchange = exchange_of((b"X-B", b"1"), (b"Accept", b"*/*"), (b"x-b", b"2"), (b"X_Under", b"3"))
    exchange.query = b"a=1&a=%20"
    lines = lines_of(exchange)
    assert lines[:6] == [
        b"GET /base/orders?a=1&a=%20 HTTP/1.1",
        b"host: odoo.internal:8069",
        b"X-B: 1",
        b"Accept: */*",
        b"x-b: 2",
        b"X_Under: 3",
    ]


def test_the_gateway_speaks_for_itself() -> None:
    lines = lines_of(exchange_of(), (b"authorization", b"Bearer upstream-key"))
    assert lines[2:] == [
        b"x-request-id: request-id-1",
        b"x-forwarded-for: 192.0.2.7",
        b"x-forwarded-proto: https",
        b"x-forwarded-host: api.example",
        b'forwarded: for=192.0.2.7;proto=https;host="api.example"',
        b"via: 1.1 ostiary",
        b"authorization: Bearer upstream-key",
    ]


@pytest.mark.parametrize(
    "name",
    [
        b"Authorization",
        b"Proxy-Authorization",
        b"Cookie",
        b"DPoP",
        b"Expect",
        b"TE",
        b"Trailer",
        b"Upgrade",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"Client-Cert",
        b"ssl_client_cert",
        b"X-SSL-Client-S-DN",
        b"X-Client-Certificate",
        b"X-Forwarded-Client-Cert",
        b"Via",
        b"Forwarded",
        b"X-Real-IP",
        b"x_real_ip",
        b"X-Forwarded-For",
        b"X_Forwarded_For",
        b"x-forwarded_host",
        b"X-FORWARDED-Prefix",
        b"X-Ostiary-Consumer",
        b"X_Ostiary_Consumer",
        b"x-ostiary_consumer",
        b"X-Request-Id",
        b"X_Request_Id",
        b"Tracestate",
        b"X-Api-Key",
        b"X_Api_Key",
        b"X.Api.Key",
        b"X.Forwarded.For",
        b"X!Forwarded~For",
        b"X-Original-URL",
        b"X_Rewrite_URL",
        b"X-HTTP-Method-Override",
        b"Proxy",
        b"Remote_User",
        b"X-Odoo-Database",
        b"X-SSL-Client-Verify",
        b"Content_Type",
        b"Api_Version",
    ],
)
def test_spoofed_or_hop_by_hop_field_never_passes(name: bytes) -> None:
    lines = lines_of(exchange_of((name, b"forged")), (b"x-api-key", b"ours"))
    assert not [line for line in lines if b"forged" in line]


def test_fields_named_by_connection_are_dropped() -> None:
    exchange = exchange_of((b"Connection", b"close, X-Hop , x-request-id"), (b"X-Hop", b"1"), (b"X-End", b"2"))
    lines = lines_of(exchange)
    assert b"X-End: 2" in lines
    assert not [line for line in lines if line.lower().startswith((b"x-hop", b"connection"))]
    assert b"x-request-id: request-id-1" in lines  # naming it does not take ours away


def test_framing_is_that_of_this_hop() -> None:
    assert lines_of(exchange_of(method="POST", body=b"abc"))[-1] == b"content-length: 3"
    assert lines_of(exchange_of(method="POST"))[-1] == b"content-length: 0"
    assert lines_of(exchange_of(method="GET"))[-1] == b"via: 1.1 ostiary"
    sized = exchange_of((b"Content-Length", b"9"), method="POST")
    assert [line for line in lines_of(sized, streaming=True) if b"ength" in line] == [b"content-length: 9"]
    chunked = exchange_of((b"Transfer-Encoding", b"Chunked"), method="POST")
    assert lines_of(chunked, streaming=True)[-1] == b"transfer-encoding: chunked"
    buffered = exchange_of((b"Transfer-Encoding", b"chunked"), method="POST", body=b"12345")
    assert [line for line in lines_of(buffered) if b"hunked" in line or b"ength" in line] == [b"content-length: 5"]


def test_credential_with_a_line_break_is_a_fault() -> None:
    with pytest.raises(ValueError, match="control character"):
        upstream_lines(b"host", (b"authorization", b"a\r\nX: 1"))


def test_ipv6_peer_and_missing_host() -> None:
    assert forwarded_lines("2001:db8::1", b"", "http") == (
        b"x-forwarded-for: 2001:db8::1\r\nx-forwarded-proto: http\r\n"
        b'forwarded: for="[2001:db8::1]";proto=http\r\nvia: 1.1 ostiary\r\n'
    )


def test_valid_trace_goes_on_with_a_new_span() -> None:
    lines = trace_lines({b"traceparent": PARENT, b"tracestate": b"vendor=1"}).split(b"\r\n")
    version, trace, span, flags = lines[0].removeprefix(b"traceparent: ").split(b"-")
    assert (version, trace, flags) == (b"00", b"4bf92f3577b34da6a3ce929d0e0e4736", b"01")
    assert len(span) == 16
    assert span != b"00f067aa0ba902b7"
    assert lines[1] == b"tracestate: vendor=1"


@pytest.mark.parametrize(
    "parent",
    [
        b"",
        b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        PARENT + b"-more",
        PARENT.upper(),
        PARENT[:-1],
        PARENT + b", " + PARENT,
        PARENT + b" ",
    ],
)
def test_invalid_trace_is_dropped_with_its_state(parent: bytes) -> None:
    assert trace_lines({b"traceparent": parent, b"tracestate": b"vendor=1"}) == b""


def test_later_trace_version_is_read_as_ours() -> None:
    assert trace_lines({b"traceparent": b"01" + PARENT[2:] + b"-new"}).startswith(b"traceparent: 00-4bf92f")


def test_what_is_kept_for_the_same_fields_is_told_of_the_same_client_and_upstream_alone() -> None:
    kept = Kept()
    clients = [("192.0.2.7", "https"), ("192.0.2.8", "https"), ("192.0.2.8", "http"), ("", "https"), ("", "http")]
    credentials: list[Header | None] = [None, (b"x-key", b"k"), (b"authorization", b"Bearer key")]
    for peer, scheme in clients * 2:
        for credential in credentials:
            exchange = exchange_of((b"X-Key", b"client's"), (b"X-A", b"1"))
            exchange.peer, exchange.scheme = peer, scheme
            afresh = lines_of(exchange, credential)
            exchange.kept = kept
            assert lines_of(exchange, credential) == afresh
