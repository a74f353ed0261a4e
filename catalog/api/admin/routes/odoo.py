"""Where contracts do not fit their Odoo: `contract/odoo.yaml`."""

from datetime import datetime

import msgspec

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.clock import moment, moment_or_none
from catalog.odoo.drift.kept import KeptDrift, listed
from catalog.odoo.drift.looks import Look, looks
from catalog.odoo.drift.room import DriftRoom
from contracts.findings import Severity


class DriftView(msgspec.Struct, frozen=True):
    id: str
    api: str
    version: str
    upstream: str
    operation: str
    rule: str
    severity: Severity
    file: str
    line: int
    column: int
    pointer: str
    model: str
    subject: str
    message: str
    fix: str
    first_seen: datetime
    last_seen: datetime
    gone_at: datetime | None


class LookView(msgspec.Struct, frozen=True):
    upstream: str
    begun_at: datetime
    looked_at: datetime | None
    odoo: int | None
    error: str


class OdooRoutes:
    """The handlers."""

    def __init__(self, room: DriftRoom) -> None:
        self._room = room
        self.routes = (
            AdminRoute("listDrift", self.list_drift),
            AdminRoute("listOdooLooks", self.list_looks),
        )

    async def list_drift(self, request: AdminRequest) -> Result:
        query = request.query
        state = query.get("state", "open")
        found = await listed(self._room.store, state, query.get("api"), query.get("version"))
        return page(request, [_drift(each) for each in found], lambda each: each.id)

    async def list_looks(self, request: AdminRequest) -> Result:
        found = [_look(each) for each in await looks(self._room.store)]
        return page(request, found, lambda each: each.upstream)


def _drift(kept: KeptDrift) -> DriftView:
    values = msgspec.structs.asdict(kept)
    values["severity"] = kept.severity
    values["first_seen"], values["last_seen"] = moment(kept.first_seen), moment(kept.last_seen)
    values["gone_at"] = moment_or_none(kept.gone_at)
    return DriftView(**values)


def _look(look: Look) -> LookView:
    return LookView(look.upstream, moment(look.begun_at), moment_or_none(look.looked_at), look.odoo, look.error)
