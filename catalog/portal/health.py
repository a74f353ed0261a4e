"""How APIs, upstreams and gateways are now: a page that keeps itself up to date."""

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Visit


class HealthPages:
    """`/portal/health`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/health", self.health),)

    async def health(self, visit: Visit) -> Response:
        found = await visit.ask("getHealth")
        # What moves by itself can be stopped (WCAG 2.2, 2.2.2).
        still = bool(visit.query("still"))
        return self._shell.page(visit, "health.html", block="state", health=found, still=still)
