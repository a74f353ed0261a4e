"""A policy that reports refuses nobody, and is seen to: in the access log, in the metrics and in usage."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.policy_settings import Mode, PolicyUse
from contracts.snapshot import Snapshot
from contracts.usage.batch import Sight
from gateway.telemetry.metrics import REFUSALS, WOULD_REFUSE
from gateway.usage.counting import UsageCounting
from gateway.usage.packing import rows_of
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import RawUpstream


def reporting(upstream: RawUpstream, **use: Any) -> Snapshot:
    """A quota of one call, which is only reported unless `use` says otherwise."""
    made = PolicyUse("rate-limit", **{"mode": "report", **use})
    (one,) = (each for each in operations() if each.id == "getOrder")
    version = orders(msgspec.structs.replace(one, policies=(made,)))
    return snapshot(version, port=upstream.port, quota=1)


def counted(world: Gateway, metric: object) -> dict[tuple[str, ...], float]:
    return {labels: value for each, rows in world.counting.samples() if each is metric for labels, value in rows}


async def test_what_would_be_refused_goes_on_and_is_counted(tmp_path: Path) -> None:
    usage = UsageCounting()
    async with gateway(tmp_path, recorder=usage) as world:
        world.adopt(reporting(world.upstream))
        answers = [await world.ask("GET", "/orders/v1/orders/7") for _ in range(3)]
        lines = await world.logged(3)
        by_metric = counted(world, WOULD_REFUSE)
        refused = counted(world, REFUSALS)
    assert [answer.status for answer in answers] == [200] * 3
    assert [line.get("would_refuse") for line in lines] == [None, ["rate-limit"], ["rate-limit"]]
    assert {line["decision"] for line in lines} == {"allowed"}
    assert by_metric == {("orders", "v1", "getOrder", "rate-limit"): 2}
    assert refused == {}
    (row,) = [row for row in rows_of(usage.take(), 0.0) if row is not None]
    assert row.consumer == "acme"
    assert Sight("would-refuse", "rate-limit", "", 2) in row.seen


@pytest.mark.parametrize(
    ("mode", "consumers", "statuses"),
    [
        ("report", {"acme": "enforce"}, [200, 429]),
        ("enforce", {"acme": "report"}, [200, 200]),
        ("enforce", {"another": "report"}, [200, 429]),
        ("off", {}, [200, 200]),
    ],
)
async def test_a_consumer_may_have_a_mode_of_its_own(
    tmp_path: Path, mode: Mode, consumers: dict[str, Mode], statuses: list[int]
) -> None:
    async with gateway(tmp_path) as world:
        world.adopt(reporting(world.upstream, mode=mode, consumers=consumers))
        answers = [await world.ask("GET", "/orders/v1/orders/7") for _ in statuses]
        lines = await world.logged(len(statuses))
    assert [answer.status for answer in answers] == statuses
    reported = [each for line in lines for each in line.get("would_refuse", [])]
    assert reported == (["rate-limit"] if "report" in consumers.values() and statuses[-1] == 200 else [])
    if statuses[-1] == 429:
        assert problem_of(answers[-1])["title"] == "Quota exceeded"
        assert lines[-1]["policy"] == "rate-limit"
