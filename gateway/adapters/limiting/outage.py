"""What holds of limits while the shared server is down: each does as it says."""

import msgspec

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from gateway.adapters.limiting.counter import Counter
from policies.exchange import Allowance
from policies.limits.meter import Meter


class Shares:
    """The share that each of several workers enforces of limits that are `local`, by a limiter of its own.

    Limits that are `open` do not hold, and the allowance is not about them. Those that are `closed` let nobody
    through; the allowance says that they are not decided.
    """

    def __init__(self, limiter: InProcessLimiter, workers: int) -> None:
        self._limiter = limiter
        self._workers = workers
        self._meters: dict[Meter, Meter] = {}

    def take(self, meter: Meter, counters: list[Counter], cost: int, now: float) -> Allowance:
        """Notes at the counters what was given."""
        closed = tuple(limit.name for limit in meter.limits if limit.on_unavailable == "closed")
        if closed:
            return Allowance((), [], undecided=closed)
        allowance = self._limiter.take(self._share(meter), cost)
        if not allowance.violated:
            for counter in counters:
                if counter.limit.on_unavailable == "local":
                    counter.owe(cost, now)
        return allowance

    def _share(self, meter: Meter) -> Meter:
        share = self._meters.get(meter)
        if share is None:
            if len(self._meters) >= 1024:
                self._meters.clear()
            pairs = [
                (self._divided(limit), key)
                for limit, key in zip(meter.limits, meter.keys, strict=True)
                if limit.on_unavailable == "local"
            ]
            share = self._meters[meter] = Meter(tuple(limit for limit, _ in pairs), tuple(key for _, key in pairs))
        return share

    def _divided(self, limit: RateLimit) -> RateLimit:
        quota = max(1, limit.quota // self._workers)
        burst = max(1, limit.burst // self._workers) if limit.burst else 0
        return msgspec.structs.replace(limit, quota=quota, burst=burst)
