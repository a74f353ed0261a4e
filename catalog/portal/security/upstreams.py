"""What gateways present to upstreams: who answers for it, what depends on it, and how it is replaced or ended."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of
from contracts.problems import problem

PAGE: Final = 50
_SET: Final = ("expires_days", "keep_days", "team", "owner", "purpose", "runbook")
_NUMBERS: Final = ("expires_days", "keep_days")


class UpstreamCredentialPages:
    """`/portal/security/upstream-credentials` and below. Values go in and never come out."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/upstream-credentials", self.list),
            shell.get("/security/upstream-credentials/{name}", self.show),
            shell.post("/security/upstream-credentials/{name}/{act}", self.act),
        )

    async def list(self, visit: Visit) -> Response:
        found = await visit.ask("listUpstreamCredentials", limit=PAGE, after=visit.query("after"))
        return self._shell.page(visit, "security/upstreams.html", credentials=found["items"], next=found["next"])

    async def show(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def act(self, visit: Visit) -> Response:
        """What a form of the page says."""
        act, form, path = visit.request.path_params["act"], visit.form, _path(visit)
        reason = form.text("reason")
        if act in ("return", "owner", "revocation") and not reason:
            return await self._page(visit, act=act, faults={"reason": translated("Say why.")})
        try:
            match act:
                case "value":
                    await visit.call("setUpstreamCredential", path, body=_new_value(visit))
                case "return":
                    await visit.call("returnToUpstreamCredential", path, body={"reason": reason})
                case "owner":
                    body = {"team": form.text("team"), "owner": form.text("owner"), "reason": reason}
                    await visit.call("handUpstreamCredentialOver", path, body=body)
                case "revocation":
                    return await self._revoke(visit, reason)
                case _:
                    detail = "That is nothing that can be done about an upstream credential."
                    raise Refused(problem("resource-not-found", detail))
        except Refused as refused:
            return await self._page(visit, act=act, refused=refused)
        return self._shell.redirect(f"/security/upstream-credentials/{path['name']}?done=1")

    async def _revoke(self, visit: Visit, reason: str) -> Response:
        """First what breaks; with `shown`, if it is still that."""
        path, body = _path(visit), {"reason": reason}
        found = value_of(await visit.call("revokeUpstreamCredential", path, body={**body, "dry_run": True}))
        breaks, shown = _name_of(found), visit.form.text("shown")
        if shown == breaks:
            await visit.call("revokeUpstreamCredential", path, body=body)
            return self._shell.redirect(f"/security/upstream-credentials/{path['name']}?done=1")
        return await self._page(visit, act="revocation", breaks=breaks, stale=bool(shown))

    async def _page(
        self,
        visit: Visit,
        *,
        act: str = "",
        faults: Mapping[str, str] | None = None,
        refused: Refused | None = None,
        breaks: str = "",
        stale: bool = False,
    ) -> Response:
        name, found = _path(visit)["name"], None if refused is None else refused.problem
        view: dict[str, Any] = {"credential": None, "depending": None}
        try:
            view = await visit.ask("showUpstreamCredential", {"name": name})
        except Refused as missing:  # nobody has set it yet: the first value makes it
            if missing.problem.type.id != "resource-not-found" or not visit.may("security", "operator"):
                raise
        status = 412 if stale else 422 if faults else 200 if found is None else found.status
        return self._shell.page(
            visit,
            "security/upstream.html",
            status=status,
            name=name,
            credential=view["credential"],
            depending=view["depending"],
            act=act,
            typed={each: visit.form.text(each) for each in (*_SET, "reason")},
            faults=dict(faults or {}) | ({} if refused is None else dict(refused.faults)),
            refused=found,
            breaks=breaks,
            stale=stale,
            done=visit.query("done"),
        )


def _new_value(visit: Visit) -> dict[str, Any]:
    body: dict[str, Any] = {"value": visit.form.secret("value")}
    for name in _SET:
        text = visit.form.text(name)
        if text:
            body[name] = int(text) if name in _NUMBERS and text.isdecimal() else text
    return body


def _name_of(found: Mapping[str, Any]) -> str:
    """The name of what was shown to break; who called meanwhile is not part of it."""
    depending = found["depending"]
    shown = (depending["upstreams"], depending["apis"], depending["applications"], found["credential"]["current"])
    return sha256(msgspec.json.encode(shown, order="deterministic")).hexdigest()


def _path(visit: Visit) -> dict[str, str]:
    return {"name": visit.request.path_params["name"]}
