"""Where the data of calls goes, seen from two upstreams: one in the right place and one elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from contracts.policy_settings import Mode, PolicyUse
from contracts.snapshot import Plan, RateLimit, Snapshot, Upstream, encode_part
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import RawUpstream, raw_upstream

PATH = "/orders/v1/orders"


class Places:
    """A gateway whose calls go to `shop`, and by policies to `abroad`."""

    def __init__(self, running: Gateway, abroad: RawUpstream) -> None:
        self.running = running
        self.abroad = abroad
        self._serial = 1

    def adopt(self, *uses: PolicyUse, here: str | None = "eu", plan: tuple[PolicyUse, ...] = ()) -> None:
        self._serial += 1
        version = orders(*(msgspec.structs.replace(each, policies=uses) for each in operations()))
        made = snapshot(version, serial=self._serial, port=self.running.upstream.port)
        shop = msgspec.structs.replace(made.contracts.upstreams[0], residency=here)
        abroad = Upstream("abroad", "http", f"http://127.0.0.1:{self.abroad.port}/backend", residency="us")
        gold = Plan("gold", (RateLimit("burst", 1000, 60),), policies=plan)
        contracts = msgspec.structs.replace(made.contracts, upstreams=(shop, abroad), plans=(gold,))
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        self.running.adopt(Snapshot(manifest, contracts, made.access))

    @property
    def seen(self) -> tuple[int, int]:
        """Calls that came to the upstream here, and to the one abroad."""
        return len(self.running.upstream.seen), len(self.abroad.seen)


@asynccontextmanager
async def places(directory: Path) -> AsyncIterator[Places]:
    async with gateway(directory) as running, raw_upstream() as abroad:
        yield Places(running, abroad)


def residency(mode: Mode | None = None, consumers: dict[str, Mode] | None = None, **settings: Any) -> PolicyUse:
    return PolicyUse("residency", mode, settings, consumers or {})


def canary() -> PolicyUse:
    return PolicyUse("canary", None, {"to": "abroad", "percent": 100})


async def test_an_upstream_in_the_wrong_place_gets_nothing(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(residency(allow=["eu"]), here="us")
        answer = await world.running.ask("GET", PATH)
        assert answer.status == 503
        assert problem_of(answer)["type"] == "urn:ostiary:problem:residency-unavailable"
        world.adopt(residency(allow=["eu"]), here=None)
        assert (await world.running.ask("GET", PATH)).status == 503
        assert world.seen == (0, 0)
        world.adopt(residency(allow=["eu"]), here="eu")
        assert (await world.running.ask("GET", PATH)).status == 200
        assert world.seen == (1, 0)


async def test_a_consumers_own_places_hold_for_it_alone(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(residency(**{"by-consumer": {"acme": ["ch"]}}))
        assert (await world.running.ask("GET", PATH)).status == 503
        assert (await world.running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
        world.adopt(residency(**{"by-consumer": {"globex": ["ch"]}}))
        assert (await world.running.ask("GET", PATH)).status == 200


async def test_a_plans_places_hold_for_those_under_it(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(plan=(residency(allow=["ch"]),))
        assert (await world.running.ask("GET", PATH)).status == 503
        assert (await world.running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200


async def test_a_canary_abroad_is_for_those_who_may_go_there(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(canary(), residency(**{"by-consumer": {"acme": ["eu"]}}))
        assert (await world.running.ask("GET", PATH)).status == 200
        assert world.seen == (1, 0)
        assert (await world.running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
        assert world.seen == (1, 1)


async def test_what_is_reported_keeps_nobody_from_the_canary(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(canary(), residency("report", allow=["ch"]))
        assert (await world.running.ask("GET", PATH)).status == 200
        assert world.seen == (0, 1)
        (line,) = await world.running.logged(1)
        assert "residency" in line["would_refuse"]
        world.adopt(canary(), residency("report", {"acme": "enforce"}, allow=["eu"]))
        assert (await world.running.ask("GET", PATH)).status == 200
        assert world.seen == (1, 1)


async def test_a_mirror_abroad_gets_no_copies_of_what_may_not_go_there(tmp_path: Path) -> None:
    async with places(tmp_path) as world:
        world.adopt(PolicyUse("mirror", None, {"to": "abroad"}), residency(**{"by-consumer": {"acme": ["eu"]}}))
        assert (await world.running.ask("GET", PATH)).status == 200
        assert (await world.running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
        async with asyncio.timeout(10):
            while not world.abroad.seen:
                await asyncio.sleep(0.01)
        assert [each.line for each in world.abroad.seen] == [b"GET /backend/ping HTTP/1.1"]
