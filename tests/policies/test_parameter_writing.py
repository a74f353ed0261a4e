"""What is written of a parameter is read as the same value again, whatever its style."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import Parameter
from policies.parameter_writing import UnwritableError, write_header, write_path, write_query
from policies.validation.parameters import ParameterReader
from policies.validation.validators import Validators
from tests.support.policy_world import exchange, operation

SCHEMAS: dict[str, Any] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "list": {"type": "array", "items": {"type": "string"}},
    "record": {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "additionalProperties": False,
    },
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
SAFE = TEXTS.filter(
    lambda text: text not in (".", "..") and not any(c in "/\\" or c < " " or c == "\x7f" for c in text)
)
QUERY_STYLES = (
    ("text", "form", True),
    ("integer", "form", False),
    ("list", "form", True),
    ("list", "form", False),
    ("list", "pipeDelimited", False),
    ("list", "spaceDelimited", False),
    ("record", "form", True),
    ("record", "form", False),
    ("record", "deepObject", True),
)
PATH_STYLES = tuple(
    (kind, style, explode)
    for kind in SCHEMAS
    for style in ("simple", "label", "matrix")
    for explode in (False, True)
)


def values_of(kind: str, text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    # What divides an encoded list cannot be told from what divides its items.
    plain = text.filter(lambda each: not any(c in " |,.;=&" for c in each))
    if kind == "text":
        return plain
    if kind == "integer":
        return st.integers(-(10**12), 10**12)
    if kind == "list":
        return st.lists(plain, min_size=1, max_size=4)
    return st.fixed_dictionaries({"a": plain, "b": st.integers(0, 99)})


@pytest.mark.parametrize(("kind", "style", "explode"), QUERY_STYLES)
@given(data=st.data())
def test_a_query_parameter(kind: str, style: str, explode: bool, data: st.DataObject) -> None:
    parameter = Parameter("the name", "query", style, explode, SCHEMAS[kind])
    value = data.draw(values_of(kind, TEXTS))
    request = exchange()
    request.query = "&".join(write_query(parameter, value)).encode()
    assert ParameterReader(operation(parameters=(parameter,)), Validators({}))(request) == []
    assert request.parameters["query"]["the name"] == value


@pytest.mark.parametrize(("kind", "style", "explode"), PATH_STYLES)
@given(data=st.data())
def test_a_path_parameter(kind: str, style: str, explode: bool, data: st.DataObject) -> None:
    parameter = Parameter("id", "path", style, explode, SCHEMAS[kind], required=True)
    value = data.draw(values_of(kind, SAFE))
    path = write_path("/orders/{id}", {"id": parameter}, {"id": value})
    request = exchange()
    request.path_values = (path.removeprefix("/orders/"),)
    reader = ParameterReader(operation(path="/orders/{id}", parameters=(parameter,)), Validators({}))
    assert reader(request) == []
    assert request.parameters["path"]["id"] == value


def test_json_is_written_where_the_contract_says_so() -> None:
    parameter = Parameter("filter", "query", "form", True, True, content_type="application/json")
    assert write_query(parameter, {"a": [1, "é"]}) == ["filter=%7B%22a%22%3A%5B1%2C%22%C3%A9%22%5D%7D"]
    assert write_query(parameter, None) == []


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a\\b", "a\nb", "\x00", None, {}, [[]]])
def test_a_path_that_could_be_read_otherwise_is_not_written(value: Any) -> None:
    parameter = Parameter("id", "path", "simple", False, True, required=True)
    with pytest.raises(UnwritableError):
        write_path("/orders/{id}", {"id": parameter}, {"id": value})
    with pytest.raises(UnwritableError, match="has no value"):
        write_path("/orders/{id}", {"id": parameter}, {})


def test_a_header_field_has_no_line_of_its_own() -> None:
    parameter = Parameter("X-Tags", "header", "simple", False, True)
    assert write_header(parameter, ["a", 1, True]) == b"a,1,true"
    assert write_header(parameter, None) is None
    with pytest.raises(UnwritableError, match="control character"):
        write_header(parameter, "a\r\nX-Other: b")
