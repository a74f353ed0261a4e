"""A canary behind a whole gateway: who gets which answer, and what is told of it."""

import json
from pathlib import Path
from typing import Any

import msgspec

from contracts.policy_settings import PolicyUse
from contracts.snapshot import Manifest, Snapshot, Upstream, encode_part
from gateway.telemetry.canaries import canary_state
from gateway.telemetry.exposition import expose
from gateway.telemetry.state import State
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot
from tests.gateway.http_harness import raw_upstream
from tests.gateway.odoo_pair import mediating, odoo
from tests.gateway.upstreams.resilience.test_failing_upstreams import LENIENT, nobody, says


def with_canary(port: int, serial: int, other: int, **settings: Any) -> Snapshot:
    use = PolicyUse("canary", config={"to": "next", **settings})
    made = snapshot(
        orders(*(msgspec.structs.replace(each, policies=(use,)) for each in operations())),
        serial=serial,
        port=port,
    )
    there = Upstream("next", "http", f"http://127.0.0.1:{other}/next", breaker=LENIENT)
    contracts = msgspec.structs.replace(made.contracts, upstreams=(*made.contracts.upstreams, there))
    manifest: Manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, made.access)


def told(world: Gateway) -> list[dict[str, Any]]:
    """The canaries as the status document has them."""
    assert world.pipeline.runtime is not None
    return [canary_state(each) for each in world.pipeline.runtime.ports.canaries.every()]


def metrics(world: Gateway) -> list[str]:
    state = State(world.pipeline, world.access_log, None, None)
    return [line for line in "".join(expose(world.counting, state.samples())).splitlines() if "canary" in line]


async def test_who_is_named_goes_to_the_canary_and_others_do_not(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as other:
        world.adopt(with_canary(world.upstream.port, 2, other.port, **{"always-for": ["acme"]}))
        assert (await world.ask("GET", "/orders/v1/orders")).body == b"GET /next/orders HTTP/1.1"
        assert (await world.ask("GET", "/orders/v1/ping", bearer=None)).body == b"GET /backend/ping HTTP/1.1"
        line, _ = await world.logged(2)
        assert line["upstream"] == "next"


async def test_a_canary_that_fails_is_backed_out_of_and_that_outlives_a_snapshot(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"percent": 100, "back-out": {"minimum-calls": 3}}
    async with gateway(tmp_path) as world, raw_upstream(says(500)) as other:
        world.adopt(with_canary(world.upstream.port, 2, other.port, **settings))
        statuses = [(await world.ask("GET", "/orders/v1/orders")).status for _ in range(5)]
        assert statuses == [500, 500, 500, 200, 200]
        world.adopt(with_canary(world.upstream.port, 3, other.port, **settings))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        (canary,) = told(world)
        assert (canary["backed_out"], canary["back_outs"], canary["last_reason"]) == (True, 1, None)
        assert canary["canary"] == {"calls": 3, "failed": 3}
        lines = metrics(world)
        labels = 'api="orders",version="v1",upstream="next"'
        assert f"ostiary_canary_backed_out{{{labels}}} 1" in lines
        assert f'ostiary_canary_calls_total{{{labels},sent_to="canary",outcome="failed"}} 3' in lines
        assert f'ostiary_canary_calls_total{{{labels},sent_to="stable",outcome="good"}} 3' in lines
        # Whoever changes the settings has mended it.
        world.adopt(with_canary(world.upstream.port, 4, other.port, **{**settings, "percent": 99.9}))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 500


async def test_nobody_is_refused_for_a_canary_that_is_down(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        with nobody() as port:
            world.adopt(
                with_canary(world.upstream.port, 2, port, percent=100, **{"back-out": {"minimum-calls": 3}})
            )
            for _ in range(5):
                body = b'{"sku": "a"}'
                answer = await world.ask("POST", "/orders/v1/orders", body, Content_Type="application/json")
                assert answer.status == 200
        (canary,) = told(world)
        assert canary["backed_out"]
        assert canary["canary"] == {"calls": 3, "failed": 3}
        assert len(world.upstream.seen) == 5


async def test_an_odoo_has_a_canary_too(tmp_path: Path) -> None:
    use = PolicyUse("canary", config={"to": "depot", "percent": 100})
    with nobody() as port:
        async with odoo("19.0") as depot, mediating(tmp_path, f"http://127.0.0.1:{port}", depot, use) as world:
            answer = await world.ask("GET", "/orders/v1/orders")
            assert (answer.status, bool(json.loads(answer.body)["data"])) == (200, True)


async def test_a_consumer_may_be_the_only_one_or_the_only_one_not(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as other:
        for serial, (mode, acme, there) in enumerate((("off", "enforce", True), ("enforce", "off", False)), 2):
            made = with_canary(world.upstream.port, serial, other.port, percent=100)
            (version,) = made.contracts.versions
            changed = tuple(
                msgspec.structs.replace(
                    each,
                    policies=(msgspec.structs.replace(each.policies[0], mode=mode, consumers={"acme": acme}),),
                )
                for each in version.operations
            )
            contracts = msgspec.structs.replace(
                made.contracts, versions=(msgspec.structs.replace(version, operations=changed),)
            )
            manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
            world.adopt(Snapshot(manifest, contracts, made.access))
            assert (await world.ask("GET", "/orders/v1/orders")).body.startswith(b"GET /next") is there
