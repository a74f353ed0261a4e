"""The pages of the catalogue: the list that is searched, an API, the reference of a version, and what changed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.apis.contracts import Contracts
from catalog.portal.apis.reference import chapters_of
from catalog.portal.apis.samples import TOKEN, samples_of
from catalog.portal.apis.search import Index, index_of, words_of
from catalog.portal.apis.timeline import LEFT, ROW, WIDTH, timeline_of
from catalog.portal.apis.usage import drawn_usage
from catalog.portal.shell import Shell
from catalog.portal.visit import Refused, Visit
from catalog.publication import Publisher
from catalog.subscriptions.rights import OVERSEERS
from catalog.subscriptions.rules import plans_of
from contracts.diff.context import Options
from contracts.diff.diff import bump_of, diff, verdict_of
from contracts.estate.estate import Estate
from contracts.estate.versioning import how_chosen
from contracts.limits_text import parse_limit
from contracts.operations import OdooBackend
from contracts.problems import problem

PAGE: Final = 24
FILTERS: Final = ("owner", "domain", "state", "classification")


class ApiPages:
    """`/portal/apis` and below."""

    def __init__(self, shell: Shell, publisher: Publisher) -> None:
        self._shell = shell
        self._publisher = publisher
        self._contracts = Contracts(publisher)
        self._indexed: tuple[Estate, Mapping[str, Index]] | None = None
        self.routes = (
            shell.get("/apis", self.catalogue),
            shell.get("/apis/{api}", self.api),
            shell.get("/apis/{api}/changes", self.changes),
            shell.get("/apis/{api}/{version}", self.reference),
        )

    async def catalogue(self, visit: Visit) -> Response:
        apis = await self._all(visit)
        words = words_of(visit.query("q"))
        chosen = {name: visit.query(name) for name in FILTERS}
        choices = {
            name: sorted({str(each) for api in apis for each in _values(api, name) if each}) for name in FILTERS
        }
        found = []
        for api in apis:
            hits = self._index().get(api["name"], _NO_INDEX).hits(words) if words else ()
            if hits is None or any(value and value not in _values(api, name) for name, value in chosen.items()):
                continue
            found.append((api, hits))
        start = max(0, _number(visit.query("start")))
        return self._shell.page(
            visit,
            "apis/catalogue.html",
            block="results",
            found=found[start : start + PAGE],
            total=len(found),
            q=visit.query("q"),
            chosen=chosen,
            choices=choices,
            start=start,
            page=PAGE,
        )

    async def api(self, visit: Visit) -> Response:
        api = await visit.ask("getApi", {"api": visit.request.path_params["api"]})
        estate = self._publisher.estate
        plans = {
            name: [parse_limit(limit, text) for limit, text in plan.limits.items()]
            for name, plan in (estate.file.plans.items() if estate is not None else ())
            if estate is not None and name in plans_of(estate, api["name"])
        }
        now = datetime.fromtimestamp(self._shell.clock(), UTC)
        publications = await visit.ask("listPublications", {"unit": api["name"]}, limit=20)
        served_by_odoo = visit.may(*OVERSEERS) and self._is_served_by_odoo(api["name"])
        drift = await visit.ask("listDrift", api=api["name"], limit=1) if served_by_odoo else {"items": ()}
        return self._shell.page(
            visit,
            "apis/api.html",
            block="usage",
            api=api,
            record=await visit.ask("getPromise", {"api": api["name"]}) if api["slo"] else None,
            usage=await drawn_usage(visit, api["name"], now),
            plans=plans,
            timeline=timeline_of(api["versions"], now),
            geometry={"width": WIDTH, "row": ROW, "left": LEFT},
            publications=publications["items"],
            served_by_odoo=served_by_odoo,
            drifted=bool(drift["items"]),
            address=self._address(),
        )

    async def reference(self, visit: Visit) -> Response:
        name, wanted = visit.request.path_params["api"], visit.request.path_params["version"]
        api = await visit.ask("getApi", {"api": name})
        version = next((each for each in api["versions"] if each["version"] == wanted), None)
        revision = self._contracts.in_force(name)
        contract = None
        if version is not None and revision is not None:
            contract = await self._contracts.of(revision, name, wanted)
        if version is None or contract is None:
            raise Refused(problem("resource-not-found", "There is no contract of this version in force."))
        base, chosen = self._address() + version["base_path"], self._chosen(name, wanted)
        return self._shell.page(
            visit,
            "apis/reference.html",
            api=api,
            version=version,
            info=contract.document.root.value.get("info", {}),
            chapters=chapters_of(contract),
            samples_of=lambda operation: samples_of(operation, base, chosen),
            tried=self._tried(name, wanted),
            base=base,
            chosen=chosen,
            token=TOKEN,
        )

    async def changes(self, visit: Visit) -> Response:
        name = visit.request.path_params["api"]
        api = await visit.ask("getApi", {"api": name})
        history = (await visit.ask("listPublications", {"unit": name}, limit=100))["items"]
        revisions = [each["revision"] for each in history if each["revision"]]
        base = visit.query("from") or (revisions[1] if len(revisions) > 1 else "")
        revision = visit.query("to") or (revisions[0] if revisions else "")
        compared = [
            (each["version"], *await self._compared(name, each["version"], base, revision))
            for each in api["versions"]
        ]
        return self._shell.page(
            visit, "apis/changes.html", api=api, history=history, base=base, revision=revision, compared=compared
        )

    async def _compared(self, api: str, version: str, base: str, revision: str) -> tuple[Any, ...]:
        """The changes of a version between two revisions, the verdict and the bump; None where one has none."""
        old = await self._contracts.of(base, api, version) if base else None
        new = await self._contracts.of(revision, api, version) if revision else None
        if old is None or new is None:
            return None, "", ""
        today = datetime.fromtimestamp(self._shell.clock(), UTC).date()
        changes = diff(old, new, Options(today))
        return changes, verdict_of(changes), bump_of(changes)

    async def _all(self, visit: Visit) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            part = await visit.ask("listApis", limit=200, after=after)
            found += part["items"]
            after = part["next"]
            if after is None:
                return found

    def _index(self) -> Mapping[str, Index]:
        estate = self._publisher.estate
        if estate is None:
            return {}
        if self._indexed is None or self._indexed[0] is not estate:
            self._indexed = (estate, index_of(estate))
        return self._indexed[1]

    def _tried(self, api: str, version: str) -> frozenset[str]:
        """The operations that the console can call."""
        current = self._publisher.current
        versions = () if current is None else current.contracts.versions
        of = (each.operations for each in versions if (each.api, each.version) == (api, version))
        return frozenset(each.id for operations in of for each in operations if not each.websocket)

    def _is_served_by_odoo(self, api: str) -> bool:
        current = self._publisher.current
        versions = () if current is None else current.contracts.versions
        of = (each.operations for each in versions if each.api == api)
        return any(isinstance(each.backend, OdooBackend) for operations in of for each in operations)

    def _chosen(self, api: str, version: str) -> str:
        """What a request says beside its address to be for a version."""
        current = self._publisher.current
        versions = () if current is None else current.contracts.versions
        return next((how_chosen(each) for each in versions if (each.api, each.version) == (api, version)), "")

    def _address(self) -> str:
        """Where partners reach the gateway: this deployment's, which may be another than the estate's."""
        current = self._publisher.current
        return "" if current is None else current.contracts.audience


_NO_INDEX: Final = Index("", ())


def _values(api: Mapping[str, Any], name: str) -> list[Any]:
    return [each["state"] for each in api["versions"]] if name == "state" else [api[name]]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
