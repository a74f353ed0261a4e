"""Members as security sees to them: their roles, how they log in, their sessions and tokens."""

from typing import Any, Final

from starlette.responses import Response

from catalog.credentials.rights import GUARDS
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of
from contracts.problems import problem

PAGE: Final = 50
_ACTS: Final = ("invite", "disable", "enable", "end-sessions", "revoke-token")


class PeoplePages:
    """`/portal/security/people` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/people", self.list, *GUARDS),
            shell.get("/security/people/{member}", self.show, *GUARDS),
            shell.post("/security/people/{member}/{act}", self.act, *GUARDS),
        )

    async def list(self, visit: Visit) -> Response:
        text = visit.query("text").strip()
        found = await visit.ask("listAccounts", limit=PAGE, after=visit.query("after"), text=text)
        return self._shell.page(
            visit,
            "security/people.html",
            block="results",
            accounts=found["items"],
            next=found["next"],
            text=text,
        )

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def act(self, visit: Visit) -> Response:
        """What a form of the member's page says."""
        act, member, form = visit.request.path_params["act"], visit.request.path_params["member"], visit.form
        if act not in _ACTS:
            raise Refused(problem("resource-not-found", "That is nothing that can be done about a member."))
        reason, path = form.text("reason"), {"member": member}
        if act != "invite" and not reason:
            return await self._page(visit, act=act, fault=translated("Say why."))
        try:
            match act:
                case "invite":
                    hours = form.text("hours")
                    body: dict[str, Any] = {"resets_factors": form.text("resets_factors") == "yes"}
                    body |= {"hours": int(hours) if hours.isdecimal() else hours} if hours else {}
                    invitation = value_of(await visit.call("inviteMember", path, body=body))
                    return await self._page(visit, invitation=invitation)
                case "disable":
                    await visit.call("disableAccount", path, body={"reason": reason})
                case "enable":
                    await visit.call("enableAccount", path, {"reason": reason})
                case "end-sessions":
                    await visit.call("endSessions", path, {"reason": reason, "reference": form.text("reference")})
                case _:
                    await visit.call("revokeToken", {"key_id": form.text("key_id")}, {"reason": reason})
        except Refused as refused:
            return await self._page(visit, act=act, refused=refused)
        return self._shell.redirect(f"/security/people/{member}?done=1")

    async def _page(
        self,
        visit: Visit,
        *,
        act: str = "",
        fault: str = "",
        refused: Refused | None = None,
        invitation: Any = None,
    ) -> Response:
        member = visit.request.path_params["member"]
        account = await visit.ask("showAccount", {"member": member})
        sessions = await visit.ask("listSessions", {"member": member}, limit=100)
        tokens = await visit.ask("listTokens", member=member, limit=100)
        found = None if refused is None else refused.problem
        if refused is not None:
            fault = fault or next(iter(refused.faults.values()), "")
        return self._shell.page(
            visit,
            "security/member.html",
            status=found.status if found is not None else 422 if fault else 200,
            account=account,
            sessions=sessions["items"],
            tokens=tokens["items"],
            act=act,
            fault=fault,
            typed=visit.form.text("reason"),
            refused=found,
            invitation=invitation,
            done=visit.query("done"),
        )
