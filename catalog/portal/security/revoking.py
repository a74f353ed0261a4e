"""Emergency revocation on one page: what, why, whom it hits; then done, and watched until every gateway has it."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of

WHAT: Final = ("credential", "application", "consumer", "everybody", "signing_key")
ISSUED: Final = ("", "now", "before")
PAGE: Final = 50


class RevokingPages:
    """`/portal/security/revoke`. Nothing is done before it was shown whom it hits, and then that or nothing."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/revoke", self.show),
            shell.post("/security/revoke", self.revoke),
            shell.get("/security/progress", self.progress),
            shell.post("/security/revocations/{revocation}/lift", self.lift, "security", "operator"),
        )

    async def show(self, visit: Visit) -> Response:
        nothing = {"reason": "", "issued": "", "before": ""}
        what = visit.query("what", WHAT[0])
        return await self._page(visit, {"what": what, "which": visit.query("which"), **nothing})

    async def revoke(self, visit: Visit) -> Response:
        """First whom it hits; with `confirmed` it is done, if it is still those whom the page has shown."""
        form = visit.form
        typed = {name: form.text(name) for name in ("what", "which", "reason", "issued", "before")}
        body, faults = _target(typed)
        if faults:
            return await self._page(visit, typed, faults=faults, status=422)
        shown, stale = form.text("preview"), False
        if form.text("confirmed") == "yes" and shown:
            try:
                await visit.call("revoke", body=body, headers={"If-Match": shown})
                return self._shell.redirect("/security/progress?revoked=1")
            except Refused as refused:
                stale = "preview" in dict(refused.problem.extensions.get("current", {}))
                if not stale:
                    return await self._page(visit, typed, refused=refused)
        try:
            result = await visit.call("revoke", body={**body, "dry_run": True})
        except Refused as refused:
            return await self._page(visit, typed, refused=refused)
        reached, seen = value_of(result)["reached"], dict[str, Any]()
        names = [each["client_id"] for each in reached["applications"]][:500]
        if names:
            query = [("limit", 500), *(("application", name) for name in names)]
            found = value_of(await visit.call("listRecentCalls", query=query))
            seen = {each["application"]: each for each in found["items"]}
        return await self._page(
            visit,
            typed,
            reached=reached,
            seen=seen,
            preview=etag_of(result),
            stale=stale,
            status=412 if stale else 200,
        )

    async def progress(self, visit: Visit) -> Response:
        """How many gateway processes enforce what was revoked; the page asks again until all do."""
        return self._shell.page(
            visit, "security/progress.html", block="progress", far=await visit.ask("showEnforcement")
        )

    async def lift(self, visit: Visit) -> Response:
        path = {"revocation": visit.request.path_params["revocation"]}
        await visit.call("liftRevocation", path, {"reason": visit.form.text("reason")})
        return self._shell.redirect("/security/progress?lifted=1")

    async def _page(
        self,
        visit: Visit,
        typed: Mapping[str, str],
        *,
        faults: Mapping[str, str] | None = None,
        refused: Refused | None = None,
        reached: Any = None,
        seen: Mapping[str, Any] | None = None,
        preview: str = "",
        stale: bool = False,
        status: int = 200,
    ) -> Response:
        found: dict[str, Any] = {"items": (), "next": None}
        if visit.may("security", "operator"):
            found = await visit.ask("listRevocations", limit=PAGE, after=visit.query("after"))
        return self._shell.page(
            visit,
            "security/revoke.html",
            status=status if refused is None else refused.problem.status,
            typed=typed,
            faults=dict(faults or {}) | ({} if refused is None else dict(refused.faults)),
            refused=None if refused is None else refused.problem,
            reached=reached,
            seen=seen or {},
            preview=preview,
            stale=stale,
            revocations=found["items"],
            next=found["next"],
        )


def _target(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The body of the operation, and what is missing or wrong by field."""
    what, issued, faults = typed["what"], typed["issued"], dict[str, str]()
    body: dict[str, Any] = {"reason": typed["reason"]}
    if not typed["reason"]:
        faults["reason"] = translated("Say it.")
    if what not in WHAT:
        faults["what"] = translated("Choose one.")
    elif what != "everybody":
        body[what] = typed["which"]
        if not typed["which"]:
            faults["which"] = translated("Say it.")
    elif not issued:
        faults["issued"] = translated("Of everybody only tokens are revoked: say which.")
    if issued == "now":
        body["issued_before"] = "now"
    elif issued:
        body["issued_before"] = typed["before"]
        if not typed["before"]:
            faults["before"] = translated("Say it.")
    return body, faults
