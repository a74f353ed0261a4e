"""The audit log: searched, and proved."""

from typing import Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Visit

PAGE: Final = 50
FILTERS: Final = ("subject", "object", "actor")


class AuditPages:
    """`/portal/security/audit`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/security/audit", self.log, "security", "operator"),)

    async def log(self, visit: Visit) -> Response:
        chosen = {name: visit.query(name).strip() for name in FILTERS}
        found = await visit.ask(
            "listAuditEntries", limit=PAGE, after=visit.query("after"), order="newest-first", **chosen
        )
        proved = await visit.ask("verifyAuditLog") if visit.query("prove") else None
        return self._shell.page(
            visit,
            "security/audit.html",
            block="results",
            entries=found["items"],
            next=found["next"],
            chosen=chosen,
            proved=proved,
        )
