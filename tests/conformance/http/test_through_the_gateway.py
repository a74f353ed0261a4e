"""The corpus against the whole gateway: listener, routing, authentication, pooled client, and a real upstream.

Whatever the bytes were, either they were refused, or the upstream saw exactly the request that was authorised:
its method and path, no field by which the client speaks for somebody else, and none that was for one hop only.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.operations import HttpBackend, MediaType, Operation, Parameter, RequestBody
from policies.exchange import Exchange
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED, Refused, Served
from tests.conformance.http.corpus_targets import FORWARDED, OPERATIONS, REFUSED_BY_GATEWAY, Forwarded
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot, token
from tests.gateway.http_harness import RawAnswer, RawClient, SeenRequest, raw_client, raw_upstream

Case = Refused | Served | Forwarded

CASES: tuple[Case, ...] = (*REFUSED, *BROKEN_BODIES, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED)
HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"upgrade"),
    *(b"http2-settings", b"expect"),
}
IDENTITY = re.compile(
    rb"(?:authorization|cookie|client.cert|remote.user|x.ostiary|x.odoo|dpop|x.ssl)", re.IGNORECASE
)
FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e\x80-\xff]*\Z")
SINGLE = (b"host", b"content-length", b"content-type", b"x-request-id", b"via", b"forwarded", b"x-forwarded-for")


def by_name(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def operation(method: str, template: str, scope: str) -> Operation:
    parameters = [Parameter("next", "query", "form", False, {"type": "string"})]
    if "{" in template:
        name = template.rpartition("{")[2].rstrip("}")
        parameters.append(Parameter(name, "path", "simple", False, {"type": "string"}, required=True))
    return Operation(
        method.lower() + re.sub(r"\W", "-", template),
        method,
        template,
        f"/paths/{template.replace('/', '~1')}/{method.lower()}",
        HttpBackend("shop"),
        public=not scope,
        scopes=((scope,),) if scope else (),
        parameters=tuple(parameters),
        body=RequestBody(True, (MediaType("application/octet-stream"),)) if method == "POST" else None,
        max_body=100_000,
    )


class World:
    """A running gateway that serves `OPERATIONS`, and every exchange that it has ended."""

    def __init__(self, running: Gateway) -> None:
        self.running = running
        self.ended: list[Exchange] = []
        pipeline = running.pipeline
        ended = pipeline.ended

        def keep(exchange: Exchange) -> None:
            self.ended.append(exchange)
            ended(exchange)

        pipeline.ended = keep  # type: ignore[method-assign]  # the access log names no path, only its template

    @property
    def seen(self) -> list[SeenRequest]:
        return self.running.upstream.seen

    def check(self) -> None:
        """What holds after any traffic whatever."""
        let_through = [exchange for exchange in self.ended if exchange.refusal is None]
        assert len(self.seen) == len(let_through)
        for request, exchange in zip(self.seen, let_through, strict=True):
            query = b"?" + exchange.query if exchange.query else b""
            path = exchange.path.encode("ascii") + query
            assert request.line == b"%b /backend%b HTTP/1.1" % (exchange.method.encode("ascii"), path)
            assert exchange.operation is not None
            template = re.sub(r"\{\w+\}", "[^/]+", exchange.operation.path)
            assert re.fullmatch(template, exchange.path), "it was authorised as another operation"
            check_fields(request, exchange)


def check_fields(request: SeenRequest, exchange: Exchange) -> None:
    names = [name.lower() for name, _ in request.headers]
    assert all(FIELD.match(line) for line in request.head.split(b"\r\n")[1:])
    assert not HOP_BY_HOP & set(names)
    assert not [name for name in names if IDENTITY.match(name)]
    assert b"forged" not in request.head
    assert [name for name in SINGLE if names.count(name) > 1] == []
    assert not (b"content-length" in names and b"transfer-encoding" in names)
    assert names.count(b"host") == 1
    assert request.fields[b"host"].startswith(b"127.0.0.1:")
    assert request.fields[b"x-forwarded-for"] == b"127.0.0.1"
    assert request.fields[b"via"] == b"1.1 ostiary"
    assert request.fields[b"x-request-id"].decode() == exchange.request_id


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with raw_upstream() as upstream:
        version = orders(*(operation(*made) for made in OPERATIONS), base_path="")
        async with gateway(tmp_path, made=snapshot(version, port=upstream.port)) as running:
            running.upstream = upstream
            yield World(running)


def signed(raw: bytes) -> bytes:
    return raw.replace(b"{token}", token().encode())


async def deliver(client: RawClient, raw: bytes) -> None:
    """The gateway may close before the last byte: what it answered is there to be read all the same."""
    with contextlib.suppress(ConnectionError):
        await client.send(signed(raw))


def refused(answer: RawAnswer, status: int, problem: str) -> None:
    assert (answer.status, answer.fields[b"content-type"]) == (status, b"application/problem+json")
    document = json.loads(answer.body)
    assert document["type"].rpartition(":")[2].rpartition("#")[2] == problem
    assert document["status"] == status


def test_the_corpus_is_large_and_distinct() -> None:
    assert len({case.raw for case in CASES}) >= 250
    assert len({case.name for case in CASES}) == len(CASES)


@by_name((*REFUSED, *BROKEN_BODIES))
async def test_what_is_no_http_ends_the_connection_and_reaches_nobody(world: World, case: Refused) -> None:
    async with raw_client(world.running.port) as client:
        await deliver(client, case.raw)
        refused(await client.answer(), case.status, case.problem)
        assert await client.rest() == b""
    assert world.seen == []
    assert world.running.pipeline.open == 0
    world.check()


@by_name(REFUSED_BY_GATEWAY)
async def test_what_is_not_authorised_reaches_nobody(world: World, case: Refused) -> None:
    async with raw_client(world.running.port) as client:
        await deliver(client, case.raw)
        refused(await client.answer(), case.status, case.problem)
    assert world.seen == []
    world.check()


@by_name(SERVED)
async def test_sound_requests_are_one_by_one_what_was_authorised(world: World, case: Served) -> None:
    async with raw_client(world.running.port) as client:
        sending = asyncio.create_task(deliver(client, case.raw))
        for method, target, _ in case.seen:
            answer = await client.answer()
            if target in (b"/a", b"http://api.example/a"):
                assert answer.status == 200
                assert answer.body == b"%b /backend/a HTTP/1.1" % method.encode()
            else:
                assert answer.status in (400, 401, 404)
        await sending
    expected = [(method, body) for method, target, body in case.seen if target.endswith(b"/a")]
    assert [(request.line.split(b" ")[0].decode(), request.body) for request in world.seen] == expected
    world.check()


@by_name(FORWARDED)
async def test_the_upstream_sees_what_was_authorised_and_nothing_forged(world: World, case: Forwarded) -> None:
    async with raw_client(world.running.port) as client:
        await deliver(client, case.raw)
        answer = await client.answer(head=case.raw.startswith(b"HEAD "))
        assert answer.status == 200
    (request,) = world.seen
    method, _, target = case.line.partition(b" ")
    assert request.line == method + b" /backend" + target
    lines = request.head.split(b"\r\n")
    assert [line for line in lines if line in case.kept] == list(case.kept)
    world.check()


async def test_all_sound_requests_on_one_connection_keep_their_order(world: World) -> None:
    """Pipelined behind each other, no request's fields or body run into the next one's."""
    cases = [case for case in FORWARDED if b"lose" not in case.raw and b"HTTP/1.0" not in case.raw]
    async with raw_client(world.running.port) as client:
        sending = asyncio.create_task(deliver(client, b"".join(case.raw for case in cases)))
        for case in cases:
            answer = await client.answer(head=case.raw.startswith(b"HEAD "))
            assert answer.status == 200, case.name
        await sending
    lines = [case.line.replace(b" /", b" /backend/", 1) for case in cases]
    assert [request.line for request in world.seen] == lines
    world.check()
