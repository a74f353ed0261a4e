"""What holds of limits while the shared server is down: each does as it says."""

from math import ceil

import msgspec

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from gateway.adapters.limiting.counter import Counter
from policies.exchange import Allowance
from policies.limits.meter import Meter


class Shares:
    """The share that each of several workers enforces of limits that are `local`, by a limiter of its own: in the
    window in which the server was lost, of what was left then.

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
        local = [counter for counter in counters if counter.limit.on_unavailable == "local"]
        rests = [counter.rest(self._workers, now) for counter in local]
        full = tuple(
            counter.limit.name
            for counter, rest in zip(local, rests, strict=True)
            if rest is not None and rest < cost
        )
        allowance = self._limiter.take(self._share(meter), 0 if full else cost)
        if full:
            allowance.violated = full
        given = 0 if allowance.violated else cost
        for index, (counter, rest) in enumerate(zip(local, rests, strict=True)):
            if rest is not None and rest - given <= allowance.left[2 * index]:
                allowance.left[2 * index] = max(0, rest - given)
                allowance.left[2 * index + 1] = ceil(counter.ends - now)
            if given:
                counter.owe(given, now)
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
