"""What gateways tell of calls that they could not carry out as the contract maps them, kept as drift."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from catalog.audit.log import AuditLog
from catalog.calendar.entries import CurrentView
from catalog.clock import Clock
from catalog.notices.outbox import post
from catalog.odoo.drift import kept
from catalog.odoo.drift.comparing import Drift
from catalog.odoo.drift.finding import Found, found_in
from catalog.odoo.drift.places import ContractTexts
from catalog.odoo.drift.recording import events_of
from catalog.odoo.drift.telling import notices_of
from catalog.publishing.published import CurrentPublished
from catalog.revisions.store import Files
from catalog.storage.engine import Store
from contracts.openapi.extensions import ODOO
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.usage.report import Mismatched

_FIX: Final = "hold the contract against the Odoo (ostiary odoo drift), and map what is there"
_WHAT: Final = {
    "model": "Odoo has no model {name!r}",
    "method": "{model!r} has no method {name!r}",
    "field": "Odoo has no field {name!r}",
    "argument": "Odoo's method takes another argument than {name!r}, or misses it",
    "value": "Odoo does not take the value that is sent for {name!r}",
    "answer": "what Odoo answers is of another shape than the mapping says",
    "call": "Odoo could not carry it out as it is mapped",
}


class ToldDrift:
    """Takes what a report tells."""

    def __init__(
        self,
        store: Store,
        published: CurrentPublished,
        view: CurrentView,
        texts: ContractTexts,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._published = published
        self._view = view
        self._texts = texts
        self._audit = audit
        self._clock = clock

    async def take(self, told: Iterable[Mismatched]) -> None:
        """Keeps them; of what is not published any more, nothing. Raises SQLAlchemyError."""
        matched = list(self._matched(told))
        if not matched:
            return
        texts = await self._texts.of({version.api for version, _, _ in matched})
        now = int(self._clock())
        async with self._store.write() as connection:
            opened = []
            for version, upstream, drift in matched:
                for found in _found(texts, version, upstream, drift):
                    new = await kept.put_told(connection, found, now)
                    opened += [] if new is None else [new]
            for event in events_of(kept.Settled(tuple(opened), ())):
                await self._audit.append(connection, event)
            await post(connection, notices_of(opened, self._view(), now), now)

    def _matched(self, told: Iterable[Mismatched]) -> Iterator[tuple[ApiVersion, str, Drift]]:
        published = self._published()
        if published is None:
            return
        versions = {(each.api, each.version): each for each in published.contracts.versions}
        for one in told:
            version = versions.get((one.api, one.version))
            for operation in () if version is None else version.operations:
                backend = operation.backend
                if operation.id == one.operation and isinstance(backend, OdooBackend) and version is not None:
                    yield version, backend.upstream, _drift(one, operation, backend)


def _found(texts: Mapping[str, Files], version: ApiVersion, upstream: str, drift: Drift) -> list[Found]:
    return found_in(texts[version.api], version.api, version.version, upstream, [drift])


def _drift(told: Mismatched, operation: Operation, backend: OdooBackend) -> Drift:
    what = _WHAT[told.part if told.name or told.part == "answer" else "call"]
    said = what.format(name=told.name, model=backend.model or operation.id)
    return Drift(
        rule=kept.RUNTIME,
        operation=operation.id,
        pointer=f"{operation.pointer}/{ODOO}",
        model=backend.model,
        subject=told.name or told.part,
        message=f"calls are answered 502, as that of request {told.request_id}: {said}",
        fix=_FIX,
    )
