"""How many calls may be open at once: of a consumer, to an operation, to an upstream.

A call holds a slot of each limit from here until its answer has ended, a WebSocket or an event stream for as long
as it is open. Slots of several workers are leased: those of a worker that was killed are free after 15 seconds.
"""

from collections.abc import Awaitable, Iterator
from typing import Annotated, Final

import msgspec

from contracts.limits import DIMENSIONS, OnUnavailable
from contracts.limits_text import By
from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.exchange import Exchange
from policies.limits.scopes import Scopes, credential_of
from policies.limits.slots import TAKEN, SlotLimit, SlotMeter, Taken
from policies.policy import PolicyConfig
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "concurrency"

EXAMPLE: Final = """\
limits:
  partner:
    most: 20
    by: consumer
  erp:
    most: 16
    by: upstream
"""

_RETRY: Final = (("retry-after", "1"),)
_KNOWN: Final = 4096
"""Callers of whom the meter is kept."""


class SlotSetting(PolicyConfig, frozen=True):
    """How many calls may be open at once, of whose."""

    most: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    """How many calls may be open at once."""
    by: By
    """Whose calls are counted together: those that agree in all that is named."""
    on_unavailable: OnUnavailable = "local"
    """Without the shared state each worker enforces its share (`local`), the limit does not hold (`open`), or
    every call is refused with 503 (`closed`)."""


class ConcurrencyConfig(PolicyConfig, frozen=True):
    """Limits by name. All of them hold at once.

    Limits of the same name that count the same calls together are one limit, wherever they are set.
    """

    limits: dict[str, SlotSetting]
    """By name."""


def bind(config: ConcurrencyConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where no limit holds on the operation: on a public one nobody is known."""
    limits = tuple(_limits(config))
    if operation.public:
        limits = tuple(limit for limit in limits if not limit.of_caller)
    return Concurrency(limits, Scopes(version, operation), ports).check if limits else None


def _limits(config: ConcurrencyConfig) -> Iterator[SlotLimit]:
    for name, setting in config.limits.items():
        named = set(setting.by.split("+"))
        by = tuple(each for each in DIMENSIONS if each in named)
        yield SlotLimit(name, setting.most, by, setting.on_unavailable)


class Concurrency:
    """Reads `exchange.principal` and `exchange.subscription` where the operation is not public."""

    __slots__ = ("_by_address", "_by_credential", "_known", "_limits", "_scopes", "_slots")

    def __init__(self, limits: tuple[SlotLimit, ...], scopes: Scopes, ports: Ports) -> None:
        self._limits = limits
        self._scopes = scopes
        self._slots = ports.slots
        self._by_address = any("address" in limit.by for limit in limits)
        self._by_credential = any("credential" in limit.by for limit in limits)
        self._known: dict[tuple[str, ...], SlotMeter] = {}

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        meter = self._meter(exchange)
        taken = self._slots.take(meter)
        if isinstance(taken, Taken):
            return self._decide(exchange, meter, taken)
        return self._later(exchange, meter, taken)

    async def _later(self, exchange: Exchange, meter: SlotMeter, taken: Awaitable[Taken]) -> Verdict:
        return self._decide(exchange, meter, await taken)

    def _decide(self, exchange: Exchange, meter: SlotMeter, taken: Taken) -> Verdict:
        if taken is TAKEN:
            exchange.when_ended(lambda _: self._slots.release(meter))
            return ALLOW
        if taken.undecided:
            names = ", ".join(taken.undecided)
            detail = f"Cannot be counted now: {names}. Try again soon."
            return Deny(POLICY, problem("slots-unavailable", detail, headers=_RETRY, limits=list(taken.undecided)))
        detail = f"As many calls are open as may be: {', '.join(taken.full)}."
        return Deny(POLICY, problem("too-many-open-calls", detail, headers=_RETRY, limits=list(taken.full)))

    def _meter(self, exchange: Exchange) -> SlotMeter:
        peer = exchange.peer if self._by_address else ""
        name: tuple[str, ...] = (peer,)
        principal, subscription = exchange.principal, exchange.subscription
        if principal is not None and subscription is not None:
            credential = credential_of(exchange) if self._by_credential else ""
            name = (peer, principal.client_id, subscription.plan, credential)
        meter = self._known.get(name)
        if meter is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            keys = tuple(f"{self._scopes.of(limit.by, exchange)}/{limit.name}" for limit in self._limits)
            meter = self._known[name] = SlotMeter(self._limits, keys)
        return meter
