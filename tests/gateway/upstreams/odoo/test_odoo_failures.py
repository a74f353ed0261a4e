"""What goes wrong on the wire: what a partner is told, what is repeated and what never is."""

import asyncio
import json

import pytest

from contracts.odoo_care import OdooCare
from contracts.problems import Problem
from contracts.snapshot import Timeouts
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.resilience.odoo_service import OdooService

SHORT = Timeouts(connect=5.0, first_byte=0.2, between_bytes=0.2, total=5.0)
ROW = {"id": 3, "name": "S00003"}


def http(status, body, content_type="application/json", extra=""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
    return head.encode() + data


def method_of(head, body):
    """The model's method that a request calls, in either dialect."""
    path = head.split(b" ")[1].decode()
    if path.startswith("/json/2/"):
        return path.rsplit("/", 1)[1]
    params = json.loads(body)["params"]
    return params["args"][4] if params["method"] == "execute_kw" else params["method"]


def result(head, value):
    return http(200, value if b"/json/2/" in head else {"jsonrpc": "2.0", "id": 1, "result": value})


def answering(**by_method):
    """A script: a method's name to its value, or to a coroutine function that does it. Log-in gives 2."""

    async def script(head, body, writer):
        what = by_method.get(method_of(head, body), 2)
        if callable(what):
            await what(head, body, writer)
        else:
            writer.write(result(head, what))

    return script


async def drop(head, body, writer):
    writer.transport.abort()


async def silence(head, body, writer):
    await asyncio.Event().wait()


def page(status, extra=""):
    async def script(head, body, writer):
        writer.write(http(status, b"<html>sorry: db.internal:5432</html>", "text/html", extra))

    return script


@pytest.fixture(params=["json2", "jsonrpc"])
def protocol(request):
    return request.param


def short(mapping, action, **changes):
    """The orders' mapping with two fields."""
    return mapping(action, fields=mapping("list").fields[:2], method="action_confirm", **changes)


async def write(rig, mapping, action):
    body = {"reference": "X"}
    backend = mapping(action, fields=mapping("list").fields[5:6], method="action_confirm")
    return await rig.call(backend, path={"order_id": 3}, body=body)


WRITES = [("create", "create"), ("update", "write"), ("delete", "unlink"), ("call", "action_confirm")]
SEEN = {"id": 3, "client_order_ref": "X"}


async def test_no_connection_is_used_twice(rig, mapping, scripted, protocol):
    """The scripted server closes each one without saying so: a pooled one would be dropped under a write."""
    server = await scripted(answering(search_read=[SEEN], create=[3]))
    calls = rig(server.url, protocol=protocol)
    for _ in range(5):
        assert isinstance(await write(calls, mapping, "create"), Answer)


async def test_every_request_is_framed_by_length_and_carries_the_credential(rig, mapping, scripted, protocol):
    server = await scripted(answering(search_read=[ROW]))
    await rig(server.url, protocol=protocol).ok(short(mapping, "get"), path={"order_id": 3})
    head, body = server.requests[-1]
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
    assert fields[b"content-length"] == str(len(body)).encode()
    assert b"transfer-encoding" not in fields
    assert fields[b"content-type"] == b"application/json"
    assert fields[b"accept-encoding"] == b"identity"
    assert fields[b"connection"] == b"close"
    assert isinstance(json.loads(body), dict)
    if protocol == "json2":
        assert fields[b"authorization"] == b"bearer a-key-for-tests-only"
        assert fields[b"x-odoo-database"] == b"odoo19"
    else:
        assert b"authorization" not in fields
        assert json.loads(body)["params"]["args"][:3] == ["odoo19", 2, "a-key-for-tests-only"]


@pytest.fixture
async def nobody():
    """The URL of a port that was bound a moment ago and has no listener any more."""
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return f"http://127.0.0.1:{port}"


async def test_nothing_listens(rig, mapping, protocol, nobody):
    refused = await rig(nobody, protocol=protocol).call(short(mapping, "list"))
    assert isinstance(refused, Problem)
    assert (refused.type.id, refused.status) == ("upstream-unreachable", 502)
    assert "127.0.0.1" not in refused.detail


@pytest.mark.parametrize("protocol", ["json2"])
async def test_a_write_that_was_not_sent_did_not_happen(rig, mapping, nobody, protocol):
    # Over JSON-RPC the log-in before it would have failed already.
    refused = await write(rig(nobody, protocol=protocol), mapping, "create")
    assert isinstance(refused, Problem)
    assert refused.type.id == "upstream-unreachable"


async def test_a_dropped_read_is_repeated_once(rig, mapping, scripted, protocol):
    drops = 1

    async def once(head, body, writer):
        nonlocal drops
        drops -= 1
        await (drop(head, body, writer) if drops >= 0 else answering(search_read=[ROW])(head, body, writer))

    server = await scripted(answering(search_read=once))
    order = await rig(server.url, protocol=protocol).ok(short(mapping, "get"), path={"order_id": 3})
    assert order == {"id": 3, "number": "S00003"}
    assert [method_of(*request) for request in server.requests].count("search_read") == 2


async def test_a_read_that_is_dropped_again_is_given_up(rig, mapping, scripted, protocol):
    server = await scripted(answering(search_read=drop))
    refused = await rig(server.url, protocol=protocol).call(short(mapping, "get"), path={"order_id": 3})
    assert refused.type.id == "upstream-unreachable"
    assert [method_of(*request) for request in server.requests].count("search_read") == 2


@pytest.mark.parametrize(("action", "method"), WRITES)
@pytest.mark.parametrize("fault", [drop, silence, page(500), page(502), page(504)])
async def test_a_sent_write_without_an_answer_is_unknown_and_never_repeated(
    rig, mapping, scripted, protocol, action, method, fault
):
    server = await scripted(answering(**{"search_read": [SEEN], method: fault}))
    refused = await write(rig(server.url, protocol=protocol, times=SHORT), mapping, action)
    assert isinstance(refused, Problem)
    assert (refused.type.id, refused.status) == ("outcome-unknown", 504)
    assert [method_of(*request) for request in server.requests].count(method) == 1
    assert "db.internal" not in refused.detail


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b'"order-17"', "order-17"),
        (b"2f1c0a52-7c2e-4a15-9f2b-9f0f8a1b2c3d", "2f1c0a52-7c2e-4a15-9f2b-9f0f8a1b2c3d"),
    ],
)
async def test_what_is_unknown_is_told_with_the_key_that_it_was_asked_by(
    rig, mapping, scripted, protocol, given, told
):
    server = await scripted(answering(create=drop))
    calling = rig(server.url, protocol=protocol)
    refused = await calling.call(short(mapping, "create"), body={}, fields={b"idempotency-key": given})
    assert refused.type.id == "outcome-unknown"
    assert refused.extensions["idempotency-key"] == told
    without = await calling.call(short(mapping, "create"), body={}, fields={b"idempotency-key": b"(no key"})
    assert "idempotency-key" not in without.extensions


@pytest.mark.parametrize("body", [b"<html>", b"[1", b'{"jsonrpc": "1.0"}'])
async def test_a_write_with_an_answer_that_is_none_is_unknown(rig, mapping, scripted, protocol, body):
    async def nonsense(head, _, writer):
        writer.write(http(200, body, "text/html" if body == b"<html>" else "application/json"))

    server = await scripted(answering(search_read=[SEEN], write=nonsense))
    answer = await write(rig(server.url, protocol=protocol), mapping, "update")
    if protocol == "json2" and body.startswith(b"{"):
        assert isinstance(answer, Answer)  # over JSON-2 any JSON is the method's value
    else:
        assert answer.type.id == "outcome-unknown"


@pytest.mark.parametrize(("action", "method"), [w for w in WRITES if w[0] != "delete"])
async def test_a_write_that_happened_is_not_denied_by_the_failed_look_at_it(
    rig, mapping, scripted, protocol, action, method
):
    written = False

    async def done(head, body, writer):
        nonlocal written
        written = True
        writer.write(result(head, [3] if action == "create" else True))

    async def look(head, body, writer):
        if written:
            writer.transport.abort()
        else:
            writer.write(result(head, [SEEN]))

    server = await scripted(answering(**{"search_read": look, method: done}))
    refused = await write(rig(server.url, protocol=protocol), mapping, action)
    assert isinstance(refused, Problem)
    assert refused.type.id == "outcome-unknown"
    assert refused.extensions["cause"] == "upstream-unreachable"
    assert ("created" if action == "create" else "changed") in refused.detail
    if action == "create":
        assert dict(refused.headers)["location"] == "/orders/v2/orders/3"


async def test_a_read_that_takes_too_long_is_a_timeout(rig, mapping, scripted, protocol):
    server = await scripted(answering(search_read=silence))
    slow = rig(server.url, protocol=protocol, times=SHORT)
    refused = await slow.call(short(mapping, "get"), path={"order_id": 3})
    assert (refused.type.id, refused.status) == ("upstream-timeout", 504)
    assert [method_of(*request) for request in server.requests].count("search_read") == 1


async def test_silence_after_the_first_byte_is_a_timeout(rig, mapping, scripted, protocol):
    async def half(head, body, writer):
        writer.write(http(200, [])[:-1])
        await asyncio.Event().wait()

    server = await scripted(answering(search_read=half))
    times = Timeouts(connect=5.0, first_byte=30.0, between_bytes=0.2, total=30.0)
    refused = await rig(server.url, protocol=protocol, times=times).call(short(mapping, "list"))
    assert refused.type.id == "upstream-timeout"


async def test_all_calls_of_an_exchange_share_one_deadline(rig, mapping, scripted, protocol):
    async def trickle(head, body, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    server = await scripted(answering(search_read=trickle))
    times = Timeouts(connect=5.0, first_byte=30.0, between_bytes=30.0, total=0.3)
    refused = await rig(server.url, protocol=protocol, times=times).call(short(mapping, "list"))
    assert refused.type.id == "upstream-timeout"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (page(200), "upstream-malformed"),
        (page(302, "Location: http://127.0.0.1/web/login\r\n"), "upstream-malformed"),
        (page(404), "upstream-malformed"),
        (page(401), "upstream-refused-credential"),
        (page(403), "upstream-refused-credential"),
        (page(429, "Retry-After: 7\r\n"), "upstream-busy"),
        (page(500), "upstream-malformed"),
        (page(502), "upstream-unreachable"),
        (page(503), "upstream-busy"),
        (page(504), "upstream-timeout"),
    ],
)
async def test_the_answer_of_something_before_odoo(rig, mapping, scripted, protocol, script, expected):
    server = await scripted(answering(search_read=script))
    refused = await rig(server.url, protocol=protocol).call(short(mapping, "list"))
    assert isinstance(refused, Problem)
    assert refused.type.id == expected
    assert "db.internal" not in refused.detail
    assert len(server.requests) == (1 if protocol == "json2" else 2), "an answer that was none was asked for again"
    if expected == "upstream-busy":
        assert dict(refused.headers)["retry-after"] in ("1", "7")


@pytest.mark.parametrize("wait", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "99 bottles"])
async def test_only_seconds_of_a_retry_after_are_passed_on(rig, mapping, scripted, wait):
    server = await scripted(answering(search_read=page(503, f"Retry-After: {wait}\r\n")))
    refused = await rig(server.url).call(short(mapping, "list"))
    assert dict(refused.headers)["retry-after"] == "1"


async def test_what_is_not_http_is_malformed(rig, mapping, scripted, protocol):
    async def banner(head, body, writer):
        writer.write(b"220 mail.example ESMTP\r\n\r\n")

    server = await scripted(answering(search_read=banner))
    refused = await rig(server.url, protocol=protocol).call(short(mapping, "list"))
    assert refused.type.id == "upstream-malformed"


async def test_a_compressed_answer_that_nobody_asked_for_is_malformed(rig, mapping, scripted):
    async def squeezed(head, body, writer):
        writer.write(http(200, b"[]", extra="Content-Encoding: gzip\r\n"))

    server = await scripted(answering(search_read=squeezed))
    assert (await rig(server.url).call(short(mapping, "list"))).type.id == "upstream-malformed"


@pytest.mark.parametrize("rows", [None, False, 5, {}, [1], [{"name": "without id"}], [{"id": 3}]])
async def test_rows_of_another_shape_fail_the_mapping(rig, mapping, scripted, protocol, rows):
    server = await scripted(answering(search_read=rows))
    refused = await rig(server.url, protocol=protocol).call(short(mapping, "get"), path={"order_id": 3})
    assert isinstance(refused, Problem)
    assert refused.type.id == "mediation-failed"


async def test_no_more_calls_at_once_than_the_upstream_has_connections(rig, mapping, scripted, protocol):
    running = most = 0
    everyone_waits = asyncio.Event()

    async def slow(head, body, writer):
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            everyone_waits.set()
        await everyone_waits.wait()
        await asyncio.sleep(0)
        running -= 1
        writer.write(result(head, [ROW]))

    server = await scripted(answering(search_read=slow))
    calls = rig(server.url, protocol=protocol, connections=2)
    backend = short(mapping, "get")
    answers = await asyncio.gather(*(calls.call(backend, path={"order_id": 3}) for _ in range(12)))
    assert all(isinstance(answer, Answer) for answer in answers)
    assert most == 2


async def test_who_finds_no_connection_free_in_time_is_told_so(rig, mapping, scripted, protocol):
    server = await scripted(answering(search_read=silence))
    calls = rig(server.url, protocol=protocol, connections=1, care=OdooCare(wait=0.1))
    first = asyncio.create_task(calls.call(short(mapping, "list")))
    while not server.requests:
        await asyncio.sleep(0.005)
    refused = await calls.call(short(mapping, "list"))
    assert (refused.type.id, refused.status) == ("upstream-busy", 503)
    assert dict(refused.headers)["retry-after"] == "1"
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_only_so_many_wait_and_it_is_seen_how_many(make_upstream, session, mapping, scripted, rig):
    server = await scripted(answering(search_read=silence))
    upstream = make_upstream(server.url, protocol="json2", connections=2, care=OdooCare(queue=8))
    service = OdooService(upstream, session, "a-key")
    calls = rig(server.url)
    calls.adapter = service
    room = 2 + 8
    waiting = [asyncio.create_task(calls.call(short(mapping, "list"))) for _ in range(room)]
    while len(server.requests) < 2:
        await asyncio.sleep(0.005)
    assert (service.in_use, service.queued) == (2, room - 2)
    assert service.state()["calls_queued"] == room - 2
    async with asyncio.timeout(0):  # at once
        refused = await calls.call(short(mapping, "list"))
    assert refused.type.id == "upstream-busy"
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (service.in_use, service.queued) == (0, 0)
    assert len(server.requests) == 2


async def test_a_cancelled_call_gives_its_connection_back(rig, mapping, scripted):
    quiet = True

    async def first_silent(head, body, writer):
        await (silence(head, body, writer) if quiet else answering(search_read=[ROW])(head, body, writer))

    server = await scripted(answering(search_read=first_silent))
    calls = rig(server.url, connections=1)
    first = asyncio.create_task(calls.call(short(mapping, "list")))
    while not server.requests:
        await asyncio.sleep(0.005)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    quiet = False
    assert isinstance(await calls.call(short(mapping, "get"), path={"order_id": 3}), Answer)


@pytest.mark.parametrize(
    ("secret", "changes"),
    [
        ("", {}),
        ("two\r\nlines", {}),
        ("ключ", {}),
        ("key", {"protocol": "jsonrpc", "login": None}),
        ("key", {"protocol": "jsonrpc", "database": None}),
    ],
)
async def test_an_upstream_without_a_usable_credential_refuses_and_calls_nobody(
    rig, mapping, scripted, secret, changes
):
    server = await scripted(answering(search_read=[ROW]))
    refused = await rig(server.url, secret=secret, **changes).call(short(mapping, "list"))
    assert isinstance(refused, Problem)
    assert (refused.type.id, refused.status) == ("upstream-refused-credential", 502)
    assert server.requests == []


async def test_a_key_that_odoo_refuses(odoo, session, mapping):
    odoo.adapter = OdooAdapter(odoo.upstream, session, "not-the-key")
    refused = await odoo.call(mapping("list"))
    assert isinstance(refused, Problem)
    assert refused.type.id == "upstream-refused-credential"
    assert "not-the-key" not in refused.detail


async def test_jsonrpc_logs_in_once_for_all(rig, mapping, scripted):
    server = await scripted(answering(search_read=[ROW]))
    calls = rig(server.url, protocol="jsonrpc", connections=8)
    await asyncio.gather(*(calls.call(short(mapping, "get"), path={"order_id": 3}) for _ in range(8)))
    methods = [method_of(*request) for request in server.requests]
    assert methods.count("authenticate") == 1
    assert methods.count("search_read") == 8


async def test_jsonrpc_asks_for_its_user_again_when_the_old_id_is_denied(rig, mapping, scripted):
    uids = [2, 7]
    denied = {"code": 0, "message": "Odoo Server Error", "data": {"name": "odoo.exceptions.AccessDenied"}}

    async def log_in(head, body, writer):
        writer.write(result(head, uids.pop(0)))

    async def only_seven(head, body, writer):
        uid = json.loads(body)["params"]["args"][1]
        wrong = http(200, {"jsonrpc": "2.0", "id": 1, "error": denied})
        writer.write(result(head, 3) if uid == 7 else wrong)

    async def rows(head, body, writer):
        writer.write(result(head, [SEEN]))

    server = await scripted(answering(authenticate=log_in, create=only_seven, search_read=rows))
    assert isinstance(await write(rig(server.url, protocol="jsonrpc"), mapping, "create"), Answer)
    methods = [method_of(*request) for request in server.requests]
    assert methods == ["authenticate", "create", "authenticate", "create", "search_read"]


async def test_jsonrpc_gives_up_when_it_is_denied_again(rig, mapping, scripted):
    denied = {"code": 0, "message": "Odoo Server Error", "data": {"name": "odoo.exceptions.AccessDenied"}}

    async def no(head, body, writer):
        writer.write(http(200, {"jsonrpc": "2.0", "id": 1, "error": denied}))

    server = await scripted(answering(search_read=no))
    refused = await rig(server.url, protocol="jsonrpc").call(short(mapping, "list"))
    assert refused.type.id == "upstream-refused-credential"
    assert [method_of(*request) for request in server.requests] == ["authenticate", "search_read"] * 2


async def test_jsonrpc_without_a_result_is_none(rig, mapping, scripted):
    async def nothing(head, body, writer):
        writer.write(http(200, {"jsonrpc": "2.0", "id": 1}))

    server = await scripted(answering(search_read=[ROW], action_confirm=nothing))
    order = await rig(server.url, protocol="jsonrpc").ok(short(mapping, "call"), path={"order_id": 3})
    assert order == {"id": 3, "number": "S00003"}
