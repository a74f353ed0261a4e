"""What was decided in somebody's name: each decision by a role that its giver had delegated, wherever it is."""

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from catalog.clock import moment
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import retirement_overrides
from catalog.storage.tables.changes import change_events, waivers

Subject: TypeAlias = Literal["change", "waiver", "override"]


class DelegatedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: `receiver` acted, by a role of `giver`'s. `object` is the number of the change or waiver, or
    the version whose sunset gate was opened."""

    at: datetime
    giver: str
    receiver: str
    subject: Subject
    object: str
    action: str

    @property
    def key(self) -> str:
        """What is unique in it."""
        return f"{self.at.isoformat()}/{self.subject}/{self.object}/{self.action}/{self.receiver}"


_CHANGES: Final = sa.select(
    change_events.c.at,
    change_events.c.giver,
    change_events.c.actor.label("receiver"),
    sa.literal("change").label("subject"),
    sa.cast(change_events.c.change, sa.String).label("object"),
    change_events.c.kind.label("action"),
).where(change_events.c.giver != "")
_WAIVERS: Final = sa.select(
    waivers.c.decided_at,
    waivers.c.giver,
    waivers.c.decided_by,
    sa.literal("waiver"),
    sa.cast(waivers.c.number, sa.String),
    waivers.c.state,
).where(waivers.c.giver != "")
_OVERRIDES: Final = sa.select(
    retirement_overrides.c.at,
    retirement_overrides.c.giver,
    retirement_overrides.c.given_by,
    sa.literal("override"),
    retirement_overrides.c.api + "/" + retirement_overrides.c.api_version,
    sa.literal("overridden"),
).where(retirement_overrides.c.giver != "")


class DelegatedDecisions:
    """Finds them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, giver: str | None = None) -> tuple[DelegatedDecision, ...]:
        """All of them, or those in one member's name; the newest first. Raises SQLAlchemyError."""
        every = sa.union_all(_CHANGES, _WAIVERS, _OVERRIDES).subquery()
        query = sa.select(every)
        query = query if giver is None else query.where(every.c.giver == giver)
        rows = await self._store.all(query.order_by(every.c.at.desc(), every.c.subject, every.c.object))
        return tuple(_decision(row) for row in rows)


def _decision(row: sa.Row[Any]) -> DelegatedDecision:
    return DelegatedDecision(**{**row._mapping, "at": moment(row.at)})
