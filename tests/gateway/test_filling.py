"""What is taken over from one snapshot to the next, and what is bound of it."""

import gc
from pathlib import Path
from typing import Any

import msgspec

from contracts.operations import ApiVersion, HttpBackend, OdooBackend, Operation
from contracts.snapshot import Manifest, PackedSnapshot, Snapshot, Upstream, encode_part, pack
from gateway.routes import ServedOperation
from gateway.runtime import Runtime, dismantle
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot

OTHER = Operation("ship", "GET", "/shipments", "/paths/~1shipments/get", HttpBackend("shop"), public=True)


def shipments(**changes: Any) -> ApiVersion:
    return orders(OTHER, **{"api": "shipments", "base_path": "/shipments/v1", **changes})


def running(world: Gateway) -> Runtime:
    assert world.pipeline.runtime is not None
    return world.pipeline.runtime


def served(runtime: Runtime, identity: str, api: str = "orders") -> ServedOperation:
    return next(
        one for one in runtime.versions[api, "v1"].operations.values() if one.bind().operation.id == identity
    )


async def adopt(world: Gateway, serial: int, *versions: ApiVersion, **options: Any) -> Runtime:
    world.adopt(snapshot(*versions, serial=serial, port=world.upstream.port, **options))
    return running(world)


async def test_nothing_is_bound_before_it_is_called(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        assert {one.route for one in running(world).operations()} == {None}
        await world.ask("GET", "/orders/v1/orders/7")
        bound = [one.template for one in running(world).operations() if one.route is not None]
        assert bound == ["/orders/v1/orders/{order_id}"]


async def test_a_version_that_did_not_change_is_taken_over_whole(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        before = await adopt(world, 2, orders(), shipments())
        await world.ask("GET", "/orders/v1/orders")
        route = served(before, "listOrders").route
        now = await adopt(world, 3, orders(), shipments(title="Renamed"))
        assert now.versions["orders", "v1"] is before.versions["orders", "v1"]
        assert now.versions["shipments", "v1"] is not before.versions["shipments", "v1"]
        assert served(now, "listOrders").route is route


async def test_of_a_version_only_the_operations_that_changed_are_new(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        before = running(world)
        kept = {one.id: served(before, one.id) for one in operations()}
        changed = (msgspec.structs.replace(operations()[0], cost=7), *operations()[1:-1])
        now = await adopt(world, 2, orders(*changed))
        assert served(now, "listOrders") is not kept["listOrders"]
        assert served(now, "listOrders").bind().operation.cost == 7
        assert served(now, "upload") is kept["upload"]
        assert not now.serves("orders", "v1", "ping")
        assert problem_of(await world.ask("GET", "/orders/v1/ping"))["status"] == 404
        assert len(now.router) == len(changed)


async def test_what_was_called_is_bound_anew_before_the_change_and_the_rest_is_not(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders")
        now = await adopt(world, 2, orders(title="Renamed"))
        bound = [one for one in now.operations() if one.route is not None]
        assert [(one.method, one.template) for one in bound] == [("GET", "/orders/v1/orders")]
        assert bound[0].bind().version.title == "Renamed"


async def test_other_plans_are_bound_and_no_token_is_verified_again(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders")
        before = running(world)
        now = await adopt(world, 2, quota=7)
        assert now.ports is not before.ports
        assert now.ports.tokens is before.ports.tokens
        assert len(now.ports.tokens) == 1
        answer = await world.ask("GET", "/orders/v1/orders")
        assert answer.fields[b"ratelimit-policy"] == b'"burst";q=7;w=60'


async def test_contracts_alone_leave_the_access_part_as_it_is(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        before = running(world)
        generation = before.ports.access.generation
        now = await adopt(world, 2, orders(title="Renamed"))
        assert now.ports.access.generation == generation
        now = await adopt(world, 3, orders(title="Renamed"), scopes=("orders:write",))
        assert now.ports.access.generation == generation + 1


def with_upstreams(made: Snapshot, *more: Upstream) -> Snapshot:
    contracts = msgspec.structs.replace(made.contracts, upstreams=(*made.contracts.upstreams, *more))
    manifest: Manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, made.access)


async def test_another_upstream_binds_those_anew_that_call_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        port = world.upstream.port
        elsewhere = msgspec.structs.replace(OTHER, backend=HttpBackend("depot"))
        versions = (orders(), shipments(operations=(elsewhere,)))

        def with_depot(serial: int, connections: int) -> Snapshot:
            depot = Upstream("depot", "http", f"http://127.0.0.1:{port}", connections=connections)
            return with_upstreams(snapshot(*versions, serial=serial, port=port), depot)

        world.adopt(with_depot(2, 4))
        before = running(world)
        assert set(before.versions["orders", "v1"].binding.servers) == {"shop"}, (
            "the depot is not kept alive by it"
        )
        world.adopt(with_depot(3, 5))
        now = running(world)
        assert now.versions["orders", "v1"] is before.versions["orders", "v1"]
        assert now.versions["shipments", "v1"] is not before.versions["shipments", "v1"]
        assert served(now, "ship", "shipments").bind().http is now.upstreams["depot"][1]


async def test_another_credential_is_sent_from_the_next_snapshot_on(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("one")
    async with gateway(tmp_path) as world:
        for serial, secret in ((2, "one"), (3, "two")):
            (tmp_path / "secrets" / "key").write_text(secret)
            await adopt(world, serial, orders(), shipments(title=secret), upstream={"credential": "key"})
            await world.ask("GET", "/orders/v1/orders")
            assert world.upstream.seen[-1].fields[b"authorization"] == f"Bearer {secret}".encode()


async def test_a_version_with_an_operation_that_does_not_decode_keeps_its_last_good_form(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        made = pack(snapshot(orders(title="Newer"), shipments(), serial=2, port=world.upstream.port))
        assert made.contracts is not None
        strange = made.contracts.replace(b'{"id":"ping"', b'{"more":1,"id":"ping"', 1)
        runtime = world.builder.build(PackedSnapshot(made.manifest, strange, made.access), running(world))
        assert list(runtime.rejected) == ["orders/v1"]
        assert "more" in runtime.rejected["orders/v1"]
        assert runtime.versions["orders", "v1"].version.title == "Orders"
        assert runtime.serves("shipments", "v1", "ship")
        assert len(runtime.router) == len(operations()) + 1, "nothing is left of the form that was refused"


async def test_a_last_good_form_is_in_nobodys_way(tmp_path: Path) -> None:
    """The paths of a version that is refused now belong to another: that one is good, and has them."""
    async with gateway(tmp_path) as world:
        await adopt(world, 2, orders(), shipments())
        broken = orders(msgspec.structs.replace(OTHER, backend=HttpBackend("nowhere")), base_path="/moved/v1")
        ping = operations()[-1]
        now = await adopt(world, 3, broken, shipments(operations=(ping,), base_path="/orders/v1"))
        assert list(now.rejected) == ["orders/v1"]
        assert list(now.versions) == [("shipments", "v1")]
        assert (await world.ask("GET", "/orders/v1/ping")).status == 200
        assert problem_of(await world.ask("GET", "/orders/v1/orders"))["status"] == 404


async def test_of_two_versions_on_one_path_the_first_has_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        now = await adopt(world, 2, orders(), shipments(base_path="/orders/v1", operations=operations()[:1]))
        assert list(now.rejected) == ["shipments/v1"]
        assert "claimed twice" in now.rejected["shipments/v1"]
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200


async def test_a_version_that_comes_twice_is_refused_and_stays(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        now = await adopt(world, 2, orders(), orders(base_path="/again/v1"))
        assert "comes twice" in now.rejected["orders/v1"]
        assert now.versions["orders", "v1"].version.base_path == "/orders/v1"
        assert len(now.router) == len(operations())


async def test_an_odoo_version_knows_what_reads_one_of_its_records(tmp_path: Path) -> None:
    """An answer about a new record says where it is."""
    get, make = (
        Operation(f"{action}Order", method, path, "", OdooBackend("erp", "sale.order", action), public=True)
        for action, method, path in (("get", "GET", "/orders/{id}"), ("create", "POST", "/orders"))
    )
    async with gateway(tmp_path) as world:
        erp = Upstream("erp", "odoo", f"http://127.0.0.1:{world.upstream.port}")

        def made(serial: int, read: Operation) -> Snapshot:
            return with_upstreams(snapshot(orders(read, make), serial=serial, port=world.upstream.port), erp)

        world.adopt(made(2, get))
        before = served(running(world), "createOrder")
        assert [one.id for one in before.bind().version.operations] == ["getOrder"]
        moved = msgspec.structs.replace(get, path="/orders/{order}")
        world.adopt(made(3, moved))
        now = served(running(world), "createOrder")
        assert now is not before
        assert now.bind().version.operations == (moved,)


async def test_taking_the_old_runtime_apart_spares_what_was_taken_over(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        before = await adopt(world, 2, orders(), shipments())
        now = await adopt(world, 3, orders(), shipments(title="Renamed"))
        old = before.versions["shipments", "v1"]
        assert sum(1 for _ in dismantle(before, now)) > len(operations())
        assert not old.operations
        assert len(before.router) == 0
        assert {one.bind().operation.id for one in now.operations()} == {"ship", *(one.id for one in operations())}
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        assert (await world.ask("GET", "/shipments/v1/shipments")).status == 200
        assert list(dismantle(now, now)) == []


async def test_an_operation_that_cannot_be_bound_after_all_is_not_served(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        for one in running(world).operations():
            one.text = b'{"secret detail": 1}'
        answer = await world.ask("GET", "/orders/v1/orders")
        assert (problem_of(answer)["status"], b"secret detail" in answer.body) == (500, False)
        assert world.upstream.seen == []
        assert world.pipeline.open == 0


async def test_the_schemas_of_a_version_that_nobody_calls_are_text(tmp_path: Path) -> None:
    listing = operations()[0]
    reference = {"$ref": "urn:orders#/components/limit"}
    parameter = msgspec.structs.replace(listing.parameters[0], schema=reference)
    documents = {"urn:orders": {"components": {"limit": {"type": "integer", "maximum": 50}}}}
    made = orders(msgspec.structs.replace(listing, parameters=(parameter,), responses=()), documents=documents)
    async with gateway(tmp_path) as world:
        now = await adopt(world, 2, made)
        binding = now.versions["orders", "v1"].binding
        assert (binding.validators, binding.version.documents) == (None, {})
        for limit, status in ((50, 200), (51, 422)):
            assert (await world.ask("GET", f"/orders/v1/orders?limit={limit}")).status == status
        assert binding.validators is not None
        assert binding.validators.documents == documents
        kept = binding.validators
        later = await adopt(world, 3, orders(*made.operations, documents=documents, title="Renamed"))
        assert later.versions["orders", "v1"].binding.validators is kept, "the schemas are the same"


async def test_building_is_many_small_steps(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        many = tuple(msgspec.structs.replace(OTHER, id=f"o{number}", path=f"/{number}") for number in range(200))
        made = pack(snapshot(shipments(operations=many), serial=2, port=world.upstream.port))
        # Each is found, looked at, and bound.
        assert sum(1 for _ in world.builder.steps(made, running(world))) >= 3 * len(many)


async def test_what_is_bound_goes_without_the_garbage_collector(tmp_path: Path) -> None:
    """It never looks at a large runtime again, so that a cycle in it would stay for good."""
    async with gateway(tmp_path) as world:
        before = running(world)
        for one in before.operations():
            one.bind()
        validators = before.versions["orders", "v1"].binding.validators
        assert validators is not None
        body = b'{"sku":"a"}'
        answer = await world.ask("POST", "/orders/v1/orders", body, Content_Type="application/json")
        assert answer.status == 200
        checks, shared = validators._checks, validators._shared
        assert len(checks) >= 2
        assert len(shared) >= 3
        gc.collect()
        gc.disable()
        try:
            now = await adopt(world, 2, orders(documents={"urn:other": {"type": "object"}}))
            for _ in dismantle(before, now):
                pass
            await world.ask("GET", "/orders/v1/ping")  # the last exchange of the old runtime is gone as well
            assert (len(checks), len(shared)) == (0, 0)
        finally:
            gc.enable()


async def test_an_operation_may_be_moved_to_another_upstream_alone(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        port = world.upstream.port
        depot = Upstream("depot", "http", f"http://127.0.0.1:{port}/depot")
        first, *rest = operations()
        moved = msgspec.structs.replace(first, backend=HttpBackend("depot"))
        for serial, each in ((2, first), (3, moved)):
            world.adopt(with_upstreams(snapshot(orders(each, *rest), serial=serial, port=port), depot))
        assert running(world).rejected == {}
        assert (await world.ask("GET", "/orders/v1/orders")).body == b"GET /depot/orders HTTP/1.1"
        assert set(running(world).versions["orders", "v1"].binding.servers) == {"shop", "depot"}
