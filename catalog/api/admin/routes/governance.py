"""How well what is in force is governed: `contract/governance.yaml`."""

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.governance.room import Governance
from catalog.refusal import Refusal


class GovernanceRoutes:
    """The handlers."""

    def __init__(self, governance: Governance) -> None:
        self._governance = governance
        self.routes = (
            AdminRoute("showEstate", self.show_estate),
            AdminRoute("showEstateGraph", self.show_graph),
            AdminRoute("listScorecards", self.list_scorecards),
        )

    async def show_estate(self, _request: AdminRequest) -> Result:
        found = await self._governance.overview()
        return found or Refusal("resource-not-found", "There is no estate in force.")

    async def show_graph(self, request: AdminRequest) -> Result:
        found = self._governance.graph(request.query.get("about"))
        return found or Refusal("resource-not-found", "There is no such node in the estate in force.")

    async def list_scorecards(self, request: AdminRequest) -> Result:
        wanted = {name: request.query[name] for name in ("about", "name", "owner") if name in request.query}
        cards = [
            card
            for card in await self._governance.scorecards()
            if all(getattr(card, name) == value for name, value in wanted.items())
        ]
        return page(request, cards, lambda card: f"{card.about}/{card.name}")
