"""Whom a request is counted for: its limits, and under which key each of them counts."""

from collections.abc import Sequence

from contracts.limits import RateLimit


class Meter:
    """Made once for many requests; compared by identity. `keys` are one for each limit."""

    __slots__ = ("keys", "limits", "plain")

    def __init__(self, limits: tuple[RateLimit, ...], keys: tuple[str, ...]) -> None:
        self.limits = limits
        self.keys = keys
        self.plain = all(limit.kind == "fixed" for limit in limits)
        """Whether all windows are fixed, as those of most plans are."""


def meter_of(limits: tuple[RateLimit, ...], scopes: Sequence[str]) -> Meter:
    """Counts each limit in the scope that stands in its place.

    A limit of the same name and window has the same key for whoever is in the same scope: what was counted stays
    when its quota changes, and begins anew with another window.
    """
    return Meter(limits, tuple(f"{scope}/{_named(limit)}" for limit, scope in zip(limits, scopes, strict=True)))


def _named(limit: RateLimit) -> str:
    window = f"{limit.period}:{limit.time_zone}" if limit.kind == "calendar" else str(limit.window)
    return f"{limit.name}:{limit.kind}:{window}"
