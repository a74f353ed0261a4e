"""The mode of a policy where it does not simply hold: off or reporting, by plan and by consumer.

A policy that reports is run as if it held; what it would have refused is noted on the exchange and counted, and
the request goes on.
"""

from collections.abc import Awaitable, Mapping
from typing import Generic, TypeVar

from contracts.policy_settings import Mode
from policies.exchange import Exchange
from policies.verdict import ALLOW, AnswerFilter, Stage, Verdict

B = TypeVar("B")


class Variant(Generic[B]):
    """What is bound for some of the callers, and how it holds: `mode`, but for `consumers` that have their own."""

    __slots__ = ("bound", "consumers", "mode")

    def __init__(self, bound: B | None, mode: Mode, consumers: Mapping[str, Mode]) -> None:
        self.bound = bound
        self.mode = mode
        self.consumers = consumers

    @property
    def plain(self) -> bool:
        """Whether it holds for everybody."""
        return self.mode == "enforce" and not self.consumers

    @property
    def idle(self) -> bool:
        """Whether it is off for everybody, or has nothing to do."""
        return self.bound is None or (
            self.mode == "off" and all(mode == "off" for mode in self.consumers.values())
        )


class Variants(Generic[B]):
    """All that a policy may be on an operation: `base`, and by plan what differs from it."""

    __slots__ = ("_base", "_by_plan")

    def __init__(self, base: Variant[B], by_plan: Mapping[str, Variant[B]]) -> None:
        self._base = base
        self._by_plan = by_plan

    def choose(self, exchange: Exchange) -> tuple[B | None, Mode]:
        """What holds for an exchange, by the plan of its subscription and by who calls."""
        variant, subscription, principal = self._base, exchange.subscription, exchange.principal
        if self._by_plan and subscription is not None:
            variant = self._by_plan.get(subscription.plan, variant)
        mode = variant.mode
        if variant.consumers and principal is not None:
            mode = variant.consumers.get(principal.consumer, mode)
        return (None if mode == "off" else variant.bound), mode


class ModedStage:
    """A stage of which the mode is to be looked up."""

    __slots__ = ("_policy", "_variants")

    def __init__(self, policy: str, variants: Variants[Stage]) -> None:
        self._policy = policy
        self._variants = variants

    def choose(self, exchange: Exchange) -> tuple[Stage | None, Mode]:
        """What holds for an exchange."""
        return self._variants.choose(exchange)

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        stage, mode = self._variants.choose(exchange)
        if stage is None:
            return ALLOW
        verdict = stage(exchange)
        if verdict is ALLOW or mode == "enforce":
            return verdict
        if isinstance(verdict, Awaitable):
            return self._later(exchange, verdict)
        return self._report(exchange)

    async def _later(self, exchange: Exchange, pending: Awaitable[Verdict]) -> Verdict:
        return ALLOW if await pending is ALLOW else self._report(exchange)

    def _report(self, exchange: Exchange) -> Verdict:
        if self._policy not in exchange.would_refuse:  # what lasts is asked again and again
            exchange.would_refuse = (*exchange.would_refuse, self._policy)
        return ALLOW


class BoundFilter:
    """A policy's filter of an operation's answers."""

    __slots__ = ("_variants", "policy")

    def __init__(self, policy: str, variants: Variants[AnswerFilter]) -> None:
        self.policy = policy
        self._variants = variants

    def choose(self, exchange: Exchange) -> tuple[AnswerFilter | None, Mode]:
        """What holds for an exchange."""
        return self._variants.choose(exchange)


def staged(policy: str, base: Variant[Stage], by_plan: Mapping[str, Variant[Stage]]) -> Stage | None:
    """The stage itself where it holds for everybody; None where it never does anything."""
    if not by_plan and base.plain:
        return base.bound
    if base.idle and all(each.idle for each in by_plan.values()):
        return None
    return ModedStage(policy, Variants(base, by_plan)).check


def chosen(stage: Stage, exchange: Exchange) -> tuple[Stage | None, Mode]:
    """The stage that is at work for an exchange within one that was `staged`, and how it holds."""
    moded = getattr(stage, "__self__", None)
    return moded.choose(exchange) if isinstance(moded, ModedStage) else (stage, "enforce")
