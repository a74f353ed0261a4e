"""The graph's picture and the trend's: where things stand, and what is left out."""

from typing import Any

from catalog.portal.estate.drawing import BOX, MOST, ROW, WIDTH, picture_of
from catalog.portal.estate.trend import BOTTOM, HEIGHT, trend_of


def node(identity: str) -> dict[str, Any]:
    kind, _, name = identity.partition(":")
    return {"id": identity, "kind": kind, "name": name, "title": name, "owner": "", "detail": ""}


def edge(source: str, target: str, relation: str, *through: str) -> dict[str, Any]:
    return {"source": source, "target": target, "relation": relation, "through": list(through)}


def graph(*edges: dict[str, Any], nodes: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    names = dict.fromkeys((*nodes, *(end for each in edges for end in (each["source"], each["target"]))))
    return {
        "nodes": [node(each) for each in names],
        "edges": list(edges),
        "unrecorded": [],
        "disputed": [],
        **more,
    }


def test_each_kind_has_its_column_within_the_picture() -> None:
    found = picture_of(
        graph(
            edge("consumer:a", "api:b", "calls"),
            edge("api:b", "system:c", "served-by"),
            edge("object:d", "system:c", "record-in"),
        )
    )
    x = {box.node["kind"]: box.x for box in found.boxes}
    assert x["consumer"] < x["api"] < x["system"] < x["object"] <= WIDTH - BOX
    assert all(line.path.startswith("M") for line in found.lines)
    assert len(found.lines) == 3


def test_neighbours_stand_beside_each_other() -> None:
    crossed = graph(
        edge("consumer:a", "api:z", "calls"),
        edge("consumer:m", "api:m", "calls"),
        edge("consumer:z", "api:a", "calls"),
    )
    y = {box.node["id"]: box.y for box in picture_of(crossed).boxes}
    assert y["consumer:a"] == y["api:z"]
    assert y["consumer:z"] == y["api:a"]


def test_what_goes_by_way_of_the_system_is_not_drawn_twice() -> None:
    found = picture_of(
        graph(
            edge("api:orders", "object:order", "carries"),
            edge("api:invoices", "object:order", "carries"),
            edge("object:order", "system:erp", "record-in", "orders"),
        )
    )
    assert [(each.edge["source"], each.edge["relation"]) for each in found.lines] == [
        ("api:invoices", "carries"),
        ("object:order", "record-in"),
    ]


def test_of_many_those_with_the_most_to_do_are_drawn() -> None:
    idle = tuple(f"consumer:idle-{number}" for number in range(MOST))
    found = picture_of(graph(edge("consumer:zealous", "api:b", "calls"), nodes=idle))
    drawn = {box.node["id"] for box in found.boxes}
    assert "consumer:zealous" in drawn
    assert found.left_out == {"consumer": 1}
    assert found.height >= MOST * ROW


def test_an_object_without_one_record_is_amiss() -> None:
    found = picture_of(
        graph(nodes=("object:a", "object:b", "object:c"), unrecorded=["object:a"], disputed=["object:b"])
    )
    assert {box.node["name"]: box.amiss for box in found.boxes} == {"a": True, "b": True, "c": False}


def test_nothing_is_a_picture_too() -> None:
    assert picture_of(graph()).boxes == ()


def look(errors: int, warnings: int) -> dict[str, Any]:
    return {"publication": 1, "errors": errors, "warnings": warnings}


def test_errors_stand_on_the_floor_and_warnings_on_them() -> None:
    found = trend_of([look(1, 3), look(0, 0)])
    first, second = found.bars
    floor = HEIGHT - BOTTOM
    assert found.most == 4
    assert first.errors_y + first.errors_height == floor
    assert first.warnings_y + first.warnings_height == first.errors_y
    assert (second.errors_height, second.warnings_height) == (0, 0)
    assert second.x > first.x
    assert trend_of([]).bars == ()
