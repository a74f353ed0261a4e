"""Simulated failures: who gets which, and what they look like."""

import dataclasses
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest

from contracts.problems import CATALOGUE
from policies import fault_injection
from policies.exchange import Exchange
from policies.fault_injection import BUILT_IN, FaultInjectionConfig
from policies.policy import Setting
from policies.ports import Sandbox
from policies.verdict import ALLOW, Deny, Stage, Verdict
from tests.support.policy_world import World, exchange, operation, version


class Play:
    """A sandbox whose time and chance are ours."""

    def __init__(self, **settings: Any) -> None:
        self.paused: list[float] = []
        self.drawn = 0.999
        ports = dataclasses.replace(World().ports(), sandbox=Sandbox(self.pause, lambda: self.drawn))
        made = fault_injection.bind(config(**settings), version(operation()), operation(), ports)
        assert made is not None
        self.stage: Stage = made

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    async def call(self, **fields: str) -> tuple[Verdict, Exchange]:
        made = exchange(**fields)
        verdict = self.stage(made)
        return (await verdict if isinstance(verdict, Awaitable) else verdict), made


def config(**faults: Any) -> FaultInjectionConfig:
    return msgspec.convert({"faults": faults}, FaultInjectionConfig)


def faults(**made: Any) -> list[tuple[str, str]]:
    found = fault_injection.check(Setting(config(**made), "enforce"), version(operation()), operation())
    return [(each.pointer, each.message) for each in found]


def test_a_gateway_that_is_no_sandbox_simulates_nothing() -> None:
    assert fault_injection.bind(config(), version(operation()), operation(), World().ports()) is None


async def test_who_asks_for_nothing_gets_nothing() -> None:
    play = Play()
    verdict, made = await play.call()
    assert (verdict, made.answer_headers, play.paused) == (ALLOW, [], [])


@pytest.mark.parametrize("name", sorted(BUILT_IN))
async def test_what_is_asked_for_happens_and_says_so(name: str) -> None:
    play = Play()
    verdict, made = await play.call(x_ostiary_fault=name)
    fault = BUILT_IN[name]
    assert play.paused == ([fault.delay] if fault.delay else [])
    assert made.answer_headers == [(b"x-ostiary-fault", name.encode())]
    if not (fault.problem or fault.abort):
        assert verdict is ALLOW
        return
    assert isinstance(verdict, Deny)
    assert verdict.silent is fault.abort
    assert verdict.problem.extensions["simulated"] is True
    if fault.problem:
        assert verdict.problem.type.id == fault.problem
    assert dict(verdict.problem.headers).get("retry-after") == (
        None if fault.retry_after is None else str(fault.retry_after)
    )


async def test_settings_replace_what_is_built_in() -> None:
    play = Play(odd={"problem": "token-invalid"})
    verdict, _ = await play.call(x_ostiary_fault="odd")
    assert isinstance(verdict, Deny)
    assert verdict.problem.status == 401
    assert dict(verdict.problem.headers)["www-authenticate"].startswith("Bearer")
    verdict, _ = await play.call(x_ostiary_fault="slow")
    assert isinstance(verdict, Deny)
    assert (verdict.problem.type.id, verdict.problem.extensions) == ("unknown-fault", {"faults": ["odd"]})
    assert "slow" not in verdict.problem.detail


async def test_a_share_of_the_calls_fails_unasked() -> None:
    play = Play(
        first={"problem": "upstream-timeout", "percent": 10},
        second={"abort": True, "percent": 20},
        never={"delay": 1},
    )
    got = {}
    for play.drawn in (0.0, 0.0999, 0.1, 0.2999, 0.31, 0.99):
        verdict, _ = await play.call()
        got[play.drawn] = verdict.problem.type.id if isinstance(verdict, Deny) else None
    assert list(got.values()) == ["upstream-timeout"] * 2 + ["simulated-fault"] * 2 + [None] * 2
    play.drawn = 0.0
    verdict, _ = await play.call(x_ostiary_fault="never")
    assert verdict is ALLOW, "who asks for one gets that one"


def test_what_cannot_happen_is_found() -> None:
    assert faults() == []
    assert faults(a={"problem": "quota-exceded"}) == [
        ("/faults/a/problem", "there is no problem type 'quota-exceded'")
    ]
    ((place, message),) = faults(**{"a/b": {}})
    assert (place, message.partition(":")[0]) == ("/faults/a~1b", "nothing happens with 'a/b'")
    assert [place for place, _ in faults(a={"abort": True, "problem": "upstream-open"})] == ["/faults/a"]
    assert [place for place, _ in faults(**{" a": {"delay": 1}})] == ["/faults/ a"]
    assert [place for place, _ in faults(a={"delay": 1, "retry-after": 1})] == ["/faults/a/retry-after"]
    assert [place for place, _ in faults(a={"delay": 1, "percent": 60}, b={"delay": 1, "percent": 50})] == [
        "/faults"
    ]


def test_what_is_built_in_can_happen() -> None:
    made = FaultInjectionConfig(faults=dict(BUILT_IN))
    assert list(fault_injection.check(Setting(made, "enforce"), version(operation()), operation())) == []
    assert all(fault.problem in CATALOGUE for fault in BUILT_IN.values() if fault.problem)
