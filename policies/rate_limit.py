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
from contracts.snapshot import RateLimit
from policies.exchange import Exchange, Header
from policies.ports import Allowance, Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "rate-limit"


class _Plan:
    """A plan's limits and all bytes that do not depend on the request."""

    __slots__ = ("formats", "key_prefix", "limits", "policy_header")

    def __init__(self, api: str, version: str, plan: str, limits: tuple[RateLimit, ...]) -> None:
        self.limits = limits
        # The client id comes last: names hold no slash, so that no two subscriptions share a key.
        self.key_prefix = f"{api}/{version}/{plan}/"
        # http-sf quotes the name as a structured-field string.
        quoted = [http_sf.ser(limit.name).encode("ascii") for limit in limits]
        policies = (
            b"%b;q=%d;w=%d" % (q, limit.quota, limit.window) for q, limit in zip(quoted, limits, strict=True)
        )
        self.policy_header: Header = (b"ratelimit-policy", b", ".join(policies))
        self.formats = tuple(q.replace(b"%", b"%%") + b";r=%d;t=%d" for q in quoted)


def bind(version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None for a public operation."""
    if operation.public:
        return None
    plans = _plans(version.api, version.version, tuple(ports.plans.items()))
    return RateLimiting(plans, operation.cost, ports).check


@lru_cache(maxsize=1024)  # one table for all operations of a version
def _plans(
    api: str, version: str, plans: tuple[tuple[str, tuple[RateLimit, ...]], ...]
) -> Mapping[str, _Plan | None]:
    """Plans by name; None for one without limits."""
    return {name: _Plan(api, version, name, limits) if limits else None for name, limits in plans}


class RateLimiting:
    """Sets `exchange.limits`. Reads `exchange.principal` and `exchange.subscription`."""

    __slots__ = ("_cost", "_limiter", "_plans")

    def __init__(self, plans: Mapping[str, _Plan | None], cost: int, ports: Ports) -> None:
        self._plans = plans
        self._cost = cost
        self._limiter = ports.limiter

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        principal, subscription = exchange.principal, exchange.subscription
        assert principal is not None
        assert subscription is not None
        plan = self._plans.get(subscription.plan)
        if plan is None:
            return self._without_limits(subscription.plan)
        taken = self._limiter.take(plan.key_prefix + principal.client_id, plan.limits, self._cost)
        if type(taken) is Allowance:
            return self._decide(exchange, plan, taken)
        return self._later(exchange, plan, taken)  # type: ignore[arg-type]

    async def _later(self, exchange: Exchange, plan: _Plan, taken: Awaitable[Allowance]) -> Verdict:
        return self._decide(exchange, plan, await taken)

    def _decide(self, exchange: Exchange, plan: _Plan, allowance: Allowance) -> Verdict:
        exchange.limits = states = allowance.states
        headers = exchange.answer_headers
        headers.append(plan.policy_header)
        formats = plan.formats
        if len(states) == 1:
            headers.append((b"ratelimit", formats[0] % (states[0].remaining, states[0].reset)))
        else:
            value = b", ".join([formats[i] % (state.remaining, state.reset) for i, state in enumerate(states)])
            headers.append((b"ratelimit", value))
        if not allowance.violated:
            return ALLOW
        violated = allowance.violated
        # Not earlier than the last of them is full again; never 0, which invites a loop.
        wait = max(1, *(state.reset for state in states if state.name in violated))
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
        if plan in self._plans:
            return ALLOW
        # The two parts of a snapshot disagree. Without its plan nobody is let through unmetered.
        detail = "The subscription's plan is not known to the gateway."
        return Deny(POLICY, problem("policy-failed", detail, policy=POLICY))
