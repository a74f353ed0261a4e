"""Places that are looked for in the text are those that the careful reader notes: of every value and every key."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from contracts.documents import block_places as block_places_module
from contracts.documents import quick_reader
from contracts.documents.block_places import block_places
from contracts.documents.document import Document, parse
from contracts.documents.json_places import json_places
from contracts.documents.quick_reader import parse_quickly
from contracts.documents.spot import Spot
from contracts.findings import Finding
from tests.benchmarks import contract_document
from tests.contracts.documents.random_texts import ROUNDS, changed, json_text, yaml_text
from tests.contracts.documents.test_block_reader import TAKEN

ROOT = Path(__file__).parents[3]
FOLDERS = ("catalog", "charts", "contracts", "tests/data")
FILES = sorted(
    path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.suffix in (".json", ".yaml", ".yml")
)
YAML = {
    **{name: text for name, (text, _) in TAKEN.items()},
    "anchors": "a: &x {b: [1, 2]}\nc: *x\nd: &y\n  e: *x\n",
    "merge": "a: &x {b: 1}\nc:\n  <<: *x\n",
    "key on more lines": '? "a\n  b"\n: c: d\n"e": f\n',
    "json": '{"a": [1, {"b": null}], "c": {"d": {}},\n "e": "x"}',
    "json after a comment": '# x\n{"a": [1, {"b": null}]}\n',
    "json in a member": 'a:\n  - b: {"c":\n    [1,\n       2]}\n    d: e\n',
    "other planes": "😀: [😀, {😀😀: x}]\nb: 😀 # 😀\nc: {d: 😀, e: 1}\n",
    "nothing at the end": "a:\n  b:\n  - c:\n  -\n# x\n\n  # y\n",
    "comments between": "a:\n  # x\n\n  # y\n  b: 1\n# z\n\nc:\n  # x\n  - 1\n  # y\n  - 2\n",
    "comments at the column of members": "a:\n  b: |\n    one\n  # c: 1\n  d: 2\n",
    "literals with anything in them": "a: |\n  b: c\n  - d\n  # e\n  f:\n\n\n  g\nb: >-\n  x\n",
    "dashes": "- - - a: b\n      c: d\n    - e\n  - f\n-\n  - g\n",
    "spaces": "a:    b\n-c:   {d:    e}\nf:   \n    g:    h   \n",
    "tab after a dash": "- \ta\n- b:\tc\n",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_places_in_files(path: Path) -> None:
    text = path.read_bytes().decode("utf-8-sig")
    _compare(text, path.name)
    _compare(text.replace("\n", "\r\n"), path.name)


@pytest.mark.parametrize("name", YAML)
def test_places_in_yaml(name: str) -> None:
    _compare(YAML[name], "a.yaml")
    _compare(YAML[name].replace("\n", "\r\n"), "a.yaml")


def test_places_in_random_yaml() -> None:
    chance = random.Random(6)
    found: Counter[str] = Counter()
    for _ in range(ROUNDS):
        text = yaml_text(chance)
        found[_compare(text, "a.yaml")] += 1
        found[_compare(changed(text, chance), "a.yaml")] += 1
    assert found[block_places.__name__] > ROUNDS / 4  # else hardly anything was tested


@pytest.mark.parametrize("file", ["a.json", "a.yaml"])
def test_places_in_random_json(file: str) -> None:
    chance = random.Random(7)
    found: Counter[str] = Counter()
    for _ in range(ROUNDS):
        text = json_text(chance)
        found[_compare(text, file)] += 1
        found[_compare(changed(text, chance), file)] += 1
    assert found[json_places.__name__] > ROUNDS / 4


@pytest.mark.parametrize("file", ["a.json", "a.yaml"])
def test_hardly_anything_is_read_once_more(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    made = contract_document.document(60, 100_000)
    text = contract_document.as_json(made) if file == "a.json" else contract_document.as_yaml(made)
    read: list[int] = []

    def counted(text: str, file: str) -> tuple[Document | None, list[Finding]]:
        read.append(len(text))
        return parse(text, file)

    monkeypatch.setattr(block_places_module, "parse", counted)
    monkeypatch.setattr(quick_reader, "parse", counted)
    document, _ = parse_quickly(text, file)
    assert document is not None
    paths = document.at("/paths")
    assert paths is not None
    assert len({node.place for node in paths.children()}) > 10
    assert sum(read) < len(text) / 100


def _compare(text: str, file: str) -> str:
    """Fails where value, findings, or a place differ; returns by whom the places were found."""
    expected, faults = parse(text, file)
    document, findings = parse_quickly(text, file)
    assert findings == faults, text
    if expected is None or document is None:
        assert document is expected, text
        return "nobody"
    assert repr(document.value) == repr(expected.value), text
    assert _all(document.spot) == _all(expected.spot), text
    places = getattr(document, "_places", None)
    return "the careful reader" if places is None else places.__name__


def _all(spot: Spot) -> Any:
    children = spot.children
    below: Any = None
    if isinstance(children, dict):
        below = [(key, line, column, _all(child)) for key, (line, column, child) in children.items()]
    elif children is not None:
        below = [*map(_all, children)]
    return spot.line, spot.column, type(children), below
