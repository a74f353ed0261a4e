"""What every upstream has, whatever its protocol: targets, breaker, retry budget, and a state to be seen."""

import random
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog

from contracts.problems import Problem, problem
from contracts.resilience import RetrySettings
from contracts.snapshot import Upstream
from gateway.upstreams.resilience.balancing import Balancer, Server, Target
from gateway.upstreams.resilience.breaker import Breaker, State
from gateway.upstreams.resilience.retry_budget import RetryBudget

log = structlog.get_logger()

S = TypeVar("S", bound=Server)


class Guard(Generic[S]):
    """Admits calls, picks their targets, and hears what became of them."""

    def __init__(
        self,
        upstream: Upstream,
        servers: list[tuple[str, S]],
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`servers` are the targets' URLs and what calls each."""
        self.name = upstream.name
        self.retries: RetrySettings = upstream.retries
        self.breaker = Breaker(upstream.breaker, clock, self._breaker_changed)
        self.budget = RetryBudget(upstream.retries.budget)
        self.balancer = Balancer(
            [Target(url, server) for url, server in servers], upstream.ejection, clock=clock, chance=chance
        )
        self.closed = False
        """Set when the gateway ends: what fails now is not tried again."""
        self._chance = chance

    def refusal(self) -> Problem:
        """What a call is told that the breaker did not admit."""
        return problem(
            "upstream-open",
            "The upstream fails; calls to it are held back for now.",
            headers=(("retry-after", str(self.breaker.retry_after)),),
        )

    def succeeded(self, target: Target[S], era: int) -> None:
        """A call was answered, and not with a gateway-type failure."""
        target.consecutive = 0
        self.breaker.succeeded(era)

    def missed(self, target: Target[S]) -> None:
        """A try failed, in a way that is the upstream's. The breaker is told by `again` where there may be another
        try, and else by whoever made it."""
        self.balancer.failed(target)

    def again(self, era: int) -> int:
        """The era of another try of a call that failed; 0 if there may be none.

        Where there are several targets, that one of them fails says nothing of the upstream: it is judged by what
        becomes of the call. A breaker that tries the upstream out would else be opened again by one dead target,
        though another would have answered.
        """
        if len(self.balancer.targets) > 1 and self.breaker.awaits(era):
            return era
        self.breaker.failed(era)
        return self.breaker.admit()

    def _breaker_changed(self, state: State) -> None:
        level = log.warning if state is State.OPEN else log.info
        level("upstream breaker changed", upstream=self.name, state=state.value)

    def pause(self, retry: int) -> float:
        """Seconds to wait before the retry of that number, from 1: a random share, so that clients do not march in
        step ("full jitter")."""
        return self.retries.pause * 2.0 ** (retry - 1) * self._chance()

    def state(self) -> dict[str, Any]:
        """For the status document."""
        breaker = self.breaker
        return {
            "breaker": {"state": breaker.state.value, "opened": breaker.opened, "refused": breaker.refused},
            "retries": {"made": self.budget.taken, "denied": self.budget.denied},
            "targets": [
                {
                    "url": target.url,
                    "in_use": target.server.in_use,
                    "ejected": self.balancer.ejected(target),
                    "ejections": target.ejections,
                    "healthy": target.healthy,
                }
                for target in self.balancer.targets
            ],
        }
