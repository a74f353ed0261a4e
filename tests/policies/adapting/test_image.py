"""What steps make of a schema holds for what they make of its instances: without that, nothing would be proved."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from policies.adapting.examples import Examples
from policies.adapting.image import image
from policies.adapting.library import Library, UnclearError
from policies.adapting.proof import Counterexample, judge
from policies.mapping.faults import step_faults
from policies.mapping.mapping import Mapping, copied
from policies.mapping.steps import Step

NAMES = ("a", "b", "c", "d")
LEAVES: tuple[dict[str, Any], ...] = (
    {"type": "integer", "minimum": -5, "maximum": 90},
    {"type": "integer"},
    {"type": "number", "minimum": 0},
    {"type": "string", "maxLength": 3},
    {"type": ["string", "null"], "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "enum": ["x", "y", "1"]},
    {"type": "boolean"},
    {"enum": [1, None, "x"]},
    {"type": "null"},
    {"$ref": "urn:t#/components/schemas/Unit"},
)
DOCUMENTS: dict[str, Any] = {
    "urn:t": {
        "$id": "urn:t",
        "components": {
            "schemas": {
                "Unit": {"$ref": "#/components/schemas/Code"},
                "Code": {"type": "string", "enum": ["kg", "pc"]},
                "Base": {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                },
            }
        },
    }
}


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    def made(members: dict[str, Any], required: list[str], closed: bool) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object", "properties": members}
        if kept := [name for name in required if name in members]:
            schema["required"] = kept
        if closed:
            schema["additionalProperties"] = False
        return schema

    names = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)
    return st.builds(made, st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), names, st.booleans())


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.sampled_from((0, 1))
    )


def compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    branches = st.lists(inner, min_size=1, max_size=2)
    return st.one_of(
        objects(inner),
        arrays(inner),
        branches.map(lambda each: {"anyOf": each}),
        objects(inner).map(lambda each: {"allOf": [{"$ref": "urn:t#/components/schemas/Base"}, each]}),
    )


SCHEMAS = objects(st.recursive(st.sampled_from(LEAVES), compounds, max_leaves=6))


def places(schema: Any) -> list[str]:
    """Where something may be, and where nothing is."""
    found: list[str] = []

    def walk(part: Any, at: str) -> None:
        for branch in (*part.get("anyOf", ()), *part.get("allOf", ())):
            walk(branch, at)
        for name, member in part.get("properties", {}).items():
            found.append(f"{at}/{name}")
            walk(member, f"{at}/{name}")
        if "items" in part:
            walk(part["items"], f"{at}/*")

    walk(schema, "")
    return sorted({*found, *(f"/{name}" for name in NAMES), *(f"{each}/d" for each in found)})


@st.composite
def steps(draw: st.DrawFn, schema: Any) -> dict[str, Any]:
    known = st.sampled_from(places(schema))
    place = draw(known)
    act = draw(st.sampled_from(("rename", "move", "copy", "default", "set", "drop", "convert", "compute")))
    step: dict[str, Any] = {act: place}
    if act == "rename":
        step["to"] = draw(st.sampled_from(NAMES))
    elif act in ("move", "copy"):
        step["to"] = draw(known)
    elif act in ("default", "set"):
        step["value"] = draw(st.sampled_from(("x", 1, None, {"a": 1}, [])))
    elif act == "compute":
        step["jmespath"] = "a"
    elif act == "convert":
        step |= draw(
            st.sampled_from(
                (
                    {"as": "string"},
                    {"as": "integer"},
                    {"as": "number"},
                    {"as": "boolean"},
                    {"values": {"x": "X", "y": 2, "1": None, "kg": "g"}},
                    {"values": {"x": "X"}, "otherwise": "?"},
                    {"multiply": 100},
                    {"multiply": -0.01},
                    {"dates": {"from": "date", "to": "date-time"}},
                    {"dates": {"from": "date-time", "to": "unix"}},
                )
            )
        )
    return step


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_an_instance_becomes_is_in_the_image(data: st.DataObject) -> None:
    schema = data.draw(SCHEMAS)
    written = [data.draw(steps(schema)) for _ in range(data.draw(st.integers(1, 3)))]
    made = msgspec.convert(written, tuple[Step, ...])
    assume(not list(step_faults(made)))
    library = Library(DOCUMENTS)
    try:
        drawn, doubts = image(made, schema, library)
    except UnclearError:
        event("unclear")
        return
    if doubts:
        event("doubted")
        return
    values = Examples(library).of(schema)
    event("without an instance" if not values else "tried")
    mapping, check = Mapping(made), library.check(drawn)
    for value in values:
        changed = copied(value)
        mapping.apply(changed)  # no doubt: it never fails
        assert check.is_valid(changed), (value, changed, drawn)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ([{"rename": "/a", "to": "b"}], {"required": ["b"], "properties": {"b": {"type": "integer"}}}),
        (
            [{"move": "/a", "to": "/c/a"}],
            {"required": ["c"], "properties": {"c": {"required": ["a"], "properties": {"a": {"minimum": 1}}}}},
        ),
        ([{"default": "/b", "value": 7}], {"required": ["a", "b"], "properties": {"b": {"minimum": 7}}}),
        ([{"drop": "/a"}], {"properties": {"a": False}}),
        ([{"convert": "/a", "as": "string"}], {"properties": {"a": {"type": "string", "maxLength": 2}}}),
        ([{"convert": "/a", "multiply": 10}], {"properties": {"a": {"multipleOf": 10, "maximum": 990}}}),
        ([{"rename": "/list/*/x", "to": "y"}], {"properties": {"list": {"items": {"required": ["y"]}}}}),
    ],
)
def test_what_can_be_proved_is_proved(written: list[dict[str, Any]], target: dict[str, Any]) -> None:
    source = {
        "type": "object",
        "required": ["a"],
        "additionalProperties": False,
        "properties": {
            "a": {"type": "integer", "minimum": 1, "maximum": 99},
            "b": {"type": "integer", "minimum": 8},
            "list": {
                "type": "array",
                "items": {"type": "object", "required": ["x"], "properties": {"x": {"type": "string"}}},
            },
        },
    }
    made = msgspec.convert(written, tuple[Step, ...])
    assert judge(made, source, target, Library({})) is None
    # The same is not proved of what asks for more.
    wrong = judge(made, source, {**target, "maxProperties": 0}, Library({}))
    assert isinstance(wrong, Counterexample)


def test_schemas_that_name_each_other_end() -> None:
    """Each of many is either of two of the next; and a node has ten children of its own kind."""
    chain = {f"S{i}": {"anyOf": [{"$ref": f"#/$defs/S{i + 1}"}] * 2} for i in range(25)}
    node = {"type": "object", "properties": {name * 3: {"$ref": "#/$defs/Node"} for name in "abcdefghij"}}
    documents = {"urn:t": {"$id": "urn:t", "$defs": {**chain, "S25": {"type": "integer"}, "Node": node}}}
    library = Library(documents)
    (step,) = msgspec.convert([{"drop": "/a"}], tuple[Step, ...])
    for name in ("S0", "Node"):
        source = {
            "type": "object",
            "properties": {"a": {"$ref": f"urn:t#/$defs/{name}"}, "b": {"$ref": f"urn:t#/$defs/{name}"}},
        }
        found = judge((step,), source, {"type": "object", "properties": {"a": False}}, library)
        assert not isinstance(found, Counterexample)
        assert Examples(library).of(source)
    with pytest.raises(UnclearError, match="too many alternatives"):
        library.alternatives({"$ref": "urn:t#/$defs/S0"})
