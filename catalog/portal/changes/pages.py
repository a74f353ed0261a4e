"""The pages of change requests, and what can be done about one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.changes.reading import by_consumer, by_novelty, grouped, next_version, side_by_side
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of
from contracts.estate_words import Role
from contracts.problems import problem

PAGE: Final = 25
STATES: Final = ("open", "proposed", "approved", "published", "rejected", "withdrawn", "")
OPEN: Final = ("proposed", "approved")
WAIVER_DECIDERS: Final[tuple[Role, ...]] = ("architect", "security", "api-owner")


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
            shell.post("/changes/{change}/waivers/{waiver}", self.decide_waiver, *WAIVER_DECIDERS),
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
            raise Refused(problem("resource-not-found", "That is nothing that can be done about a change."))
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
        body = {name: form.text(name) for name in ("unit", "fingerprint", "reason", "expires")}
        asked: dict[str, Any] = {
            "act": "waiver",
            "about": body["fingerprint"],
            "typed": body["reason"],
            "expires": body["expires"],
        }
        wanted = {"reason": translated("Say why."), "expires": translated("Say until when.")}
        faults = {name: fault for name, fault in wanted.items() if not body[name]}
        if faults:
            return await self._page(visit, **asked, faults=faults, status=422)
        try:
            await visit.call("requestWaiver", body=body)
        except Refused as refused:
            return await self._page(visit, **asked, faults=dict(refused.faults), refused=refused)
        return self._shell.redirect(f"/changes/{change}?done=waiver")

    async def decide_waiver(self, visit: Visit) -> Response:
        """Grants a waiver that was asked for, or refuses it."""
        change, form = visit.request.path_params["change"], visit.form
        number = visit.request.path_params["waiver"]
        operation = "grantWaiver" if form.text("decision") == "grant" else "refuseWaiver"
        text = form.text("text")
        asked: dict[str, Any] = {"act": "decide", "about": number, "typed": text}
        if not text:
            return await self._page(visit, **asked, fault=translated("Say why."), status=422)
        try:
            await visit.call(
                operation, {"waiver": number}, body={"comment": text}, headers={"If-Match": form.text("etag")}
            )
        except Refused as refused:
            moved = refused.problem.type.id == "state-conflict"
            return await self._page(visit, **asked, refused=refused, moved=moved)
        return self._shell.redirect(f"/changes/{change}?done=waiver-decided")

    async def _page(
        self, visit: Visit, *, refused: Refused | None = None, moved: bool = False, status: int = 200, **asked: Any
    ) -> Response:
        """The change as it is now. `asked` is what was wanted and typed; where it was about what is no more
        (`moved`, or another entity tag than the form's), nothing was done, and 412 says so (RFC 9110 §15.5.13)."""
        change = visit.request.path_params["change"]
        result = await visit.call("showChange", {"change": change})
        view, etag = value_of(result), etag_of(result)
        assessment = view["assessment"]
        reach: dict[str, Any] = {"versions": ()}
        if assessment.get("changes"):
            reach = await visit.ask("changeImpact", {"change": change})
        waivers = (await visit.ask("listWaivers", unit=view["change"]["unit"], limit=100))["items"]
        found = None if refused is None else refused.problem
        stale = moved or (
            found is not None and found.type.id == "state-conflict" and visit.form.text("etag") not in ("", etag)
        )
        return self._shell.page(
            visit,
            "changes/change.html",
            status=412 if stale else status if found is None else found.status,
            view=view,
            change=view["change"],
            assessment=assessment,
            etag=etag,
            groups=grouped(assessment.get("changes", ())),
            lint=by_novelty(assessment.get("lint", ())),
            reach=reach,
            touched=by_consumer(reach),
            files=[(each, tuple(side_by_side(each.get("diff", ())))) for each in assessment.get("files", ())],
            suggestion=await self._suggestion(visit, view),
            requested=_asked(view, waivers),
            granted={each["number"]: each for each in waivers if each["state"] == "granted"},
            is_open=view["change"]["state"] in OPEN,
            wants_approval=any(
                each["id"].startswith("approvals:") and not each["met"] for each in view["conditions"]
            ),
            deciders=WAIVER_DECIDERS,
            refused=found,
            stale=stale,
            done=visit.query("done"),
            **{"act": "", "about": "", "typed": "", "expires": "", "fault": "", "faults": {}, **asked},
        )

    async def _suggestion(self, visit: Visit, view: Mapping[str, Any]) -> str:
        """Which version number becomes of it, in words."""
        change, bump = view["change"], view["assessment"]["bump"]
        if bump != "major":
            return _suggested(bump)
        try:
            versions = (await visit.ask("getApi", {"api": change["unit"]}))["versions"]
        except Refused:  # the estate's own files have no versions, nor has what is not in force any more
            return _suggested(bump)
        named = next_version(each["version"] for each in versions)
        return translated("A new version, %(version)s, beside those there are.", version=named)


def _asked(view: Mapping[str, Any], waivers: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The waivers that were asked for, of findings that this change has: those that somebody has to decide about
    so that it can go on. None where it is decided."""
    if view["change"]["state"] not in OPEN:
        return []
    found = [*view["assessment"].get("changes", ()), *view["assessment"].get("lint", ())]
    fingerprints = {each.get("fingerprint") for each in found}
    return [each for each in waivers if each["state"] == "requested" and each["fingerprint"] in fingerprints]


def _suggested(bump: str) -> str:
    match bump:
        case "none":
            return translated("The same version: nothing changes for those who call it.")
        case "patch":
            return translated("The same version: only its words change.")
        case "minor":
            return translated("The same version: it can do more than before.")
    return translated("A new version beside those there are.")
