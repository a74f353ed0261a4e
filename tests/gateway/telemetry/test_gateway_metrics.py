"""What a gateway's metrics say of real traffic: every metric of the table, and no name that a stranger chose."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from contracts.problems import problem
from gateway.admin import Admin
from gateway.telemetry.counting import Counting
from gateway.telemetry.exposition import expose
from gateway.telemetry.metrics import BUCKETS, METRICS, NONE, WORKER_ACTIVE, WORKER_RESTARTS
from gateway.telemetry.state import State
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot
from tests.gateway.http_harness import SeenRequest
from tests.gateway.odoo_care_world import Counted, service_of, until
from tests.gateway.odoo_care_world import world as odoo_world
from tests.support.policy_world import exchange

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class _Spans:
    exported = 7
    dropped = 2


class _Client:
    age = 3.5
    last_error = "the catalog answered 500"


@contextlib.asynccontextmanager
async def metrics_of(world: Gateway) -> AsyncIterator[str]:
    """The URL of the admin listener's metrics."""
    state = State(world.pipeline, world.access_log, _Client(), _Spans())  # type: ignore[arg-type]
    admin = Admin(lambda: world.pipeline.runtime, dict, lambda: expose(world.counting, state.samples()))
    port = await admin.start("127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        await admin.close()


async def scrape(world: Gateway) -> Series:
    async with metrics_of(world) as url, aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float:
    return series[name, tuple(sorted(labels.items()))]


LIST = {"api": "orders", "version": "v1", "operation": "listOrders"}


async def test_each_request_is_counted_where_it_was_routed(tmp_path: Path) -> None:
    async with gateway(tmp_path, quota=3) as world:
        for _ in range(4):
            await world.ask("GET", "/orders/v1/orders")
        await world.ask("GET", "/orders/v1/orders", bearer=None)
        await world.ask("GET", "/orders/v1/ping", bearer=None)
        await world.logged(6)
        series = await scrape(world)
    assert value(series, "ostiary_requests_total", **LIST, plan="gold", status="2xx") == 3
    assert value(series, "ostiary_requests_total", **LIST, plan="gold", status="4xx") == 1
    assert value(series, "ostiary_requests_total", **LIST, plan=NONE, status="4xx") == 1
    ping = {**LIST, "operation": "ping"}
    assert value(series, "ostiary_requests_total", **ping, plan=NONE, status="2xx") == 1
    refusals = "ostiary_refusals_total"
    assert value(series, refusals, **LIST, policy="rate-limit", problem="quota-exceeded") == 1
    assert value(series, refusals, **LIST, policy="authentication", problem="credentials-missing") == 1
    decisions = {"api": "orders", "version": "v1", "plan": "gold"}
    assert value(series, "ostiary_limiter_decisions_total", **decisions, decision="allowed") == 3
    assert value(series, "ostiary_limiter_decisions_total", **decisions, decision="refused") == 1
    assert value(series, "ostiary_request_duration_seconds_count", **LIST, plan="gold") == 4
    assert value(series, "ostiary_request_duration_seconds_count", **LIST, plan=NONE) == 1
    assert value(series, "ostiary_request_duration_seconds_bucket", **LIST, plan="gold", le="+Inf") == 4
    assert value(series, "ostiary_upstream_duration_seconds_count", **LIST) == 3
    assert value(series, "ostiary_request_duration_seconds_sum", **LIST, plan="gold") > 0


async def test_names_of_strangers_are_no_labels(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        for number in range(5):
            await world.ask("GET", f"/stranger-{number}/{number}", **{"X-Request-Id": f"stranger-{number}"})
        await world.ask("GET", "/orders/v1/orders/5", bearer="stranger")
        await world.ask("PROPFIND", "/orders/v1/orders")
        await world.logged(7)
        series = await scrape(world)
    assert not [name for name in series if "stranger" in str(name)]
    assert "acme-shop" not in str(series)
    nowhere = {"api": NONE, "version": NONE, "operation": NONE}
    assert value(series, "ostiary_requests_total", **nowhere, plan=NONE, status="4xx") == 6
    refused = value(series, "ostiary_refusals_total", **nowhere, policy="routing", problem="route-not-found")
    assert refused == 5


async def test_an_answer_that_breaks_the_contract_counts_by_rule(tmp_path: Path) -> None:
    async def bad(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = b'{"sku": 5, "other": 1}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n" + body)
        return True

    async with gateway(tmp_path, bad) as world:
        await world.ask("GET", "/orders/v1/orders")
        await world.logged(1)
        series = await scrape(world)
    assert value(series, "ostiary_response_violations_total", **LIST, rule="type") == 1
    assert value(series, "ostiary_response_violations_total", **LIST, rule="additionalProperties") == 1


async def test_the_state_of_the_process(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders")
        await world.logged(1)
        series = await scrape(world)
    assert value(series, "ostiary_open_requests") == 0
    assert value(series, "ostiary_upstream_connections_opened_total", upstream="shop") == 1
    assert value(series, "ostiary_upstream_connections_in_use", upstream="shop") == 0
    assert value(series, "ostiary_upstream_calls_queued", upstream="shop") == 0
    assert value(series, "ostiary_snapshot_serial") == 1
    assert value(series, "ostiary_snapshot_operations") == 5
    assert value(series, "ostiary_snapshot_age_seconds") == 3.5
    assert value(series, "ostiary_catalog_failing") == 1
    assert value(series, "ostiary_access_log_lines_total") == 1
    assert value(series, "ostiary_spans_exported_total") == 7
    assert value(series, "ostiary_spans_dropped_total") == 2
    assert value(series, "process_open_fds") > 0
    assert value(series, "python_gc_collections_total", generation="2") >= 0


async def test_an_upstream_that_fails_shows(tmp_path: Path) -> None:
    async with gateway(tmp_path, made=snapshot(port=1)) as world:
        requests = 0
        while value(series := await scrape(world), "ostiary_upstream_breaker", upstream="shop", state="open") == 0:
            assert requests < 100, "the breaker does not open"
            await world.ask("GET", "/orders/v1/orders")
            requests += 1
        await world.ask("GET", "/orders/v1/orders")
        await world.logged(requests + 1)
        series = await scrape(world)
    assert value(series, "ostiary_upstream_breaker", upstream="shop", state="closed") == 0
    assert value(series, "ostiary_upstream_breaker_opened_total", upstream="shop") == 1
    assert value(series, "ostiary_upstream_breaker_refused_total", upstream="shop") == 1
    assert value(series, "ostiary_upstream_retries_total", upstream="shop", decision="made") > 0
    targets = [value(series, "ostiary_upstream_targets", upstream="shop", state=s) for s in ("serving", "ejected")]
    assert sum(targets) == 1
    assert value(series, "ostiary_refusals_total", **LIST, policy="upstream", problem="upstream-open") == 1


async def test_an_odoo_shows_who_holds_and_who_waits_for_its_few_connections(tmp_path: Path) -> None:
    seen = Counted(held=asyncio.Event())
    async with odoo_world(tmp_path, seen, connections=2) as world:
        calls = [asyncio.create_task(world.ask("GET", "/orders/v1/orders/3")) for _ in range(5)]
        await until(lambda: seen.running == 2 and service_of(world).queued == 3)
        series = await scrape(world)
        seen.held.set()
        assert {answer.status for answer in await asyncio.gather(*calls)} == {200}
    assert value(series, "ostiary_upstream_connections_in_use", upstream="erp") == 2
    assert value(series, "ostiary_upstream_calls_queued", upstream="erp") == 3


async def test_every_metric_of_the_table_is_exposed_and_nothing_else(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        state = State(world.pipeline, world.access_log, _Client(), _Spans())  # type: ignore[arg-type]
        text = "".join(expose(world.counting, state.samples()))
    families = [line.split(" ")[2:] for line in text.splitlines() if line.startswith("# TYPE ")]
    own = [metric for metric in METRICS if metric not in (WORKER_ACTIVE, WORKER_RESTARTS)]  # the supervisor's
    assert sorted(families) == sorted([metric.name, metric.kind] for metric in own)


async def test_what_is_served_no_more_is_forgotten(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        await world.ask("GET", "/orders/v1/orders")
        await world.ask("GET", "/nowhere")
        await world.logged(2)
        moved = orders(version="v2", base_path="/orders/v2")
        world.adopt(snapshot(moved, port=world.upstream.port, serial=2))
        series = await scrape(world)
    assert not [labels for _, labels in series if ("version", "v1") in labels]
    requests = [labels for name, labels in series if name == "ostiary_requests_total"]
    assert [dict(labels)["api"] for labels in requests] == [NONE]


@pytest.mark.parametrize(
    ("status", "refused", "label"),
    [
        (204, False, "2xx"),
        (302, False, "3xx"),
        (404, False, "4xx"),
        (499, False, "499"),
        (200, True, "aborted"),
        (502, True, "5xx"),
        (799, False, "other"),
        (0, False, "other"),
    ],
)
def test_a_status_is_counted_as_a_word_of_a_fixed_list(status: int, refused: bool, label: str) -> None:
    counting = Counting()
    ended = exchange()
    ended.status = status
    if refused:
        ended.refusal, ended.refused_by = problem("upstream-timeout", "It broke off."), "upstream"
    counting.record(ended)
    (line,) = [line for line in "".join(expose(counting, ())).splitlines() if line.startswith("ostiary_requests_")]
    assert f'status="{label}"' in line
    assert line.endswith(" 1")


def test_a_duration_at_a_bound_is_within_it() -> None:
    counting = Counting()
    for seconds in (0.0, BUCKETS[0], BUCKETS[3], BUCKETS[-1], BUCKETS[-1] + 1):
        ended = exchange()
        ended.ended_at = seconds  # received at 0.0
        counting.record(ended)
    lines = "".join(expose(counting, ())).splitlines()
    counts = [int(line.rpartition(" ")[2]) for line in lines if "request_duration_seconds_bucket" in line]
    assert counts == [2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5]
