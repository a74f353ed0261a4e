"""The targets of one upstream: which is called next, and which are left out for now.

Of two targets chosen at random the one with fewer open calls is taken (Mitzenmacher, *The Power of Two Choices*).
A target is left out by its own failures (outlier ejection, as in Envoy) or by the health check. Where all would be
left out, none is: then health says nothing, and the breaker decides. Pure: time and chance are injected.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from contracts.resilience import EjectionSettings, HealthCheck

log = structlog.get_logger()


class Server(Protocol):
    """What calls one target."""

    @property
    def in_use(self) -> int:
        """Calls that it carries now."""
        ...


S = TypeVar("S", bound=Server)
_NEVER: Final = math.inf


class Target(Generic[S]):
    """One target and what is known of it."""

    __slots__ = ("_checks", "consecutive", "ejected_until", "ejections", "growth", "healthy", "server", "url")

    def __init__(self, url: str, server: S) -> None:
        self.url = url
        self.server = server
        self.consecutive = 0
        """Failures in a row."""
        self.ejected_until = 0.0
        self.ejections = 0
        self.growth = 0
        """How often the time of ejection was doubled."""
        self.healthy = True
        self._checks = 0

    def checked(self, passed: bool, check: HealthCheck) -> bool:
        """Notes a health check's outcome; whether `healthy` changed by it."""
        if passed == self.healthy:
            self._checks = 0
            return False
        self._checks += 1
        if self._checks < (check.healthy_after if passed else check.unhealthy_after):
            return False
        self._checks = 0
        self.healthy = passed
        return True


class Balancer(Generic[S]):
    """Picks targets, and ejects those that fail."""

    def __init__(
        self,
        targets: Sequence[Target[S]],
        settings: EjectionSettings,
        *,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        """`chance` gives numbers in [0, 1)."""
        self.targets = tuple(targets)
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._most = int(len(self.targets) * settings.share)
        self._changes_at = _NEVER
        self._available: tuple[Target[S], ...] = self.targets

    def pick(self, but: Target[S] | None = None) -> Target[S]:
        """The target of the next call; not `but`, where there is another."""
        if self._changes_at != _NEVER and self._clock() >= self._changes_at:
            self.refresh()
        available = self._available
        if but is not None and len(available) > 1:
            available = tuple(target for target in available if target is not but)
        count = len(available)
        if count == 1:
            return available[0]
        first = int(self._chance() * count)
        second = int(self._chance() * (count - 1))
        if second >= first:
            second += 1
        one, other = available[first], available[second]
        return one if one.server.in_use <= other.server.in_use else other

    def failed(self, target: Target[S]) -> None:
        """A gateway-type failure of a call to the target."""
        target.consecutive += 1
        if target.consecutive < self._settings.failures:
            return
        now = self._clock()
        if target.ejected_until > now or sum(map(self.ejected, self.targets)) >= self._most:
            return
        settings = self._settings
        last = min(settings.base * 2.0 ** (target.growth - 1), settings.longest) if target.growth else 0.0
        # Back for longer than it was away: it starts afresh.
        if now - target.ejected_until > last:
            target.growth = 0
        length = min(settings.base * 2.0**target.growth, settings.longest)
        target.growth = min(target.growth + 1, 32)
        target.ejections += 1
        target.ejected_until = now + length
        # When it is back, one failure more is enough: it is on probation until a call succeeds.
        target.consecutive = settings.failures - 1
        log.warning("upstream target ejected", target=target.url, seconds=length)
        self.refresh()

    def refresh(self) -> None:
        """Recomputes which targets are available, and when that changes next."""
        now = self._clock()
        there = tuple(target for target in self.targets if target.healthy and target.ejected_until <= now)
        self._available = there or self.targets
        returns = [target.ejected_until for target in self.targets if target.ejected_until > now]
        self._changes_at = min(returns, default=_NEVER)

    def ejected(self, target: Target[S]) -> bool:
        return target.ejected_until > self._clock()
