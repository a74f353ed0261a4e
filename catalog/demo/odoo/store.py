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

    def rows(self, model: str) -> dict[int, Row]:
        """All rows of a model by id, archived ones included. Not to be changed by the caller."""
        return self._tables.setdefault(model, {})

    def row(self, model: str, record: int) -> Row | None:
        return self.rows(model).get(record)

    def next_id(self, model: str) -> int:
        self._last_id[model] = self._last_id.get(model, 0) + 1
        return self._last_id[model]

    def skip_to(self, model: str, last_id: int) -> None:
        """Say that ids up to `last_id` were given out."""
        self._last_id[model] = max(self._last_id.get(model, 0), last_id)

    def put(self, model: str, record: int, row: Row) -> None:
        """Insert or replace a row."""
        rows = self.rows(model)
        self._undo.append((model, record, rows.get(record)))
        rows[record] = row
        self.skip_to(model, record)

    def remove(self, model: str, record: int) -> None:
        self._undo.append((model, record, self.rows(model).pop(record)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo what was written if the block raises. Not reentrant: one call is one transaction."""
        self._undo.clear()
        try:
            yield
        except Exception:
            for model, record, before in reversed(self._undo):
                if before is None:
                    self.rows(model).pop(record, None)
                else:
                    self.rows(model)[record] = before
            raise
        finally:
            self._undo.clear()
