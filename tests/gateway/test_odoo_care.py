"""An Odoo behind a real gateway gets no more at once than it can bear, and writes to a record one by one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from contracts.estate_care import CareEntry, care_of
from contracts.odoo_care import OdooCare
from contracts.odoo_guard import GuardedModel, OdooGuard
from contracts.operations import MediaType, OdooBackend, Operation, Parameter, RequestBody
from contracts.resilience import ODOO_HEALTH, HealthCheck
from tests.gateway.gateway_world import gateway, problem_of, token
from tests.gateway.http_harness import raw_client
from tests.gateway.odoo_care_world import (
    KIND,
    Counted,
    caring,
    counting,
    give_secret,
    operations,
    service_of,
    until,
    world,
)
from tests.gateway.telemetry.test_gateway_metrics import scrape, value


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
async def test_200_partners_at_once_never_exceed_the_budget(tmp_path: Path, protocol: str) -> None:
    seen = Counted()
    async with world(tmp_path, seen, connections=6, care=OdooCare(wait=60.0), protocol=protocol) as running:
        places = ["/orders/v1/orders?limit=3" if turn % 2 else "/orders/v1/orders/3" for turn in range(200)]
        answers = await asyncio.gather(*(running.ask("GET", place) for place in places))
        assert {answer.status for answer in answers} == {200}
        assert seen.most == 6
        service = service_of(running)
        assert (service.in_use, service.queued) == (0, 0)
        assert service.state()["breaker"]["opened"] == 0


async def test_those_for_whom_there_is_no_room_are_told_when_to_come_back(tmp_path: Path) -> None:
    seen = Counted()
    async with world(tmp_path, seen, connections=2, care=OdooCare(wait=60.0, queue=5)) as running:
        answers = await asyncio.gather(*(running.ask("GET", "/orders/v1/orders/3") for _ in range(40)))
        refused = [answer for answer in answers if answer.status == 503]
        assert 0 < len(refused) < 40
        assert {problem_of(answer)["type"] for answer in refused} == {"urn:ostiary:problem:upstream-busy"}
        assert all(int(answer.fields[b"retry-after"]) >= 1 for answer in refused)
        assert seen.most == 2
        # It is the gateway that is full, and not Odoo that fails: the breaker stays out of it.
        assert (await running.ask("GET", "/orders/v1/orders/3")).status == 200


async def test_writes_to_one_record_go_one_by_one_and_others_beside_them(tmp_path: Path) -> None:
    writing: dict[str, int] = {}
    most: dict[str, int] = {}
    seen = Counted()
    original = seen.watch

    async def watch(request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.endswith("/write"):
            return await original(request, handler)
        (record,) = json.loads(await request.read())["ids"]
        name = str(record)
        writing[name] = writing.get(name, 0) + 1
        most[name] = max(most.get(name, 0), writing[name])
        most["all"] = max(most.get("all", 0), sum(writing.values()))
        try:
            return await original(request, handler)
        finally:
            writing[name] -= 1

    seen.watch = watch  # type: ignore[method-assign]
    async with world(tmp_path, seen, connections=8, care=OdooCare(wait=60.0)) as running:
        body = b'{"reference": "changed"}'
        answers = await asyncio.gather(
            *(running.ask("PATCH", f"/orders/v1/orders/{3 + turn % 3}", body, **KIND) for turn in range(36))
        )
        assert {answer.status for answer in answers} == {200}
        assert {most[key] for key in ("3", "4", "5")} == {1}
        assert most["all"] > 1


async def test_a_legacy_clients_write_waits_for_the_same_record(tmp_path: Path) -> None:
    seen = Counted(held=asyncio.Event())
    model = GuardedModel(read=("name",), write=("client_order_ref",))
    legacy = Operation(
        "json2",
        "POST",
        "/json/2/{model}/{method}",
        "/paths/json2",
        OdooBackend("erp", "", "rpc", dialect="json2", guard=OdooGuard(models={"sale.order": model})),
        scopes=(("orders:read",),),
        parameters=tuple(
            Parameter(name, "path", "simple", False, {"type": "string"}, required=True)
            for name in ("model", "method")
        ),
        body=RequestBody(True, (MediaType("application/json"),)),
    )
    granted = ("orders:read", "odoo:sale.order:write")
    async with world(tmp_path, seen, *operations(), legacy, scopes=granted, connections=8) as running:
        mediated = asyncio.create_task(running.ask("PATCH", "/orders/v1/orders/3", b'{"reference": "x"}', **KIND))
        await until(lambda: seen.running == 1)
        body, held = b'{"ids": [3], "vals": {"client_order_ref": "y"}}', token(scope=" ".join(granted))
        place = "/orders/v1/json/2/sale.order/write"
        guarded = asyncio.create_task(running.ask("POST", place, body, bearer=held, **KIND))
        await until(lambda: service_of(running).queued == 1)
        assert seen.running == 1
        seen.held.set()
        assert [answer.status for answer in await asyncio.gather(mediated, guarded)] == [200, 200]
        assert seen.most == 1


async def test_a_pace_lets_one_go_after_the_other(tmp_path: Path) -> None:
    care = care_of(CareEntry(wait=60.0, pace="200/second"))
    seen = Counted()
    async with world(tmp_path, seen, connections=6, care=care) as running:
        answers = await asyncio.gather(*(running.ask("GET", "/orders/v1/orders?limit=3") for _ in range(12)))
        assert {answer.status for answer in answers} == {200}
        assert seen.most == 1


def rolled_back(times: int, protocol: str, name: str = "psycopg2.errors.SerializationFailure") -> Any:
    left = [times]

    def refuse(method: str) -> web.Response | None:
        if method != "write" or not left[0]:
            return None
        left[0] -= 1
        error = {
            "name": name,
            "message": "could not serialize access",
            "arguments": [],
            "context": {},
            "debug": "",
        }
        if protocol == "json2":
            return web.json_response(error, status=500)
        return web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "", "data": error}})

    return refuse


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
@pytest.mark.parametrize(
    ("times", "status", "writes"), [(1, 200, 2), (2, 200, 3), (3, 409, 3)], ids=["once", "twice", "again"]
)
async def test_a_write_that_a_conflict_undid_is_made_again(
    tmp_path: Path, times: int, status: int, writes: int, protocol: str
) -> None:
    seen = Counted(refuse=rolled_back(times, protocol))
    care = OdooCare(repeats=2, back_off=0.001)
    async with world(tmp_path, seen, care=care, protocol=protocol) as running:
        answer = await running.ask("PATCH", "/orders/v1/orders/3", b'{"reference": "x"}', **KIND)
        assert answer.status == status
        assert seen.called.count("write") == writes
        told = int(status == 409)
        assert service_of(running).state()["conflicts"] == {"repeated": writes - 1, "told": told}
        series = await scrape(running)
        for outcome, count in (("repeated", writes - 1), ("told", told)):
            assert value(series, "ostiary_odoo_conflicts_total", upstream="erp", outcome=outcome) == count
        if status == 409:
            assert problem_of(answer)["type"] == "urn:ostiary:problem:record-conflict"
            assert answer.fields[b"retry-after"] == b"1"


async def test_a_record_that_somebody_has_locked_is_told_at_once(tmp_path: Path) -> None:
    seen = Counted(refuse=rolled_back(1, "json2", "odoo.exceptions.LockError"))
    async with world(tmp_path, seen, care=OdooCare(repeats=2, back_off=0.001)) as running:
        answer = await running.ask("PATCH", "/orders/v1/orders/3", b'{"reference": "x"}', **KIND)
        assert (answer.status, seen.called.count("write")) == (409, 1)


async def test_targets_are_called_as_the_odoo_that_they_are(tmp_path: Path) -> None:
    seen = Counted()
    async with counting(seen) as target, gateway(give_secret(tmp_path)) as running:
        running.adopt(caring("http://odoo.acme.example", targets=(target,)))
        assert (await running.ask("GET", "/orders/v1/orders/3")).status == 200
        assert set(seen.hosts) == {"odoo.acme.example"}


async def test_an_odoo_that_does_not_say_that_it_is_well_is_left_out_until_it_does(tmp_path: Path) -> None:
    sick, well = Counted(health="<html>Log in</html>"), Counted()
    check = HealthCheck(ODOO_HEALTH, interval=0.02, timeout=5.0, unhealthy_after=2, healthy_after=2)
    async with counting(sick) as one, counting(well) as other, gateway(give_secret(tmp_path)) as running:
        running.adopt(caring("http://odoo.acme.example", targets=(one, other), health=check))
        target = service_of(running).guard.balancer.targets[0]
        await until(lambda: not target.healthy)
        for _ in range(10):
            assert (await running.ask("GET", "/orders/v1/orders/3")).status == 200
        assert (sick.paths, len(well.paths)) == ([], 20)
        sick.health = '{"status": "pass", "db_server_status": false}'
        asked = sick.checks
        await until(lambda: sick.checks > asked + 3)
        assert not target.healthy
        sick.health = '{"status": "pass", "db_server_status": true}'
        await until(lambda: target.healthy)


async def test_a_call_that_waits_goes_with_its_client(tmp_path: Path) -> None:
    seen = Counted(held=asyncio.Event())
    async with world(tmp_path, seen, connections=1, care=OdooCare(wait=60.0)) as running:
        staying = asyncio.create_task(running.ask("GET", "/orders/v1/orders/3"))
        await until(lambda: seen.running == 1)
        async with raw_client(running.port) as client:
            await client.send(b"GET /orders/v1/orders/4 HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: service_of(running).queued == 1)
        await until(lambda: service_of(running).queued == 0)
        seen.held.set()
        assert (await staying).status == 200
        assert len(seen.paths) == 2  # the order and its lines, of one client
