"""Emergency revocation on one page: what, why, whom it hits, and done."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell, translated
from catalog.portal.visit import Refused, Visit, value_of

WHAT: Final = ("credential", "application", "consumer")


class RevokingPages:
    """`/portal/security/revoke`. Nothing is done before it was shown whom it hits."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/revoke", self.show),
            shell.post("/security/revoke", self.revoke),
            shell.post("/security/revocations/{revocation}/lift", self.lift, "security", "operator"),
        )

    async def show(self, visit: Visit) -> Response:
        what = visit.query("what", WHAT[0])
        return await self._page(visit, {"what": what, "which": visit.query("which"), "reason": "", "issued": ""})

    async def revoke(self, visit: Visit) -> Response:
        """First whom it hits; with `confirmed` it is done."""
        form = visit.form
        typed = {name: form.text(name) for name in ("what", "which", "reason", "issued")}
        missing = {name: translated("Say it.") for name in ("which", "reason") if not typed[name]}
        if missing:
            return await self._page(visit, typed, faults=missing, status=422)
        confirmed = form.text("confirmed") == "yes"
        body: dict[str, Any] = {"reason": typed["reason"], "dry_run": not confirmed}
        if typed["what"] in WHAT:
            body[typed["what"]] = typed["which"]
        if typed["issued"]:
            body["issued_before"] = "now"
        try:
            done = value_of(await visit.call("revoke", body=body))
        except Refused as refused:
            return await self._page(visit, typed, refused=refused)
        return await self._page(visit, typed, reached=done["reached"], done=confirmed)

    async def lift(self, visit: Visit) -> Response:
        path = {"revocation": visit.request.path_params["revocation"]}
        await visit.call("liftRevocation", path, {"reason": visit.form.text("reason")})
        return self._shell.redirect("/security/revoke?lifted=1")

    async def _page(
        self,
        visit: Visit,
        typed: dict[str, str],
        *,
        faults: dict[str, str] | None = None,
        refused: Refused | None = None,
        reached: Any = None,
        done: bool = False,
        status: int = 200,
    ) -> Response:
        revocations: list[Any] = []
        if visit.may("security", "operator"):
            revocations = (await visit.ask("listRevocations", limit=50))["items"]
        return self._shell.page(
            visit,
            "security/revoke.html",
            status=status if refused is None else refused.problem.status,
            typed=typed,
            faults=faults or {},
            refused=None if refused is None else refused.problem,
            reached=reached,
            done=done,
            what=WHAT,
            revocations=revocations,
        )
