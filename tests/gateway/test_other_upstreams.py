"""Upstreams that policies alone name: what is bound to them, and what happens where they give no answer."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from contracts.resilience import BreakerSettings, HealthCheck
from contracts.snapshot import Manifest, Snapshot, Upstream, UpstreamTls, encode_part
from gateway.runtime import Runtime
from gateway.upstreams.resilience.breaker import State
from gateway.upstreams.resilience.http_service import HttpService
from policies.exchange import Exchange
from policies.policy import Phase, Policy, PolicyConfig
from policies.verdict import ALLOW, Stage, Verdict
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import SeenRequest, raw_client, raw_upstream
from tests.gateway.odoo_pair import NEW_ORDER, mediating, odoo
from tests.gateway.upstreams.resilience.test_failing_upstreams import LENIENT, hangs_up, nobody, until
from tests.gateway.websocket_world import feed, websocket, websocket_server
from tests.support.plugins import plugged_in


class Detour(PolicyConfig, frozen=True):
    to: str
    fall_back: bool = True


def sent_to(config: Detour, *_: Any) -> Stage:
    def stage(exchange: Exchange) -> Verdict:
        forward = exchange.forwarded()
        forward.upstream, forward.fall_back = config.to, config.fall_back
        return ALLOW

    return stage


DETOUR: Policy[Detour] = Policy(
    id="detour",
    why="It is for tests.",
    failure="It does not.",
    config=Detour,
    phase=Phase.BODY,
    bind=sent_to,
    upstreams=lambda config: {"/to": config.to},
)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    with plugged_in(monkeypatch, DETOUR):
        yield


def with_depot(port: int, serial: int, depot: int, depot_changes: Any = None, **settings: Any) -> Snapshot:
    """All operations are sent to the depot, by a policy."""
    use = PolicyUse("detour", config={"to": "depot", **settings})
    made = snapshot(
        orders(*(msgspec.structs.replace(each, policies=(use,)) for each in operations())),
        serial=serial,
        port=port,
    )
    other = Upstream("depot", "http", f"http://127.0.0.1:{depot}/there", **(depot_changes or {}))
    contracts = msgspec.structs.replace(made.contracts, upstreams=(*made.contracts.upstreams, other))
    manifest: Manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, made.access)


def running(world: Gateway) -> Runtime:
    assert world.pipeline.runtime is not None
    return world.pipeline.runtime


def depot_of(world: Gateway) -> HttpService:
    service = running(world).upstreams["depot"][1]
    assert isinstance(service, HttpService)
    return service


async def post(world: Gateway) -> Any:
    return await world.ask("POST", "/orders/v1/orders", b'{"sku": "a"}', Content_Type="application/json")


# -- what is bound ------------------------------------------------------------------------------------------


async def test_a_request_goes_where_a_policy_sends_it(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port))
        answer = await world.ask("GET", "/orders/v1/orders/7")
        assert answer.body == b"GET /there/orders/7 HTTP/1.1"
        assert (await post(world)).status == 200
        assert [seen.body for seen in depot.seen] == [b"", b'{"sku": "a"}']
        assert world.upstream.seen == []


async def test_a_websocket_goes_there_too(tmp_path: Path) -> None:
    use = PolicyUse("detour", config={"to": "depot"})
    async with gateway(tmp_path) as world, websocket_server() as server:
        made = snapshot(
            orders(msgspec.structs.replace(feed(), policies=(use,))), serial=2, port=world.upstream.port
        )
        depot = Upstream("depot", "http", f"http://127.0.0.1:{server.port}/backend")
        contracts = msgspec.structs.replace(made.contracts, upstreams=(*made.contracts.upstreams, depot))
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        world.adopt(Snapshot(manifest, contracts, made.access))
        async with websocket(world.port) as opened:
            await opened.send_str("hello")
            assert await opened.receive_str() == "hello"
        assert world.upstream.seen == []


async def test_a_change_of_an_upstream_that_only_a_policy_names_binds_anew(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as first, raw_upstream() as second:
        port = world.upstream.port
        world.adopt(with_depot(port, 2, first.port))
        await world.ask("GET", "/orders/v1/orders")
        before = running(world)
        world.adopt(with_depot(port, 3, first.port))
        assert running(world).versions["orders", "v1"] is before.versions["orders", "v1"]
        world.adopt(with_depot(port, 4, second.port))
        assert running(world).versions["orders", "v1"] is not before.versions["orders", "v1"]
        await world.ask("GET", "/orders/v1/orders")
        assert (len(first.seen), len(second.seen)) == (1, 1)


async def test_operations_that_are_taken_over_keep_the_upstreams_of_their_policies(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as depot:
        port = world.upstream.port
        world.adopt(with_depot(port, 2, depot.port))
        made = with_depot(port, 3, depot.port)
        (version,) = made.contracts.versions
        changed = msgspec.structs.replace(
            version, operations=(msgspec.structs.replace(version.operations[0], cost=3), *version.operations[1:])
        )
        contracts = msgspec.structs.replace(made.contracts, versions=(changed,))
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        world.adopt(Snapshot(manifest, contracts, made.access))
        assert running(world).versions["orders", "v1"].upstreams == {"shop", "depot"}
        assert (await world.ask("GET", "/orders/v1/orders/7")).body.startswith(b"GET /there/")
        assert len(depot.seen) == 1


async def test_what_no_policy_names_any_more_is_let_go_of(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port))
        world.adopt(snapshot(serial=3, port=world.upstream.port))
        version = running(world).versions["orders", "v1"]
        assert set(version.binding.servers) == version.upstreams == {"shop"}


async def test_an_upstream_of_another_kind_is_not_bound(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        made = with_depot(world.upstream.port, 2, 1, {"protocol": "json2"})
        depot = msgspec.structs.replace(made.contracts.upstreams[1], kind="odoo")
        contracts = msgspec.structs.replace(made.contracts, upstreams=(made.contracts.upstreams[0], depot))
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        world.adopt(Snapshot(manifest, contracts, made.access))
        assert "is of kind 'odoo', not 'http'" in running(world).rejected["orders/v1"]
        assert (await world.ask("GET", "/orders/v1/orders/7")).body == b"GET /backend/orders/7 HTTP/1.1"


async def test_one_that_cannot_be_verified_takes_nothing_from_the_others(tmp_path: Path) -> None:
    tls = {"tls": UpstreamTls(ca="nobody-has-it")}
    async with gateway(tmp_path) as world:
        made = with_depot(world.upstream.port, 2, 1, tls)
        depot = msgspec.structs.replace(made.contracts.upstreams[1], url="https://127.0.0.1:1")
        contracts = msgspec.structs.replace(made.contracts, upstreams=(made.contracts.upstreams[0], depot))
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        world.adopt(Snapshot(manifest, contracts, made.access))
        assert running(world).rejected == {}
        assert (await world.ask("GET", "/orders/v1/orders/7")).body == b"GET /backend/orders/7 HTTP/1.1"


async def test_no_trailer_passes_for_the_gateways_credential_there(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("ours")
    async with gateway(tmp_path) as world, raw_upstream() as depot:
        credential = {"credential": "key", "credential_header": "X-Key", "credential_scheme": None}
        world.adopt(with_depot(world.upstream.port, 2, depot.port, credential))
        head = (
            f"PUT /orders/v1/files/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n"
            "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        async with raw_client(world.port) as client:
            await client.send(head.encode() + b"1\r\na\r\n")
            await until(lambda: world.pipeline.open == 1)
            answer = await client.ask(b"0\r\nX-Key: theirs\r\nX_Key: theirs\r\nX-Other: 1\r\n\r\n")
        assert answer.status == 200
        (seen,) = depot.seen
        assert seen.fields[b"x-key"] == b"ours"
        assert seen.trailers == b"X-Other: 1\r\n"


# -- what becomes of requests to one that fails ---------------------------------------------------------------


@pytest.mark.parametrize("ask", [lambda world: world.ask("GET", "/orders/v1/orders"), post], ids=["read", "write"])
async def test_what_was_never_sent_falls_back(tmp_path: Path, ask: Callable[[Gateway], Any]) -> None:
    async with gateway(tmp_path) as world:
        with nobody() as port:
            world.adopt(with_depot(world.upstream.port, 2, port))
            answer = await ask(world)
        assert answer.status == 200
        assert len(world.upstream.seen) == 1
        (line,) = await world.logged()
        assert (line["decision"], line["fell_back_from"]) == ("allowed", "depot")


async def test_without_the_policys_word_nothing_falls_back(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        with nobody() as port:
            world.adopt(with_depot(world.upstream.port, 2, port, **{"fall-back": False}))
            answer = await world.ask("GET", "/orders/v1/orders")
        assert problem_of(answer)["type"].endswith("upstream-unreachable")
        assert world.upstream.seen == []
        (line,) = await world.logged()
        assert line["upstream"] == "depot"


async def test_a_read_that_was_not_answered_falls_back(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream(hangs_up) as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port))
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        assert len(world.upstream.seen) == 1
        assert depot.seen


async def test_a_write_that_may_have_been_done_does_not(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream(hangs_up) as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port))
        assert problem_of(await post(world))["status"] == 502
        assert len(depot.seen) == 1
        assert world.upstream.seen == []


async def test_an_answer_that_had_begun_is_not_asked_for_anew(tmp_path: Path) -> None:
    async def breaks_off(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        return False

    async with gateway(tmp_path) as world, raw_upstream(breaks_off) as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port))
        with pytest.raises(asyncio.IncompleteReadError):
            await world.ask("GET", "/orders/v1/orders")
        assert world.upstream.seen == []


async def test_a_body_that_was_streamed_away_is_not_sent_again(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        with nobody() as port:
            world.adopt(with_depot(world.upstream.port, 2, port))
            answer = await world.ask(
                "PUT", "/orders/v1/files/a", b"x" * 100_000, Content_Type="application/octet-stream"
            )
        assert problem_of(answer)["status"] == 502
        assert world.upstream.seen == []


async def test_behind_an_open_breaker_everything_falls_back(tmp_path: Path) -> None:
    breaker = {"breaker": BreakerSettings(consecutive=1, open_for=3600.0)}
    async with gateway(tmp_path) as world, raw_upstream(hangs_up) as depot:
        world.adopt(with_depot(world.upstream.port, 2, depot.port, breaker))
        await world.ask("GET", "/orders/v1/orders")
        assert depot_of(world).guard.breaker.state is State.OPEN
        asked = len(depot.seen)
        assert (await post(world)).status == 200
        upload = await world.ask(
            "PUT", "/orders/v1/files/a", b"x" * 100_000, Content_Type="application/octet-stream"
        )
        assert upload.status == 200
        assert world.upstream.seen[-1].body == b"x" * 100_000
        assert len(depot.seen) == asked


async def test_targets_of_one_that_only_a_policy_names_are_checked_and_left_out(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream() as alive:
        with nobody() as dead:
            changes = {
                "targets": (f"http://127.0.0.1:{dead}", f"http://127.0.0.1:{alive.port}"),
                "breaker": LENIENT,
                "health": HealthCheck(path="/health", interval=0.05, unhealthy_after=1),
            }
            world.adopt(with_depot(world.upstream.port, 2, dead, changes))
            targets = depot_of(world).guard.balancer.targets
            await until(lambda: not targets[0].healthy)
            for _ in range(6):
                assert (await post(world)).status == 200
            await until(lambda: any(request.line.startswith(b"GET /health") for request in alive.seen))
        lines = {request.line for request in alive.seen}
        assert lines == {b"GET /health HTTP/1.1", b"POST /there/orders HTTP/1.1"}
        assert world.upstream.seen == []


# -- an Odoo in place of an Odoo ------------------------------------------------------------------------------


async def test_a_mediated_operation_goes_to_the_odoo_that_a_policy_names(tmp_path: Path) -> None:
    with nobody() as port:
        async with odoo() as depot, mediating(tmp_path, f"http://127.0.0.1:{port}", depot, to_depot()) as world:
            answer = await world.ask("GET", "/orders/v1/orders")
            assert answer.status == 200
            assert json.loads(answer.body)["data"]
            (line,) = await world.logged()
            assert line["upstream"] == "depot"


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 201)])
async def test_what_no_odoo_was_asked_falls_back(tmp_path: Path, method: str, status: int) -> None:
    body = NEW_ORDER if method == "POST" else b""
    with nobody() as port:
        async with odoo() as erp, mediating(tmp_path, erp, f"http://127.0.0.1:{port}", to_depot()) as world:
            answer = await world.ask(method, "/orders/v1/orders", body, Content_Type="application/json")
            assert answer.status == status
            (line,) = await world.logged()
            assert line["fell_back_from"] == "depot"


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 504)])
async def test_an_odoo_that_gives_no_answer_to_a_write_may_have_made_it(
    tmp_path: Path, method: str, status: int
) -> None:
    body = NEW_ORDER if method == "POST" else b""
    async with (
        odoo() as erp,
        raw_upstream(hangs_up) as depot,
        mediating(tmp_path, erp, f"http://127.0.0.1:{depot.port}", to_depot()) as world,
    ):
        answer = await world.ask(method, "/orders/v1/orders", body, Content_Type="application/json")
        assert answer.status == status
        if method == "POST":
            assert problem_of(answer)["type"].endswith("outcome-unknown")
            assert len(depot.seen) == 1


def to_depot() -> PolicyUse:
    return PolicyUse("detour", config={"to": "depot"})
