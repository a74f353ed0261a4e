"""Questions that are kept by a name: of the ledger, and of the audit log."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from catalog.portal.security.asking import address_of
from catalog.portal.shell import Shell
from catalog.portal.visit import Visit

_PREFIX: Final = "q-"


class ViewPages:
    """What the forms of both rooms do; the rooms show what is kept."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.post("/security/views/{room}", self.save),
            shell.post("/security/views/{room}/drop", self.drop),
        )

    async def save(self, visit: Visit) -> Response:
        """Keeps what the page asks, and goes on asking it."""
        room = visit.request.path_params["room"]
        given = {name.removeprefix(_PREFIX): text for name, text in _asked(visit).items() if text}
        path = {"room": room, "name": visit.form.text("name")}
        await visit.call("saveView", path, body={"query": given})
        return self._back(room, given)

    async def drop(self, visit: Visit) -> Response:
        room = visit.request.path_params["room"]
        await visit.call("dropView", {"room": room, "name": visit.form.text("name")})
        return self._back(room, {})

    def _back(self, room: str, asked: Mapping[str, str]) -> Response:
        return self._shell.redirect(f"/security/{room}?{address_of(asked, kept='1')}")


def _asked(visit: Visit) -> dict[str, str]:
    return {name: text for name, text in visit.form.values.items() if name.startswith(_PREFIX)}
