"""The pages of subscriptions that are asked for: the queue, one request, and a new one."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of
from catalog.publication import Publisher
from catalog.subscriptions.rights import acting_right, deciding_right
from catalog.subscriptions.rules import plans_of
from contracts.asked_scopes import version_scopes
from contracts.limits import RateLimit
from contracts.operations import ApiVersion
from contracts.problems import problem

PAGE: Final = 25
CHOICES: Final = 200
"""Applications and versions to choose from; of more, the page says how to come to one."""
STATES: Final = ("requested", "approved", "refused", "withdrawn", "replaced", "ended", "")
DECISIONS: Final = {
    "approve": "approveSubscription",
    "refuse": "refuseSubscription",
    "withdraw": "withdrawSubscription",
}


class SubscriptionPages:
    """`/portal/subscriptions` and below."""

    def __init__(self, shell: Shell, publisher: Publisher) -> None:
        self._shell = shell
        self._publisher = publisher
        self.routes = (
            shell.get("/subscriptions", self.queue),
            shell.get("/subscriptions/new", self.new, "partner-developer"),
            shell.post("/subscriptions/new", self.request, "partner-developer"),
            shell.get("/subscriptions/{number}", self.show),
            shell.post("/subscriptions/{number}/{decision}", self.decide),
        )

    async def queue(self, visit: Visit) -> Response:
        state = visit.query("state", "requested")
        wanted = state if state in STATES else "requested"
        mine = visit.query("mine") == "yes"
        found = await visit.ask(
            "listSubscriptionRequests",
            state=wanted,
            mine=mine,
            application=visit.query("application"),
            after=visit.query("after"),
            limit=PAGE,
        )
        return self._shell.page(
            visit,
            "applications/requests.html",
            block="results",
            requests=found["items"],
            next=found["next"],
            state=wanted,
            states=STATES,
            mine=mine,
            application=visit.query("application"),
        )

    async def show(self, visit: Visit) -> Response:
        return await self._request(visit)

    async def decide(self, visit: Visit) -> Response:
        """Approves, refuses or withdraws; what was approved or refused is exactly what the page has shown."""
        path, reason = visit.request.path_params, visit.form.text("reason")
        operation = DECISIONS.get(path["decision"])
        if operation is None:
            raise Refused(problem("resource-not-found", "That is nothing that can be done about a request."))
        if not reason:
            return await self._request(visit, about=path["decision"], fault=translated("Say why."), status=422)
        headers = {} if path["decision"] == "withdraw" else {"If-Match": visit.form.text("etag")}
        try:
            await visit.call(operation, {"number": path["number"]}, body={"reason": reason}, headers=headers)
        except Refused as refused:
            return await self._request(visit, about=path["decision"], typed=reason, refused=refused)
        return self._shell.redirect(f"/subscriptions/{path['number']}?done={path['decision']}")

    async def new(self, visit: Visit) -> Response:
        typed = {name: visit.query(name) for name in ("application", "target")}
        return await self._form(visit, typed)

    async def request(self, visit: Visit) -> Response:
        form = visit.form
        typed = {name: form.text(name) for name in ("application", "target", "plan", "reason")}
        version = self._version(typed["target"])
        chosen = [] if version is None else [each for each in _scopes(version) if form.text(f"scope:{each}")]
        faults: dict[str, str] = {}
        if version is None:
            faults["target"] = translated("Choose one.")
        if not typed["application"]:
            faults["application"] = translated("Choose one.")
        if not typed["reason"]:
            faults["reason"] = translated("Say why.")
        if version is None or faults:
            return await self._form(visit, typed, faults, chosen=chosen, status=422)
        body = {
            "application": typed["application"],
            "api": version.api,
            "version": version.version,
            "plan": typed["plan"],
            "scopes": chosen,
            "reason": typed["reason"],
        }
        try:
            made = value_of(await visit.call("requestSubscription", body=body))
        except Refused as refused:
            faults = {_FIELDS.get(name, name): fault for name, fault in refused.faults.items()}
            return await self._form(visit, typed, faults, chosen=chosen, refused=refused)
        return self._shell.redirect(f"/subscriptions/{made['number']}?done=request")

    async def _request(
        self, visit: Visit, *, refused: Refused | None = None, status: int = 200, **asked: Any
    ) -> Response:
        result = await visit.call("showSubscriptionRequest", {"number": visit.request.path_params["number"]})
        found, etag, estate = value_of(result), etag_of(result), self._publisher.estate
        application = await self._application(visit, found["application"])
        granted = () if application is None else application["subscriptions"]
        now = [each for each in granted if (each["api"], each["version"]) == (found["api"], found["version"])]
        acts = acting_right(visit.principal, estate, found["consumer"]) is not None
        asker = frozenset({found["requested_by"]})
        decides = deciding_right(visit.principal, estate, found["api"], asker) if estate is not None else None
        answer = None if refused is None else refused.problem
        # What changed while it was read is no fault of who decides (RFC 9110 §15.5.13).
        stale = answer is not None and answer.type.id == "state-conflict"
        return self._shell.page(
            visit,
            "applications/request.html",
            status=412 if stale else status if answer is None else answer.status,
            request=found,
            etag=etag,
            application=application,
            now=now,
            decides=decides is not None and found["state"] == "requested",
            withdraws=(acts and found["state"] == "requested")
            or (found["state"] == "approved" and (acts or visit.may("api-owner", "security", "operator"))),
            refused=answer,
            stale=stale,
            done=visit.query("done"),
            **{"about": "", "typed": "", "fault": "", **asked},
        )

    async def _application(self, visit: Visit, client_id: str) -> Any:
        """None where there is none any more."""
        try:
            return await visit.ask("showApplication", {"client_id": client_id})
        except Refused:
            return None

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
        estate = self._publisher.estate
        applications = await visit.ask("listApplications", limit=CHOICES)
        version = self._version(typed.get("target", ""))
        answer = None if refused is None else refused.problem
        granted = await self._granted(visit, typed.get("application", ""), version)
        plans = () if version is None or estate is None else plans_of(estate, version.api)
        return self._shell.page(
            visit,
            "applications/ask.html",
            status=status if answer is None else answer.status,
            applications=applications["items"],
            targets=[_target(each) for each in self._open()],
            version=version,
            plans=[(name, self._limits(name)) for name in plans],
            scopes=() if version is None else _scopes(version),
            chosen=(granted or {}).get("scopes", ()) if chosen is None else chosen,
            granted=granted,
            typed={"plan": (granted or {}).get("plan", ""), "reason": "", **typed},
            faults=faults or {},
            refused=answer,
        )

    async def _granted(self, visit: Visit, client_id: str, version: ApiVersion | None) -> Any:
        """What the application is granted of the version now."""
        application = await self._application(visit, client_id) if client_id and version is not None else None
        if application is None or version is None:
            return None
        name = (version.api, version.version)
        found = (each for each in application["subscriptions"] if (each["api"], each["version"]) == name)
        return next(found, None)

    def _open(self) -> list[ApiVersion]:
        """The versions that can be asked for."""
        current = self._publisher.current
        versions = () if current is None else current.contracts.versions
        return [each for each in versions if each.lifecycle.state in ("published", "deprecated")]

    def _version(self, target: str) -> ApiVersion | None:
        return next((each for each in self._open() if _target(each) == target), None)

    def _limits(self, plan: str) -> tuple[RateLimit, ...]:
        current = self._publisher.current
        plans = () if current is None else current.contracts.plans
        return next((each.limits for each in plans if each.name == plan), ())


_FIELDS: Final = {"version": "target", "api": "target"}


def _target(version: ApiVersion) -> str:
    return f"{version.api}/{version.version}"


def _scopes(version: ApiVersion) -> list[str]:
    return sorted(version_scopes(version))
