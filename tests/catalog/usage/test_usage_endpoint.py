"""`POST /gateway/usage`: who may tell, what is a batch, and what is said while the store is away."""

import io
from typing import Any

import aiohttp
import msgspec
import pytest

from catalog.usage.queries import UsageQueries
from contracts.usage.batch import MAX_BATCH, encode
from tests.catalog.serving import GATEWAY_TOKEN, World
from tests.catalog.usage.test_usage_store import NOW, batch


async def post(world: World, data: bytes, token: str | None = GATEWAY_TOKEN) -> tuple[int, dict[str, Any]]:
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    async with world.session.post(world.url + "/gateway/usage", data=io.BytesIO(data), headers=headers) as answer:
        text = await answer.read()
        return answer.status, msgspec.json.decode(text) if text else {}


async def calls(world: World) -> int:
    found = await UsageQueries(world.store).callers("orders", "v1", NOW - 100)
    return sum(each.calls for each in found)


async def test_a_batch_is_taken_once(world: World) -> None:
    data = encode(batch(1))
    assert await post(world, data) == (204, {})
    assert await post(world, data) == (204, {})
    assert await calls(world) == 3


async def test_only_gateways_may_tell(world: World) -> None:
    for token in (None, "another-token"):
        status, refusal = await post(world, encode(batch(1)), token)
        assert (status, refusal["type"].rpartition(":")[2]) == (401, "client-authentication-failed")
    assert await calls(world) == 0


def changed(**members: Any) -> bytes:
    value = msgspec.json.decode(encode(batch(1)))
    return msgspec.json.encode({**value, **members})


ROW = msgspec.json.decode(encode(batch(1)))["rows"][0]


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        (b"", 400, "malformed-json"),
        (b"{", 400, "malformed-json"),
        (b"[]", 422, "schema-violation"),
        (changed(format=2), 422, "schema-violation"),
        (changed(secret="hush-hush"), 422, "schema-violation"),
        (changed(sequence=0), 422, "schema-violation"),
        (changed(boot="hush-hush"), 422, "schema-violation"),
        (changed(rows=[{**ROW, "tallies": []}]), 422, "schema-violation"),
        (changed(rows=[{**ROW, "tallies": [["200", -1, 0, 0, [0, 0, 0, 0, 0]]]}]), 422, "schema-violation"),
        (changed(rows=[{**ROW, "tallies": [["hush-hush", 1, 0, 0, [0, 0, 0, 0, 0]]]}]), 422, "schema-violation"),
        (changed(rows=[{**ROW, "tallies": [["200", 1, 0, 0, [0, 0]]]}]), 422, "schema-violation"),
        (changed(rows=[{**ROW, "seen": [["hush-hush", "", "", 1]]}]), 422, "schema-violation"),
        (changed(rows=[{**ROW, "api": "a" * 300}]), 422, "schema-violation"),
        (changed(rows=[ROW] * 1001), 422, "schema-violation"),
        (b" " * (MAX_BATCH + 1), 413, "body-too-large"),
    ],
)
async def test_what_is_no_batch_changes_nothing(world: World, data: bytes, status: int, problem: str) -> None:
    answered, refusal = await post(world, data)
    assert (answered, refusal["type"].rpartition(":")[2]) == (status, problem)
    assert "hush" not in str(refusal)
    assert await calls(world) == 0


async def test_while_the_store_is_away_the_answer_is_503_and_later_the_batch_is_taken(world: World) -> None:
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE usage_sources RENAME TO usage_away")
    status, refusal = await post(world, encode(batch(1)))
    assert (status, refusal["type"].rpartition(":")[2]) == (503, "store-unavailable")
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE usage_away RENAME TO usage_sources")
    assert await post(world, encode(batch(1))) == (204, {})
    assert await calls(world) == 3


async def test_it_is_for_posting(world: World) -> None:
    headers = {"authorization": f"Bearer {GATEWAY_TOKEN}"}
    session: aiohttp.ClientSession = world.session
    async with session.get(world.url + "/gateway/usage", headers=headers) as answer:
        assert answer.status == 405
