"""A person's feeds: made, and ended. An address is shown once."""

from typing import Any

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of
from catalog.publication import Publisher
from catalog.subscriptions.rights import own_consumers


class FeedPages:
    """`/portal/feeds` and below."""

    def __init__(self, shell: Shell, publisher: Publisher, *, sends_notices: bool) -> None:
        self._shell = shell
        self._publisher = publisher
        self._sends_notices = sends_notices
        self.routes = (
            shell.get("/feeds", self.show),
            shell.post("/feeds", self.make),
            shell.post("/feeds/{key_id}/end", self.end),
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit, chosen=visit.query("of"))

    async def make(self, visit: Visit) -> Response:
        chosen, mail = visit.form.text("of"), bool(visit.form.text("mail"))
        kind, _, name = chosen.partition("/")
        if kind not in ("api", "consumer") or not name:
            return await self._page(visit, chosen=chosen, fault=translated("Choose one."), status=422)
        try:
            made = value_of(await visit.call("makeFeed", body={"kind": kind, "name": name, "mail": mail}))
        except Refused as refused:
            return await self._page(visit, chosen=chosen, refused=refused)
        return await self._page(visit, address=made["address"], status=201)

    async def end(self, visit: Visit) -> Response:
        await visit.call("endFeed", {"key_id": visit.request.path_params["key_id"]})
        return self._shell.redirect("/feeds?done=ended")

    async def _page(
        self, visit: Visit, *, refused: Refused | None = None, status: int = 200, **shown: Any
    ) -> Response:
        estate = self._publisher.estate
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "applications/feeds.html",
            status=status if problem is None else problem.status,
            feeds=(await visit.ask("listFeeds", limit=100))["items"],
            apis=sorted(estate.apis) if estate is not None else (),
            consumers=sorted(own_consumers(visit.principal, estate)),
            refused=problem,
            sends_notices=self._sends_notices,
            done=visit.query("done"),
            **{"address": "", "chosen": "", "fault": "", **shown},
        )
