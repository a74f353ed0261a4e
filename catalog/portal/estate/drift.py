"""The page of drift: where contracts do not fit their Odoo, and when each Odoo was last looked at."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Visit
from catalog.subscriptions.rights import OVERSEERS

PAGE: Final = 25
LOOKS: Final = 100


class DriftPages:
    """`/portal/estate/drift`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/estate/drift", self.show, *OVERSEERS),)

    async def show(self, visit: Visit) -> Response:
        api = visit.query("api").strip()
        found = await visit.ask("listDrift", api=api, after=visit.query("after"), limit=PAGE)
        gone = await visit.ask("listDrift", state="gone", api=api, after=visit.query("gone"), limit=PAGE)
        looks = await visit.ask("listOdooLooks", after=visit.query("looks"), limit=LOOKS)
        return self._shell.page(
            visit,
            "estate/drift.html",
            api=api,
            versions=_by_version(found["items"]),
            next=found["next"],
            gone=gone["items"],
            next_gone=gone["next"],
            looks=looks["items"],
            next_looks=looks["next"],
        )


def _by_version(found: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Findings by API and version, in the order in which they come."""
    versions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in found:
        versions.setdefault((each["api"], each["version"]), []).append(each)
    return versions
