"""Places of answers: what operations of a version share, and what is found without looking at all of it again."""

from typing import Any

import pytest

from contracts.openapi.classification import CLASSIFICATION
from policies.classifying.places import Place, Places
from policies.validation.validators import Validators

URN = "urn:ostiary:orders:v1:response"


def reference(name: str) -> dict[str, Any]:
    return {"$ref": f"{URN}#/components/schemas/{name}"}


def validators(**schemas: Any) -> Validators:
    return Validators({URN: {"components": {"schemas": schemas}}})


def properties(**members: Any) -> dict[str, Any]:
    return {"properties": members}


def test_operations_share_what_documents_say() -> None:
    found = validators(Order=properties(lines={"items": reference("Line")}), Line=properties(sku={}))
    one, other = (Places.of_operation(found).of([(reference("Order"), "")]) for _ in range(2))
    assert one is not other
    lines = one.member("lines")
    assert lines is not None
    assert lines is other.member("lines")
    inline = Places.of_operation(found).of([(properties(lines={"items": reference("Line")}), "")])
    assert inline.member("lines") is not lines
    place = inline.member("lines")
    assert place is not None
    assert place.item is not lines.item
    assert place.item.member("sku") is lines.item.member("sku")


def test_each_place_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a contract whose schemas all lead to each other, asking of each must not mean to go through all again."""
    size = 60
    schemas = {
        f"S{number}": properties(next=reference(f"S{(number + 1) % size}"), far=reference(f"S{number * 7 % size}"))
        for number in range(size)
    }
    schemas["S0"]["properties"]["secret"] = {CLASSIFICATION: "restricted"}
    looked: list[Place] = []
    is_changed = Place.is_changed

    def counted(place: Place, by: tuple[int, bool, bool]) -> bool:
        looked.append(place)
        return is_changed(place, by)

    monkeypatch.setattr(Place, "is_changed", counted)
    found = validators(**schemas)
    for number in range(size):
        root = Places.of_operation(found).of([(reference(f"S{number}"), "")])
        assert root.touches((0, True, False))
        assert not root.touches((3, True, False))
    shared = [place for place in looked if place.places is found.keep(Places, lambda: Places(found))]
    assert len(shared) == 2 * len(set(shared))


def test_what_leads_to_something_protected_is_told_from_what_does_not() -> None:
    found = validators(
        Tree=properties(left=reference("Tree"), right=reference("Leaf"), plain=reference("Plain")),
        Leaf=properties(up=reference("Tree"), secret={CLASSIFICATION: "internal"}),
        Plain=properties(again=reference("Plain")),
    )
    places = Places.of_operation(found)
    touched = {
        name: places.of([(reference(name), "")]).touches((0, False, False)) for name in ("Plain", "Leaf", "Tree")
    }
    assert touched == {"Plain": False, "Leaf": True, "Tree": True}
    assert not places.of([(reference("Tree"), "")]).touches((1, False, False))
    assert places.of([(reference("Plain"), "")]).touches((3, True, True))
