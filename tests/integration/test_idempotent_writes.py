"""Writes with a key over the deaths of what serves them: real gateway processes, a real Valkey server."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.cli.processes import family
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot
from tests.gateway.gateway_process import GatewayProcess, start
from tests.gateway.gateway_world import operations, orders, snapshot, token
from tests.gateway.http_harness import PATIENCE, RawAnswer, SeenRequest, raw_client, raw_upstream
from tests.support.valkey import valkey

pytestmark = pytest.mark.xdist_group("stack")

ORDER = b'{"sku":"A1"}'
SKU = b'{"sku":"A2"}'


def placing(port: int, **config: Any) -> Snapshot:
    use = PolicyUse("idempotency", config=config)
    made = [msgspec.structs.replace(each, policies=(use,)) for each in operations()]
    return snapshot(orders(*made), port=port)


def request(key: str, body: bytes = ORDER) -> bytes:
    now = int(time.time())
    bearer = token(iat=now - 10, exp=now + 600)
    head = (
        f"POST /orders/v1/orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n"
        f'Content-Type: application/json\r\nIdempotency-Key: "{key}"\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    return head.encode() + body


async def place(running: GatewayProcess, key: str, body: bytes = ORDER) -> RawAnswer:
    async with raw_client(running.port) as client:
        return await client.ask(request(key, body))


class Shop:
    """Makes an order for each request; while `may_answer` is not set it says nothing."""

    def __init__(self) -> None:
        self.made = 0
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(
        self, seen: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.made += 1
        body = b"order %d" % self.made
        self.asked.set()
        await self.may_answer.wait()
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        return True


async def test_what_a_killed_gateway_had_sent_is_unknown_to_the_next_one_and_not_sent_again(
    tmp_path: Path,
) -> None:
    shop = Shop()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream(shop) as upstream:
            made = placing(upstream.port, lease=1)
            first = await start(members, tmp_path / "first", made, state_url=server.url)
            assert (await place(first, "done")).status == 201
            shop.may_answer.clear()
            shop.asked.clear()
            async with raw_client(first.port) as client:
                await client.send(request("half-way"))
                await shop.asked.wait()
                first.child.process.kill()
                assert await first.ended() == -9
            shop.may_answer.set()
            second = await start(members, tmp_path / "second", made, state_url=server.url)
            done = await place(second, "done")
            assert (done.status, done.body) == (201, b"order 1"), "what was answered is known to the next one"
            assert done.fields[b"idempotency-replayed"] == b"true"
            async with asyncio.timeout(PATIENCE):
                while (told := json.loads((await place(second, "half-way")).body))["type"].endswith("in-flight"):
                    await asyncio.sleep(0.05)  # its lease is a second
            assert told["type"] == "urn:ostiary:problem:idempotency-outcome-unknown"
            assert told["status"] == 409
            assert shop.made == 2
            assert (await place(second, "half-way", SKU)).status == 422


async def test_two_workers_do_one_write(tmp_path: Path) -> None:
    shop = Shop()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream(shop) as upstream:
            made = placing(upstream.port)
            running = await start(
                members, tmp_path / "gateway", made, workers="2", active_workers="2", state_url=server.url
            )
            answers = await asyncio.gather(*(place(running, "once") for _ in range(24)))
            assert {answer.status for answer in answers} <= {201, 409}
            assert {answer.body for answer in answers if answer.status == 201} == {b"order 1"}
            assert (await place(running, "once")).fields[b"idempotency-replayed"] == b"true"
            assert shop.made == 1


@pytest.mark.parametrize(("setting", "status"), [("closed", 503), ("open", 201)])
async def test_without_the_server_nothing_is_done_unless_it_was_said_so(
    tmp_path: Path, setting: str, status: int
) -> None:
    shop = Shop()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream(shop) as upstream:
            made = placing(upstream.port, **{"on-unavailable": setting})
            running = await start(members, tmp_path / "gateway", made, state_url=server.url)
            assert (await place(running, "before")).status == 201
            server.kill()
            answer = await place(running, "meanwhile")
            assert answer.status == status
            assert shop.made == (1 if status == 503 else 2)
            if status == 503:
                assert json.loads(answer.body)["type"] == "urn:ostiary:problem:idempotency-unavailable"
                assert answer.fields[b"retry-after"] == b"5"


async def test_an_answer_that_cannot_be_kept_still_reaches_its_client(tmp_path: Path) -> None:
    shop = Shop()
    shop.may_answer.clear()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream(shop) as upstream:
            running = await start(members, tmp_path / "gateway", placing(upstream.port), state_url=server.url)
            first = asyncio.create_task(place(running, "once"))
            await shop.asked.wait()
            server.kill()
            shop.may_answer.set()
            answer = await first
            assert (answer.status, answer.body) == (201, b"order 1")
            assert shop.made == 1


async def test_a_gateway_that_is_told_to_stop_waits_for_what_its_client_did_not(tmp_path: Path) -> None:
    shop = Shop()
    shop.may_answer.clear()
    with family(tmp_path / "logs") as members, valkey() as server:
        async with raw_upstream(shop) as upstream:
            made = placing(upstream.port)
            first = await start(members, tmp_path / "first", made, state_url=server.url)
            async with raw_client(first.port) as client:
                await client.send(request("once"))
                await shop.asked.wait()
            first.child.process.terminate()
            second = await start(members, tmp_path / "second", made, state_url=server.url)
            assert json.loads((await place(second, "once")).body)["type"].endswith("in-flight")
            shop.may_answer.set()
            assert await first.ended() == 0
            answer = await place(second, "once")
            assert (answer.status, answer.body) == (201, b"order 1")
            assert shop.made == 1
