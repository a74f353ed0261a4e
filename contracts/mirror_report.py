"""The report of mirrored calls: what a gateway's admin listener tells at `/mirror`, and whoever reads it expects.

It has counts, kinds and places of differences, and ids of requests; never a value of any answer.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

_NAMED: Final = 3
"""Requests that are named of one difference."""


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answers that differ in one way: its `kind`, and `at` which JSON pointer, or from what to what for a status.
    `request_ids` are those of the last requests."""

    kind: str
    at: str
    count: int
    request_ids: tuple[str, ...] = ()


class Mirrored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of the copies of one operation's calls to `upstream`, the mirror. `outcomes` are `equal`,
    `different`, `uncompared`, `failed`, `dropped` and `skipped`; `reasons` are by outcome. Differences are sorted,
    the most frequent first."""

    api: str
    version: str
    operation: str
    upstream: str
    in_flight: int
    outcomes: dict[str, int]
    reasons: dict[str, dict[str, int]]
    differences: tuple[Difference, ...]

    @property
    def name(self) -> tuple[str, str, str, str]:
        return self.api, self.version, self.operation, self.upstream


class MirrorReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each operation with a mirror once, by name."""

    mirrors: tuple[Mirrored, ...]


def merged(reports: Iterable[Mirrored]) -> MirrorReport:
    """As one for each operation and mirror, whichever worker, gateway or settings they are of."""
    found: dict[tuple[str, str, str, str], Mirrored] = {}
    for report in reports:
        known = found.get(report.name)
        found[report.name] = report if known is None else _joined(known, report)
    return MirrorReport(tuple(found[name] for name in sorted(found)))


def by_frequency(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """The most frequent first."""
    return tuple(sorted(differences, key=lambda each: (-each.count, each.kind, each.at)))


def _joined(one: Mirrored, other: Mirrored) -> Mirrored:
    differences: dict[tuple[str, str], Difference] = {}
    for each in (*one.differences, *other.differences):
        known = differences.get((each.kind, each.at))
        if known is not None:
            ids = (*known.request_ids, *each.request_ids)[-_NAMED:]
            each = Difference(each.kind, each.at, known.count + each.count, ids)
        differences[each.kind, each.at] = each
    return Mirrored(
        *one.name,
        one.in_flight + other.in_flight,
        _summed(one.outcomes, other.outcomes),
        {
            outcome: _summed(one.reasons.get(outcome, {}), other.reasons.get(outcome, {}))
            for outcome in {**one.reasons, **other.reasons}
        },
        by_frequency(differences.values()),
    )


def _summed(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {
        name: one.get(name, 0) + other.get(name, 0)
        for name in (*one, *(each for each in other if each not in one))
    }
