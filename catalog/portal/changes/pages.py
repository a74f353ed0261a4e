"""The pages of change requests, and what can be done about one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell, translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of

PAGE: Final = 25
STATES: Final = ("open", "proposed", "approved", "published", "rejected", "withdrawn", "")
OPEN: Final = ("proposed", "approved")


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done about a change. `text` is the member of the body that holds what was typed, empty for
    none; `bound` says that it is about exactly what the page has shown."""

    operation: str
    text: str = "comment"
    bound: bool = True


ACTS: Final[Mapping[str, Act]] = {
    "approve": Act("approveChange"),
    "reject": Act("rejectChange"),
    "withdraw": Act("withdrawChange"),
    "comment": Act("commentOnChange", bound=False),
    "publish": Act("publishChange", text="", bound=False),
    "emergency": Act("publishEmergency", text="reason"),
    "review": Act("reviewEmergency", bound=False),
}


class ChangePages:
    """`/portal/changes` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/changes", self.queue),
            shell.get("/changes/{change}", self.show),
            shell.post("/changes/{change}/waiver", self.ask_waiver),
            shell.post(
                "/changes/{change}/waivers/{waiver}", self.decide_waiver, "architect", "security", "api-owner"
            ),
            shell.post("/changes/{change}/{act}", self.act),
        )

    async def queue(self, visit: Visit) -> Response:
        state = visit.query("state", "open")
        wanted = state if state in STATES else "open"
        found = await visit.ask(
            "listChanges", unit=visit.query("unit"), state=wanted, after=visit.query("after"), limit=PAGE
        )
        return self._shell.page(
            visit,
            "changes/queue.html",
            block="results",
            changes=found["items"],
            next=found["next"],
            state=wanted,
            unit=visit.query("unit"),
            states=STATES,
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def act(self, visit: Visit) -> Response:
        """Does what a form of the page says. What it was about may have changed since: then nothing is done."""
        name, change = visit.request.path_params["act"], visit.request.path_params["change"]
        act = ACTS.get(name)
        if act is None:
            return await self._page(visit)
        text = visit.form.text("text")
        if act.text and not text:
            return await self._page(visit, act=name, fault=translated("Say why."), status=422)
        headers = {"If-Match": visit.form.text("etag")} if act.bound else {}
        body = {act.text: text} if act.text else None
        try:
            await visit.call(act.operation, {"change": change}, body=body, headers=headers)
        except Refused as refused:
            return await self._page(visit, act=name, typed=text, refused=refused)
        return self._shell.redirect(f"/changes/{change}?done={name}")

    async def ask_waiver(self, visit: Visit) -> Response:
        """Asks that a finding be let pass, for a reason and a time."""
        change, form = visit.request.path_params["change"], visit.form
        typed = form.text("reason")
        names = ("unit", "fingerprint", "reason", "expires")
        body = {name: form.text(name) for name in names}
        try:
            await visit.call("requestWaiver", body=body)
        except Refused as refused:
            return await self._page(visit, act="waiver", typed=typed, refused=refused)
        return self._shell.redirect(f"/changes/{change}?done=waiver")

    async def decide_waiver(self, visit: Visit) -> Response:
        """Grants a waiver that was asked for, or refuses it."""
        change, form = visit.request.path_params["change"], visit.form
        operation = "grantWaiver" if form.text("decision") == "grant" else "refuseWaiver"
        waiver, headers = {"waiver": visit.request.path_params["waiver"]}, {"If-Match": form.text("etag")}
        try:
            await visit.call(operation, waiver, body={"comment": form.text("text")}, headers=headers)
        except Refused as refused:
            return await self._page(visit, act="decide", typed=form.text("text"), refused=refused)
        return self._shell.redirect(f"/changes/{change}?done=waiver-decided")

    async def _page(
        self,
        visit: Visit,
        *,
        act: str = "",
        typed: str = "",
        fault: str = "",
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        change = visit.request.path_params["change"]
        result = await visit.call("showChange", {"change": change})
        view = value_of(result)
        reach: dict[str, Any] = {"versions": ()}
        if view["assessment"].get("changes"):
            reach = await visit.ask("changeImpact", {"change": change})
        waivers = await visit.ask("listWaivers", unit=view["change"]["unit"], limit=100)
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "changes/change.html",
            status=status if problem is None else problem.status,
            view=view,
            change=view["change"],
            assessment=view["assessment"],
            etag=etag_of(result),
            reach=reach,
            waivers=[each for each in waivers["items"] if each["state"] == "requested"],
            is_open=view["change"]["state"] in OPEN,
            act=act,
            typed=typed,
            fault=fault,
            refused=problem,
            stale=problem is not None and "current" in problem.extensions,
            done=visit.query("done"),
        )
