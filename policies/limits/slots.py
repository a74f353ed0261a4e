"""Slots: how many calls may be open at once, and the port by which they are taken and given back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from contracts.limits import CALLER, Dimension, OnUnavailable


class SlotLimit(msgspec.Struct, frozen=True):
    """At most `most` calls are open at once of those that agree in all dimensions of `by`."""

    name: str
    most: int
    by: tuple[Dimension, ...]
    on_unavailable: OnUnavailable = "local"

    @property
    def of_caller(self) -> bool:
        """Whether it needs to be known who calls."""
        return not CALLER.isdisjoint(self.by)


class SlotMeter:
    """Made once for many requests: limits, and under which key each of them counts."""

    __slots__ = ("keys", "limits")

    def __init__(self, limits: tuple[SlotLimit, ...], keys: tuple[str, ...]) -> None:
        self.limits = limits
        self.keys = keys


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a slot of each limit was taken; of none, where some are `full`, or cannot be counted."""

    full: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


TAKEN: Final = Taken()


class Slots(Protocol):
    def take(self, meter: SlotMeter, /) -> Taken | Awaitable[Taken]:
        """Takes one of each limit, or none at all. TAKEN itself where it did, and then `release` has to follow."""
        ...

    def release(self, meter: SlotMeter, /) -> None: ...


class OwnSlots:
    """Those of one process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}

    def take(self, meter: SlotMeter, /) -> Taken:
        is_open = self._open
        full = full_of(meter, lambda limit: limit.most, is_open)
        if full:
            return Taken(full)
        for key in meter.keys:
            is_open[key] = is_open.get(key, 0) + 1
        return TAKEN

    def release(self, meter: SlotMeter, /) -> None:
        for key in meter.keys:
            left = self._open[key] - 1
            if left:
                self._open[key] = left
            else:
                del self._open[key]

    def __len__(self) -> int:
        """Under how many keys something is open."""
        return len(self._open)


def full_of(meter: SlotMeter, most: Callable[[SlotLimit], int], is_open: dict[str, int]) -> tuple[str, ...]:
    """The names of limits that are full, where so many are open by key."""
    pairs = zip(meter.limits, meter.keys, strict=True)
    return tuple(limit.name for limit, key in pairs if is_open.get(key, 0) >= most(limit))
