"""Credentials of an application that its people issue and rotate. A text is shown once, and kept nowhere."""

from typing import Any, Final

from starlette.responses import Response

from catalog.clock import DAY, rfc3339
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of

KINDS: Final = ("client-secret", "api-key", "hmac-key")
DAYS: Final = 90
OVERLAP: Final = 7


class ApplicationCredentialPages:
    """`/portal/applications/{client_id}/credentials` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/applications/{client_id}/credentials/new", self.new),
            shell.post("/applications/{client_id}/credentials/new", self.issue),
            shell.get("/applications/{client_id}/credentials/{key_id}/rotate", self.ask),
            shell.post("/applications/{client_id}/credentials/{key_id}/rotate", self.rotate),
        )

    async def new(self, visit: Visit) -> Response:
        return await self._form(visit, {})

    async def issue(self, visit: Visit) -> Response:
        typed = {name: visit.form.text(name) for name in ("kind", "purpose", "days", "networks")}
        application = await self._application(visit)
        faults: dict[str, str] = {}
        if not typed["purpose"]:
            faults["purpose"] = translated("Say what it is for.")
        if _number(typed["days"]) is None:
            faults["expires_days"] = translated("Say how many days.")
        if faults:
            return await self._form(visit, typed, faults, status=422)
        granted = sorted({scope for each in application["subscriptions"] for scope in each["scopes"]})
        chosen = [each for each in granted if visit.form.text(f"scope:{each}")]
        body = {
            "kind": typed["kind"],
            "application": application["client_id"],
            "team": application["team"] or "",
            "owner": visit.session.member,
            "purpose": typed["purpose"],
            "expires_days": _number(typed["days"]),
            # All of them: those of the subscriptions, whatever these will be.
            "scopes": [] if chosen == granted else chosen,
            "networks": typed["networks"].split(),
        }
        try:
            made = value_of(await visit.call("issueCredential", body=body))
        except Refused as refused:
            return await self._form(visit, typed, _faults(refused), refused=refused, chosen=chosen)
        return self._once(visit, made)

    async def ask(self, visit: Visit) -> Response:
        return await self._rotation(visit, str(OVERLAP))

    async def rotate(self, visit: Visit) -> Response:
        """Issues a successor; the old one stays good for some days."""
        days, key_id = visit.form.text("overlap"), visit.request.path_params["key_id"]
        number = _number(days)
        if number is None:
            fault = translated("Say how many days.")
            return await self._rotation(visit, days, {"overlap_until": fault}, status=422)
        until = int(self._shell.clock()) + number * DAY
        body = {"overlap_until": rfc3339(until)}
        try:
            made = value_of(await visit.call("rotateCredential", {"key_id": key_id}, body=body))
        except Refused as refused:
            return await self._rotation(visit, days, _faults(refused), refused=refused)
        return self._once(visit, made, overlap=until)

    async def _application(self, visit: Visit) -> Any:
        return await visit.ask("showApplication", {"client_id": visit.request.path_params["client_id"]})

    async def _form(
        self,
        visit: Visit,
        typed: dict[str, str],
        faults: dict[str, str] | None = None,
        *,
        chosen: list[str] | None = None,
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        application = await self._application(visit)
        granted = sorted({scope for each in application["subscriptions"] for scope in each["scopes"]})
        if chosen is None:
            sent = [each for each in granted if visit.form.text(f"scope:{each}")]
            chosen = sent if typed else granted
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "applications/issue.html",
            status=status if problem is None else problem.status,
            application=application,
            kinds=[each for each in KINDS if each == "client-secret" or application["api_keys"]],
            granted=granted,
            chosen=chosen,
            typed={"kind": KINDS[0], "purpose": "", "days": str(DAYS), "networks": "", **typed},
            faults=faults or {},
            refused=problem,
        )

    async def _rotation(
        self,
        visit: Visit,
        overlap: str,
        faults: dict[str, str] | None = None,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        found = await visit.ask("showCredential", {"key_id": visit.request.path_params["key_id"]})
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "applications/rotate.html",
            status=status if problem is None else problem.status,
            credential=found["credential"],
            overlap=overlap,
            faults=faults or {},
            refused=problem,
        )

    def _once(self, visit: Visit, made: Any, overlap: int | None = None) -> Response:
        """The page with the text. It is no page to come back to: it follows the form, and is not stored."""
        return self._shell.page(
            visit,
            "applications/secret.html",
            status=201,
            credential=made["credential"],
            secret=made["secret"],
            overlap=overlap,
        )


def _faults(refused: Refused) -> dict[str, str]:
    """The first part of a pointer is the field: `networks/0` is in the field for networks."""
    return {name.partition("/")[0]: fault for name, fault in refused.faults.items()}


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 5 else None
