"""Has gateways forget answers that they keep, at once and everywhere.

A purge is one transaction with the snapshot that tells gateways of it; each of them follows it once, also one that
was cut off meanwhile.
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials.rights import GUARDS, guards
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.purging import purge_table
from catalog.purging.purge_table import PurgeRecord
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.operations import ApiVersion

MOST: Final = 500
"""Purges of one API that gateways are told of at a time. One of the whole API takes the place of all of them."""


class PurgeDesk:
    """Every method raises SQLAlchemyError."""

    def __init__(
        self, store: Store, current: CurrentPublished, republish: Republish, audit: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._current = current
        self._republish = republish
        self._audit = audit
        self._clock = clock

    async def list(self) -> tuple[PurgeRecord, ...]:
        """Those that gateways are still told of, the newest first."""
        rows = await self._store.all(purge_table.in_force(self._clock()))
        return tuple(purge_table.record_of(row) for row in rows)

    async def purge(
        self, principal: Principal, wanted: PurgeRecord, *, request_id: str = ""
    ) -> PurgeRecord | Refusal:
        """Purges what `wanted` names; its number, time and author are not read. For security members, operators,
        and the owners of the API."""
        current = self._current()
        versions = () if current is None else current.contracts.versions
        fault = _unknown(wanted, [each for each in versions if each.api == wanted.api])
        owners = {each.owner for each in versions if each.api == wanted.api}
        if not guards(principal) and not any(principal.right("api-owner", team=team) for team in owners):
            detail = "Answers are purged by a security member, an operator, or an owner of the API."
            return Refusal("role-missing", detail, {"roles": [*GUARDS, "api-owner"]})
        if fault is not None:
            return fault
        made: list[PurgeRecord] = []

        async def act(connection: AsyncConnection) -> Refusal | None:
            now = int(self._clock())
            narrow = bool(wanted.version or wanted.path or wanted.tag)
            if narrow and await purge_table.count_of(connection, wanted.api, now) >= MOST:
                detail = f"{MOST} purges of {wanted.api} are told of already: purge the API as a whole."
                return Refusal("state-conflict", detail)
            record = PurgeRecord(
                number=0,
                api=wanted.api,
                version=wanted.version,
                operation=wanted.operation,
                path=wanted.path,
                tag=wanted.tag,
                at=now,
                by=principal.name,
                reason=wanted.reason,
            )
            made.append(await purge_table.add(connection, record))
            event = Event(
                subject="cache",
                action="purged",
                object=in_words(record),
                actor=principal.name,
                reason=record.reason,
                request_id=request_id,
            )
            await self._audit.append(connection, event)
            return None

        outcome = await self._republish(act)
        return outcome if isinstance(outcome, Refusal) else made[-1]


def in_words(record: PurgeRecord) -> str:
    """What was purged: `orders`, `orders/v1`, `orders/v1/listOrders`, `/orders/v1/orders/7` or `orders#tag`."""
    if record.path:
        return record.path
    if record.tag:
        return f"{record.api}#{record.tag}"
    return "/".join(part for part in (record.api, record.version, record.operation) if part)


def _unknown(wanted: PurgeRecord, versions: list[ApiVersion]) -> Refusal | None:
    """Why there is nothing of the kind. An API's purge reaches nobody else's paths."""
    if not versions:
        return Refusal("resource-not-found", f"No API {wanted.api!r} is published.")
    of_version = [each for each in versions if each.version == wanted.version]
    if wanted.version and not of_version:
        return Refusal("resource-not-found", f"There is no {wanted.api} {wanted.version}.")
    if wanted.operation and not any(each.id == wanted.operation for one in of_version for each in one.operations):
        detail = f"{wanted.api} {wanted.version} has no operation {wanted.operation!r}."
        return Refusal("resource-not-found", detail)
    if wanted.path and not any(f"{wanted.path}/".startswith(f"{each.base_path}/") for each in versions):
        return Refusal("resource-not-found", f"{wanted.path} is no path of {wanted.api}.")
    return None
