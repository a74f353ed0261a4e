"""Limits beside those of a plan, and limits on open calls, through a whole gateway."""

import asyncio
from pathlib import Path
from typing import Any

from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.policy_settings import PolicyUse
from gateway.adapters.limiting.script import SCRIPT
from gateway.adapters.shared_limiter import SharedLimiter
from policies.limits.slots import OwnSlots
from tests.gateway.adapters.patient_store import patient_store
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot, token
from tests.gateway.http_harness import SeenRequest, raw_client
from tests.support.valkey import valkey


def api(*policies: PolicyUse, public: bool = False) -> ApiVersion:
    def made(name: str, method: str = "GET") -> Operation:
        scopes = () if public else (("orders:read",),)
        pointer = f"/paths/~1{name}/{method.lower()}"
        backend = HttpBackend("shop")
        return Operation(
            name, method, f"/{name}", pointer, backend, scopes=scopes, public=public, policies=policies
        )

    return orders(made("one"), made("two"))


def limits(policy: str, **each: dict[str, Any]) -> PolicyUse:
    return PolicyUse(policy, config={"limits": each})


def slots_of(running: Gateway) -> OwnSlots:
    runtime = running.pipeline.runtime
    assert runtime is not None
    assert isinstance(runtime.ports.slots, OwnSlots)
    return runtime.ports.slots


class Holding:
    """An upstream that answers when it is let."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.inside = asyncio.Semaphore(0)

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.inside.release()
        await self.release.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        return True


async def test_calls_of_two_operations_count_together_where_a_limit_says_so(tmp_path: Path) -> None:
    use = limits("rate-limit", partner={"limit": "2/hour", "by": "consumer", "window": "log"})
    async with gateway(tmp_path) as running:
        running.adopt(snapshot(api(use), serial=2, port=running.upstream.port))
        answers = [await running.ask("GET", f"/orders/v1/{name}") for name in ("one", "two", "one")]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[1].fields[b"ratelimit-policy"] == b'"burst";q=1000;w=60, "partner";q=2;w=3600'
        assert answers[1].fields[b"ratelimit"].startswith(b'"burst";r=998;t=')
        assert b'"partner";r=0;t=36' in answers[1].fields[b"ratelimit"]
        assert problem_of(answers[2])["violated-policies"] == ["partner"]
        assert len(running.upstream.seen) == 2


async def test_a_public_operation_can_be_limited_by_address(tmp_path: Path) -> None:
    use = limits("rate-limit", each={"limit": "1/hour", "by": "address"})
    async with gateway(tmp_path) as running:
        running.adopt(snapshot(api(use, public=True), serial=2, port=running.upstream.port))
        statuses = [(await running.ask("GET", "/orders/v1/one", bearer=None)).status for _ in range(2)]
        assert statuses == [200, 429]


async def test_a_limit_that_only_reports_refuses_nobody(tmp_path: Path) -> None:
    config = {"limits": {"each": {"limit": "1/hour", "by": "consumer"}}}
    async with gateway(tmp_path) as running:
        use = PolicyUse("rate-limit", "report", config)
        running.adopt(snapshot(api(use), serial=2, port=running.upstream.port))
        answers = [await running.ask("GET", "/orders/v1/one") for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        lines = await running.logged(2)
        assert [line.get("would_refuse") for line in lines] == [None, ["rate-limit"]]


async def test_as_many_calls_are_open_as_may_be(tmp_path: Path) -> None:
    use = limits("concurrency", erp={"most": 2, "by": "upstream"})
    upstream = Holding()
    async with gateway(tmp_path, upstream) as running:
        running.adopt(snapshot(api(use), serial=2, port=running.upstream.port))
        held = [asyncio.create_task(running.ask("GET", f"/orders/v1/{name}")) for name in ("one", "two")]
        for _ in held:
            await asyncio.wait_for(upstream.inside.acquire(), 10)
        refused = await running.ask("GET", "/orders/v1/one")
        assert problem_of(refused)["type"] == "urn:ostiary:problem:too-many-open-calls"
        assert refused.fields[b"retry-after"] == b"1"
        upstream.release.set()
        assert [answer.status for answer in await asyncio.gather(*held)] == [204, 204]
        assert (await running.ask("GET", "/orders/v1/one")).status == 204
        await running.logged(4)
        assert len(slots_of(running)) == 0
        assert len(running.upstream.seen) == 3


async def test_a_client_that_goes_away_and_a_new_snapshot_leave_no_slot_behind(tmp_path: Path) -> None:
    use = limits("concurrency", erp={"most": 1, "by": "upstream"})
    upstream = Holding()
    async with gateway(tmp_path, upstream) as running:
        running.adopt(snapshot(api(use), serial=2, port=running.upstream.port))
        async with raw_client(running.port) as client:
            head = f"GET /orders/v1/one HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n"
            client.writer.write(head.encode())
            await asyncio.wait_for(upstream.inside.acquire(), 10)
            running.adopt(snapshot(api(use), serial=3, port=running.upstream.port, quota=500))
            assert (await running.ask("GET", "/orders/v1/one")).status == 429  # in force over the change
        (line, _) = await running.logged(2)
        assert line["status"] == 429
        assert len(slots_of(running)) == 0
        upstream.release.set()
        assert (await running.ask("GET", "/orders/v1/one")).status == 204


async def test_nobody_gets_an_error_for_a_shared_state_that_is_lost_and_comes_back_empty(
    tmp_path: Path,
) -> None:
    with valkey() as server:
        now = 0.0
        store = patient_store(server.url, SCRIPT, clock=lambda: now)
        shared = SharedLimiter(store, share=2, exact=True)
        async with gateway(tmp_path, quota=40, limiter=shared) as running:

            async def ask(times: int) -> list[int]:
                answers = await asyncio.gather(*(running.ask("GET", "/orders/v1/orders") for _ in range(times)))
                return sorted(answer.status for answer in answers)

            assert await ask(10) == [200] * 10
            server.kill()
            assert await ask(10) == [200] * 10
            assert not store.available
            server.start()
            now += 60
            assert await ask(1) == [200]  # which looks for it
            assert store.available
            assert await ask(30) == [200] * 19 + [429] * 11  # of forty, twenty-one had been given
        await store.close()
