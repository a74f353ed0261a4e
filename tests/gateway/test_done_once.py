"""At most once, whatever happens: clients that leave, upstreams that fall silent, and retries of all of them."""

import asyncio
import contextlib
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from contracts.resilience import BreakerSettings
from contracts.snapshot import Timeouts
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot, token
from tests.gateway.http_harness import RawAnswer, SeenRequest, raw_client
from tests.support.policy_world import NOW

KEYS = 30
TRIES = 18
"""Of each key, by clients of which some do not wait for an answer."""


class Shop:
    """Does what it is asked, or does not, and says so, or does not. `done` counts by key."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.done: Counter[bytes] = Counter()
        self.untouched: Counter[bytes] = Counter()

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        key = request.fields[b"idempotency-key"]
        await asyncio.sleep(self.chance.choice((0, 0, 0.005)))
        fate = self.chance.random()
        if fate < 0.6:  # it has not begun, and says so
            self.untouched[key] += 1
            writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
            return True
        self.done[key] += 1
        if fate < 0.7:
            return False  # done, and nobody is told
        body = b"%b %d" % (key, self.done[key])
        if fate < 0.8:
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body) + 9, body))
            return False  # done, and half of it is told
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        return True


async def once(running: Gateway, key: str, patience: float | None) -> RawAnswer | None:
    """One try; None for a client that did not wait."""
    body = b'{"sku":"A"}'
    lines = [
        "POST /orders/v1/orders HTTP/1.1",
        "Host: api.example",
        f"Authorization: Bearer {token(exp=NOW + 10_000)}",
        "Content-Type: application/json",
        f"Idempotency-Key: {key}",
        f"Content-Length: {len(body)}",
    ]
    async with raw_client(running.port) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await client.ask("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return None


async def at_last(running: Gateway, key: str) -> RawAnswer:
    """What is said of a key when nothing with it is under way any more."""
    async with asyncio.timeout(10):
        while True:
            answer = await once(running, key, None)
            assert answer is not None
            if b"in-flight" not in answer.body:
                return answer
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_done_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shop = Shop(chance)
    use = PolicyUse("idempotency")
    made = orders(*(msgspec.structs.replace(each, policies=(use,)) for each in operations()))
    upstream = {
        "timeouts": Timeouts(first_byte=5.0),
        "breaker": BreakerSettings(consecutive=1_000_000, minimum=1_000_000),
    }
    async with gateway(tmp_path, shop) as running:
        running.adopt(snapshot(made, serial=2, port=running.upstream.port, quota=100_000, upstream=upstream))
        keys = [f'"key-{number}"' for number in range(KEYS)]
        answers: dict[str, list[RawAnswer]] = {key: [] for key in keys}

        async def client(key: str) -> None:
            for _ in range(TRIES // 3):
                answer = await once(running, key, chance.choice((None, None, 0.002)))
                if answer is not None:
                    answers[key].append(answer)

        await asyncio.gather(*(client(key) for key in keys for _ in range(3)))
        last = {key: await at_last(running, key) for key in keys if shop.done[key.encode()]}
    assert max(shop.done.values()) == 1, "something was done twice"
    # That what was not begun was sent again, and that there was something to be told and something unknown: of so
    # many keys each is the lot of about half.
    assert sum(shop.untouched.values()) > 10
    assert any(answer.status == 201 for each in answers.values() for answer in each)
    assert any(b"outcome-unknown" in answer.body for each in answers.values() for answer in each)
    for key, each in answers.items():
        told = {(answer.status, answer.body) for answer in each if answer.status == 201}
        assert len(told) <= 1, "one key, two answers"
        assert {answer.status for answer in each} <= {201, 409, 502, 503}
        if key in last:
            status, body = last[key].status, last[key].body
            assert (status, body) in told or (status == 201 and not told) or b"outcome-unknown" in body
