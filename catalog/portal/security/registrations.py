"""Clients that registered themselves: the queue of those that wait, and one page for each with the decision."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from catalog.credentials.rights import GUARDS
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of
from contracts.problems import problem

PAGE: Final = 50
STATES: Final = ("pending", "approved", "refused", "expired", "deleted", "")
PROFILES: Final = ("baseline", "fapi-2")
_TYPED: Final = ("consumer", "subscriptions", "expires_days", "profile", "reason")


class RegistrationPages:
    """`/portal/security/registrations` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/registrations", self.list, *GUARDS),
            shell.get("/security/registrations/{client}", self.show, *GUARDS),
            shell.post("/security/registrations/{client}/{act}", self.act, *GUARDS),
        )

    async def list(self, visit: Visit) -> Response:
        state = visit.query("state", STATES[0])
        found = await visit.ask("listRegistrations", limit=PAGE, after=visit.query("after"), state=state)
        return self._shell.page(
            visit,
            "security/registrations.html",
            block="results",
            registrations=found["items"],
            next=found["next"],
            state=state,
            states=STATES,
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def act(self, visit: Visit) -> Response:
        """Approves, refuses or ends what the page has shown; where it has changed since, nothing is done."""
        act, reason = visit.request.path_params["act"], visit.form.text("reason")
        if act not in ("approval", "refusal", "end"):
            raise Refused(problem("resource-not-found", "That is nothing that can be done about a registration."))
        path, headers = _path(visit), {"If-Match": visit.form.text("etag")}
        faults = {} if reason else {"reason": translated("Say why.")}
        try:
            match act:
                case "approval":
                    body = _approval(visit, faults)
                    if not faults:
                        await visit.call("approveRegistration", path, body=body, headers=headers)
                case "refusal" if not faults:
                    await visit.call("refuseRegistration", path, body={"reason": reason}, headers=headers)
                case "end" if not faults:
                    await visit.call("endRegistration", path, {"reason": reason})
        except Refused as refused:
            return await self._page(visit, act=act, refused=refused)
        if faults:
            return await self._page(visit, act=act, faults=faults)
        return self._shell.redirect(f"/security/registrations/{path['client_id']}?done=1")

    async def _page(
        self,
        visit: Visit,
        *,
        act: str = "",
        faults: Mapping[str, str] | None = None,
        refused: Refused | None = None,
    ) -> Response:
        result = await visit.call("showRegistration", _path(visit))
        registration, etag = value_of(result), etag_of(result)
        typed = {name: visit.form.text(name) for name in _TYPED}
        if not act:
            granted = registration["subscriptions"]
            typed = {
                "consumer": registration["consumer"] or "",
                "subscriptions": "\n".join(map(_line, granted)),
                "expires_days": "90",
                "profile": registration["profile"] or PROFILES[0],
                "reason": "",
            }
        found = None if refused is None else refused.problem
        stale = (
            found is not None and found.type.id == "state-conflict" and visit.form.text("etag") not in ("", etag)
        )
        return self._shell.page(
            visit,
            "security/registration.html",
            status=412 if stale else 422 if faults else 200 if found is None else found.status,
            registration=registration,
            etag=etag,
            act=act,
            typed=typed,
            faults=dict(faults or {}) | ({} if refused is None else dict(refused.faults)),
            refused=found,
            stale=stale,
            profiles=PROFILES,
            done=visit.query("done"),
        )


def _approval(visit: Visit, faults: dict[str, str]) -> dict[str, Any]:
    """The body of an approval; what is missing goes into `faults`."""
    form = visit.form
    subscriptions: list[dict[str, Any]] = []
    for line in form.text("subscriptions").splitlines():
        words = line.split()
        if not words:
            continue
        if len(words) < 3:
            faults["subscriptions"] = translated("One line each: API, version, plan, and then the scopes.")
            break
        api, version, plan, *scopes = words
        subscriptions.append({"api": api, "version": version, "plan": plan, "scopes": scopes})
    days = form.text("expires_days")
    if not days.isdecimal():
        faults["expires_days"] = translated("Say a number of days.")
    if not form.text("consumer"):
        faults["consumer"] = translated("Say it.")
    return {
        "consumer": form.text("consumer"),
        "subscriptions": subscriptions,
        "expires_days": int(days) if days.isdecimal() else 0,
        "profile": form.text("profile") or PROFILES[0],
        "reason": form.text("reason"),
    }


def _line(subscription: Mapping[str, Any]) -> str:
    return " ".join((*(subscription[name] for name in ("api", "version", "plan")), *subscription["scopes"]))


def _path(visit: Visit) -> dict[str, str]:
    return {"client_id": visit.request.path_params["client"]}
