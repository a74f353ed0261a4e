"""Rotations under way: which clients have moved to their new credentials, and which not yet."""

from typing import Final

from starlette.responses import Response

from catalog.portal.security.asking import address_of
from catalog.portal.shell import Shell
from catalog.portal.visit import Visit

PAGE: Final = 50
FILTERS: Final = ("application", "consumer", "team")


class RotationPages:
    """`/portal/security/rotations`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/security/rotations", self.list),)

    async def list(self, visit: Visit) -> Response:
        chosen = {name: visit.query(name).strip() for name in FILTERS}
        found = await visit.ask("listRotations", limit=PAGE, after=visit.query("after"), **chosen)
        return self._shell.page(
            visit,
            "security/rotations.html",
            block="results",
            rotations=found["items"],
            next=address_of(chosen, after=found["next"]) if found["next"] else "",
            chosen=chosen,
        )
