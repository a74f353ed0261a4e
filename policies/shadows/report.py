"""What came of mirrored calls, operation by operation: counts, and where answers differ. Never a value of any."""

from collections import deque
from collections.abc import Hashable
from typing import Final, Literal, TypeAlias
from weakref import WeakValueDictionary

import msgspec

from contracts.mirror_report import Difference, Mirrored, by_frequency
from policies.shadows.compare import Kind

Outcome: TypeAlias = Literal["equal", "different", "uncompared", "failed", "dropped", "skipped"]
"""`failed`: the mirror gave no answer. `dropped`: as many copies as may be were on their way. `skipped`: the call
is of a kind that is not mirrored."""

MOST_DIFFERENCES: Final = 200
"""Kinds and places that are told apart for one operation; all others are counted as one."""
_REMEMBERED: Final = 3
_OTHERS: Final = "(others)"


class MirrorName(msgspec.Struct, frozen=True, order=True):
    """Whose calls are mirrored, and where to."""

    api: str
    version: str
    operation: str
    upstream: str


class _Differing:
    """How often answers differed in one way, and the last requests whose did, by their ids."""

    __slots__ = ("count", "request_ids")

    def __init__(self) -> None:
        self.count = 0
        self.request_ids: deque[str] = deque(maxlen=_REMEMBERED)


class MirrorCounts:
    """The counts of one operation. `outcomes` are by the outcome and its reason, which may be empty; `in_flight`
    are copies that are on their way or being compared."""

    __slots__ = ("__weakref__", "differences", "in_flight", "kinds", "name", "outcomes")

    def __init__(self, name: MirrorName) -> None:
        self.name = name
        self.in_flight = 0
        self.outcomes: dict[tuple[Outcome, str], int] = {}
        self.kinds: dict[Kind, int] = {}
        self.differences: dict[tuple[Kind, str], _Differing] = {}

    def count(self, outcome: Outcome, reason: str = "") -> None:
        key = (outcome, reason)
        self.outcomes[key] = self.outcomes.get(key, 0) + 1

    def compared(self, request_id: str, found: set[tuple[Kind, str]]) -> None:
        """The answers to a request were compared; `found` is where they differ and how, each once."""
        self.count("different" if found else "equal")
        for kind, where in found:
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            key = (kind, where)
            if key not in self.differences and len(self.differences) >= MOST_DIFFERENCES:
                key = (kind, _OTHERS)
            difference = self.differences.setdefault(key, _Differing())
            difference.count += 1
            if request_id not in difference.request_ids:
                difference.request_ids.append(request_id)

    def told(self) -> Mirrored:
        """As the admin listener tells it."""
        outcomes: dict[str, int] = {}
        reasons: dict[str, dict[str, int]] = {}
        for (outcome, reason), count in self.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + count
            if reason:
                reasons.setdefault(outcome, {})[reason] = count
        differences = by_frequency(
            Difference(kind, where, each.count, tuple(each.request_ids))
            for (kind, where), each in self.differences.items()
        )
        name = self.name
        return Mirrored(
            name.api, name.version, name.operation, name.upstream, self.in_flight, outcomes, reasons, differences
        )


class MirrorReports:
    """Those of one worker. They outlive snapshots, and begin afresh where a mirror's settings change."""

    def __init__(self) -> None:
        # As with canaries, what is bound holds them.
        self._known: WeakValueDictionary[Hashable, MirrorCounts] = WeakValueDictionary()

    def find(self, name: MirrorName, settings: Hashable) -> MirrorCounts:
        """The one for these settings."""
        key = (name, settings)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = MirrorCounts(name)
        return found

    def every(self) -> list[MirrorCounts]:
        """In the order of their names."""
        return sorted(self._known.values(), key=lambda each: each.name)
