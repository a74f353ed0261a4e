"""What a contract has for a status code: the code itself goes before its range, and that before the default."""

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class ByStatus(Generic[T]):
    """Responses by status, as OpenAPI writes it: `404`, `4XX`, `default` (OAS 3.1 §4.8.16)."""

    __slots__ = ("_by_range", "_by_status", "_default")

    def __init__(self, declared: Mapping[str, T]) -> None:
        found = {status.upper(): each for status, each in declared.items()}
        self._default = found.pop("DEFAULT", None)
        self._by_status = {int(status): each for status, each in found.items() if status.isdigit()}
        self._by_range = {int(status[0]): each for status, each in found.items() if status.endswith("XX")}

    def find(self, status: int) -> T | None:
        """None for a status that is not declared."""
        found = self._by_status.get(status)
        return self._by_range.get(status // 100, self._default) if found is None else found
