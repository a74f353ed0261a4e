"""One request's whole way: a real listener, every stage, a real upstream."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.operations import Lifecycle
from contracts.snapshot import Timeouts
from policies.verdict import Stage
from tests.gateway.gateway_world import gateway, orders, problem_of, snapshot, token
from tests.gateway.http_harness import SeenRequest, raw_client
from tests.support.policy_world import NOW

GOOD = b'{"sku": "chair", "quantity": 2}'


async def say_json(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    body = b'{"sku": "chair"}'
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
    if not request.line.startswith(b"HEAD "):
        writer.write(body)
    return True


async def test_a_good_request_reaches_the_upstream_once_and_comes_back(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_json) as world:
        answer = await world.ask("GET", "/orders/v1/orders?limit=2", X_Request_Id="call-12345")
        (seen,) = world.upstream.seen
        (line,) = await world.logged()
    assert (answer.status, answer.body) == (200, b'{"sku": "chair"}')
    assert answer.fields[b"x-request-id"] == b"call-12345"
    assert answer.fields[b"ratelimit"] == b'"burst";r=999;t=60'
    assert answer.fields[b"ratelimit-policy"] == b'"burst";q=1000;w=60'
    assert seen.line == b"GET /backend/orders?limit=2 HTTP/1.1"
    assert seen.fields[b"x-request-id"] == b"call-12345"
    assert b"authorization" not in seen.fields
    assert {**line, "time": 0, "duration_ms": 0, "upstream_ms": 0} == {
        "time": 0,
        "request_id": "call-12345",
        "peer": "127.0.0.1",
        "method": "GET",
        "status": 200,
        "duration_ms": 0,
        "upstream_ms": 0,
        "bytes_in": 0,
        "bytes_out": 16,
        "api": "orders",
        "version": "v1",
        "operation": "listOrders",
        "path": "/orders/v1/orders",
        "client_id": "acme-shop",
        "consumer": "acme",
        "token_id": "t-1",
        "decision": "allowed",
    }


async def test_a_checked_body_is_forwarded_byte_for_byte(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        answer = await world.ask("POST", "/orders/v1/orders", GOOD, Content_Type="application/json")
        (seen,) = world.upstream.seen
    assert answer.status == 200
    assert seen.body == GOOD
    assert seen.fields[b"content-length"] == str(len(GOOD)).encode()


REFUSALS: list[tuple[str, str, str, bytes, dict[str, Any], int, str]] = [
    ("no such path", "GET", "/orders/v1/nowhere", b"", {}, 404, "route-not-found"),
    ("no such version", "GET", "/orders/v9/orders", b"", {}, 404, "path-not-in-version"),
    ("no such method", "DELETE", "/orders/v1/orders", b"", {}, 405, "method-not-allowed"),
    ("two readings of the path", "GET", "/orders/v1/%2e%2e/v1/orders", b"", {}, 400, "ambiguous-target"),
    ("no token", "GET", "/orders/v1/orders", b"", {"bearer": None}, 401, "credentials-missing"),
    ("a token that is none", "GET", "/orders/v1/orders", b"", {"bearer": "nonsense"}, 401, "token-invalid"),
    (
        "an expired token",
        "GET",
        "/orders/v1/orders",
        b"",
        {"bearer": token(exp=NOW - 600)},
        401,
        "token-invalid",
    ),
    (
        "a missing scope",
        "POST",
        "/orders/v1/orders",
        GOOD,
        {"bearer": token(scope="orders:read"), "Content_Type": "application/json"},
        403,
        "scope-insufficient",
    ),
    (
        "another content type",
        "POST",
        "/orders/v1/orders",
        b"<order/>",
        {"Content_Type": "application/xml"},
        415,
        "unsupported-media-type",
    ),
    (
        "a body over the limit",
        "POST",
        "/orders/v1/orders",
        b'{"sku": "' + b"x" * 2000 + b'"}',
        {"Content_Type": "application/json"},
        413,
        "body-too-large",
    ),
    (
        "malformed JSON",
        "POST",
        "/orders/v1/orders",
        b'{"sku": ',
        {"Content_Type": "application/json"},
        400,
        "malformed-json",
    ),
    (
        "a body against the schema",
        "POST",
        "/orders/v1/orders",
        b'{"quantity": 0}',
        {"Content_Type": "application/json"},
        422,
        "schema-violation",
    ),
    ("a parameter against the schema", "GET", "/orders/v1/orders?limit=99", b"", {}, 422, "schema-violation"),
    ("an unknown parameter", "GET", "/orders/v1/orders?lmit=9", b"", {}, 422, "schema-violation"),
    ("a path parameter of another type", "GET", "/orders/v1/orders/abc", b"", {}, 422, "schema-violation"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "options", "status", "problem"),
    [row[1:] for row in REFUSALS],
    ids=[row[0] for row in REFUSALS],
)
async def test_a_refusal_is_problem_json_and_the_upstream_sees_nothing(
    tmp_path: Path, method: str, path: str, body: bytes, options: dict[str, Any], status: int, problem: str
) -> None:
    async with gateway(tmp_path) as world:
        answer = await world.ask(method, path, body, **options)
        (line,) = await world.logged()
        assert world.upstream.seen == []
    assert answer.status == status, answer.body
    assert problem_of(answer)["type"] == f"urn:ostiary:problem:{problem}"
    assert (line["decision"], line["problem"], line["status"]) == ("refused", problem, status)
    assert line["policy"]


async def test_violations_say_where_and_never_what(tmp_path: Path) -> None:
    body = b'{"quantity": 0, "secret-name": "secret-value"}'
    async with gateway(tmp_path) as world:
        answer = await world.ask("POST", "/orders/v1/orders", body, Content_Type="application/json")
    document = problem_of(answer)
    assert {(row["in"], row["pointer"], row["rule"]) for row in document["violations"]} == {
        ("body", "", "required"),
        ("body", "/quantity", "minimum"),
        ("body", "", "additionalProperties"),
    }
    assert b"secret" not in answer.body


async def test_405_names_what_is_allowed(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        answer = await world.ask("DELETE", "/orders/v1/orders")
    assert answer.fields[b"allow"] == b"GET, HEAD, POST"


async def test_401_says_where_to_get_a_token_and_the_gateway_serves_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        refused = await world.ask("GET", "/orders/v1/orders", bearer=None)
        url = "/.well-known/oauth-protected-resource/orders/v1"
        metadata = await world.ask("GET", url, bearer=None)
    assert f'resource_metadata="https://api.example{url}"'.encode() in refused.fields[b"www-authenticate"]
    document = json.loads(metadata.body)
    assert document["resource"] == "https://api.example/orders/v1"
    assert document["authorization_servers"] == ["https://catalog.example"]
    assert document["scopes_supported"] == ["orders:read", "orders:write"]


async def test_a_public_operation_needs_no_token(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        assert (await world.ask("GET", "/orders/v1/ping", bearer=None)).status == 200


async def test_head_is_what_get_would_say(tmp_path: Path) -> None:
    async with gateway(tmp_path, say_json) as world:
        answer = await world.ask("HEAD", "/orders/v1/orders")
        (seen,) = world.upstream.seen
    assert seen.line.startswith(b"HEAD /backend/orders ")
    assert (answer.status, answer.body, answer.fields[b"content-length"]) == (200, b"", b"16")


async def test_the_plan_is_enforced(tmp_path: Path) -> None:
    async with gateway(tmp_path, quota=2) as world:
        statuses = [(await world.ask("GET", "/orders/v1/orders")).status for _ in range(2)]
        answer = await world.ask("GET", "/orders/v1/orders")
        assert len(world.upstream.seen) == 2
    assert (statuses, answer.status) == ([200, 200], 429)
    assert 0 < int(answer.fields[b"retry-after"]) <= 60
    assert problem_of(answer)["violated-policies"] == ["burst"]


async def test_a_deprecated_version_says_so(tmp_path: Path) -> None:
    lifecycle = Lifecycle("deprecated", NOW - 86_400, NOW + 86_400, "v2", "https://docs.example/v2")
    made = orders(lifecycle=lifecycle, successor_base_path="/orders/v2")
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(made, port=world.upstream.port, serial=2))
        answer = await world.ask("GET", "/orders/v1/orders")
    assert answer.fields[b"deprecation"] == f"@{NOW - 86_400}".encode()
    assert answer.fields[b"sunset"].endswith(b"GMT")
    assert b'rel="successor-version"' in answer.fields[b"link"]


async def test_a_version_past_its_sunset_is_gone(tmp_path: Path) -> None:
    ended = Lifecycle("deprecated", NOW - 9000, NOW - 1, "v2")
    made = orders(lifecycle=ended, successor_base_path="/orders/v2")
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(made, port=world.upstream.port, serial=2))
        answer = await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.seen == []
    assert (answer.status, problem_of(answer)["type"].rpartition(":")[2]) == (410, "version-sunset")
    assert "v2" in problem_of(answer)["successor"]


async def test_an_answer_outside_the_contract_is_passed_on_and_reported(tmp_path: Path) -> None:
    async def stray(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = b'{"sku": 7}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + body)
        return True

    async with gateway(tmp_path, stray) as world:
        answer = await world.ask("GET", "/orders/v1/orders")
        (line,) = await world.logged()
    assert (answer.status, answer.body) == (200, b'{"sku": 7}')
    assert [(row["pointer"], row["rule"]) for row in line["response_violations"]] == [("/sku", "type")]


async def test_a_streamed_body_passes_without_being_held(tmp_path: Path) -> None:
    """The upstream answers each megabyte before the next is sent: a gateway that gathers first would hang."""
    piece = b"x" * 1_000_000
    steps: asyncio.Queue[int] = asyncio.Queue()

    async with gateway(tmp_path) as world, raw_client(world.port) as client:
        seen = 0

        async def read_exactly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            await reader.readuntil(b"\r\n\r\n")
            while seen < 3 * len(piece):
                seen += len(await reader.read(1 << 16))
                if seen % len(piece) == 0:
                    steps.put_nowait(seen)
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(read_exactly, "127.0.0.1", 0, limit=1 << 16)
        world.adopt(snapshot(port=server.sockets[0].getsockname()[1], serial=2))
        await client.send(
            b"PUT /orders/v1/files/a.bin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/octet-stream\r\nContent-Length: 3000000\r\n\r\n" % token().encode()
        )
        for number in range(1, 4):
            await client.send(piece)
            assert await asyncio.wait_for(steps.get(), 10) == number * len(piece)
        answer = await client.answer()
        server.close()
    assert answer.status == 201


@pytest.mark.parametrize(
    ("script_answer", "status", "problem"),
    [(b"", 502, "upstream-unreachable"), (b"this is no HTTP\r\n\r\n", 502, "upstream-malformed")],
    ids=["hangs up", "speaks nonsense"],
)
async def test_a_failing_upstream_is_502(tmp_path: Path, script_answer: bytes, status: int, problem: str) -> None:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(script_answer)
        return False

    async with gateway(tmp_path, script) as world:
        answer = await world.ask("POST", "/orders/v1/orders", GOOD, Content_Type="application/json")
    assert (answer.status, problem_of(answer)["type"].rpartition(":")[2]) == (status, problem)
    assert b"127.0.0.1" not in answer.body


async def test_a_refused_connection_is_502(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(snapshot(port=1, serial=2))
        answer = await world.ask("GET", "/orders/v1/orders")
    assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-unreachable")


async def test_a_slow_upstream_is_504(tmp_path: Path) -> None:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.read()
        return False

    slow = {"timeouts": Timeouts(first_byte=0.05)}
    async with gateway(tmp_path, script, upstream=slow) as world:
        answer = await world.ask("GET", "/orders/v1/orders")
    assert (answer.status, problem_of(answer)["type"]) == (504, "urn:ostiary:problem:upstream-timeout")


async def test_an_upstream_that_refuses_our_credential_is_not_the_callers_fault(tmp_path: Path) -> None:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 6\r\n\r\nsecret")
        return True

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "shop-key").write_text("k3y\n")
    keyed = {"credential": "shop-key", "credential_header": "x-key", "credential_scheme": None}
    async with gateway(tmp_path, script, upstream=keyed) as world:
        answer = await world.ask("GET", "/orders/v1/orders", X_Key="spoofed")
        (seen,) = world.upstream.seen
    assert [value for name, value in seen.headers if name.lower() == b"x-key"] == [b"k3y"]
    assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-refused-credential")
    assert b"www-authenticate" not in answer.fields


@pytest.mark.parametrize("secret", [None, b"two\nlines", "kéy".encode(), b"\xff\xfe"])
async def test_without_a_usable_credential_nothing_is_sent(tmp_path: Path, secret: bytes | None) -> None:
    (tmp_path / "secrets").mkdir()
    if secret is not None:
        (tmp_path / "secrets" / "shop-key").write_bytes(secret)
    keyed = {"credential": "shop-key", "credential_header": "x-key", "credential_scheme": None}
    async with gateway(tmp_path, upstream=keyed) as world:
        answer = await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.seen == []
    assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-refused-credential")
    assert b"two" not in answer.body


async def test_a_body_that_breaks_off_breaks_the_answer_off(tmp_path: Path) -> None:
    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        return False

    async with gateway(tmp_path, script) as world, raw_client(world.port) as client:
        await client.send(
            b"GET /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n\r\n" % token().encode()
        )
        received = await client.rest()
        (line,) = await world.logged()
    assert received.endswith(b"half")
    assert line["problem"] == "upstream-unreachable"


async def test_an_answer_of_which_nothing_has_left_is_no_answer_yet(tmp_path: Path) -> None:
    """Its head is sound, and what came with it is not: the client is told, and goes on with its connection."""

    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Of: it\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n")
        return False

    head = b"GET /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n\r\n" % token().encode()
    async with gateway(tmp_path, script) as world, raw_client(world.port) as client:
        for _ in range(2):
            answer = await client.ask(head)
            assert (answer.status, problem_of(answer)["type"]) == (502, "urn:ostiary:problem:upstream-malformed")
            assert b"x-of" not in answer.fields
            assert b"half" not in answer.body
        lines = await world.logged(2)
    assert [(line["status"], line["problem"]) for line in lines] == [(502, "upstream-malformed")] * 2
    assert [line["bytes_out"] for line in lines] == [len(answer.body)] * 2


async def test_a_client_that_leaves_takes_its_upstream_call_along(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def script(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        arrived.set()
        await reader.read()  # ends when the gateway closes the connection
        return False

    async with gateway(tmp_path, script) as world:
        async with raw_client(world.port) as client:
            await client.send(
                b"GET /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\n\r\n" % token().encode()
            )
            await asyncio.wait_for(arrived.wait(), 10)
        await asyncio.wait_for(world.upstream.closed.wait(), 10)
        (line,) = await world.logged()
    assert line["status"] == 499


async def test_a_policy_that_raises_never_lets_the_request_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(exchange: Any) -> Any:
        raise RuntimeError("secret detail")

    async with gateway(tmp_path) as world:
        runtime = world.pipeline.runtime
        assert runtime is not None
        stages: tuple[Stage, ...] = (faulty,)
        for operation in runtime.operations():
            object.__setattr__(operation.bind().stages, "every", stages)
        answer = await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.seen == []
    assert answer.status == 500
    assert b"secret detail" not in answer.body


async def test_without_a_snapshot_there_is_503(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        kept, world.pipeline.runtime = world.pipeline.runtime, None
        answer = await world.ask("GET", "/orders/v1/orders")
        world.pipeline.runtime = kept
    assert (answer.status, answer.fields[b"retry-after"]) == (503, b"1")


async def test_no_secret_reaches_the_access_log(tmp_path: Path) -> None:
    bearer = token()
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders?limit=canary-query", bearer=bearer, Cookie="c=canary-cookie")
        await world.ask(
            "POST", "/orders/v1/orders", b'{"sku": "canary-body"}', bearer=bearer, Content_Type="application/json"
        )
        await world.logged(2)
        text = (tmp_path / "access.log").read_text()
    assert "canary" not in text
    assert bearer[-40:] not in text
