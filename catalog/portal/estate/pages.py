"""The pages of the estate: at a glance, as a graph, and its scorecards."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.estate.drawing import BOX, COLUMNS, HEIGHT, WIDTH, picture_of
from catalog.portal.estate.trend import trend_of
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit
from catalog.subscriptions.rights import OVERSEERS
from contracts.problems import problem

CARDS: Final = 25
EDGES: Final = 100
OBJECTS: Final = 50
ABOUT: Final = ("api", "team")


class EstatePages:
    """`/portal/estate` and below."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/estate", self.show, *OVERSEERS),
            shell.get("/estate/graph", self.graph, *OVERSEERS),
            shell.get("/estate/scorecards", self.cards, *OVERSEERS),
            shell.get("/estate/scorecards/{about}/{name}", self.card, *OVERSEERS),
        )

    async def show(self, visit: Visit) -> Response:
        estate = await visit.ask("showEstate")
        return self._shell.page(visit, "estate/estate.html", estate=estate, trend=trend_of(estate["looks"]))

    async def graph(self, visit: Visit) -> Response:
        """All of it, or what is around a node. Where there is none such, that is said, and all of it shown."""
        kind = visit.query("kind", visit.query("about").partition(":")[0])
        name = visit.query("name", visit.query("about").partition(":")[2]).strip()
        about = f"{kind}:{name}" if name and kind in COLUMNS else ""
        fault = ""
        try:
            found = await visit.ask("showEstateGraph", about=about)
        except Refused as refused:
            if not about:
                raise
            fault = translated("There is no such node in the estate in force.")
            if refused.problem.status != 404:
                fault = refused.problem.detail
            found = await visit.ask("showEstateGraph")
        start, object_start = _start(visit, "start"), _start(visit, "objects")
        objects = _objects(found)
        return self._shell.page(
            visit,
            "estate/graph.html",
            status=404 if fault else 200,
            about="" if fault else about,
            kind=kind if kind in COLUMNS else COLUMNS[1],
            name=name,
            fault=fault,
            titles={each["id"]: each["title"] for each in found["nodes"]},
            picture=picture_of(found),
            geometry={"width": WIDTH, "box": BOX, "height": HEIGHT},
            objects=objects[object_start : object_start + OBJECTS],
            object_count=len(objects),
            object_start=object_start,
            object_page=OBJECTS,
            edges=found["edges"][start : start + EDGES],
            edge_count=len(found["edges"]),
            start=start,
            page=EDGES,
        )

    async def cards(self, visit: Visit) -> Response:
        about = visit.query("about") if visit.query("about") in ABOUT else ""
        owner = visit.query("owner")
        found = await visit.ask(
            "listScorecards", about=about, owner=owner, after=visit.query("after"), limit=CARDS
        )
        teams = (await visit.ask("listTeams", limit=500))["items"]
        return self._shell.page(
            visit,
            "estate/scorecards.html",
            block="results",
            cards=found["items"],
            next=found["next"],
            about=about,
            owner=owner,
            owners=[each["name"] for each in teams if each["apis"]],
        )

    async def card(self, visit: Visit) -> Response:
        path = visit.request.path_params
        found = (await visit.ask("listScorecards", about=path["about"], name=path["name"]))["items"]
        if not found:
            raise Refused(problem("resource-not-found", "There is no scorecard of this in the estate in force."))
        card = found[0]
        apis: list[Any] = []
        if card["about"] == "team":
            listed = await visit.ask("listScorecards", about="api", owner=card["name"], limit=CARDS)
            apis = listed["items"]
        return self._shell.page(visit, "estate/scorecard.html", card=card, apis=apis)


def _start(visit: Visit, name: str) -> int:
    """Where a page of a table begins."""
    return int(visit.query(name)) if visit.query(name).isdecimal() else 0


def _objects(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """Business objects: where each has its record, by which APIs, and which APIs carry it besides. Those without a
    record, or with several, come first."""
    found = []
    for node in graph["nodes"]:
        if node["kind"] != "object":
            continue
        records = [each for each in graph["edges"] if each["source"] == node["id"]]
        of_record = {api for each in records for api in each["through"]}
        carried = [
            each["source"].partition(":")[2]
            for each in graph["edges"]
            if each["relation"] == "carries" and each["target"] == node["id"]
        ]
        found.append(
            {
                "node": node,
                "systems": [each["target"].partition(":")[2] for each in records],
                "apis": sorted(of_record),
                "carried": [each for each in carried if each not in of_record],
            }
        )
    return sorted(found, key=lambda each: (len(each["apis"]) == 1, each["node"]["name"]))
