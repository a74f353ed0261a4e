"""How upstreams and gateway processes are, put together from what each process last reported. No I/O."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from catalog.reporting.processes import Process
from contracts.usage.report import HeldVersion, UpstreamState

UpstreamStanding: TypeAlias = Literal["unknown", "good", "impaired", "down"]
"""`unknown`: no process tells of it. `impaired`: a breaker is not closed, or some target is left out. `down`: no
process calls it, as each breaker is open or no target is left."""

GatewayStanding: TypeAlias = Literal["good", "silent", "behind", "holding", "catalog-failing"]
"""`silent`: it should have reported since. `behind`: it does not serve what is published. `holding`: of some
version it serves an older state. `catalog-failing`: its last try to hear of a new snapshot failed."""

_TO_TAKE_UP: Final = 15.0
"""Seconds in which a process takes up a snapshot and tells so."""


class UpstreamHealth(msgspec.Struct, frozen=True):
    """An upstream as all processes that report see it. `open` and `half_open` are processes by their breaker;
    `serving` is the least of targets that one of them calls, `ejected` and `unhealthy` are the most."""

    name: str
    standing: UpstreamStanding
    processes: int = 0
    open: int = 0
    half_open: int = 0
    serving: int = 0
    ejected: int = 0
    unhealthy: int = 0
    opened: int = 0
    in_use: int = 0
    queued: int = 0


class GatewayHealth(msgspec.Struct, frozen=True):
    """A process as it last told; times are Unix seconds. `current` is whether it has the published snapshot, `age`
    how many seconds before its report the catalog had last confirmed that one to it, None where it never has."""

    name: str
    standing: GatewayStanding
    reported_at: int
    started: int
    serial: int
    current: bool
    age: float | None
    sandbox: bool
    open_requests: int
    held: tuple[HeldVersion, ...]


def upstream_health(names: Iterable[str], processes: Iterable[Process], now: float) -> tuple[UpstreamHealth, ...]:
    """Of each name, by name. A process that is silent tells nothing of how things are now."""
    seen: dict[str, list[UpstreamState]] = {}
    for process in processes:
        if not process.silent(now):
            for each in process.report.upstreams:
                seen.setdefault(each.name, []).append(each)
    return tuple(_upstream(name, seen.get(name, ())) for name in sorted(names))


def gateway_health(process: Process, serial: int, issued: int, now: float) -> GatewayHealth:
    """`serial` and `issued` are of the snapshot that is published."""
    report = process.report
    current = report.serial >= serial
    standing: GatewayStanding = "good"
    if process.silent(now):
        standing = "silent"
    elif not current and now - issued > _TO_TAKE_UP + report.interval:
        standing = "behind"
    elif report.held:
        standing = "holding"
    elif report.catalog_failing:
        standing = "catalog-failing"
    return GatewayHealth(
        name=report.gateway,
        standing=standing,
        reported_at=process.reported_at,
        started=report.started,
        serial=report.serial,
        current=current,
        age=None if report.age is None else round(report.age, 1),
        sandbox=report.sandbox,
        open_requests=report.open_requests,
        held=report.held,
    )


def _upstream(name: str, states: Iterable[UpstreamState]) -> UpstreamHealth:
    every = tuple(states)
    if not every:
        return UpstreamHealth(name, "unknown")
    standing: UpstreamStanding = "good"
    if all(each.breaker == "open" or not each.serving for each in every):
        standing = "down"
    elif any(each.breaker != "closed" or each.ejected or each.unhealthy for each in every):
        standing = "impaired"
    return UpstreamHealth(
        name=name,
        standing=standing,
        processes=len(every),
        open=sum(each.breaker == "open" for each in every),
        half_open=sum(each.breaker == "half-open" for each in every),
        serving=min(each.serving for each in every),
        ejected=max(each.ejected for each in every),
        unhealthy=max(each.unhealthy for each in every),
        opened=sum(each.opened for each in every),
        in_use=sum(each.in_use for each in every),
        queued=sum(each.queued for each in every),
    )
