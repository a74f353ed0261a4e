"""A whole gateway before upstreams that fail: real sockets, real failures."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.resilience import BreakerSettings, EjectionSettings, HealthCheck, RetrySettings
from contracts.snapshot import Manifest, Snapshot, Timeouts, Upstream, encode_part
from gateway.upstreams.resilience.breaker import Breaker, State
from gateway.upstreams.resilience.http_service import HttpService
from gateway.upstreams.resilience.retry_budget import SAVED
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import PATIENCE, RawUpstream, Script, SeenRequest, raw_client, raw_upstream, say_ok

LENIENT = BreakerSettings(consecutive=100_000, minimum=100_000)
BODY = b'{"sku": "a-1"}'
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def says(status: int) -> Script:
    async def script(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\nno" % status)
        return True

    return script


async def hangs_up(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
    return False


def in_turn(*scripts: Script) -> Script:
    """One script for each request, the last for all that come after."""
    left = list(scripts)

    async def script(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        return await (left.pop(0) if len(left) > 1 else left[0])(request, reader, writer)

    return script


def service(running: Gateway, name: str = "shop") -> HttpService:
    assert running.pipeline.runtime is not None
    found = running.pipeline.runtime.upstreams[name][1]
    assert isinstance(found, HttpService)
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def nobody() -> Any:
    """A port of loopback at which nobody listens, and that nobody is given meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def post(running: Gateway) -> int:
    answer = await running.ask("POST", "/orders/v1/orders", BODY, Content_Type="application/json")
    return answer.status


# -- retries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [hangs_up, says(502), says(503), says(504)])
async def test_a_read_is_tried_again(tmp_path: Path, failure: Script) -> None:
    async with gateway(tmp_path, in_turn(failure, say_ok)) as running:
        answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
        assert (answer.status, answer.body) == (200, b"GET /backend/ping HTTP/1.1")
        assert len(running.upstream.seen) == 2
        assert service(running).guard.budget.taken == 1


async def test_a_write_is_not(tmp_path: Path) -> None:
    async with gateway(tmp_path, hangs_up) as running:
        assert await post(running) == 502
        assert len(running.upstream.seen) == 1


def with_retry(word: Literal["safe", "never"] | None) -> ApiVersion:
    return orders(*(msgspec.structs.replace(each, retry=word) for each in operations()))


@pytest.mark.parametrize("failure", [hangs_up, says(503)])
async def test_the_contract_may_call_a_write_safe(tmp_path: Path, failure: Script) -> None:
    async with gateway(tmp_path, in_turn(failure, say_ok)) as running:
        running.adopt(snapshot(with_retry("safe"), serial=2, port=running.upstream.port))
        assert await post(running) == 200
        assert [request.body for request in running.upstream.seen] == [BODY, BODY]


async def test_the_contract_may_rule_out_to_repeat_a_read(tmp_path: Path) -> None:
    async with gateway(tmp_path, in_turn(hangs_up, say_ok)) as running:
        running.adopt(snapshot(with_retry("never"), serial=2, port=running.upstream.port))
        assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 502
        assert len(running.upstream.seen) == 1


async def test_a_streamed_body_is_not_sent_twice(tmp_path: Path) -> None:
    async with gateway(tmp_path, in_turn(hangs_up, say_ok)) as running, raw_client(running.port) as client:
        running.adopt(snapshot(with_retry("safe"), serial=2, port=running.upstream.port))
        head = "PUT /orders/v1/files/a HTTP/1.1\r\nHost: api.example\r\nContent-Length: 200000\r\n"
        fields = f"Authorization: Bearer {token()}\r\nContent-Type: application/octet-stream\r\n\r\n"
        await client.send((head + fields).encode() + b"x" * 100_000)
        await client.send(b"x" * 100_000)
        assert (await client.answer()).status == 502
        assert len(running.upstream.seen) == 1


async def test_a_write_that_was_never_sent_goes_to_another_target(tmp_path: Path) -> None:
    async with raw_upstream() as good:
        with nobody() as dead:
            changes = {"targets": origins(dead, good.port), "ejection": EjectionSettings(share=0.0)}
            async with gateway(tmp_path, upstream={**changes, "breaker": LENIENT}) as running:
                assert [await post(running) for _ in range(12)] == [200] * 12
                assert len(good.seen) == 12
                running.adopt(
                    snapshot(with_retry("never"), serial=2, port=running.upstream.port, upstream=changes)
                )
                assert 502 in [await post(running) for _ in range(40)]


async def test_a_server_that_says_when_to_come_back_is_not_asked_at_once(tmp_path: Path) -> None:
    async def later(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        writer.write(b"HTTP/1.1 503 Later\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")
        return True

    async with gateway(tmp_path, later) as running:
        answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
        assert (answer.status, answer.fields[b"retry-after"]) == (503, b"30")
        assert len(running.upstream.seen) == 1


async def test_the_last_failure_is_told_as_the_upstream_told_it(tmp_path: Path) -> None:
    async with gateway(tmp_path, says(503)) as running:
        answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
        assert (answer.status, answer.body) == (503, b"no")
        assert len(running.upstream.seen) == 2


@pytest.mark.parametrize("status", [200, 404, 500])
async def test_other_answers_are_not_tried_again(tmp_path: Path, status: int) -> None:
    async with gateway(tmp_path, says(status)) as running:
        assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == status
        assert len(running.upstream.seen) == 1


async def test_nothing_is_tried_again_once_an_answer_has_begun(tmp_path: Path) -> None:
    async def breaks_off(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        return False

    async with gateway(tmp_path, breaks_off) as running, raw_client(running.port) as client:
        await client.send(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")
        got = await client.rest()
        assert got.startswith(b"HTTP/1.1 200")
        assert got.endswith(b"half")
        assert len(running.upstream.seen) == 1


async def test_retries_cannot_make_a_storm(tmp_path: Path) -> None:
    quick = RetrySettings(attempts=3, pause=0.001)
    async with gateway(tmp_path, says(503), upstream={"breaker": LENIENT, "retries": quick}) as running:
        for _ in range(200):
            assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 503
        # A fifth of the requests, and what was saved up before the first: not four for each.
        assert len(running.upstream.seen) <= 200 + 40 + SAVED
        assert service(running).guard.budget.denied > 0


async def test_all_tries_share_the_time_of_one(tmp_path: Path) -> None:
    async def silent(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        await asyncio.Event().wait()
        return False

    changes = {
        "timeouts": Timeouts(first_byte=0.2, total=0.5),
        "retries": RetrySettings(attempts=5, pause=0.001),
        "breaker": LENIENT,
    }
    async with gateway(tmp_path, silent, upstream=changes) as running:
        answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
        assert problem_of(answer)["type"] == "urn:ostiary:problem:upstream-timeout"
        assert 2 <= len(running.upstream.seen) <= 3


async def test_a_client_that_leaves_ends_the_tries(tmp_path: Path) -> None:
    slow = {"retries": RetrySettings(attempts=1, pause=10_000.0), "timeouts": Timeouts(total=1e6)}
    async with gateway(tmp_path, hangs_up, upstream=slow) as running:
        guard = service(running).guard
        async with raw_client(running.port) as client:
            await client.send(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")
            await until(lambda: guard.budget.taken == 1)
        (line,) = await running.logged()
        assert line["status"] == 499
        assert running.pipeline.open == 0


# -- the breaker --------------------------------------------------------------------------------------------

BRISK = {
    "breaker": BreakerSettings(consecutive=3, open_for=3600.0, probes=1),
    "retries": RetrySettings(attempts=0),
}


def an_hour_later(breaker: Breaker) -> None:
    breaker._clock = lambda: time.monotonic() + 3600.0
    assert breaker.state is State.HALF_OPEN


def with_another(made: Snapshot, port: int) -> Snapshot:
    """The same, and a second API on an upstream of its own."""
    ping = Operation("ping", "GET", "/ping", "/paths/~1ping/get", HttpBackend("other"), public=True)
    other = ApiVersion("other", "v1", "Other", "sales", "/other/v1", "1" * 64, (ping,))
    contracts = msgspec.structs.replace(
        made.contracts,
        upstreams=(*made.contracts.upstreams, Upstream("other", "http", f"http://127.0.0.1:{port}")),
        versions=(*made.contracts.versions, other),
    )
    manifest: Manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, made.access)


async def test_the_breaker_opens_spares_the_upstream_and_recovers(tmp_path: Path) -> None:
    async with gateway(tmp_path, says(503)) as running, raw_upstream() as other:
        made = snapshot(orders(), serial=2, port=running.upstream.port, upstream=BRISK)
        running.adopt(with_another(made, other.port))
        breaker = service(running).guard.breaker
        for _ in range(3):
            assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 503
        assert breaker.state is State.OPEN
        answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
        assert problem_of(answer)["type"] == "urn:ostiary:problem:upstream-open"
        assert 3500 < int(answer.fields[b"retry-after"]) <= 3600
        assert len(running.upstream.seen) == 3
        assert (await running.ask("GET", "/other/v1/ping", bearer=None)).status == 200

        running.upstream.script = say_ok
        an_hour_later(breaker)
        assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
        assert breaker.state is State.CLOSED
        assert await post(running) == 200


async def test_a_probe_whose_client_left_is_no_probe(tmp_path: Path) -> None:
    entered = asyncio.Event()

    async def hold(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        entered.set()
        await reader.read()
        return False

    script = in_turn(hangs_up, hangs_up, hangs_up, hold, say_ok)
    async with gateway(tmp_path, script, upstream=BRISK) as running:
        breaker = service(running).guard.breaker
        for _ in range(3):
            assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 502
        an_hour_later(breaker)
        async with raw_client(running.port) as client:
            await client.send(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")
            await asyncio.wait_for(entered.wait(), PATIENCE)
            assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 503
        await until(lambda: running.pipeline.open == 0)
        assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
        assert breaker.state is State.CLOSED


async def test_a_call_that_is_refused_leaves_its_connection_to_the_next(tmp_path: Path) -> None:
    """A request with a body, too, is answered whole and at once while the breaker is open."""
    async with gateway(tmp_path, hangs_up, upstream=BRISK) as running:
        for _ in range(3):
            assert await post(running) == 502
        answer = await running.ask(
            "PUT", "/orders/v1/files/a", b"x" * 10_000, Content_Type="application/octet-stream"
        )
        assert answer.status == 503
        assert len(running.upstream.seen) == 3
        assert running.pipeline.open == 0


async def test_slow_clients_do_not_open_it(tmp_path: Path) -> None:
    changes = {**BRISK, "timeouts": Timeouts(total=0.2)}
    async with gateway(tmp_path, upstream=changes) as running:
        for _ in range(4):
            async with raw_client(running.port) as client:
                head = "PUT /orders/v1/files/a HTTP/1.1\r\nHost: api.example\r\nContent-Length: 10\r\n"
                fields = f"Authorization: Bearer {token()}\r\nContent-Type: application/octet-stream\r\n\r\n"
                await client.send((head + fields).encode() + b"x")
                assert (await client.answer()).status == 504
        assert service(running).guard.breaker.state is State.CLOSED


async def test_nothing_is_tried_again_when_the_gateway_ends(tmp_path: Path) -> None:
    entered = asyncio.Event()

    async def hold(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        entered.set()
        await reader.read()
        return False

    async with gateway(tmp_path, hold, upstream={"retries": RetrySettings(pause=0.0)}) as running:
        asking = asyncio.create_task(running.ask("GET", "/orders/v1/ping", bearer=None))
        await asyncio.wait_for(entered.wait(), PATIENCE)
        service(running).close()
        assert (await asyncio.wait_for(asking, PATIENCE)).status == 502
        assert service(running).guard.budget.taken == 0


# -- several targets ----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def three(script: Script = say_ok) -> AsyncIterator[list[RawUpstream]]:
    async with raw_upstream(script) as one, raw_upstream(script) as two, raw_upstream(script) as three:
        yield [one, two, three]


def origins(*ports: int) -> tuple[str, ...]:
    return tuple(f"http://127.0.0.1:{port}" for port in ports)


async def test_targets_share_the_calls_and_hear_one_host(tmp_path: Path) -> None:
    async with three() as servers:
        targets = origins(*(server.port for server in servers))
        async with gateway(tmp_path, upstream={"targets": targets}) as running:
            for _ in range(60):
                answer = await running.ask("GET", "/orders/v1/ping", bearer=None)
                assert answer.body == b"GET /backend/ping HTTP/1.1"
            assert all(server.seen for server in servers)
            assert sum(len(server.seen) for server in servers) == 60
            hosts = {request.fields[b"host"] for server in servers for request in server.seen}
            assert hosts == {f"127.0.0.1:{running.upstream.port}".encode()}
            assert not running.upstream.seen


async def test_a_dead_target_costs_no_read(tmp_path: Path) -> None:
    async with three() as servers:
        with nobody() as dead:
            changes = {
                "targets": origins(servers[0].port, servers[1].port, dead),
                "ejection": EjectionSettings(failures=3, base=3600.0),
                "retries": RetrySettings(pause=0.001),
            }
            async with gateway(tmp_path, upstream=changes) as running:
                guard = service(running).guard
                for _ in range(100):
                    assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
                last = guard.balancer.targets[2]
                assert guard.balancer.ejected(last)
                assert guard.budget.taken == 3
                # Writes are not tried again; now none meets the dead target.
                assert [await post(running) for _ in range(20)] == [200] * 20
                assert guard.breaker.state is State.CLOSED
                shown = service(running).state()
                assert [target["ejected"] for target in shown["targets"]] == [False, False, True]
                assert shown["breaker"] == {"state": "closed", "opened": 0, "refused": 0}
                assert shown["retries"] == {"made": 3, "denied": 0}


@contextlib.asynccontextmanager
async def dead_and(
    tmp_path: Path, script: Script, **changes: Any
) -> AsyncIterator[tuple[Gateway, RawUpstream, Breaker]]:
    """A dead target, which each call is sent to first and which nothing leaves out, and one with a script."""
    settings: dict[str, Any] = {"ejection": EjectionSettings(failures=100_000), **changes}
    with nobody() as dead:
        async with raw_upstream(script) as other:
            settings["targets"] = origins(dead, other.port)
            async with gateway(tmp_path, upstream=settings) as running:
                guard = service(running).guard
                guard.balancer._chance = lambda: 0.0
                yield running, other, guard.breaker


async def read(running: Gateway) -> int:
    return (await running.ask("GET", "/orders/v1/ping", bearer=None)).status


async def test_one_dead_target_does_not_open_the_breaker(tmp_path: Path) -> None:
    retries = RetrySettings(budget=1.0, pause=0.0)
    async with dead_and(tmp_path, say_ok, retries=retries) as (running, _, breaker):
        assert [await read(running) for _ in range(40)] == [200] * 40
        assert service(running).guard.budget.taken == 40
        assert breaker.opened == 0


async def test_one_dead_target_does_not_keep_it_open(tmp_path: Path) -> None:
    """What the breaker tries out is the upstream, of which another target answers again."""
    brisk = {"breaker": BRISK["breaker"], "retries": RetrySettings(pause=0.0)}
    async with dead_and(tmp_path, says(503), **brisk) as (running, other, breaker):
        assert [await read(running) for _ in range(3)] == [503] * 3
        assert breaker.state is State.OPEN
        assert len(other.seen) == 3
        an_hour_later(breaker)
        assert await read(running) == 503
        assert breaker.state is State.OPEN, "a call that no target answers opens it again"
        other.script = say_ok
        breaker._clock = lambda: time.monotonic() + 7200.0
        assert await read(running) == 200
        assert breaker.state is State.CLOSED


async def test_a_probe_whose_client_left_before_it_was_tried_again_is_none(tmp_path: Path) -> None:
    brisk = {"breaker": BRISK["breaker"], "retries": RetrySettings(pause=10.0)}
    async with dead_and(tmp_path, says(503), **brisk) as (running, other, breaker):
        guard = service(running).guard
        guard._chance = lambda: 0.0
        assert [await read(running) for _ in range(3)] == [503] * 3
        an_hour_later(breaker)
        other.script = say_ok
        guard._chance = lambda: 0.9
        async with raw_client(running.port) as client:
            await client.send(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")
            await until(lambda: guard.budget.taken == 4)
            assert await read(running) == 503, "it is the one probe"
        await until(lambda: running.pipeline.open == 0)
        guard._chance = lambda: 0.0
        assert await read(running) == 200
        assert breaker.state is State.CLOSED


async def test_a_target_that_dies_under_load_costs_no_read(tmp_path: Path) -> None:
    """Kept connections break, then new ones are refused: of 640 reads by 16 clients none fails."""
    async with raw_upstream() as one, raw_upstream() as two, contextlib.AsyncExitStack() as life:
        dying = await life.enter_async_context(raw_upstream())
        changes = {
            "targets": origins(one.port, two.port, dying.port),
            "ejection": EjectionSettings(base=3600.0),
            "retries": RetrySettings(pause=0.005),
        }
        async with gateway(tmp_path, upstream=changes) as running:

            async def client(reads: int) -> set[int]:
                async with raw_client(running.port) as connection:
                    return {
                        (await connection.ask(b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n\r\n")).status
                        for _ in range(reads)
                    }

            async with asyncio.TaskGroup() as group:
                clients = [group.create_task(client(40)) for _ in range(16)]
                await until(lambda: len(dying.seen) >= 40)
                await life.aclose()
            assert set[int]().union(*(each.result() for each in clients)) == {200}
            guard = service(running).guard
            assert [guard.balancer.ejected(target) for target in guard.balancer.targets] == [False, False, True]
            assert (guard.budget.denied, guard.breaker.opened) == (0, 0)


async def test_a_target_that_comes_back_is_used_again(tmp_path: Path) -> None:
    failing = in_turn(says(503), says(503), say_ok)
    async with raw_upstream(failing) as bad, raw_upstream() as good:
        changes = {
            "targets": origins(bad.port, good.port),
            "ejection": EjectionSettings(failures=2, base=0.2),
            "retries": RetrySettings(pause=0.001),
        }
        async with gateway(tmp_path, upstream=changes) as running:
            guard = service(running).guard
            async with asyncio.timeout(PATIENCE):
                while len(bad.seen) < 5:
                    assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
            assert guard.balancer.targets[0].ejections == 1


async def test_health_checks_leave_a_target_out_and_take_it_back(tmp_path: Path) -> None:
    sick = asyncio.Event()
    sick.set()

    async def checked(request: SeenRequest, reader: Reader, writer: Writer) -> bool:
        if request.line.startswith(b"GET /up "):
            return await says(500 if sick.is_set() else 200)(request, reader, writer)
        return await say_ok(request, reader, writer)

    async with raw_upstream(checked) as bad, raw_upstream() as good:
        check = HealthCheck("/up", interval=0.02, timeout=5.0, unhealthy_after=2, healthy_after=2)
        changes = {"targets": origins(bad.port, good.port), "health": check}
        async with gateway(tmp_path, upstream=changes) as running:
            target = service(running).guard.balancer.targets[0]
            await until(lambda: not target.healthy)

            def pings() -> int:
                return sum(request.line.startswith(b"GET /backend/ping") for request in bad.seen)

            for _ in range(20):
                assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
            assert pings() == 0
            sick.clear()
            await until(lambda: target.healthy)
            for _ in range(40):
                assert (await running.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
            assert pings() > 0
            watching = [task for task in asyncio.all_tasks() if "HealthChecker" in repr(task.get_coro())]
            assert len(watching) == 2
            running.adopt(snapshot(serial=2, port=good.port))
            done, _ = await asyncio.wait(watching, timeout=PATIENCE)
            assert len(done) == 2, "an upstream that is no more is still checked"
