"""Requests for subscriptions: `contract/subscriptions.yaml`."""

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, cut
from catalog.api.admin.routing import AdminRoute
from catalog.refusal import Refusal
from catalog.subscriptions.desk import Asked, Decision, SubscriptionDesk, WantedSubscription
from catalog.subscriptions.request import SubscriptionRequest
from catalog.subscriptions.telling import request_view


class SubscriptionRoutes:
    """The handlers."""

    def __init__(self, desk: SubscriptionDesk) -> None:
        self._desk = desk
        self.routes = (
            AdminRoute("listSubscriptionRequests", self.list_requests),
            AdminRoute("requestSubscription", self.request),
            AdminRoute("showSubscriptionRequest", self.show),
            AdminRoute("approveSubscription", self.approve),
            AdminRoute("refuseSubscription", self.refuse),
            AdminRoute("withdrawSubscription", self.withdraw),
        )

    async def list_requests(self, request: AdminRequest) -> Result:
        query = request.query
        asked = Asked(query.get("application"), query.get("api"), query.get("state"), query.get("mine", False))
        limit, after = query.get("limit", DEFAULT_LIMIT), query.get("after")
        if after is not None and not (after.isdecimal() and len(after) < 16):
            return cut((), limit, str)  # behind what never was
        found = await self._desk.page(request.principal, asked, limit + 1, None if after is None else int(after))
        return cut([request_view(each) for each in found], limit, lambda each: str(each.number))

    async def request(self, request: AdminRequest) -> Result:
        wanted = request.body_as(WantedSubscription)
        made = await self._desk.request(request.principal, wanted, request_id=request.request_id)
        return _shown(made, 201)

    async def show(self, request: AdminRequest) -> Result:
        return _shown(await self._desk.find(request.principal, request.path["number"]))

    async def approve(self, request: AdminRequest) -> Result:
        return await self._decide(request, "approved")

    async def refuse(self, request: AdminRequest) -> Result:
        return await self._decide(request, "refused")

    async def withdraw(self, request: AdminRequest) -> Result:
        made = await self._desk.withdraw(
            request.principal, request.path["number"], request.body["reason"], request_id=request.request_id
        )
        return _shown(made)

    async def _decide(self, request: AdminRequest, decision: Decision) -> Result:
        seen = request.if_match or ""
        made = await self._desk.decide(
            request.principal,
            request.path["number"],
            decision,
            request.body["reason"],
            # An entity tag that is none of ours is that of no state.
            seen=int(seen) if seen.isdecimal() else 0,
            request_id=request.request_id,
        )
        return _shown(made)


def _shown(made: SubscriptionRequest | Refusal, status: int = 200) -> Result:
    if isinstance(made, Refusal):
        return made
    location = f"/subscription-requests/{made.number}" if status == 201 else ""
    return Answer(request_view(made), status, etag=str(made.version), location=location)
