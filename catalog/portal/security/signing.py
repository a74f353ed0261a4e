"""The keys that sign access tokens: which signs, which is next, and how to change them."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit

PAGE: Final = 50
AHEAD_MINUTES: Final = "10"


class SigningPages:
    """`/portal/security/keys`. A key that may be in wrong hands is withdrawn by emergency revocation, which shows
    whom it hits first."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/keys", self.list),
            shell.post("/security/keys", self.rotate, "security", "operator"),
            shell.post("/security/keys/{kid}/end", self.retire, "security", "operator"),
        )

    async def list(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def rotate(self, visit: Visit) -> Response:
        minutes, reason = visit.form.text("ahead_minutes"), visit.form.text("reason")
        faults = {} if reason else {"reason": translated("Say why.")}
        if not minutes.isdecimal():
            faults["ahead_minutes"] = translated("Say a number of minutes.")
        if faults:
            return await self._page(visit, faults=faults)
        try:
            await visit.call("rotateSigningKey", body={"ahead_minutes": int(minutes), "reason": reason})
        except Refused as refused:
            return await self._page(visit, refused=refused)
        return self._shell.redirect("/security/keys?done=1")

    async def retire(self, visit: Visit) -> Response:
        """Ends one that does not sign any more, before its time."""
        path = {"kid": visit.request.path_params["kid"]}
        try:
            await visit.call("endSigningKey", path, body={"withdraw": False, "reason": visit.form.text("why")})
        except Refused as refused:
            return await self._page(visit, refused=refused)
        return self._shell.redirect("/security/keys?done=1")

    async def _page(
        self, visit: Visit, *, faults: dict[str, str] | None = None, refused: Refused | None = None
    ) -> Response:
        found = await visit.ask("listSigningKeys", limit=PAGE, after=visit.query("after"))
        told: dict[str, Any] = dict(faults or {}) | ({} if refused is None else dict(refused.faults))
        return self._shell.page(
            visit,
            "security/keys.html",
            status=422 if faults else 200 if refused is None else refused.problem.status,
            keys=found["items"],
            next=found["next"],
            typed={
                "reason": visit.form.text("reason"),
                "ahead_minutes": visit.form.text("ahead_minutes") or AHEAD_MINUTES,
            },
            faults=told,
            refused=None if refused is None else refused.problem,
            done=visit.query("done"),
        )
