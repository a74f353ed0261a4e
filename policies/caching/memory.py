"""Answers kept in this process: those that were used last, up to a number of bytes.

What is dropped is dropped by a label: the path, the operation, the version, the API, a tag. An answer that was
asked for before something was dropped, and comes after it, may be what was just dropped: it is not kept.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from cachetools import LRUCache

from policies.caching.flights import Flights
from policies.caching.stored import Stored

MOST_BYTES: Final = 67_108_864
MOST_VARIANTS: Final = 16
"""Answers to one request that differ by other fields than its path and query (`Vary`)."""
_REMEMBERED: Final = 1_024
"""Droppings that are remembered. Who asked before the oldest of them keeps nothing."""


class _Resource:
    """All that is kept under one key, the newest first."""

    __slots__ = ("labels", "size", "variants")

    def __init__(self, labels: frozenset[str], variants: tuple[Stored, ...]) -> None:
        self.labels = labels
        self.variants = variants
        self.size = sum(each.size for each in variants)


class _Resources(LRUCache[str, _Resource]):
    """Tells whenever one goes, however it does."""

    def __init__(self, size: int, gone: Callable[[str, _Resource], None]) -> None:
        super().__init__(size, lambda resource: resource.size)
        self._gone = gone

    def __delitem__(self, key: str, *arguments: Any, **named: Any) -> None:
        resource = self[key]
        super().__delitem__(key, *arguments, **named)
        self._gone(key, resource)


class AnswerCache:
    """At most `size` bytes. `on_drop` is told what was dropped here, so that others drop it too."""

    def __init__(self, size: int = MOST_BYTES) -> None:
        self.flights = Flights()
        self.on_drop: Callable[[tuple[str, ...]], None] | None = None
        self._resources = _Resources(size, self._gone)
        self._by_label: dict[str, set[str]] = {}
        self._dropped: deque[tuple[int, frozenset[str]]] = deque(maxlen=_REMEMBERED)
        self._droppings = 0
        self._cleared_at = 0

    @property
    def size(self) -> int:
        """Bytes that are taken."""
        return int(self._resources.currsize)

    def __len__(self) -> int:
        """Requests to which answers are kept."""
        return len(self._resources)

    def find(self, key: str) -> tuple[Stored, ...]:
        resource = self._resources.get(key)
        return () if resource is None else resource.variants

    def mark(self) -> int:
        """Taken when an upstream is asked: what is dropped from then on, its answer is not kept under."""
        return self._droppings

    def keep(self, key: str, labels: frozenset[str], stored: Stored, mark: int) -> bool:
        """Keeps it in place of what has the same `vary`; whether it could be."""
        if self._was_dropped(labels, mark):
            return False
        others = tuple(each for each in self.find(key) if each.vary != stored.vary)
        resource = _Resource(labels, (stored, *others)[:MOST_VARIANTS])
        if resource.size > self._resources.maxsize:
            return False
        self._resources.pop(key, None)
        self._resources[key] = resource
        for label in labels:
            self._by_label.setdefault(label, set()).add(key)
        return True

    def drop(self, labels: Iterable[str], *, tell: bool = True) -> int:
        """Drops all that has one of the labels; how many requests' answers that were."""
        known = tuple(labels)
        self._droppings += 1
        self._dropped.append((self._droppings, frozenset(known)))
        keys = set[str]().union(*(self._by_label.get(label, ()) for label in known))
        for key in keys:
            del self._resources[key]
        if tell and self.on_drop is not None:
            self.on_drop(known)
        return len(keys)

    def clear(self) -> None:
        """Drops everything."""
        self._droppings += 1
        self._cleared_at = self._droppings
        while self._resources:
            self._resources.popitem()

    def _was_dropped(self, labels: frozenset[str], mark: int) -> bool:
        if mark == self._droppings:
            return False
        forgotten = len(self._dropped) == _REMEMBERED and self._dropped[0][0] > mark + 1
        return (
            forgotten
            or self._cleared_at > mark
            or any(number > mark and not labels.isdisjoint(dropped) for number, dropped in self._dropped)
        )

    def _gone(self, key: str, resource: _Resource) -> None:
        for label in resource.labels:
            keys = self._by_label.get(label)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._by_label[label]
