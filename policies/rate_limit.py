"""Rate limits by plan, and the fields that tell of them (draft-ietf-httpapi-ratelimit-headers).

What is limited is one application on one version of an API, under the plan of that subscription: an application
that is busy with one API does not starve itself on another, and a change of plan starts with full windows. All
limits of a plan hold at once, and a request takes from all of them or from none. `RateLimit-Policy` and
`RateLimit` go with every answer, allowed or refused, and come from that very decision.

Public operations have no subscription and so no plan; they are not limited here.
"""

from collections.abc import Awaitable, Mapping
from functools import lru_cache
from typing import Final

import http_sf

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from contracts.snapshot import RateLimit, Subscription
from policies.exchange import Allowance, Exchange, Header
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "rate-limit"

_KNOWN: Final = 4096
"""Applications of one version of which the limiter's key is kept."""


class _Plan:
    """A plan's limits and all that does not depend on the request."""

    __slots__ = ("key_prefix", "limits", "names", "policy_header")

    def __init__(self, api: str, version: str, plan: str, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        # The client id comes last: names hold no slash, so that no two subscriptions share a key.
        self.key_prefix = f"{api}/{version}/{plan}/"
        # http-sf quotes the name as a structured-field string.
        quoted = [http_sf.ser(limit.name) for limit in limits]
        policies = [f"{q};q={limit.quota};w={limit.window}" for q, limit in zip(quoted, limits, strict=True)]
        self.policy_header: Header = (b"ratelimit-policy", ", ".join(policies).encode("ascii"))
        # What stands before the remaining units: of the first limit, and of those after it.
        self.names = [(", " if index else "") + q + ";r=" for index, q in enumerate(quoted)]

    def header(self, left: list[int]) -> Header:
        """The RateLimit field of a decision."""
        names = self.names
        if len(names) == 2:  # as most plans have it: one for bursts, one for the day
            value = f"{names[0]}{left[0]};t={left[1]}{names[1]}{left[2]};t={left[3]}"
        else:
            value = "".join([f"{name}{left[2 * i]};t={left[2 * i + 1]}" for i, name in enumerate(names)])
        return b"ratelimit", value.encode("ascii")


class _Metered:
    """One application under a plan: what the limiter counts it by."""

    __slots__ = ("key", "plan", "subscription")

    def __init__(self, subscription: Subscription, plan: _Plan, client_id: str) -> None:
        self.subscription = subscription
        self.plan = plan
        self.key = plan.key_prefix + client_id


class _Plans:
    """The plans of one version by name (None for one without limits), and who is known under them by client id."""

    __slots__ = ("by_name", "metered")

    def __init__(self, by_name: Mapping[str, _Plan | None]) -> None:
        self.by_name = by_name
        self.metered: dict[str, _Metered] = {}


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation."""
    if operation.public:
        return None
    plans = _plans(version.api, version.version, tuple(ports.plans.items()))
    return RateLimiting(plans, operation.cost, ports).check


@lru_cache(maxsize=1024)  # one table for all operations of a version
def _plans(api: str, version: str, plans: tuple[tuple[str, tuple[RateLimit, ...]], ...]) -> _Plans:
    return _Plans({name: _Plan(api, version, name, limits) if limits else None for name, limits in plans})


class RateLimiting:
    """Sets `exchange.allowance`. Reads `exchange.principal` and `exchange.subscription`."""

    __slots__ = ("_cost", "_limiter", "_plans")

    def __init__(self, plans: _Plans, cost: int, ports: Ports) -> None:
        self._plans = plans
        self._cost = cost
        self._limiter = ports.limiter

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        principal, subscription = exchange.principal, exchange.subscription
        assert principal is not None
        assert subscription is not None
        metered = self._plans.metered.get(principal.client_id)
        if metered is None or metered.subscription is not subscription:
            plan = self._plans.by_name.get(subscription.plan)
            if plan is None:
                return self._without_limits(subscription.plan)
            metered = self._first(principal.client_id, subscription, plan)
        taken = self._limiter.take(metered.key, metered.plan.limits, self._cost)
        if isinstance(taken, Allowance):
            return self._decide(exchange, metered.plan, taken)
        return self._later(exchange, metered.plan, taken)

    def _first(self, client_id: str, subscription: Subscription, plan: _Plan) -> _Metered:
        known = self._plans.metered
        if len(known) >= _KNOWN:
            known.clear()
        known[client_id] = metered = _Metered(subscription, plan, client_id)
        return metered

    async def _later(self, exchange: Exchange, plan: _Plan, taken: Awaitable[Allowance]) -> Verdict:
        return self._decide(exchange, plan, await taken)

    def _decide(self, exchange: Exchange, plan: _Plan, allowance: Allowance) -> Verdict:
        exchange.allowance = allowance
        headers = exchange.answer_headers
        headers.append(plan.policy_header)
        headers.append(plan.header(allowance.left))
        if not allowance.violated:
            return ALLOW
        violated = allowance.violated
        # Not earlier than the last of them is full again; never 0, which invites a loop.
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

    def _without_limits(self, plan: str) -> Verdict:
        if plan in self._plans.by_name:
            return ALLOW
        # The two parts of a snapshot disagree. Without its plan nobody is let through unmetered.
        detail = "The subscription's plan is not known to the gateway."
        return Deny(POLICY, problem("policy-failed", detail, policy=POLICY))
