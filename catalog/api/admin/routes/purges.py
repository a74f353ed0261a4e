"""Purges of answers that gateways keep: `contract/purges.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment
from catalog.purging.desk import PurgeDesk
from catalog.purging.purge_table import PurgeRecord
from catalog.refusal import Refusal


class PurgeView(msgspec.Struct, frozen=True):
    number: int
    api: str
    version: str
    operation: str
    path: str
    tag: str
    purged_at: datetime
    purged_by: str
    reason: str


class NewPurge(msgspec.Struct, frozen=True):
    api: str
    reason: str
    version: str = ""
    operation: str = ""
    path: str = ""
    tag: str = ""


class PurgeRoutes:
    """The handlers."""

    def __init__(self, desk: PurgeDesk) -> None:
        self._desk = desk
        self.routes = (AdminRoute("listPurges", self.list_purges), AdminRoute("purge", self.purge))

    async def list_purges(self, request: AdminRequest) -> Result:
        return page(request, [_view(each) for each in await self._desk.list()], lambda each: str(each.number))

    async def purge(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewPurge)
        record = PurgeRecord(**msgspec.structs.asdict(wanted), number=0, at=0, by="")
        made = await self._desk.purge(request.principal, record, request_id=request.request_id)
        return made if isinstance(made, Refusal) else _view(made)


def _view(record: PurgeRecord) -> PurgeView:
    return PurgeView(
        record.number,
        record.api,
        record.version,
        record.operation,
        record.path,
        record.tag,
        moment(record.at),
        record.by,
        record.reason,
    )
