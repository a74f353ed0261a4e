"""The estate's graph as a picture in SVG: a column for each kind of node, laid out here, so that a browser without
scripts shows it. All of it stands in the tables beside the picture too.

Within a column nodes stand near what they have to do with: by the mean place of their neighbours, a few times to
and fro (the barycenter heuristic of Sugiyama, Tagawa and Toda, 1981).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 1080
BOX: Final = 186
HEIGHT: Final = 34
ROW: Final = 46
TOP: Final = 34
MOST: Final = 40
"""Nodes of a kind in one picture; those with the most to do come first."""

COLUMNS: Final = ("consumer", "api", "system", "object")
_STEP: Final = (WIDTH - BOX - 4) / (len(COLUMNS) - 1)
_SWEEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A node and where its upper left corner is. `amiss` says that it is an object with no record, or with two."""

    node: Mapping[str, Any]
    x: float
    y: float
    amiss: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What is between two nodes, as the path of a curve."""

    edge: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture. `heads` are the kinds and where their columns begin; `left_out` says for how many nodes of a
    kind there is no place."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    heads: tuple[tuple[str, float], ...]
    height: int
    left_out: Mapping[str, int]


def picture_of(graph: Mapping[str, Any]) -> Picture:
    """`graph` as the admin API has it."""
    edges = _to_draw(graph["edges"])
    columns, left_out = _columns(graph["nodes"], edges)
    _arrange(columns, edges)
    longest = max((len(each) for each in columns.values()), default=0)
    amiss = {*graph["unrecorded"], *graph["disputed"]}
    places: dict[str, Box] = {}
    for number, kind in enumerate(COLUMNS):
        x = round(2 + number * _STEP, 1)
        above = TOP + (longest - len(columns[kind])) * ROW / 2
        for row, node in enumerate(columns[kind]):
            places[node["id"]] = Box(node, x, round(above + row * ROW, 1), node["id"] in amiss)
    heads = tuple((kind, round(2 + number * _STEP, 1)) for number, kind in enumerate(COLUMNS))
    lines = tuple(_lines(edges, places))
    return Picture(tuple(places.values()), lines, heads, TOP + longest * ROW, left_out)


def _to_draw(edges: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """That an API carries the object of which its own system has the record is seen by way of that system."""
    said = {
        (f"api:{api}", each["source"])
        for each in edges
        if each["relation"] == "record-in"
        for api in each["through"]
    }
    return [
        each for each in edges if each["relation"] != "carries" or (each["source"], each["target"]) not in said
    ]


def _columns(
    nodes: Sequence[Mapping[str, Any]], edges: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, list[Mapping[str, Any]]], dict[str, int]]:
    degree: dict[str, int] = {}
    for edge in edges:
        for end in (edge["source"], edge["target"]):
            degree[end] = degree.get(end, 0) + 1
    columns: dict[str, list[Mapping[str, Any]]] = {}
    left_out: dict[str, int] = {}
    for kind in COLUMNS:
        every = sorted(
            (each for each in nodes if each["kind"] == kind),
            key=lambda each: (-degree.get(each["id"], 0), each["name"]),
        )
        columns[kind] = sorted(every[:MOST], key=lambda each: str(each["name"]))
        if len(every) > MOST:
            left_out[kind] = len(every) - MOST
    return columns, left_out


def _arrange(columns: Mapping[str, list[Mapping[str, Any]]], edges: Sequence[Mapping[str, Any]]) -> None:
    beside: dict[str, set[str]] = {}
    for edge in edges:
        beside.setdefault(edge["source"], set()).add(edge["target"])
        beside.setdefault(edge["target"], set()).add(edge["source"])
    for sweep in range(_SWEEPS):
        order = COLUMNS[1:] if sweep % 2 == 0 else COLUMNS[-2::-1]
        for kind in order:
            at = _heights(columns)
            columns[kind].sort(key=lambda node, at=at: _mean(node["id"], beside, at))  # type: ignore[misc]


def _heights(columns: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """Where each node is from 0 to 1, so that columns of different lengths compare."""
    return {
        str(node["id"]): (row + 0.5) / len(column)
        for column in columns.values()
        for row, node in enumerate(column)
    }


def _mean(identity: str, beside: Mapping[str, set[str]], at: Mapping[str, float]) -> float:
    found = [at[each] for each in sorted(beside.get(identity, ())) if each in at]
    return sum(found) / len(found) if found else at[identity]


def _lines(edges: Sequence[Mapping[str, Any]], places: Mapping[str, Box]) -> Iterator[Line]:
    for edge in edges:
        ends = [places[each] for each in (edge["source"], edge["target"]) if each in places]
        if len(ends) == 2:
            left, right = sorted(ends, key=lambda box: box.x)
            x1, y1, x2, y2 = left.x + BOX, left.y + HEIGHT / 2, right.x, right.y + HEIGHT / 2
            bend = (x2 - x1) / 2
            yield Line(edge, f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}")
