"""Overrides of the sunset gate: an architect takes it upon them that a version is retired while it is called."""

import msgspec
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.agreements import Override
from catalog.calendar.deciders import architect_right, in_words
from catalog.calendar.entries import CurrentView, calendar_of, entry_of
from catalog.calendar.views import override_view
from catalog.clock import Clock
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import retirement_overrides


class Overrides:
    """Records and finds overrides."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock, view: CurrentView) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view

    async def record(
        self, principal: Principal, api: str, api_version: str, reason: str, *, request_id: str = ""
    ) -> Override | Refusal:
        """Records one, for the calendar as it is now: each architect their own, for the change of an author counts
        that of another alone. Raises SQLAlchemyError."""
        view = self._view()
        right = architect_right(principal, view, api)
        if right is None:
            detail = f"The sunset gate of {api} is overridden by {in_words(view, api)}."
            return Refusal("role-missing", detail, {"roles": ["architect"]})
        if view is None or not any((each.api, each.version) == (api, api_version) for each in view.versions):
            return Refusal("resource-not-found", f"There is no version {api} {api_version}.")
        entry = entry_of(calendar_of(view), api, api_version)
        made = Override(
            api=api,
            api_version=api_version,
            sunset=(entry.sunset if entry is not None else None) or 0,
            reason=reason,
            given_by=principal.name,
            giver=right.giver,
            at=int(self._clock()),
        )
        async with self._store.write() as connection:
            own = _select(api, api_version, made.sunset).where(retirement_overrides.c.given_by == made.given_by)
            row = (await connection.execute(own)).one_or_none()
            if row is not None:
                current = msgspec.to_builtins(override_view(_of(row)))
                return Refusal("state-conflict", "You have overridden the gate already.", {"current": current})
            await connection.execute(sa.insert(retirement_overrides).values(**msgspec.structs.asdict(made)))
            event = Event(
                subject="retirement",
                action="overridden",
                object=f"{api}/{api_version}",
                actor=principal.name,
                reason=reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return made

    async def of(self, api: str, api_version: str, sunset: int | None) -> tuple[Override, ...]:
        """Those of a version with this sunset, the first given first. Raises SQLAlchemyError."""
        columns = retirement_overrides.c
        rows = await self._store.all(_select(api, api_version, sunset or 0).order_by(columns.at, columns.given_by))
        return tuple(_of(row) for row in rows)


def _select(api: str, api_version: str, sunset: int) -> sa.Select[*tuple[object, ...]]:
    columns = retirement_overrides.c
    return sa.select(retirement_overrides).where(
        columns.api == api, columns.api_version == api_version, columns.sunset == sunset
    )


def _of(row: sa.Row[*tuple[object, ...]]) -> Override:
    values = row._mapping
    return Override(**{name: values[name] for name in Override.__struct_fields__})
