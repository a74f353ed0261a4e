"""What was used of late, by key, in a bounded number."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Recent(Generic[K, T]):
    """Of two generations the younger is filled; when it has `most` the elder one is dropped.

    So between `most` and twice as many are held, what is still used stays, and a look-up has nothing to reorder.
    """

    __slots__ = ("_elder", "_most", "_younger")

    def __init__(self, most: int) -> None:
        self._most = most
        self._younger: dict[K, T] = {}
        self._elder: dict[K, T] = {}

    def get(self, key: K) -> T | None:
        found = self._younger.get(key)
        if found is None and self._elder:
            found = self._elder.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: T) -> None:
        if len(self._younger) >= self._most:
            self._elder, self._younger = self._younger, {}
        self._younger[key] = value

    def __len__(self) -> int:
        return len(self._younger.keys() | self._elder.keys())
