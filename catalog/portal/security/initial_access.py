"""Initial access tokens (RFC 7591 §1.2): by which software registers itself, and who answers for what it does."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from catalog.credentials.rights import GUARDS
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of

PAGE: Final = 50
_TYPED: Final = ("team", "owner", "purpose", "uses", "expires_days")
_NUMBERS: Final = ("uses", "expires_days")
_DEFAULTS: Final[Mapping[str, str]] = {"uses": "1", "expires_days": "14"}


class InitialAccessPages:
    """`/portal/security/initial-access` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/initial-access", self.list, *GUARDS),
            shell.post("/security/initial-access", self.issue, *GUARDS),
            shell.post("/security/initial-access/{token}/revoke", self.revoke, *GUARDS),
        )

    async def list(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def issue(self, visit: Visit) -> Response:
        """A new token: its text stands in the answer to the form, and nowhere else."""
        typed = {name: visit.form.text(name) for name in _TYPED}
        faults = {name: translated("Say it.") for name, text in typed.items() if not text}
        faults |= {
            name: translated("Say a number.") for name in _NUMBERS if typed[name] and not typed[name].isdecimal()
        }
        if faults:
            return await self._page(visit, typed=typed, faults=faults)
        body: dict[str, Any] = {**typed, **{name: int(typed[name]) for name in _NUMBERS}}
        try:
            issued = value_of(await visit.call("issueInitialAccessToken", body=body))
        except Refused as refused:
            return await self._page(visit, typed=typed, refused=refused)
        return await self._page(visit, issued=issued)

    async def revoke(self, visit: Visit) -> Response:
        """Ends one; what was registered by it stays."""
        key_id, reason = visit.request.path_params["token"], visit.form.text("reason")
        if not reason:
            return await self._page(visit, about=key_id, faults={"reason": translated("Say why.")})
        try:
            await visit.call("revokeInitialAccessToken", {"key_id": key_id}, {"reason": reason})
        except Refused as refused:
            return await self._page(visit, about=key_id, refused=refused)
        return self._shell.redirect("/security/initial-access?done=1")

    async def _page(
        self,
        visit: Visit,
        *,
        typed: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        refused: Refused | None = None,
        about: str = "",
        issued: Any = None,
    ) -> Response:
        found = await visit.ask("listInitialAccessTokens", limit=PAGE, after=visit.query("after"))
        now = datetime.fromtimestamp(self._shell.clock(), UTC)
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "security/initial_access.html",
            status=problem.status if problem is not None else 422 if faults else 200,
            tokens=[(each, _state(each, now)) for each in found["items"]],
            next=found["next"],
            typed=dict.fromkeys(_TYPED, "") | dict(typed if typed is not None else _DEFAULTS),
            faults=dict(faults or {}) | ({} if refused is None else dict(refused.faults)),
            refused=problem,
            about=about,
            reason=visit.form.text("reason"),
            issued=issued,
            done=visit.query("done"),
        )


def _state(token: Mapping[str, Any], now: datetime) -> str:
    if token["revoked_at"] is not None:
        return "revoked"
    if token["expires_at"] <= now:
        return "expired"
    return "active" if token["uses_left"] else "used-up"
