"""What a policy that let a request pass has found out, in words."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.problems import Problem
from policies import canary, lifecycle, rate_limit, subscription
from policies.exchange import Exchange


def told(policy: str, exchange: Exchange) -> str:
    """Nothing of policies that only look."""
    tell = _TELL.get(policy)
    return "" if tell is None else tell(exchange)


def refused(refusal: Problem) -> str:
    """With each violation of the contract, where that is what it is about."""
    members: Any = refusal.extensions.get("violations", ())
    each = [f"{_where(member)} {member['message']}" for member in members]
    return f"{refusal.status} {refusal.type.id}: {'; '.join(each) or refusal.detail}"


def _where(member: Mapping[str, str]) -> str:
    """`query limit`, or `body /lines/0`."""
    pointer = member["pointer"]
    return f"{member['in']} {pointer if member['in'] == 'body' else pointer.removeprefix('/')}".rstrip()


def _subscription(exchange: Exchange) -> str:
    held = exchange.subscription
    if held is None:
        return ""
    return f"{held.api} {held.version} under the plan {held.plan}, with {' '.join(held.scopes) or 'no scope'}"


def _limits(exchange: Exchange) -> str:
    left = [f"{state.name} {state.remaining} of {state.quota} left" for state in exchange.limits]
    return f"as the first call of each window: {', '.join(left)}" if left else ""


def _calendar(exchange: Exchange) -> str:
    dates = {name: value for name, value in exchange.answer_headers if name in (b"deprecation", b"sunset")}
    return ", ".join(f"{name.decode()} {value.decode()}" for name, value in dates.items())


def _elsewhere(exchange: Exchange) -> str:
    forward = exchange.forward
    return f"sent to {forward.upstream}" if forward is not None and forward.upstream else ""


_TELL: Final[Mapping[str, Callable[[Exchange], str]]] = {
    subscription.POLICY: _subscription,
    rate_limit.POLICY: _limits,
    lifecycle.POLICY: _calendar,
    canary.POLICY: _elsewhere,
}
