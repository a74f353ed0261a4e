from typing import Any

import pytest

from contracts.adopt.yaml_edit import YamlEdit
from contracts.adopt.yaml_text import dump
from contracts.documents.document import parse

TEXT = """\
# about the whole
a: 1 # one
b:
  # about c
  c: [1, 2]
  d:
  - x
  # about e
  e: |
    two
    lines
# about f
f: {g: 1}
"""


def editing(text: str, file: str = "f.yaml") -> YamlEdit:
    document, findings = parse(text, file)
    assert document is not None
    assert findings == []
    return YamlEdit(document, text)


def parsed(text: str) -> Any:
    document, findings = parse(text, "f.yaml")
    assert document is not None
    assert findings == []
    return document.value


def test_new_members_replaced_ones_and_removed_ones_leave_the_rest_alone() -> None:
    edit = editing(TEXT)
    edit.put("/b", "new", {"k": ["v"]}, before="e")
    edit.put("/b", "last", 9)
    edit.put("", "a", 2)
    edit.remove("/b", "d")
    text, kept = edit.result()
    assert kept
    assert (
        text
        == """\
# about the whole
a: 2
b:
  # about c
  c: [1, 2]
  new:
    k:
      - v
  # about e
  e: |
    two
    lines
  last: 9
# about f
f: {g: 1}
"""
    )


def test_two_new_members_at_one_place_keep_their_order() -> None:
    edit = editing("a:\n  z: 1\n")
    edit.put("/a", "x", 1, before="z")
    edit.put("/a", "y", 2, before="z")
    assert edit.result() == ("a:\n  x: 1\n  y: 2\n  z: 1\n", True)


@pytest.mark.parametrize(
    ("text", "parent"),
    [("a: {b: 1}\n", "/a"), ("a: {\n  b: 1 }\n", "/a"), ("a: {}\n", "/a"), ("{a: 1}\n", "")],
)
def test_flow_style_is_written_anew_and_the_caller_told(text: str, parent: str) -> None:
    edit = editing("# lost\n" + text)
    edit.put(parent, "new", [1])
    result, kept = edit.result()
    assert not kept
    assert parsed(result) == edit.value
    assert "new" in edit.value.get("a", edit.value) if parent else "new" in edit.value


def test_a_mapping_that_loses_its_last_member_becomes_an_empty_one() -> None:
    edit = editing("a:\n  b: 1\nc: 2\n")
    edit.remove("/a", "b")
    assert parsed(edit.result()[0]) == {"a": {}, "c": 2}


def test_json_becomes_yaml() -> None:
    edit = editing('{"a": {"b": "on"}, "n": 1e3}', "f.json")
    edit.put("/a", "c", "1e3")
    result, kept = edit.result()
    assert not kept
    assert parsed(result) == {"a": {"b": "on", "c": "1e3"}, "n": 1000.0}


def test_lines_without_a_last_line_break_and_with_a_byte_order_mark() -> None:
    edit = editing("\ufeffa:\n  b: 1")
    edit.put("/a", "c", 2)
    assert edit.result() == ("a:\n  b: 1\n  c: 2\n", True)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "no",
            "on",
            "1:30",
            "1e3",
            "0o7",
            "0x1F",
            "1_000",
            "~",
            "null",
            "",
            " x",
            "x ",
            "2026-01-01",
            "<<",
            "=",
            "-",
        ),
        *(
            "a: b",
            "#c",
            "a #b",
            "*x",
            "&x",
            "!x",
            "%x",
            "@x",
            "`x",
            "'",
            '"',
            "\t",
            "a\nb",
            "a\n",
            "\na",
            "a \nb",
            "ü€",
        ),
        *(None, True, False, 0, -1, 1.5, 1e300, 10**30, [], {}, [[]], {"200": {"a": [1, {"b": None}]}}),
        {"y": "n", "1e3": 1, "null": 2, "": 3},
        "long " * 60,
    ],
)
def test_what_is_dumped_reads_back_the_same(value: Any) -> None:
    result = parsed(dump({"v": value}))["v"]
    assert result == value
    assert type(result) is type(value)
