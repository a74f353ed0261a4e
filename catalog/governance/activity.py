"""Who was seen to call what, as far as an estate's overview asks: when last."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from catalog.storage.engine import Store
from catalog.storage.tables.usage import usage_callers

_callers = usage_callers.c


@dataclass(frozen=True, slots=True)
class Activity:
    """Last calls in Unix seconds, by application and by API and version. `began` is when the first call of all was
    counted: who was not seen before that says nothing. None where no call ever was."""

    began: int | None = None
    applications: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def known_for(self, seconds: int, now: int) -> bool:
        """Whether calls have been counted for so long."""
        return self.began is not None and self.began <= now - seconds


async def activity(store: Store) -> Activity:
    """What was seen. Raises SQLAlchemyError."""
    last = sa.func.max(_callers.last_seen)
    first = await store.one(sa.select(sa.func.min(_callers.first_seen)))
    applications = await store.all(sa.select(_callers.application, last).group_by(_callers.application))
    versions = await store.all(
        sa.select(_callers.api, _callers.version, last).group_by(_callers.api, _callers.version)
    )
    return Activity(
        None if first is None else first[0],
        {name: seen for name, seen in applications if name},
        {(api, version): seen for api, version, seen in versions},
    )
