"""Canaries that one worker has backed out of, and all others with it; on a real server, and without."""

from collections.abc import Iterator

import pytest

from gateway.adapters.shared_back_outs import SCRIPT, SharedBackOuts
from gateway.telemetry.canaries import back_out_listener
from policies.canaries import Bounds, Canaries, Canary, CanaryName
from policies.canary import CanaryConfig
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Valkey, valkey

BOUNDS = Bounds(error_rate=0.1, minimum_calls=2, window=60.0, cool_down=300.0)


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


class Worker:
    def __init__(self, url: str, upstream: str, percent: float = 5.0) -> None:
        self.back_outs = SharedBackOuts(patient_store(url, SCRIPT))
        self.canaries = Canaries(back_out_listener(self.back_outs))
        settings = CanaryConfig(to=upstream, percent=percent)
        self.canary: Canary = self.canaries.find(CanaryName("orders", "v1", upstream), settings, BOUNDS)

    def fail(self) -> None:
        for _ in range(2):
            self.canary.ended("list", True, True)


async def test_what_one_worker_found_out_holds_for_all(server: Valkey) -> None:
    one, other = Worker(server.url, "next"), Worker(server.url, "next")
    await other.back_outs.look(other.canaries)
    assert not other.canary.backed_out, "asking alone changes nothing"
    one.fail()
    assert one.canary.backed_out
    await one.back_outs.close()
    await other.back_outs.look(other.canaries)
    assert other.canary.backed_out
    assert 290.0 < other.canary.length <= 300.0
    assert other.canary.back_outs == 1
    late = Worker(server.url, "next")
    await late.back_outs.look(late.canaries)
    assert late.canary.backed_out, "a worker that was started meanwhile too"
    for each in (other, late):
        await each.back_outs.close()


async def test_other_settings_are_another_canary(server: Valkey) -> None:
    one, other = Worker(server.url, "third"), Worker(server.url, "third", percent=6.0)
    one.fail()
    await one.back_outs.close()
    await other.back_outs.look(other.canaries)
    assert not other.canary.backed_out
    await other.back_outs.close()


async def test_without_the_server_a_worker_backs_out_alone() -> None:
    worker = Worker("redis://127.0.0.1:9", "next")
    await worker.back_outs.look(worker.canaries)
    worker.fail()
    assert worker.canary.backed_out
    await worker.back_outs.close()
