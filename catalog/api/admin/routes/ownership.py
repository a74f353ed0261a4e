"""Who answers for what: `contract/ownership.yaml`."""

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import page
from catalog.api.admin.routing import AdminRoute
from catalog.ownership.registry import api_views, consumer_views, member_views, orphan_views, team_views
from catalog.people.directory import Directory
from catalog.refusal import Refusal
from contracts.estate.estate import CurrentEstate


class OwnershipRoutes:
    """The handlers."""

    def __init__(self, estate: CurrentEstate, directory: Directory) -> None:
        self._estate = estate
        self._directory = directory
        self.routes = (
            AdminRoute("listApis", self.list_apis),
            AdminRoute("getApi", self.get_api),
            AdminRoute("listTeams", self.list_teams),
            AdminRoute("listMembers", self.list_members),
            AdminRoute("listConsumers", self.list_consumers),
            AdminRoute("listOrphans", self.list_orphans),
        )

    async def list_apis(self, request: AdminRequest) -> Result:
        estate = self._estate()
        owner: str | None = request.query.get("owner")
        found = () if estate is None else api_views(estate)
        wanted = [each for each in found if owner is None or each.owner == owner]
        return page(request, wanted, lambda each: each.name)

    async def get_api(self, request: AdminRequest) -> Result:
        estate = self._estate()
        for each in () if estate is None else api_views(estate):
            if each.name == request.path["api"]:
                return each
        return Refusal("resource-not-found", "There is no API of this name in force.")

    async def list_teams(self, request: AdminRequest) -> Result:
        estate = self._estate()
        return page(request, () if estate is None else team_views(estate), lambda each: each.name)

    async def list_members(self, request: AdminRequest) -> Result:
        return page(request, member_views(self._directory.members), lambda each: each.name)

    async def list_consumers(self, request: AdminRequest) -> Result:
        estate = self._estate()
        return page(request, () if estate is None else consumer_views(estate), lambda each: each.name)

    async def list_orphans(self, request: AdminRequest) -> Result:
        estate = self._estate()
        found = () if estate is None else orphan_views(estate)
        return page(request, found, lambda each: f"{each.rule}/{each.name}")
