"""Which key signs, and which are published: from what the store has of them and the time alone. No I/O.

A key is published before it signs, so that whoever keeps a key set for a while knows it by then; and it stays
published after that until its last token has ended. ::

    created ── next ──▶ signs_from ── signing ──▶ its successor's signs_from ── retiring ──▶ + OVERLAP, ended
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from catalog.clock import DAY

AHEAD: Final = DAY
"""Seconds for which a key is published before it signs, unless someone is in a hurry."""
OVERLAP: Final = 3_600 + 300
"""Seconds for which a key is published after it signed last: the longest life of a token, and what clocks and
caches need."""

KeyState = Literal["next", "signing", "retiring", "ended", "withdrawn"]


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key; its private half is in a file. Keys have numbers in the order of their making. Times
    are Unix seconds. `withdrawn` is one that was
    ended in an emergency."""

    kid: str
    number: int
    algorithm: str
    jwk: dict[str, Any]
    created_at: int
    created_by: str
    signs_from: int
    ended_at: int | None = None
    ended_by: str = ""
    ended_reason: str = ""
    withdrawn: bool = False


def state_of(record: KeyRecord, records: Sequence[KeyRecord], now: float) -> KeyState:
    """How a key among its like stands."""
    if record.withdrawn:
        return "withdrawn"
    if record.ended_at is not None:
        return "ended"
    if record.signs_from > now:
        return "next"
    stopped = stops(record, records, now)
    if stopped is None:
        return "signing"
    return "retiring" if now < stopped + OVERLAP else "ended"


def signing(records: Sequence[KeyRecord], now: float) -> KeyRecord | None:
    """The one that signs: of those whose time has come, the youngest."""
    due = [each for each in records if each.ended_at is None and each.signs_from <= now]
    return max(due, key=_order, default=None)


def published(records: Sequence[KeyRecord], now: float) -> tuple[KeyRecord, ...]:
    """Those by which tokens are verified, in the order in which they sign."""
    shown = (each for each in records if state_of(each, records, now) in ("next", "signing", "retiring"))
    return tuple(sorted(shown, key=_order))


def stops(record: KeyRecord, records: Sequence[KeyRecord], now: float) -> int | None:
    """When its successor took over, if one did."""
    after = [
        each.signs_from
        for each in records
        if each.ended_at is None and _order(each) > _order(record) and each.signs_from <= now
    ]
    return min(after, default=None)


def is_due(records: Sequence[KeyRecord], now: float, days: int) -> bool:
    """Whether the key after this one has to be made now: none is there, and this one's time will be over."""
    current = signing(records, now)
    if current is None:
        return True
    waiting = any(state_of(each, records, now) == "next" for each in records)
    return not waiting and current.signs_from + days * DAY - AHEAD <= now


def _order(record: KeyRecord) -> tuple[int, int]:
    return record.signs_from, record.number
