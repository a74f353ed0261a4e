"""What is known of a head is what the parser would say of it, or nothing."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire import known_heads
from gateway.wire.head import Head
from gateway.wire.known_heads import KnownHeads
from policies import target
from tests.conformance.http.corpus import REFUSED, SERVED
from tests.conformance.http.corpus_targets import FORWARDED, REFUSED_BY_GATEWAY

MAX_TARGET = 200
FIELDS = b"Host: api.example\r\nAuthorization: Bearer secret\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
START = st.builds(
    b"%b%b%b%b%b".__mod__,
    st.tuples(
        st.sampled_from((b"GET", b"POST", b"HEAD", b"get", b"CONNECT", b"PRI", b"G\x00T", b"", b"OPTIONS")),
        st.sampled_from((b" ", b"  ", b"\t", b"")),
        st.one_of(
            st.binary(max_size=6),
            st.text("/a.?%;#\\&=[]~*\u00e9 ", max_size=8).map(lambda text: b"/" + text.encode()),
            st.sampled_from((b"/a", b"/a?b=c", b"*", b"http://api.example/a", b"/" + b"a" * MAX_TARGET)),
        ),
        st.sampled_from((b" ", b"  ", b"")),
        st.sampled_from((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.1 ", b"http/1.1", b"HTTP/2.0", b"HTTP/1.1\r", b"")),
    ),
)


def read(data: bytes) -> tuple[Head, str]:
    head = Head()
    refusal = head.read(data, MAX_TARGET, 100)
    return head, "" if refusal is None else refusal.type.id


def said(head: Head) -> tuple[object, ...]:
    """All that a connection asks a head for."""
    words = (
        head.method,
        head.target,
        head.minor,
        head.length,
        head.keep_alive,
        head.expects_continue,
        head.upgrade,
    )
    return (*words, head.headers, head.fields)


def knowing(*heads: bytes) -> KnownHeads:
    known = KnownHeads()
    for data in heads:
        head, refusal = read(data)
        if not refusal:
            known.keep(data, head)
    return known


def test_a_known_head_is_what_the_parser_says() -> None:
    known = knowing(b"GET /first HTTP/1.1\r\n" + FIELDS)
    data = b"POST /orders?x=1 HTTP/1.1\r\n" + FIELDS
    found = known.find(data, MAX_TARGET)
    assert found is not None
    assert said(found) == said(read(data)[0])
    assert (found.path, found.query) == ("/orders", b"x=1")
    assert found.headers[2:] == [(b"X-A", b"1"), (b"x-a", b"2")]


@given(
    START,
    st.sampled_from((FIELDS, b"Host: a\r\nContent-Length: 3\r\n\r\n", b"Host: a\r\nConnection: close\r\n\r\n")),
)
def test_whatever_the_request_line_it_is_read_alike_or_not_at_all(start: bytes, fields: bytes) -> None:
    data = start + b"\r\n" + fields
    found = knowing(b"GET / HTTP/1.1\r\n" + fields).find(data, MAX_TARGET)
    if found is None:
        return
    head, refusal = read(data)
    assert refusal == ""
    assert said(found) == said(head)
    assert (found.path, found.query) == target.normalise(head.target)


def test_heads_that_differ_in_one_byte_are_held_side_by_side() -> None:
    start = b"GET / HTTP/1.1\r\n"
    one, other = (start + b"Host: a\r\nX-Api-Key: 9c467b3b39d%b\r\n\r\n" % end for end in (b"3", b"4"))
    known = knowing(one)
    assert known.find(other, MAX_TARGET) is None
    known.keep(other, read(other)[0])
    for data, key in ((one, b"9c467b3b39d3"), (other, b"9c467b3b39d4")):
        found = known.find(data, MAX_TARGET)
        assert found is not None
        assert found.fields[b"x-api-key"] == key


def corpus() -> Iterator[bytes]:
    """The heads of all raw requests, sound or not."""
    for case in (*REFUSED, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED):
        head, end, _ = case.raw.partition(b"\r\n\r\n")
        if end:
            yield head + end


@pytest.mark.parametrize(
    "start", [b"", b"GET /a HTTP/1.1\r\n", b"POST /a HTTP/1.1\r\n", b"OPTIONS /a HTTP/1.1\r\n"]
)
def test_no_head_of_the_corpus_is_known_for_another(start: bytes) -> None:
    """Each fields of the corpus are offered to be known under a sound request line, too."""
    seen = 0
    for data in corpus():
        _, _, fields = data.partition(b"\r\n")
        known = knowing(start + fields if start else data)
        found = known.find(data, 8192)
        if found is None:
            continue
        seen += 1
        whole = Head()
        assert whole.read(data, 8192, 100) is None, data
        assert said(found) == said(whole), data
    assert seen > 20


@pytest.mark.parametrize(
    "line",
    [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n",
        b"Content-Length: 1\r\nExpect: 100-continue\r\n",
        b"X-Request-Id: 12345678\r\n",
        b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
        b"X-Long: " + b"x" * known_heads.LONGEST + b"\r\n",
        b"X: y\r\n" * known_heads.MOST_FIELDS,
    ],
)
def test_what_is_special_or_new_each_time_is_not_kept(line: bytes) -> None:
    assert len(knowing(b"POST / HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n")) == 0
    assert len(knowing(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")) == 0
    assert len(knowing(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 1


def test_it_holds_a_bounded_number_and_what_is_used_stays() -> None:
    known = KnownHeads()

    def pass_by(name: bytes) -> bool:
        data = b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n\r\n"
        if known.find(data, MAX_TARGET) is not None:
            return True
        known.keep(data, read(data)[0])
        return False

    assert not pass_by(b"used")
    for number in range(3 * known_heads.HELD):
        assert not pass_by(b"n%d" % number)
        assert pass_by(b"used")
        assert len(known) <= 2 * known_heads.HELD
    assert not pass_by(b"n0")


def test_no_credential_shows_in_its_repr() -> None:
    assert repr(knowing(b"GET / HTTP/1.1\r\n" + FIELDS)) == "<KnownHeads: 1>"


def test_nothing_known_has_an_empty_line_before_its_end() -> None:
    """A connection relies on it: what comes behind an empty line is the next request."""
    known = knowing(b"GET / HTTP/1.1\r\n" + FIELDS)
    for data in (b"GET / HTTP/1.1\r\n\r\n" + FIELDS, b"GET / HTTP/1.1\r\n" + FIELDS * 2, FIELDS, b"\r\n" + FIELDS):
        assert known.find(data, MAX_TARGET) is None
