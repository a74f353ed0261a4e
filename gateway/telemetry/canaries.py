"""What is told of canaries: in the log, in the metrics and in the status document."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import structlog

from gateway.telemetry import metrics
from gateway.telemetry.counting import Sample
from gateway.telemetry.metrics import Metric
from policies.canaries import Canary

if TYPE_CHECKING:
    from gateway.adapters.shared_back_outs import SharedBackOuts  # brings redis-py, which most gateways do without

log = structlog.get_logger()


def log_back_out(canary: Canary) -> None:
    """Nobody is sent there any more, for a time."""
    name = canary.name
    log.warning(
        "canary backed out",
        api=name.api,
        version=name.version,
        upstream=name.upstream,
        operation=canary.reason or None,
        seconds=canary.length,
    )


def back_out_listener(others: "SharedBackOuts | None") -> Callable[[Canary], None]:
    """What is done when this worker has backed out: it is logged, and the others are told, if there are any."""
    if others is None:
        return log_back_out

    def listen(canary: Canary) -> None:
        log_back_out(canary)
        others.tell(canary)

    return listen


def canary_samples(canaries: list[Canary]) -> Iterator[tuple[Metric, list[Sample]]]:
    """Those of one name together: several operations or plans may have settings of their own."""
    calls: dict[tuple[str, ...], float] = {}
    out: dict[tuple[str, ...], float] = {}
    times: dict[tuple[str, ...], float] = {}
    for canary in canaries:
        name = (canary.name.api, canary.name.version, canary.name.upstream)
        for there, sent_to in enumerate(("stable", "canary")):
            failed = canary.failures[there]
            for outcome, count in (("good", canary.calls[there] - failed), ("failed", failed)):
                labels = (*name, sent_to, outcome)
                calls[labels] = calls.get(labels, 0) + count
        out[name] = max(out.get(name, 0), int(canary.backed_out))
        times[name] = times.get(name, 0) + canary.back_outs
    yield metrics.CANARY_CALLS, list(calls.items())
    yield metrics.CANARY_BACKED_OUT, list(out.items())
    yield metrics.CANARY_BACK_OUTS, list(times.items())


def canary_state(canary: Canary) -> dict[str, Any]:
    """For the status document."""
    name = canary.name
    return {
        "api": name.api,
        "version": name.version,
        "upstream": name.upstream,
        "backed_out": canary.backed_out,
        "back_outs": canary.back_outs,
        "last_reason": canary.reason or None,
        "stable": {"calls": canary.calls[0], "failed": canary.failures[0]},
        "canary": {"calls": canary.calls[1], "failed": canary.failures[1]},
    }
