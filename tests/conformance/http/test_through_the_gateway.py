"""The corpus against the whole gateway: listener, routing, authentication, pooled client, and a real upstream.

Whatever the bytes were, either they were refused, or the upstream saw exactly the request that was authorised:
its method and path, no field by which the client speaks for somebody else, and none that was for one hop only.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.http.cases import END, GET, HOST
from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED, Refused, Served
from tests.conformance.http.corpus_targets import BODIES_LIKE_REQUESTS, FORWARDED, REFUSED_BY_GATEWAY, Forwarded
from tests.conformance.http.whole_gateway import World, signed, whole_gateway
from tests.gateway.http_harness import RawAnswer, RawClient, raw_client

Case = Refused | Served | Forwarded

CASES: tuple[Case, ...] = (*REFUSED, *BROKEN_BODIES, *SERVED, *REFUSED_BY_GATEWAY, *FORWARDED)


def by_name(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with whole_gateway(tmp_path) as made:
        yield made


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
    assert len({case.raw for case in CASES}) >= 600
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


FIELDS_ALONE = tuple(
    case
    for case in (*REFUSED, *REFUSED_BY_GATEWAY, *FORWARDED)
    if b"\r\n" + HOST in case.raw and case.raw.endswith(END + END) and b"ontent-Length" not in case.raw
)


@by_name(FIELDS_ALONE)
async def test_fields_that_were_sent_before_excuse_nothing(world: World, case: Case) -> None:
    """The listener knows them again, and reads the request line alone."""
    _, _, fields = case.raw.partition(END)
    async with raw_client(world.running.port) as client:
        for _ in range(2):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await client.ask(signed(GET + fields))
    async with raw_client(world.running.port) as client:
        await deliver(client, case.raw)
        answer = await client.answer(head=case.raw.startswith(b"HEAD "))
        if isinstance(case, Refused):
            refused(answer, case.status, case.problem)
        else:
            assert answer.status == 200
    for request in world.seen:
        assert request.line in (b"GET /backend/a HTTP/1.1", _line_of(case))
    world.check()


def _line_of(case: Case) -> bytes:
    return case.line.replace(b" /", b" /backend/", 1) if isinstance(case, Forwarded) else b""


@by_name(BODIES_LIKE_REQUESTS)
async def test_a_body_that_is_not_read_is_no_request(world: World, case: Refused) -> None:
    async with raw_client(world.running.port) as client:
        await deliver(client, case.raw + GET + HOST + END)
        refused(await client.answer(), case.status, case.problem)
        answer = await client.answer()
        assert (answer.status, answer.body) == (200, b"GET /backend/a HTTP/1.1")
    assert [exchange.target for exchange in world.ended][1:] == [b"/a"]
    assert len(world.seen) == 1


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
