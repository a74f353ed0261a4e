"""A gateway enforces only what was approved: the last good form of what was not stays, and it is reported."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.approvals import Approval
from contracts.operations import ApiVersion
from contracts.snapshot import ContractsPart, Snapshot, SnapshotError, encode_part, pack
from gateway.telemetry.metrics import UNAPPROVED_VERSIONS
from gateway.telemetry.state import State
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot
from tests.support.snapshots import KEY, approved


def shipments(**changes: str) -> ApiVersion:
    return orders(**{"api": "shipments", "base_path": "/shipments/v1", **changes})


def of_part(made: Snapshot, part: ContractsPart) -> Snapshot:
    manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(part)[0])
    return Snapshot(manifest, part, made.access)


def signed(*versions: ApiVersion, serial: int, port: int = 1) -> Snapshot:
    made = snapshot(*versions, serial=serial, port=port)
    return of_part(made, approved(made.contracts))


def approvals_changed(made: Snapshot, **changes: object) -> Snapshot:
    """With what is said of orders changed."""
    part = made.contracts
    approvals = tuple(
        msgspec.structs.replace(each, **changes) if each.api == "orders" else each for each in part.approvals
    )
    return of_part(made, msgspec.structs.replace(part, approvals=approvals))


async def title_of(world: Gateway, api: str) -> str:
    runtime = world.pipeline.runtime
    assert runtime is not None
    return runtime.versions[api, "v1"].version.title


async def test_what_was_approved_is_served(tmp_path: Path) -> None:
    async with gateway(tmp_path, made=signed(orders(), serial=1), approved_by=KEY.public_key()) as world:
        world.adopt(signed(orders(), shipments(), serial=2, port=world.upstream.port))
        runtime = world.pipeline.runtime
        assert runtime is not None
        assert runtime.rejected == {}
        assert (await world.ask("GET", "/shipments/v1/ping")).status == 200


def other_entry(made: Snapshot) -> Snapshot:
    """An entry that differs from what was approved, as a changed database or a changed compiler would make it."""
    versions = tuple(
        msgspec.structs.replace(each, title="Altered") if each.api == "orders" else each
        for each in made.contracts.versions
    )
    return of_part(made, msgspec.structs.replace(made.contracts, versions=versions))


def without(made: Snapshot) -> Snapshot:
    approvals: tuple[Approval, ...] = tuple(each for each in made.contracts.approvals if each.api != "orders")
    return of_part(made, msgspec.structs.replace(made.contracts, approvals=approvals))


def by_another_key(made: Snapshot) -> Snapshot:
    part = approved(made.contracts, Ed25519PrivateKey.generate())
    approvals = tuple(
        strange if strange.api == "orders" else own
        for strange, own in zip(part.approvals, made.contracts.approvals, strict=True)
    )
    return of_part(made, msgspec.structs.replace(part, approvals=approvals))


UNAPPROVED = {
    "another entry": (other_entry, "was approved, and not sha256:"),
    "no approval": (without, "it has no approval"),
    "another key": (by_another_key, "no signature of the catalog's key"),
    "approval altered": (lambda made: approvals_changed(made, revision="sha256:1"), "no signature"),
    "entry and approval altered": (
        lambda made: approvals_changed(other_entry(made), entry="sha256:" + "0" * 64),
        "no signature",
    ),
    "approval of another version": (lambda made: approvals_changed(made, version="v2"), "it has no approval"),
}


@pytest.mark.parametrize("case", UNAPPROVED)
async def test_what_was_not_approved_keeps_its_last_good_form_and_the_others_go_on(
    tmp_path: Path, case: str
) -> None:
    change, reason = UNAPPROVED[case]
    async with gateway(
        tmp_path, made=signed(orders(title="Good"), serial=1), approved_by=KEY.public_key()
    ) as world:
        port = world.upstream.port
        world.adopt(signed(orders(title="Good"), serial=2, port=port))
        made = signed(orders(title="Next"), shipments(title="New"), serial=3, port=port)
        world.adopt(change(made))
        runtime = world.pipeline.runtime
        assert runtime is not None
        assert set(runtime.rejected) == runtime.unapproved == {"orders/v1"}
        assert reason in runtime.rejected["orders/v1"]
        assert (await title_of(world, "orders"), await title_of(world, "shipments")) == ("Good", "New")
        assert (await world.ask("GET", "/orders/v1/ping")).status == 200
        samples = dict(State(world.pipeline, world.access_log, None, None).samples())
        assert samples[UNAPPROVED_VERSIONS] == [((), 1)]
        world.adopt(signed(orders(title="Next"), shipments(title="New"), serial=4, port=port))
        assert await title_of(world, "orders") == "Next"


async def test_a_gateway_that_has_nothing_yet_serves_nothing_unapproved(tmp_path: Path) -> None:
    async with gateway(tmp_path, made=signed(shipments(), serial=1), approved_by=KEY.public_key()) as world:
        with pytest.raises(SnapshotError, match="it has no approval"):
            world.builder.build(pack(snapshot(orders(), serial=2)), None)


async def test_what_was_stored_before_there_were_approvals_goes_on(tmp_path: Path) -> None:
    async with gateway(tmp_path, made=signed(orders(), serial=1), approved_by=KEY.public_key()) as world:
        stored = pack(snapshot(orders(), serial=2))
        runtime = world.builder.build(stored, None, stored=True)
        assert set(runtime.versions) == {("orders", "v1")}
        world.builder.close(runtime)
        tampered = pack(without(signed(orders(), shipments(), serial=3)))
        runtime = world.builder.build(tampered, None, stored=True)
        assert set(runtime.versions) == {("shipments", "v1")}
        world.builder.close(runtime)
