"""The console: an operation is called through the gateway, and what was decided about the call is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.responses import Response

from catalog.portal.apis.contracts import Contracts
from catalog.portal.apis.reference import Shown, chapters_of
from catalog.portal.apis.samples import value_of
from catalog.portal.shell import Shell
from catalog.portal.visit import Refused, Visit
from catalog.portal.visit import value_of as result_of
from catalog.publication import Publisher
from catalog.trying.building import media_types
from catalog.trying.console import TryConsole
from contracts.access import Application
from contracts.operations import Operation
from contracts.problems import problem

MOST_APPLICATIONS: Final = 200
"""Applications that are offered; whoever has more names one in the address."""
PREFIX: Final = "p."


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter as a field of the form; `name` is the field's."""

    name: str
    label: str
    place: str
    type: str
    required: bool
    hint: str
    value: str
    pointer: str


class TryPages:
    """`/portal/apis/{api}/{version}/try/{operation}`."""

    def __init__(self, shell: Shell, publisher: Publisher, console: TryConsole) -> None:
        self._shell = shell
        self._publisher = publisher
        self._console = console
        self._contracts = Contracts(publisher)
        path = "/apis/{api}/{version}/try/{operation}"
        self.routes = (shell.get(path, self.form), shell.post(path, self.attempt))

    async def form(self, visit: Visit) -> Response:
        shown, operation = await self._operation(visit)
        body = next((each for each in shown.bodies if each.media_type in media_types(operation)), None)
        typed = {each.name: each.value for each in _inputs(shown, operation)}
        typed |= {
            "application": visit.query("application"),
            "body": "" if body is None else body.example,
            "content_type": "" if body is None else body.media_type,
        }
        return self._page(visit, shown, operation, typed)

    async def attempt(self, visit: Visit) -> Response:
        shown, operation = await self._operation(visit)
        form, inputs = visit.form, _inputs(shown, operation)
        typed = {each.name: form.text(each.name) for each in inputs}
        typed |= {name: form.text(name) for name in ("application", "content_type")}
        typed["body"] = form.secret("body").replace("\r\n", "\n")
        parameters: dict[str, dict[str, str]] = {}
        for each in inputs:
            if typed[each.name]:
                parameters.setdefault(each.place, {})[each.label] = typed[each.name]
        wanted: dict[str, Any] = {"parameters": parameters}
        wanted |= {name: typed[name] for name in ("application", "body", "content_type") if typed[name].strip()}
        try:
            result = await visit.call("tryOperation", dict(visit.request.path_params), body=wanted)
        except Refused as refused:
            if refused.problem.status not in (404, 409, 422):
                raise
            return self._page(visit, shown, operation, typed, refused=refused)
        return self._page(visit, shown, operation, typed, trial=result_of(result))

    async def _operation(self, visit: Visit) -> tuple[Shown, Operation]:
        """The operation as it is shown, and as it is compiled. Raises Refused where there is none in force."""
        api, version, name = (visit.request.path_params[each] for each in ("api", "version", "operation"))
        current, revision = self._publisher.current, self._contracts.in_force(api)
        versions = () if current is None else current.contracts.versions
        served = next((each for each in versions if (each.api, each.version) == (api, version)), None)
        compiled = None if served is None else next((each for each in served.operations if each.id == name), None)
        contract = None if revision is None else await self._contracts.of(revision, api, version)
        if contract is not None and compiled is not None and not compiled.websocket:
            for chapter in chapters_of(contract):
                for each in chapter.operations:
                    if (each.method, each.path) == (compiled.method, compiled.path):
                        return each, compiled
        raise Refused(problem("resource-not-found", "There is no such operation in force that can be tried."))

    def _page(
        self,
        visit: Visit,
        shown: Shown,
        operation: Operation,
        typed: Mapping[str, str],
        *,
        refused: Refused | None = None,
        trial: Any = None,
    ) -> Response:
        path = visit.request.path_params
        return self._shell.page(
            visit,
            "apis/try.html",
            status=200 if refused is None else refused.problem.status,
            api=path["api"],
            version=path["version"],
            operation=shown,
            inputs=_inputs(shown, operation),
            typed=typed,
            pairs=[(each, each) for each in media_types(operation)],
            applications=self._applications(visit, path["api"], path["version"], typed["application"]),
            needs_key=not operation.public and not operation.scopes and operation.api_key is not None,
            address=self._console.address(),
            refused=None if refused is None else refused.problem,
            faults={} if refused is None else refused.faults,
            trial=trial,
            body="" if trial is None else _readable(trial["body"]),
        )

    def _applications(self, visit: Visit, api: str, version: str, chosen: str) -> list[tuple[Application, bool]]:
        """Those for which one may try it, with whether they are subscribed; those that are come first."""
        own = self._console.applications(visit.principal)
        rated = [(each, any((s.api, s.version) == (api, version) for s in each.subscriptions)) for each in own]
        rated.sort(key=lambda each: (each[0].client_id != chosen, not each[1]))
        return rated[:MOST_APPLICATIONS]


def _readable(body: str) -> str:
    """JSON with a line for each member; anything else as it came."""
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.DecodeError:
        return body


def _inputs(shown: Shown, operation: Operation) -> tuple[Input, ...]:
    known = {(each.location, each.name) for each in operation.parameters}
    return tuple(
        Input(
            name=f"{PREFIX}{place}.{row.name}",
            label=row.name,
            place=place,
            type=row.type,
            required=row.required,
            hint=", ".join((*row.facts, *([" | ".join(row.values)] if row.values else []))),
            value=value_of(row) if row.required else "",
            pointer=f"parameters/{place}/{row.name.replace('~', '~0').replace('/', '~1')}",
        )
        for place, row in shown.parameters
        if (place, row.name) in known
    )
