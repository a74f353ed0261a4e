"""A brown-out through the whole gateway: its own engine, and as an ASGI application under real servers."""

from pathlib import Path

import msgspec
import pytest

from contracts.operations import Brownout, Lifecycle
from contracts.snapshot import AccessPart, Snapshot, encode_part
from gateway.asgi import AsgiGateway
from tests.gateway.asgi_harness import SERVERS, asgi_server
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot
from tests.support.policy_world import NOW

DAY = 86_400
WINDOW = Brownout(NOW - 60, NOW + 540)
ENDING = Lifecycle("deprecated", NOW - 9 * DAY, NOW + DAY, "v2", "https://docs.example/v2", (WINDOW,))


def browned_out(world: Gateway, extended_until: int | None = None) -> Snapshot:
    version = orders(lifecycle=ENDING, successor_base_path="/orders/v2")
    made = snapshot(version, port=world.upstream.port, serial=2)
    (application,) = made.access.applications
    subscriptions = tuple(
        msgspec.structs.replace(each, extended_until=extended_until) for each in application.subscriptions
    )
    access = AccessPart(made.access.issuers, (msgspec.structs.replace(application, subscriptions=subscriptions),))
    manifest = msgspec.structs.replace(made.manifest, access=encode_part(access)[0])
    return Snapshot(manifest, made.contracts, access)


async def assert_refused(world: Gateway) -> None:
    answer = await world.ask("GET", "/orders/v1/orders")
    problem = problem_of(answer)
    assert (answer.status, problem["type"]) == (410, "urn:ostiary:problem:version-brown-out")
    assert problem["successor"] == "https://api.example/orders/v2"
    assert problem["migration-guide"] == "https://docs.example/v2"
    assert answer.fields[b"retry-after"] == b"541"
    assert answer.fields[b"deprecation"] == f"@{NOW - 9 * DAY}".encode()
    assert b"sunset" in answer.fields
    assert world.upstream.seen == []
    (line,) = await world.logged(1)
    assert (line["status"], line["policy"], line["problem"]) == (410, "lifecycle", "version-brown-out")


async def test_the_engine_refuses_and_says_so_in_log_and_metrics(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(browned_out(world))
        await assert_refused(world)
        # A public operation has nobody whom an extension could spare.
        assert (await world.ask("GET", "/orders/v1/ping", bearer=None)).status == 410
        refusals = {key: value for _, samples in world.counting.samples() for key, value in samples}
        assert refusals[("orders", "v1", "listOrders", "lifecycle", "version-brown-out")] == 1


@pytest.mark.parametrize("server", SERVERS)
async def test_it_is_the_same_under_another_server(server: str, tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, asgi_server(server, AsgiGateway(world.pipeline)) as port:
        world.adopt(browned_out(world))
        world.port = port
        await assert_refused(world)


async def test_an_extension_lets_its_application_through_at_once(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(browned_out(world))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 410
        world.adopt(browned_out(world, NOW + 9 * DAY))
        answer = await world.ask("GET", "/orders/v1/orders")
        assert (answer.status, answer.fields[b"sunset"]) == (200, b"Sun, 24 Jan 2027 08:00:00 GMT")
        world.adopt(browned_out(world))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 410
