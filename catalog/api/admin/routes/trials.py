"""Calls that people try: `contract/trials.yaml`."""

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.routing import AdminRoute
from catalog.trying.console import TryConsole, WantedTrial


class TrialRoutes:
    """The handler."""

    def __init__(self, console: TryConsole) -> None:
        self._console = console
        self.routes = (AdminRoute("tryOperation", self.attempt),)

    async def attempt(self, request: AdminRequest) -> Result:
        path, wanted = request.path, request.body_as(WantedTrial)
        return await self._console.attempt(
            request.principal, path["api"], path["version"], path["operation"], wanted, request.request_id
        )
