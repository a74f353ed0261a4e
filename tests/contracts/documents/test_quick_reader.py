"""The quick reader gives what the careful reader gives: the same value, the same findings, the same places."""

from pathlib import Path

import pytest

from contracts.documents.builder import MAX_DEPTH
from contracts.documents.document import parse
from contracts.documents.quick_reader import load_quickly, parse_quickly

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "catalog/demo/estate").rglob("*.yaml"))
YAML = {
    "scalars": "a: 1\nb: 0x1F\nc: 1e3\nd: ~\ne:\nf: yes\ng: 'no'\nh: Null\ni: .5\nj: -3\nk: True\nm: 1:30\n",
    "codes": "200: ok\n404: none\n0: zero\n",
    "key-leading-zero": "007: x\n",
    "key-number": "1.5: x\n",
    "key-null": "null: x\n",
    "key-true": "true: x\n",
    "key-quoted": "'true': x\n\"1.5\": y\n",
    "duplicate": "a: 1\nb: 2\na: 3\n",
    "duplicate-deep": "a:\n  - {x: 1, x: 2}\n",
    "merge": "a: &a {x: 1}\nb:\n  <<: *a\n",
    "alias": "a: &a {x: 1}\nb: *a\n",
    "tag": "a: !!str 1\n",
    "foreign-tag": "a: !thing 1\n",
    "infinite": "a: .inf\n",
    "too-large-number": "a: 1e999\n",
    "two-documents": "a: 1\n---\nb: 2\n",
    "mapping-as-key": "{a: 1}: x\n",
    "no-yaml": "a: [1, 2\n",
    "scalar-root": "just text\n",
    "empty": "  \n",
    "flow": "{a: [1, {b: 2}], c: {}}",
    "deep": "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    "deepest": "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    "control": "a: \x01\n",
}
JSON = {
    "plain": '{"a": [1, 2.5, -3e2, true, false, null, "x\\u00e9"], "b": {}}',
    "duplicate": '{"a": 1, "b": {"c": 1, "c": 2}}',
    "not-a-number": '{"a": NaN}',
    "infinite": '{"a": 1e999}',
    "surrogate": '{"a": "\\ud800"}',
    "pair": '{"a": "\\ud83d\\ude00"}',
    "trailing": "{} {}",
    "comma": '{"a": 1,}',
    "empty": "",
    "scalar": "3",
    "deep": "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    "deepest": "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    "far-too-deep": "[" * 50_000 + "]" * 50_000,
    "long-number": '{"a": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("case", [f"{name}.yaml" for name in YAML] + [f"{name}.json" for name in JSON])
def test_same_as_the_careful_reader(case: str) -> None:
    name, _, form = case.rpartition(".")
    text = (YAML if form == "yaml" else JSON)[name]
    expected, findings = parse(text, case)
    document, quick_findings = parse_quickly(text, case)
    assert quick_findings == findings
    assert (document is None) == (expected is None)
    if document is not None and expected is not None:
        assert repr(document.value) == repr(expected.value)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "catalog/demo/estate").rglob("*.yaml")), ids=lambda path: path.name
)
def test_places_are_there_when_asked_for(file: Path) -> None:
    expected, _ = parse(file.read_bytes(), file.name)
    document, findings = load_quickly(file, file.name)
    assert findings == []
    assert document is not None
    assert expected is not None
    assert document.value == expected.value
    pointers = [child.pointer for child in expected.root.children()]
    assert [document.place(pointer) for pointer in pointers] == [expected.place(pointer) for pointer in pointers]
    assert all(document.place_of_key(pointer).line for pointer in pointers)


@pytest.mark.parametrize("data", [b"a: \xff\n", b"", None])
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "x.yaml"
    if data is not None:
        path.write_bytes(data)
    document, findings = load_quickly(path, "x.yaml")
    assert document is None
    assert len(findings) == 1
