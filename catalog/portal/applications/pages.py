"""The pages of applications: the list, one of them with all that its people need to know, and a new one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from catalog.clock import rfc3339
from catalog.portal.applications.metadata import METHODS, fault_fields, metadata_of
from catalog.portal.plots import by_status, by_version
from catalog.portal.quotas import Quota, quotas_of
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, value_of
from catalog.publication import Publisher
from catalog.subscriptions.rights import acting_right, own_consumers

PAGE: Final = 25
DAYS: Final = 30
"""Days of usage that are drawn."""
LATEST: Final = 10
FAILED: Final = 3


class ApplicationPages:
    """`/portal/applications`, `/portal/applications/{client_id}` and `/portal/register`."""

    def __init__(self, shell: Shell, publisher: Publisher) -> None:
        self._shell = shell
        self._publisher = publisher
        self.routes = (
            shell.get("/applications", self.applications),
            shell.get("/register", self.new, "partner-developer"),
            shell.post("/register", self.register, "partner-developer"),
            shell.get("/applications/{client_id}", self.application),
            shell.post("/applications/{client_id}/keys", self.keys),
            shell.post("/applications/{client_id}/end", self.end),
        )

    async def applications(self, visit: Visit) -> Response:
        consumer, text = visit.query("consumer"), visit.query("q").strip()
        after = visit.query("after")
        found = await visit.ask("listApplications", consumer=consumer, q=text, after=after, limit=PAGE)
        waiting: list[Any] = []
        if visit.may("partner-developer", "security", "operator"):
            waiting = (await visit.ask("listRegistrations", state="pending", limit=PAGE))["items"]
        return self._shell.page(
            visit,
            "applications/list.html",
            block="results",
            applications=found["items"],
            next=found["next"],
            waiting=waiting,
            acting=bool(own_consumers(visit.principal, self._publisher.estate)),
            consumer=consumer,
            q=text,
        )

    async def application(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def new(self, visit: Visit) -> Response:
        return self._form(visit, {"method": METHODS[0]})

    async def register(self, visit: Visit) -> Response:
        """Registers a client, and shows what of it exists nowhere else."""
        typed = {name: visit.form.text(name) for name in ("consumer", "name", "method", "redirects", "jwks")}
        metadata, faults = metadata_of(typed)
        if faults:
            return self._form(visit, typed, faults, status=422)
        body = {"consumer": typed["consumer"], "metadata": metadata}
        try:
            made = value_of(await visit.call("registerApplication", body=body))
        except Refused as refused:
            return self._form(visit, typed, fault_fields(refused), refused=refused)
        return self._shell.page(
            visit,
            "applications/registered.html",
            status=201,
            registration=made["registration"],
            secret=made["client_secret"],
            until=made["client_secret_expires_at"],
            token=made["registration_access_token"],
        )

    async def keys(self, visit: Visit) -> Response:
        """Replaces a registered client's public keys."""
        client_id, text = visit.request.path_params["client_id"], visit.form.text("jwks")
        try:
            keys = json.loads(text)
        except ValueError:
            keys = None
        if not isinstance(keys, dict):
            fault = translated("A JWK set is a JSON object.")
            return await self._page(visit, jwks=text, faults={"jwks": fault}, status=422)
        try:
            await visit.call("replaceApplicationKeys", {"client_id": client_id}, body={"jwks": keys})
        except Refused as refused:
            return await self._page(visit, jwks=text, faults=fault_fields(refused), refused=refused)
        return self._shell.redirect(f"/applications/{client_id}?done=keys")

    async def end(self, visit: Visit) -> Response:
        """Ends what was registered."""
        client_id, reason = visit.request.path_params["client_id"], visit.form.text("reason")
        if not reason:
            return await self._page(visit, faults={"reason": translated("Say why.")}, status=422)
        await visit.call("endRegistration", {"client_id": client_id}, query={"reason": reason})
        return self._shell.redirect("/applications?done=ended")

    async def _page(
        self, visit: Visit, *, refused: Refused | None = None, status: int = 200, **typed: Any
    ) -> Response:
        client_id = visit.request.path_params["client_id"]
        problem = None if refused is None else refused.problem
        common: dict[str, Any] = {
            "status": status if problem is None else problem.status,
            "refused": problem,
            "registration": await self._registration(visit, client_id),
            "done": visit.query("done"),
            "faults": {},
            "jwks": "",
            **typed,
        }
        try:
            found = await visit.ask("showApplication", {"client_id": client_id})
        except Refused:
            if common["registration"] is None:
                raise
            return self._shell.page(visit, "applications/waiting.html", **common)
        now = datetime.fromtimestamp(self._shell.clock(), UTC)
        path = {"client_id": client_id}
        since = now - timedelta(days=DAYS - 1)
        usage = await visit.ask("getApplicationUsage", path, **{"from": rfc3339(since), "to": rfc3339(now)})
        return self._shell.page(
            visit,
            "applications/application.html",
            application=found,
            acting=acting_right(visit.principal, self._publisher.estate, found["consumer"]) is not None,
            credentials=(await visit.ask("listCredentials", application=client_id, limit=PAGE)),
            requests=(await visit.ask("listSubscriptionRequests", application=client_id, limit=LATEST))["items"],
            unused=(await visit.ask("listUnusedScopes", path))["items"],
            todo=(await visit.ask("listToDo", application=client_id))["items"],
            errors=(await visit.ask("listErrors", application=client_id, limit=FAILED))["items"],
            status_plot=by_status(usage["points"], since.date(), now.date()),
            version_plot=by_version(usage["points"], since.date(), now.date()),
            quotas=self._quotas(found, usage["points"], now),
            **common,
        )

    async def _registration(self, visit: Visit, client_id: str) -> Any:
        """The registration that it came of, where it came of one that is the person's to see."""
        try:
            return await visit.ask("showRegistration", {"client_id": client_id})
        except Refused:
            return None

    def _quotas(self, found: Any, points: Any, now: datetime) -> tuple[Quota, ...]:
        current = self._publisher.current
        plans = {} if current is None else {each.name: each.limits for each in current.contracts.plans}
        named = ((each["api"], each["version"], plans.get(each["plan"], ())) for each in found["subscriptions"])
        return quotas_of(named, points, now.date())

    def _form(
        self,
        visit: Visit,
        typed: dict[str, str],
        faults: dict[str, str] | None = None,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> Response:
        problem = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "applications/new.html",
            status=status if problem is None else problem.status,
            consumers=[(name, name) for name in sorted(own_consumers(visit.principal, self._publisher.estate))],
            methods=METHODS,
            typed={"consumer": "", "name": "", "redirects": "", "jwks": "", **typed},
            faults=faults or {},
            refused=problem,
        )
