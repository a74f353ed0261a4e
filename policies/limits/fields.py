"""The fields that tell of limits and of decisions about them (draft-ietf-httpapi-ratelimit-headers)."""

from typing import Final

import http_sf

from contracts.limits import RateLimit
from policies.exchange import Header
from policies.limits.calendar import period_at

POLICY_FIELD: Final = b"ratelimit-policy"
FIELD: Final = b"ratelimit"


class LimitFields:
    """Of some limits: all that does not depend on the request.

    `t` is how many seconds it takes until all of a limit is free again; where the limit refused, until it would
    not. `w` of a calendar's window is how long the present one is.
    """

    __slots__ = ("_limits", "_names", "_quoted", "_until", "policy", "steady")

    def __init__(self, limits: tuple[RateLimit, ...]) -> None:
        self._limits = limits
        # http-sf quotes the name as a structured-field string.
        self._quoted = [http_sf.ser(limit.name) for limit in limits]
        # What stands before the remaining units: of the first limit, and of those after it.
        begin = [(", " if index else "") + quoted + ";r=" for index, quoted in enumerate(self._quoted)]
        self._names = [name.encode("ascii") for name in begin]
        self.steady = all(limit.kind != "calendar" for limit in limits)
        self._until = 0.0
        self.policy = self._written(0.0)
        """The RateLimit-Policy field, where it is `steady`."""

    def __len__(self) -> int:
        """How many limits they are about."""
        return len(self._quoted)

    def policy_at(self, now: float) -> Header:
        """The RateLimit-Policy field in any case. `now` is Unix seconds."""
        if now >= self._until:
            self.policy = self._written(now)
        return self.policy

    def field(self, left: list[int]) -> Header:
        """The RateLimit field of a decision about all of the limits."""
        names = self._names
        if len(names) == 2:  # as most plans have it: one for bursts, one for the day
            return FIELD, b"%b%d;t=%d%b%d;t=%d" % (names[0], left[0], left[1], names[1], left[2], left[3])
        return FIELD, b"".join(
            [b"%b%d;t=%d" % (name, left[2 * i], left[2 * i + 1]) for i, name in enumerate(names)]
        )

    def _written(self, now: float) -> Header:
        until = float("inf")
        items: list[str] = []
        for limit, quoted in zip(self._limits, self._quoted, strict=True):
            length = limit.window
            if limit.kind == "calendar":
                start, end = period_at(limit, now)
                length = end - start
                until = min(until, end)
            items.append(f"{quoted};q={limit.quota};w={length}")
        self._until = until
        return POLICY_FIELD, ", ".join(items).encode("ascii")
