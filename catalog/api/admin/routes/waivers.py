"""Waivers: `contract/waivers.yaml`."""

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.changes.room import ChangesRoom
from catalog.changes.waiver_table import Waiver
from catalog.changes.waivers import NO_WAIVER, WaiverRequest
from catalog.people.principal import Principal
from catalog.refusal import Refusal


class WaiverRoutes:
    """The handlers."""

    def __init__(self, room: ChangesRoom) -> None:
        self._table = room.waiver_table
        self._waivers = room.waivers
        self.routes = (
            AdminRoute("listWaivers", self.list_waivers),
            AdminRoute("requestWaiver", self.request),
            AdminRoute("showWaiver", self.show),
            AdminRoute("grantWaiver", self.grant),
            AdminRoute("refuseWaiver", self.refuse),
            AdminRoute("revokeWaiver", self.revoke),
        )

    async def list_waivers(self, request: AdminRequest) -> Result:
        found = await self._table.list(unit=request.query.get("unit"), state=request.query.get("state"))
        return page(request, [each.view for each in found], lambda each: str(each.number))

    async def request(self, request: AdminRequest) -> Result:
        made = await self._waivers.request(
            request.principal, request.body_as(WaiverRequest), request_id=request.request_id
        )
        if isinstance(made, Refusal):
            return made
        return Answer(made.view, 201, etag=made.etag, location=f"/waivers/{made.number}")

    async def show(self, request: AdminRequest) -> Result:
        return _answer(await self._table.find(request.path["waiver"]) or NO_WAIVER)

    async def grant(self, request: AdminRequest) -> Result:
        return _answer(await self._waivers.grant(*_seen(request), request_id=request.request_id))

    async def refuse(self, request: AdminRequest) -> Result:
        return _answer(await self._waivers.refuse(*_seen(request), request_id=request.request_id))

    async def revoke(self, request: AdminRequest) -> Result:
        return _answer(await self._waivers.revoke(*_seen(request), request_id=request.request_id))


def _seen(request: AdminRequest) -> tuple[Principal, int, str, str]:
    return request.principal, request.path["waiver"], request.if_match or "", request.body["comment"]


def _answer(waiver: Waiver | Refusal) -> Result:
    return waiver if isinstance(waiver, Refusal) else Answer(waiver.view, etag=waiver.etag)
