"""A gateway that is a sandbox: faults as a client meets them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.cli.processes import family
from contracts.policy_settings import PolicyUse
from tests.gateway.gateway_process import public_operations, start
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import raw_client, raw_upstream
from tests.gateway.workers.test_worker_processes import PING, ask, document


@asynccontextmanager
async def running(directory: Path, sandbox: bool = True, **faults: Any) -> AsyncIterator[Gateway]:
    """A gateway with the policy on all operations."""
    use = PolicyUse("fault-injection", config={"faults": faults} if faults else {})
    made = orders(*(msgspec.structs.replace(each, policies=(use,)) for each in operations()))
    async with gateway(directory, sandbox=sandbox) as world:
        world.adopt(snapshot(made, serial=2, port=world.upstream.port))
        yield world


async def test_a_simulated_refusal_is_like_a_real_one_and_says_what_it_is(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        answer = await world.ask("GET", "/orders/v1/orders", X_Ostiary_Fault="rate-limited")
        problem = problem_of(answer)
        assert (answer.status, problem["simulated"]) == (429, True)
        assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
        assert answer.fields[b"retry-after"] == b"1"
        assert answer.fields[b"x-ostiary-fault"] == b"rate-limited"
        assert b"ratelimit" in answer.fields, "it is metered as any other call"
        assert world.upstream.seen == []
        (line,) = await world.logged()
        assert (line["policy"], line["problem"]) == ("fault-injection", "quota-exceeded")


async def test_a_slow_call_goes_on(tmp_path: Path) -> None:
    async with running(tmp_path, slow={"delay": 0.01}) as world:
        answer = await world.ask("GET", "/orders/v1/orders/7", X_Ostiary_Fault="slow")
        assert (answer.status, answer.fields[b"x-ostiary-fault"]) == (200, b"slow")
        (seen,) = world.upstream.seen
        assert b"x-ostiary-fault" not in seen.fields


async def test_a_connection_is_broken_off_without_an_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        async with raw_client(world.port) as client:
            await client.send(b"GET /orders/v1/ping HTTP/1.1\r\nHost: a\r\nX-Ostiary-Fault: cut-off\r\n\r\n")
            assert await client.rest() == b""
        (line,) = await world.logged()
        assert (line["status"], line["decision"], line["problem"]) == (0, "refused", "simulated-fault")
        assert world.upstream.seen == []
        assert (await world.ask("GET", "/orders/v1/ping", bearer=None)).status == 200


async def test_who_may_not_call_is_told_that(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        answer = await world.ask("GET", "/orders/v1/orders", bearer=None, X_Ostiary_Fault="slow")
        assert problem_of(answer)["status"] == 401


async def test_any_other_gateway_simulates_nothing(tmp_path: Path) -> None:
    fault = {"problem": "upstream-timeout", "percent": 100}
    async with running(tmp_path, sandbox=False, all=fault) as world:
        answer = await world.ask("GET", "/orders/v1/orders/7", X_Ostiary_Fault="all")
        assert (answer.status, b"x-ostiary-fault" in answer.fields) == (200, False)


async def test_an_unknown_fault_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    async with running(tmp_path) as world:
        answer = await world.ask("GET", "/orders/v1/orders", X_Ostiary_Fault="slwo")
        assert answer.status == 400
        assert "slow" in json.loads(answer.body)["faults"]


@pytest.mark.xdist_group("stack")
async def test_a_gateway_is_started_as_a_sandbox_and_says_so(tmp_path: Path) -> None:
    use = PolicyUse("fault-injection")
    made = orders(*(msgspec.structs.replace(each, policies=(use,)) for each in public_operations()))
    request = PING[:-2] + b"X-Ostiary-Fault: unavailable\r\n\r\n"
    with family(tmp_path / "logs") as members:
        async with raw_upstream() as upstream:
            for settings, sandbox, status in (({}, False, 200), ({"sandbox": "true"}, True, 503)):
                directory = tmp_path / str(status)
                running = await start(members, directory, snapshot(made, port=upstream.port), **settings)
                assert (await document(running, "/status"))["sandbox"] is sandbox
                assert await ask(running.port, request) == status
