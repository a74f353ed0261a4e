"""Steps on values: what each does, to what is there, to what is not, and to all items of an array."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from policies.mapping.exact_json import NotJsonError, read_exact, write_exact
from policies.mapping.faults import step_faults
from policies.mapping.mapping import Mapping, MappingError
from policies.mapping.steps import Step


def steps(*written: dict[str, Any]) -> tuple[Step, ...]:
    return msgspec.convert(list(written), tuple[Step, ...])


def mapped(value: dict[str, Any], *written: dict[str, Any]) -> dict[str, Any]:
    found = steps(*written)
    assert list(step_faults(found)) == []
    Mapping(found).apply(value)
    return value


def test_a_member_gets_another_name_in_every_item() -> None:
    value = {"lines": [{"qty": 1}, {"other": 2}, {"qty": None}]}
    assert mapped(value, {"rename": "/lines/*/qty", "to": "quantity"}) == {
        "lines": [{"quantity": 1}, {"other": 2}, {"quantity": None}]
    }


def test_a_value_moves_into_objects_that_are_made_for_it_and_out_of_them_again() -> None:
    value = mapped({"street": "A", "name": "B"}, {"move": "/street", "to": "/address/street"})
    assert value == {"name": "B", "address": {"street": "A"}}
    assert mapped(value, {"move": "/address", "to": "/name"}) == {"name": {"street": "A"}}


def test_a_body_is_wrapped_and_unwrapped() -> None:
    assert mapped({"body": [1]}, {"move": "/body", "to": "/body/data"}) == {"body": {"data": [1]}}
    assert mapped({"body": {"data": [1]}}, {"move": "/body/data", "to": "/body"}) == {"body": [1]}


def test_a_copy_shares_nothing_with_what_it_was_made_of() -> None:
    value = mapped({"a": {"x": 1}}, {"copy": "/a", "to": "/b"}, {"set": "/b/x", "value": 2})
    assert value == {"a": {"x": 1}, "b": {"x": 2}}


def test_a_default_is_put_where_nothing_is_and_null_is_something() -> None:
    written = {"default": "/lines/*/unit", "value": {"code": "pc"}}
    value = mapped({"lines": [{}, {"unit": None}]}, written)
    assert value == {"lines": [{"unit": {"code": "pc"}}, {"unit": None}]}
    assert mapped({}, {"default": "/x", "value": None}) == {"x": None}


def test_what_two_places_are_given_is_not_one_object() -> None:
    value = mapped({"lines": [{}, {}]}, {"set": "/lines/*/unit", "value": {"code": "pc"}})
    value["lines"][0]["unit"]["code"] = "kg"
    assert value["lines"][1]["unit"]["code"] == "pc"


def test_what_is_dropped_need_not_be_there() -> None:
    assert mapped({"a": 1, "list": [{"b": 1}, 2]}, {"drop": "/list/*/b"}, {"drop": "/none"}) == {
        "a": 1,
        "list": [{}, 2],
    }


@pytest.mark.parametrize(
    ("before", "form", "after"),
    [
        (12, {"as": "string"}, "12"),
        (True, {"as": "string"}, "true"),
        (Decimal("1.10"), {"as": "string"}, "1.10"),
        (Decimal("3.0"), {"as": "string"}, "3"),
        (3.0, {"as": "string"}, "3"),
        (
            Decimal("0.123456789012345678901234567890123"),
            {"multiply": 0.1},
            Decimal("0.0123456789012345678901234567890123"),
        ),
        ("2016-12-31t23:59:60z", {"dates": {"from": "date-time", "to": "date-time"}}, "2016-12-31T23:59:59Z"),
        ("12", {"as": "integer"}, 12),
        (Decimal("3.0"), {"as": "integer"}, 3),
        ("1.50", {"as": "number"}, Decimal("1.50")),
        ("false", {"as": "boolean"}, False),
        (1, {"as": "boolean"}, True),
        ("draft", {"values": {"draft": "new"}}, "new"),
        ("lost", {"values": {"draft": "new"}, "otherwise": "other"}, "other"),
        (0, {"values": {"0": "none"}}, "none"),
        (12.34, {"multiply": 100}, 1234),
        (1999, {"multiply": 0.01}, Decimal("19.99")),
        ("2026-05-01", {"dates": {"from": "date", "to": "date-time"}}, "2026-05-01T00:00:00Z"),
        ("2026-05-01T02:00:00+02:00", {"dates": {"from": "date-time", "to": "odoo"}}, "2026-05-01 00:00:00"),
        ("2026-05-01 10:00:00", {"dates": {"from": "odoo", "to": "unix"}}, 1777629600),
        (1777629600123, {"dates": {"from": "unix-ms", "to": "date-time"}}, "2026-05-01T10:00:00.123Z"),
        (None, {"as": "integer"}, None),
        (None, {"values": {"a": "b"}}, None),
        (None, {"multiply": 2}, None),
        (None, {"dates": {"from": "date", "to": "unix"}}, None),
    ],
)
def test_a_value_is_written_in_another_form(before: Any, form: dict[str, Any], after: Any) -> None:
    value = mapped({"items": [before]}, {"convert": "/items/*", **form})
    assert value == {"items": [after]}
    assert type(value["items"][0]) is type(after)


@pytest.mark.parametrize(
    ("before", "form"),
    [
        ("1e3x", {"as": "number"}),
        (1.5, {"as": "integer"}),
        ("yes", {"as": "boolean"}),
        ([], {"as": "string"}),
        ("lost", {"values": {"draft": "new"}}),
        ("12", {"multiply": 2}),
        (Decimal("1E+999999"), {"as": "integer"}),
        (Decimal("1E+999999"), {"dates": {"from": "unix", "to": "date"}}),
        ("2026-13-01", {"dates": {"from": "date", "to": "unix"}}),
        ("2026-05-01T10:00:00", {"dates": {"from": "date-time", "to": "unix"}}),
        (1e300, {"dates": {"from": "unix", "to": "date"}}),
    ],
)
def test_what_has_no_such_form_is_refused_by_its_place_and_not_told(before: Any, form: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match=r"^/secret ") as refused:
        mapped({"secret": before}, {"convert": "/secret", **form})
    assert str(before) not in str(refused.value)


def test_what_is_not_an_object_is_in_the_way() -> None:
    with pytest.raises(MappingError, match="/a/b has no object above it"):
        mapped({"a": 1}, {"set": "/a/b", "value": 2})


def test_an_expression_sees_the_whole_value() -> None:
    value: dict[str, Any] = {"body": {"first": "Ada", "last": "L.", "total": Decimal("1.5")}}
    mapped(
        value,
        {"compute": "/body/name", "jmespath": "join(' ', [body.first, body.last])"},
        {"compute": "/body/twice", "jmespath": "sum([body.total, body.total])"},
        {"compute": "/body/none", "jmespath": "body.missing"},
    )
    assert value["body"] == {
        "first": "Ada",
        "last": "L.",
        "total": Decimal("1.5"),
        "name": "Ada L.",
        "twice": 3.0,
    }
    with pytest.raises(MappingError, match="/x is computed of does not fit the expression"):
        mapped({"body": []}, {"compute": "/x", "jmespath": "join(body, body)"})


@pytest.mark.parametrize(
    ("written", "pointer", "message"),
    [
        ({}, "/0", "this has none"),
        ({"drop": "/a", "rename": "/b", "to": "c"}, "/0", "this has rename and drop"),
        ({"rename": "/a"}, "/0", "'rename' needs 'to'"),
        ({"rename": "/a", "to": "/b"}, "/0/to", "is no member's name"),
        ({"move": "/a", "to": "b"}, "/0/to", "is no JSON pointer"),
        ({"move": "/a/*/b", "to": "/c/*/b"}, "/0/to", "not the same up to their last"),
        ({"move": "/a/*/b", "to": "/c"}, "/0/to", "not the same up to their last"),
        ({"drop": "/a/*"}, "/0/drop", "not the items of an array"),
        ({"drop": "/a", "value": 1}, "/0/value", "means nothing beside 'drop'"),
        ({"default": "/a"}, "/0", "'default' needs 'value'"),
        ({"convert": "/a"}, "/0", "takes one of"),
        ({"convert": "/a", "as": "string", "multiply": 2}, "/0", "takes one of"),
        ({"convert": "/a", "multiply": 0}, "/0/multiply", "makes all values one"),
        ({"convert": "/a", "as": "string", "otherwise": 1}, "/0/otherwise", "means nothing"),
        ({"compute": "/a", "jmespath": "a ||"}, "/0/jmespath", "cannot be read"),
        ({"compute": "/a/*/b", "jmespath": "a"}, "/0/compute", "several places"),
        ({"compute": "/a", "jmespath": "|".join(["[@,@][]"] * 20)}, "/0/jmespath", "too much of a small input"),
    ],
)
def test_steps_that_say_nothing_or_two_things_are_found(
    written: dict[str, Any], pointer: str, message: str
) -> None:
    (fault,) = step_faults(steps(written))
    assert fault.pointer == pointer
    assert message in fault.message


def test_numbers_keep_their_digits() -> None:
    text = b'{"a":1.10,"b":12345678901234567890,"c":0.1}'
    assert write_exact(read_exact(text)) == text
    for broken in (b"{", b"\xff", b'{"a":NaN}', b"[" * 5000):
        with pytest.raises(NotJsonError):
            read_exact(broken)
