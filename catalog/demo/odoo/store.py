"""The tables: rows by model and id, with transactions as PostgreSQL has them."""

from collections.abc import Iterator
from contextlib import contextmanager

Cell = str | int | float | bool | list[int] | None
"""A stored value. A date or datetime is its text (UTC), a many2one an id, a many2many a list of ids."""

Row = dict[str, Cell]


class Store:
    """Rows of every model. Ids are never given twice, not even after a rollback (as with a sequence)."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[int, Row]] = {}
        self._last_id: dict[str, int] = {}
        self._undo: list[tuple[str, int, Row | None]] = []
        self._links: dict[tuple[str, str], dict[int, set[int]]] = {}

    def rows(self, model: str) -> dict[int, Row]:
        """All rows of a model by id, archived ones included. Not to be changed by the caller."""
        return self._tables.setdefault(model, {})

    def row(self, model: str, record: int) -> Row | None:
        return self.rows(model).get(record)

    def linked(self, model: str, link: str, target: int) -> list[int]:
        """The rows of `model` whose many2one `link` is `target`, by id. Indexed at the first question."""
        index = self._links.get((model, link))
        if index is None:
            index = self._links[(model, link)] = {}
            for record, row in self.rows(model).items():
                _index(index, record, row.get(link))
        return sorted(index.get(target, ()))

    def next_id(self, model: str) -> int:
        self._last_id[model] = self._last_id.get(model, 0) + 1
        return self._last_id[model]

    def skip_to(self, model: str, last_id: int) -> None:
        """Say that ids up to `last_id` were given out."""
        self._last_id[model] = max(self._last_id.get(model, 0), last_id)

    def put(self, model: str, record: int, row: Row) -> None:
        """Insert or replace a row."""
        self._undo.append((model, record, self._set(model, record, row)))
        self.skip_to(model, record)

    def remove(self, model: str, record: int) -> None:
        self._undo.append((model, record, self._set(model, record, None)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo what was written if the block raises. Not reentrant: one call is one transaction."""
        self._undo.clear()
        try:
            yield
        except Exception:
            for model, record, before in reversed(self._undo):
                self._set(model, record, before)
            raise
        finally:
            self._undo.clear()

    def _set(self, model: str, record: int, row: Row | None) -> Row | None:
        rows = self.rows(model)
        before = rows.pop(record, None)
        if row is not None:
            rows[record] = row
        for (indexed, link), index in self._links.items():
            if indexed == model:
                old = before.get(link) if before else None
                if isinstance(old, int):
                    index[old].discard(record)
                _index(index, record, row.get(link) if row else None)
        return before


def _index(index: dict[int, set[int]], record: int, target: Cell) -> None:
    if isinstance(target, int):
        index.setdefault(target, set()).add(record)
