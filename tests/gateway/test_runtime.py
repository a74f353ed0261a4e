"""Runtimes built one after the other: what is kept, what is swapped, what stays with one bad API."""

from pathlib import Path

import pytest

from contracts.operations import HttpBackend, Operation
from contracts.snapshot import SnapshotError
from gateway.secrets import UpstreamSecrets
from tests.gateway.gateway_world import gateway, orders, problem_of, snapshot


def shipments(backend: str = "shop", **changes: object) -> Operation:
    return Operation("ship", "GET", "/shipments", "/paths/~1shipments/get", HttpBackend(backend), public=True)


async def test_an_upstream_that_did_not_change_keeps_its_connections(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders")
        world.adopt(snapshot(orders(title="Renamed"), port=world.upstream.port, serial=2))
        await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.connections == 1
        changed = {"connections": 3}
        world.adopt(snapshot(orders(), port=world.upstream.port, serial=3, upstream=changed))
        await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.connections == 2


async def test_one_bad_version_keeps_its_last_good_form_and_the_rest_moves_on(tmp_path: Path) -> None:
    other = orders(shipments(), api="shipments", base_path="/shipments/v1")
    async with gateway(tmp_path) as world:
        port = world.upstream.port
        world.adopt(snapshot(orders(), other, port=port, serial=2))
        broken = orders(shipments("nowhere"), title="Broken")
        moved = orders(shipments(), api="shipments", base_path="/moved/v1")
        world.adopt(snapshot(broken, moved, port=port, serial=3))
        runtime = world.pipeline.runtime
        assert runtime is not None
        assert list(runtime.rejected) == ["orders/v1"]
        assert "nowhere" in runtime.rejected["orders/v1"]
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        assert (await world.ask("GET", "/moved/v1/shipments", bearer=None)).status == 200
        assert problem_of(await world.ask("GET", "/shipments/v1/shipments", bearer=None))["status"] == 404


async def test_a_snapshot_of_which_nothing_can_be_served_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        nothing = snapshot(orders(shipments("nowhere"), api="other", base_path="/other/v1"), serial=2)
        with pytest.raises(SnapshotError, match="nowhere"):
            world.adopt(nothing)
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200


async def test_another_access_part_is_in_force_at_once(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        before = world.pipeline.runtime
        world.adopt(snapshot(port=world.upstream.port, serial=2, scopes=("orders:write",)))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 403
        assert before is not None
        assert world.pipeline.runtime is not None
        assert world.pipeline.runtime.router is before.router


async def test_a_credential_is_looked_up_once_for_all_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(UpstreamSecrets, "find", lambda self, name: asked.append(name) or "k3y")
    async with gateway(tmp_path) as world:
        other = orders(shipments(), api="shipments", base_path="/shipments/v1")
        world.adopt(
            snapshot(orders(), other, port=world.upstream.port, serial=2, upstream={"credential": "shop-key"})
        )
    assert asked == ["shop-key"]
