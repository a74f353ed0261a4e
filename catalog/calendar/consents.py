"""Consents: a consumer that still calls a version agrees in writing that it ends.

The document stays with the member who records it; its digest and who signed it stand here, to prove it by
later. A consent is to a date: where the sunset is moved forward it does not hold for the new one.
"""

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.agreements import Consent
from catalog.calendar.deciders import architect_right, in_words
from catalog.calendar.entries import CurrentView, calendar_of, entry_of
from catalog.calendar.views import consent_view
from catalog.clock import Clock
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from catalog.storage.tables.calendar import consents


class Consents:
    """Records and finds consents."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock, view: CurrentView) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._view = view

    async def record(
        self,
        principal: Principal,
        consumer: str,
        api: str,
        api_version: str,
        given_by: str,
        text_digest: str,
        *,
        request_id: str = "",
    ) -> Consent | Refusal:
        """Records one, to the sunset that is announced now. Raises SQLAlchemyError."""
        view = self._view()
        entry = None if view is None else entry_of(calendar_of(view), api, api_version)
        if view is None or entry is None or entry.sunset is None:
            return Refusal("resource-not-found", f"{api} {api_version} has no sunset that anybody could agree to.")
        if consumer not in view.consumers.consumers:
            return Refusal("resource-not-found", f"There is no consumer {consumer!r}.")
        if (
            principal.right("api-owner", team=entry.owner) is None
            and architect_right(principal, view, api) is None
        ):
            detail = f"A consent is recorded by an api-owner of team {entry.owner} or by {in_words(view, api)}."
            return Refusal("role-missing", detail, {"roles": ["api-owner", "architect"]})
        made = Consent(
            consumer=consumer,
            api=api,
            api_version=api_version,
            sunset=entry.sunset,
            given_by=given_by,
            text_digest=text_digest,
            recorded_by=principal.name,
            at=int(self._clock()),
        )
        columns = consents.c
        async with self._store.write() as connection:
            query = sa.select(consents).where(
                columns.consumer == consumer,
                columns.api == api,
                columns.api_version == api_version,
                columns.sunset == entry.sunset,
            )
            row = (await connection.execute(query)).one_or_none()
            if row is not None:
                current = msgspec.to_builtins(consent_view(_of(row)))
                return Refusal("state-conflict", "This consent is recorded already.", {"current": current})
            await connection.execute(sa.insert(consents).values(**msgspec.structs.asdict(made)))
            event = Event(
                subject="consent",
                action="recorded",
                object=f"{api}/{api_version}/{consumer}",
                actor=principal.name,
                reason=f"signed by {given_by}",
                after=text_digest,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
        return made

    async def of(self, api: str, api_version: str) -> Sequence[Consent]:
        """All that were recorded for a version, whatever the sunset. Raises SQLAlchemyError."""
        columns = consents.c
        query = sa.select(consents).where(columns.api == api, columns.api_version == api_version)
        return tuple(
            _of(row) for row in await self._store.all(query.order_by(columns.at, columns.consumer, columns.sunset))
        )


def _of(row: sa.Row[*tuple[object, ...]]) -> Consent:
    values = row._mapping
    return Consent(**{name: values[name] for name in Consent.__struct_fields__})
