"""One credential: what it opens, who used it for what, and what can be done about it."""

import math
from typing import Any, Final

from starlette.responses import Response

from catalog.clock import DAY, rfc3339
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of

OVERLAP_DAYS: Final = "7"


class CredentialPages:
    """`/portal/security/ledger/{credential}`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/ledger/{credential}", self.show),
            shell.post("/security/ledger/{credential}/rotate", self.rotate),
            shell.post("/security/ledger/{credential}/hand-over", self.hand_over),
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def rotate(self, visit: Visit) -> Response:
        """A successor; its secret stands on this one answer."""
        form = visit.form
        until = overlap_until(self._shell.clock(), form.text("overlap_days"))
        if until is None:
            return await self._page(visit, faults={"overlap_days": translated("Say a number of days.")})
        body: dict[str, Any] = {"overlap_until": until}
        if form.text("expires_days").isdecimal():
            body["expires_days"] = int(form.text("expires_days"))
        try:
            issued = value_of(await visit.call("rotateCredential", _path(visit), body=body))
        except Refused as refused:
            return await self._page(visit, refused=refused)
        return await self._page(visit, issued=issued)

    async def hand_over(self, visit: Visit) -> Response:
        form = visit.form
        body = {name: form.text(name) for name in ("team", "owner", "reason")}
        faults = {name: translated("Say it.") for name, text in body.items() if not text}
        if faults:
            return await self._page(visit, faults=faults)
        try:
            await visit.call("handCredentialOver", _path(visit), body=body)
        except Refused as refused:
            return await self._page(visit, refused=refused)
        if visit.may("security", "operator") or form.text("team") in visit.principal.teams:
            return self._shell.redirect(f"/security/ledger/{_path(visit)['key_id']}?done=1")
        return self._shell.redirect("/security/ledger?done=1")

    async def _page(
        self,
        visit: Visit,
        *,
        faults: dict[str, str] | None = None,
        refused: Refused | None = None,
        issued: Any = None,
    ) -> Response:
        found = await visit.ask("showCredential", _path(visit))
        typed = {name: visit.form.text(name) for name in ("expires_days", "team", "owner", "reason")}
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "security/credential.html",
            status=422 if faults else 200 if problem is None else problem.status,
            typed={"overlap_days": visit.form.text("overlap_days") or OVERLAP_DAYS, **typed},
            faults=dict(faults or {}) | ({} if refused is None else dict(refused.faults)),
            refused=problem,
            issued=issued,
            done=visit.query("done"),
            **found,
        )


def overlap_until(now: float, days: str) -> str | None:
    """The moment until which the old one is good, as the admin API takes it; None for no number of days."""
    try:
        ahead = float(days)
    except ValueError:
        return None
    if not math.isfinite(ahead) or not 0 <= ahead <= 366:
        return None
    return rfc3339(math.ceil(now + ahead * DAY))


def _path(visit: Visit) -> dict[str, str]:
    return {"key_id": visit.request.path_params["credential"]}
