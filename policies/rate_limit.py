"""Rate limits and quotas, and the fields that tell of them (draft-ietf-httpapi-ratelimit-headers).

The limits of a plan count one application on one version of an API, under the plan of that subscription, unless
they say otherwise: an application that is busy with one API does not starve itself on another, and a change of
plan starts with full windows. Limits that are set beside those of the plan count what they name: all calls of a
consumer, of an operation, to an upstream. All limits hold at once, and a request takes from all of them or from
none. `RateLimit-Policy` and `RateLimit` go with every answer, allowed or refused, and come from that decision.

On a public operation nobody has a plan, and nobody is known: there those limits hold that are not about who calls.
"""

from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Final

from contracts.limits import RateLimit
from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from contracts.snapshot import Subscription
from policies.exchange import Allowance, Exchange
from policies.limits.fields import LimitFields
from policies.limits.meter import Meter, meter_of
from policies.limits.scopes import Scopes, credential_of
from policies.limits.settings import RateLimitConfig, limits_of
from policies.ports import Clock, Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "rate-limit"

EXAMPLE: Final = """\
limits:
  partner:
    limit: 100/second
    by: consumer
    window: gcra
    burst: 20
  exports:
    limit: 1000/month
    by: application+operation
    window: calendar
    time-zone: Europe/Brussels
  erp:
    limit: 50/second
    by: upstream
    on-unavailable: closed
"""

_KNOWN: Final = 4096
"""Callers of whom the meter is kept, by those limits that hold for them."""


class _Limits:
    """Limits that hold together, and all that does not depend on the request: first those of the plan, which is
    named, then all others."""

    __slots__ = ("_plan", "_plan_name", "fields", "limits", "named")

    def __init__(self, name: str, plan: tuple[RateLimit, ...], others: tuple[RateLimit, ...]) -> None:
        self._plan = len(plan)
        self._plan_name = name
        self.limits = plan + others
        self.fields = LimitFields(self.limits)
        self.named = any("credential" in limit.by or "address" in limit.by for limit in self.limits)
        """Whether calls of one client may be counted apart."""

    def meter(self, scopes: Scopes, exchange: Exchange) -> Meter:
        found: list[str] = []
        for index, limit in enumerate(self.limits):
            scope = scopes.of(limit.dimensions, exchange)
            if index < self._plan and limit.by:
                scope = f"plan:{self._plan_name}+{scope}"  # a plan counts what is under it
            found.append(scope)
        return meter_of(self.limits, found)


class _Metered:
    """One caller under a plan: what the limiter counts it by."""

    __slots__ = ("limits", "meter", "subscription")

    def __init__(self, subscription: Subscription | None, limits: _Limits, meter: Meter) -> None:
        self.subscription = subscription
        self.limits = limits
        self.meter = meter


class _Table:
    """The limits of one version, or of one operation, by plan (None for one without any), and who is known under
    them: by client id, and where calls of a client are counted apart, by what tells them apart too."""

    __slots__ = ("by_plan", "known", "named")

    def __init__(self, by_plan: Mapping[str, _Limits | None]) -> None:
        self.by_plan = by_plan
        self.known: dict[str, _Metered] = {}
        self.named = any(limits is not None and limits.named for limits in by_plan.values())


def bind(config: RateLimitConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation on which no limit holds. Raises ValueError for a limit that is none."""
    others = limits_of(config)
    if operation.public:
        others = tuple(limit for limit in others if not limit.of_caller)
        if not others:
            return None
        limits = _Limits("", (), others)
        return PublicRateLimiting(limits, Scopes(version, operation), operation.cost, ports).check
    plans = tuple(ports.plans.items())
    # One table for all operations of a version, where nothing tells them apart.
    apart = any("operation" in limit.by or "upstream" in limit.by for _, plan in plans for limit in plan)
    apart = apart or bool(others)
    key = (version.api, version.version, operation.id if apart else "")
    table = _table(key, plans, others)
    return RateLimiting(table, Scopes(version, operation), operation.cost, ports).check


@lru_cache(maxsize=1024)
def _table(
    key: tuple[str, str, str],
    plans: tuple[tuple[str, tuple[RateLimit, ...]], ...],
    others: tuple[RateLimit, ...],
) -> _Table:
    return _Table({name: _Limits(name, limits, others) if limits or others else None for name, limits in plans})


class RateLimiting:
    """Sets `exchange.allowance`. Reads `exchange.principal` and `exchange.subscription`."""

    __slots__ = ("_clock", "_cost", "_limiter", "_scopes", "_table")

    def __init__(self, table: _Table, scopes: Scopes, cost: int, ports: Ports) -> None:
        self._table = table
        self._scopes = scopes
        self._cost = cost
        self._limiter = ports.limiter
        self._clock = ports.clock

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        principal, subscription = exchange.principal, exchange.subscription
        assert principal is not None
        assert subscription is not None
        table = self._table
        name = principal.client_id
        if table.named:
            name = f"{name} {credential_of(exchange)} {exchange.peer}"
        metered = table.known.get(name)
        if metered is None or metered.subscription is not subscription:
            limits = table.by_plan.get(subscription.plan)
            if limits is None:
                return self._without_limits(subscription.plan)
            metered = _first(table.known, name, subscription, limits, limits.meter(self._scopes, exchange))
        taken = self._limiter.take(metered.meter, self._cost)
        if isinstance(taken, Allowance):
            return _decide(exchange, metered.limits.fields, taken, self._clock)
        return _later(exchange, metered.limits.fields, taken, self._clock)

    def _without_limits(self, plan: str) -> Verdict:
        if plan in self._table.by_plan:
            return ALLOW
        # The two parts of a snapshot disagree. Without its plan nobody is let through unmetered.
        detail = "The subscription's plan is not known to the gateway."
        return Deny(POLICY, problem("policy-failed", detail, policy=POLICY))


class PublicRateLimiting:
    """The same where nobody is known: by address at most."""

    __slots__ = ("_clock", "_cost", "_known", "_limiter", "_limits", "_scopes")

    def __init__(self, limits: _Limits, scopes: Scopes, cost: int, ports: Ports) -> None:
        self._limits = limits
        self._scopes = scopes
        self._cost = cost
        self._limiter = ports.limiter
        self._clock = ports.clock
        self._known: dict[str, _Metered] = {}

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        limits = self._limits
        name = exchange.peer if limits.named else ""
        metered = self._known.get(name)
        if metered is None:
            metered = _first(self._known, name, None, limits, limits.meter(self._scopes, exchange))
        taken = self._limiter.take(metered.meter, self._cost)
        if isinstance(taken, Allowance):
            return _decide(exchange, limits.fields, taken, self._clock)
        return _later(exchange, limits.fields, taken, self._clock)


def _first(
    known: dict[str, _Metered], name: str, subscription: Subscription | None, limits: _Limits, meter: Meter
) -> _Metered:
    if len(known) >= _KNOWN:
        known.clear()
    known[name] = metered = _Metered(subscription, limits, meter)
    return metered


async def _later(exchange: Exchange, fields: LimitFields, taken: Awaitable[Allowance], clock: Clock) -> Verdict:
    return _decide(exchange, fields, await taken, clock)


def _decide(exchange: Exchange, fields: LimitFields, allowance: Allowance, clock: Clock) -> Verdict:
    if allowance.undecided:
        return _undecided(allowance.undecided)
    exchange.allowance = allowance
    headers = exchange.answer_headers
    headers.append(fields.policy if fields.steady else fields.policy_at(clock()))
    if len(allowance.limits) == len(fields):
        headers.append(fields.field(allowance.left))
    elif allowance.limits:  # some hold no longer, as they cannot be counted
        headers.append(LimitFields(allowance.limits).field(allowance.left))
    if not allowance.violated:
        return ALLOW
    violated = allowance.violated
    # Not earlier than the last of them would let it pass; never 0, which invites a loop.
    wait = max(1, *(state.reset for state in allowance.states if state.name in violated))
    names = ", ".join(violated)
    return Deny(
        POLICY,
        problem(
            "quota-exceeded",
            f"Used up: {names}. Try again in {wait} s.",
            headers=(("retry-after", str(wait)),),
            **{"violated-policies": list(violated)},
        ),
    )


def _undecided(limits: tuple[str, ...]) -> Verdict:
    """An outage of ours is no fault of the caller's: 503, and nothing is said of what is left."""
    detail = f"Cannot be counted now: {', '.join(limits)}. Try again soon."
    return Deny(
        POLICY, problem("limits-unavailable", detail, headers=(("retry-after", "1"),), limits=list(limits))
    )
