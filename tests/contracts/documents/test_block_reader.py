"""What is read line by line is what libyaml's events say, or it is left to them."""

import random

import pytest
import yaml

from contracts.documents.block_reader import read_blocks
from contracts.documents.builder import MAX_DEPTH
from contracts.documents.document import parse
from contracts.documents.event_reader import Unusual
from tests.contracts.documents.random_texts import ROUNDS, changed, yaml_text

TAKEN = {
    "members": ("a: 1\nb:\n  c: x\n  d:\n    e: y\nf: z\n", {"a": 1, "b": {"c": "x", "d": {"e": "y"}}, "f": "z"}),
    "nothing": ("a:\nb: ~\nc:\n  - \n  -\n", {"a": None, "b": None, "c": [None, None]}),
    "items": ("a:\n- 1\n- b: 2\n  c: 3\n- - 4\n  - 5\n-\n  - 6\n", {"a": [1, {"b": 2, "c": 3}, [4, 5], [6]]}),
    "list-at-its-key": ("a:\n- b:\n  - c\n  d: e\nf: g\n", {"a": [{"b": ["c"], "d": "e"}], "f": "g"}),
    "array-root": ("- a\n- b: c\n", ["a", {"b": "c"}]),
    "quotes": ("'a': 'it''s'\n\"b\": \"x # y: z\"\n'200': ''\n", {"a": "it's", "b": "x # y: z", "200": ""}),
    "escapes": ('a: "x\\ty"\nb: 1\n', {"a": "x\ty", "b": 1}),
    "comments": (
        "# one\na: b # two\n# three\nc: # four\n  d: 'e'  # five\nf: g#h\n",
        {"a": "b", "c": {"d": "e"}, "f": "g#h"},
    ),
    "colons": ("/a/{b}: http://x:80/y\nurn:a:b: 1:30\n", {"/a/{b}": "http://x:80/y", "urn:a:b": "1:30"}),
    "codes": ("200: a\n0: b\n", {"200": "a", "0": "b"}),
    "flow": (
        "a: [1, {b: c}]\nd: {}\ne: []\nf: [x,\n  y]\n",
        {"a": [1, {"b": "c"}], "d": {}, "e": [], "f": ["x", "y"]},
    ),
    "flow-below-its-key": (
        'a:\n  example:\n    {\n      "total": 2,\n      "apis": [{"k": "v: # x"}]\n    }\n  b: []\n',
        {"a": {"example": {"total": 2, "apis": [{"k": "v: # x"}]}, "b": []}},
    ),
    "literal": (
        "a: |\n  one\n    two\n\n  three # no comment\nb: c\n",
        {"a": "one\n  two\n\nthree # no comment\n", "b": "c"},
    ),
    "literal-at-the-end": ("a: |\n  one", {"a": "one"}),
    "literal-kept": ("a: |+\n  one\n\nb: c\n", {"a": "one\n\n", "b": "c"}),
    "folded": ("a:\n  - b: >-\n      one\n      two\n    c: d\n", {"a": [{"b": "one two", "c": "d"}]}),
    "plain-on-more-lines": ("a: one\n  two\n  - three\nb: c\n", {"a": "one two - three", "b": "c"}),
    "quoted-on-more-lines": ("a: 'one\n\n  it''s\n  two'\nb: \"x\n  y\"\n", {"a": "one\nit's two", "b": "x y"}),
    "space-before-the-next-line": ("a: 'b \n  c'\nd: e  \n  f\n", {"a": "b c", "d": "e f"}),
    "plain-below-its-key": ("a:\n  one\n  two\nb: c\n", {"a": "one two", "b": "c"}),
    "item-on-more-lines": ("- one\n  two\n- three\n", ["one two", "three"]),
    "windows": ("a: b\r\nc:\r\n  - d\r\n", {"a": "b", "c": ["d"]}),
    "start": ("# x\n---\na: b\n", {"a": "b"}),
    "minus": ("a: -3\nb: -x\nc: a - b\n", {"a": -3, "b": "-x", "c": "a - b"}),
}
LEFT = {
    "no text": "# nothing\n",
    "scalar": "a\n",
    "anchor": "a: &b c\n",
    "alias": "a: *b\n",
    "tag": "a: !!str 1\n",
    "merge": "<<: {a: 1}\nb: 2\n",
    "duplicate": "a: 1\na: 2\n",
    "key that is none": "1.5: a\n",
    "infinite": "a: 1e999\n",
    "second document": "a: 1\n---\nb: 2\n",
    "second document after an empty one": "---\n---\na: 1\n",
    "end": "a: 1\n...\n",
    "directive": "%YAML 1.2\n---\na: 1\n",
    "key on two lines": "? a\n: b\n",
    "dedent to nowhere": "a:\n    b: 1\n  c: 2\n",
    "item among members": "a: 1\n- b\n",
    "member among items": "- a\nb: 1\n",
    "indented for nothing": "a: 1\n  b: 2\n",
    "indented after a comment": "a: b\n  # c\n  d\n",
    "comment in a literal": "a: |\n  b\n# c\n  d\n",
    "tab": "a:\n\tb: 1\n",
    "control": "a: b # \x01\n",
    "line of YAML 1.1": "a: b\u2028c\n",
    "byte order mark inside": "a: \ufeffb\n",
    "open quote": "a: 'b\nc: d\n",
    "colon in a scalar": "a: b: c\n",
    "flow that is closed at its key": "a: [\n  b\n]\n",
    "a very long key": f"{'k' * 1001}: 1\n",
    "too deep": "".join(f"{' ' * depth}a:\n" for depth in range(MAX_DEPTH + 1)),
    "too many dashes": "- " * (MAX_DEPTH + 1) + "a\n",
    "too deep in a part": "".join(f"{' ' * depth}a:\n" for depth in range(MAX_DEPTH - 1))
    + f"{' ' * MAX_DEPTH}b: [[1]]\n",
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_read(name: str) -> None:
    text, value = TAKEN[name]
    assert _careful(text) == repr(value)
    assert repr(read_blocks(text)) == repr(value)


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_to_other_readers(name: str) -> None:
    with pytest.raises((Unusual, yaml.YAMLError)):
        read_blocks(LEFT[name])


def test_a_text_with_too_many_values_is_left_to_other_readers() -> None:
    with pytest.raises(Unusual):
        read_blocks("- a\n" * 1_000_001)


def test_random_texts_mean_what_they_mean_to_libyaml() -> None:
    chance = random.Random(4)
    read = sum(map(_agrees, (yaml_text(chance) for _ in range(ROUNDS))))
    assert read > ROUNDS / 4  # else hardly anything was tested


def test_random_texts_with_faults_mean_what_they_mean_to_libyaml() -> None:
    chance = random.Random(5)
    texts = (changed(yaml_text(chance), chance) for _ in range(ROUNDS * 4))
    assert 0 < sum(map(_agrees, texts)) < ROUNDS * 4


def _careful(text: str) -> str | None:
    """Of the careful reader: the value, if nothing is wrong with it."""
    document, findings = parse(text, "x.yaml")
    return None if document is None or findings else repr(document.value)


def _agrees(text: str) -> bool:
    """Whether the text is read line by line; fails where it is read in another way than the careful reader's."""
    try:
        value = read_blocks(text)
    except (Unusual, yaml.YAMLError):
        return False
    assert repr(value) == _careful(text), text
    return True
