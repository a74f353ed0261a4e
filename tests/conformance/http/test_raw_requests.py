"""The corpus against the real listener: every request is refused, or seen once and exactly as it was meant."""

import asyncio
import json

import pytest

from tests.conformance.http.corpus import BROKEN_BODIES, REFUSED, SERVED, Refused, Served
from tests.gateway.http_harness import PATIENCE, RawClient, listening, raw_client


async def deliver(client: RawClient, raw: bytes, pieces: int) -> None:
    """Sends `raw` in that many pieces, each a segment of its own; the server may close before the last."""
    size = max(1, -(-len(raw) // pieces))
    try:
        for at in range(0, len(raw), size):
            await client.send(raw[at : at + size])
            await asyncio.sleep(0.001 if pieces > 1 else 0)
    except ConnectionError:
        pass


in_pieces = pytest.mark.parametrize("pieces", [1, 3], ids=["whole", "in-pieces"])


def by_name(cases: tuple[Refused, ...] | tuple[Served, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@in_pieces
@by_name(REFUSED)
async def test_refused(case: Refused, pieces: int) -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        await deliver(client, case.raw, pieces)
        answer = await client.answer()
        assert await client.rest() == b"", "the connection went on after a request that cannot be trusted"
    assert (answer.status, answer.fields[b"connection"]) == (case.status, b"close")
    assert answer.fields[b"content-type"] == b"application/problem+json"
    document = json.loads(answer.body)
    assert document["type"] == f"urn:ostiary:problem:{case.problem}"
    assert document["status"] == case.status
    assert doorman.handlers == []
    (exchange,) = doorman.refusals
    assert exchange.refusal is not None
    assert (exchange.status, exchange.refusal.type.id, exchange.refused_by) == (
        case.status,
        case.problem,
        "framing",
    )
    assert answer.fields[b"x-request-id"].decode() == exchange.request_id


@in_pieces
@by_name(SERVED)
async def test_served(case: Served, pieces: int) -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        sending = asyncio.create_task(deliver(client, case.raw, pieces))
        for method, target, body in case.seen:
            answer = await client.answer()
            assert (answer.status, answer.body) == (200, b"%b %b\n%b" % (method.encode(), target, body))
        await sending
    seen = [(handler.client.exchange.method, handler.client.exchange.target) for handler in doorman.handlers]
    assert seen == [(method, target) for method, target, _ in case.seen]
    assert doorman.refusals == []


@in_pieces
@by_name(BROKEN_BODIES)
async def test_body_that_breaks_off(case: Refused, pieces: int) -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        await deliver(client, case.raw, pieces)
        answer = await client.answer()
        assert await client.rest() == b""
    assert (answer.status, answer.fields[b"connection"]) == (case.status, b"close")
    assert json.loads(answer.body)["type"] == f"urn:ostiary:problem:{case.problem}"
    (handler,) = doorman.handlers
    assert handler.is_gone, "the handler was not told"
    assert handler.client.exchange.refusal is not None


@by_name(REFUSED)
async def test_request_behind_a_refused_one_is_never_handled(case: Refused) -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        await deliver(client, case.raw + b"\r\n\r\nGET /behind HTTP/1.1\r\nHost: api.example\r\n\r\n", 1)
        data = await client.rest()
        async with asyncio.timeout(PATIENCE):
            while not doorman.refusals:
                await asyncio.sleep(0)
    assert data.count(b"\r\nconnection: close\r\n") == 1
    assert doorman.handlers == []
