import pytest

from contracts.documents import builder as document_builder
from contracts.documents.document import MAX_BYTES, load, parse
from contracts.openapi.rules import CONTRACT_RULES


def read(text, file="a.yaml"):
    document, findings = parse(text, file)
    assert findings == []
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("0o17", 15),
        ("0x1F", 31),
        ("017", 17),
        ("+12", 12),
        ("-0.5", -0.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("true", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("Null", None),
        ('"true"', "true"),
        ("'12'", "12"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
        ("{200: a, '404': b}", {"200": "a", "404": "b"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("'<<': 1", {"<<": 1}),
        ("no: 1", {"no": 1}),
    ],
)
def test_yaml_is_read_by_the_core_schema(text, value):
    found = read(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"a": "\ud83d\ude00\/\n"}', {"a": "😀/\n"}),
        ("[1, -2.5e3, true, false, null, []]", [1, -2500.0, True, False, None, []]),
        (' {"a":{"b":[{}]}} \r\n', {"a": {"b": [{}]}}),
        ('"x"', "x"),
        ("12345678901234567890123", 12345678901234567890123),
    ],
)
def test_json_is_read_as_json(text, value):
    assert read(text, "a.json") == value


FAULTS = [
    # file, text, rule, line, column, part of the message
    ("a.yaml", "a: [1", "yaml-syntax", 2, 1, "','"),
    ("a.yaml", "a: b: c", "yaml-syntax", 1, 5, "mapping values"),
    ("a.yaml", "a: 1\n---\nb: 1", "yaml-syntax", 2, 1, "second document"),
    ("a.yaml", "a: é\x07", "yaml-syntax", 1, 5, "control characters"),
    ("a.yaml", "a: !!python/object 1", "yaml-syntax", 1, 4, "python/object"),
    ("a.yaml", "a: !!python/object {}", "yaml-syntax", 1, 4, "python/object"),
    ("a.yaml", "a: !!int x", "yaml-syntax", 1, 4, "does not fit"),
    ("a.yaml", "a: *b", "yaml-syntax", 1, 4, "`*b` has no anchor"),
    ("a.yaml", "a: &b [*b]", "yaml-syntax", 1, 8, "refers to a value that holds it"),
    ("a.yaml", "a: &b x\n*b : 1", "yaml-syntax", 2, 1, "`*b` stands as a key"),
    ("a.yaml", "a: .inf", "yaml-syntax", 1, 4, "`.inf`"),
    ("a.yaml", "a: 1e999", "yaml-syntax", 1, 4, "`1e999`"),
    ("a.yaml", "a: " + "9" * 5000, "yaml-syntax", 1, 4, "JSON cannot hold"),
    ("a.yaml", "a: 1\nb: 2\na: 3", "duplicate-key", 3, 1, "`a` stands here again; it is first at 1:1"),
    ("a.yaml", "1.5: a", "key-not-string", 1, 1, "`1.5`"),
    ("a.yaml", "true: a", "key-not-string", 1, 1, "`true`"),
    ("a.yaml", "? [a]\n: b", "key-not-string", 1, 3, "a mapping or a sequence"),
    ("a.yaml", "a: {x: 1}\n<<: {y: 1}", "merge-key", 2, 1, "`<<`"),
    ("a.yaml", "", "empty-document", 1, 1, "empty"),
    ("a.yaml", "# nothing", "empty-document", 1, 1, "no document"),
    ("a.yaml", b"a: \xff", "not-utf-8", 1, 4, "byte 3"),
    ("a.yaml", "[" * 101 + "]" * 101, "document-too-deep", 1, 101, "100"),
    ("a.json", '{"a":1,}', "json-syntax", 1, 8, "a key in double quotes"),
    ("a.json", "{a: 1}", "json-syntax", 1, 2, "a key in double quotes"),
    ("a.json", '{"a" 1}', "json-syntax", 1, 6, "`:`"),
    ("a.json", "[1\n 2]", "json-syntax", 2, 2, "`,` or `]`"),
    ("a.json", '{"a": 1 "b"}', "json-syntax", 1, 9, "`,` or `}`"),
    ("a.json", "[]x", "json-syntax", 1, 3, "nothing more"),
    ("a.json", "[NaN]", "json-syntax", 1, 2, "a value"),
    ("a.json", "[-Infinity]", "json-syntax", 1, 2, "a number"),
    ("a.json", "[1e999]", "json-syntax", 1, 2, "a double"),
    ("a.json", "[01]", "json-syntax", 1, 3, "`,`"),
    ("a.json", r'["\ud800"]', "json-syntax", 1, 2, "surrogates"),
    ("a.json", '["a\nb"]', "json-syntax", 1, 4, "control character"),
    ("a.json", "[tru]", "json-syntax", 1, 2, "value"),
    ("a.json", '{"a": 1, "a": 2}', "duplicate-key", 1, 10, "first at 1:2"),
    ("a.json", "[" * 101 + "]" * 101, "document-too-deep", 1, 101, "100"),
]


@pytest.mark.parametrize(("file", "text", "rule", "line", "column", "message"), FAULTS)
def test_every_fault_is_found_at_its_place(file, text, rule, line, column, message):
    _, findings = parse(text, file)
    assert [(f.rule, f.place.line, f.place.column, f.place.file) for f in findings] == [(rule, line, column, file)]
    assert message in findings[0].message
    assert rule in CONTRACT_RULES


def test_lesser_faults_are_found_all_at_once_and_leave_a_document():
    document, findings = parse("a: 1\na: 2\n1.5: x\n<<: {}\nb: .nan\n", "a.yaml")
    assert document.value == {"a": 1, "b": None}
    assert [f.rule for f in findings] == ["duplicate-key", "key-not-string", "merge-key", "yaml-syntax"]


def test_aliases_cannot_blow_up():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    document, findings = parse("\n".join(lines), "a.yaml")
    assert document is None
    assert [f.rule for f in findings] == ["document-too-large"]


def test_aliases_cannot_nest_deeper_than_the_bound():
    lines = ["a0: &a0 [1]"] + [f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 120)]
    document, findings = parse("\n".join(lines), "a.yaml")
    assert document is None
    assert [f.rule for f in findings] == ["document-too-deep"]


def test_nodes_are_bounded(monkeypatch):
    monkeypatch.setattr(document_builder, "MAX_NODES", 10)
    assert parse("[1, 2, 3, 4, 5, 6, 7, 8, 9]", "a.yaml")[1] == []
    assert parse("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", "a.yaml")[1][0].rule == "document-too-large"


def test_the_file_is_bounded(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * MAX_BYTES + b"\n")
    document, findings = load(path, "a.yaml")
    assert document is None
    assert [f.rule for f in findings] == ["document-too-large"]


def test_missing_and_unreadable_files_are_findings(tmp_path):
    assert [f.rule for f in load(tmp_path / "none.yaml", "none.yaml")[1]] == ["file-missing"]
    assert [f.rule for f in load(tmp_path, "folder.yaml")[1]] == ["file-unreadable"]


def test_a_byte_order_mark_is_no_content(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    document, findings = load(path, "a.yaml")
    assert (document.value, findings) == ({"a": 1}, [])


TEXT = """\
paths:
  /a~b/{c}:
    get:
      tags: [x, {y: z}]
shared: &s {k: v}
again: *s
"""
TEXT_JSON = '{\n "paths": {"/a~b/{c}":\n  {"get": {"tags": ["x", {"y": "z"}]}}}\n}'


@pytest.mark.parametrize(
    ("pointer", "line", "column", "key_line", "key_column", "found"),
    [
        ("", 1, 1, 1, 1, ""),
        ("/paths/~1a~0b~1{c}", 3, 5, 2, 3, "/paths/~1a~0b~1{c}"),
        ("/paths/~1a~0b~1{c}/get/tags/0", 4, 14, 4, 14, "/paths/~1a~0b~1{c}/get/tags/0"),
        ("/paths/~1a~0b~1{c}/get/tags/1/y", 4, 21, 4, 18, "/paths/~1a~0b~1{c}/get/tags/1/y"),
        ("/paths/~1a~0b~1{c}/get/tags/7", 4, 13, 4, 13, "/paths/~1a~0b~1{c}/get/tags"),
        ("/paths/nothing/here", 2, 3, 2, 3, "/paths"),
        ("/again/k", 5, 16, 5, 13, "/again/k"),
    ],
)
def test_values_know_their_place(pointer, line, column, key_line, key_column, found):
    document, _ = parse(TEXT, "a.yaml")
    place = document.place(pointer)
    assert (place.file, place.line, place.column, place.pointer) == ("a.yaml", line, column, found)
    key = document.place_of_key(pointer)
    assert (key.line, key.column, key.pointer) == (key_line, key_column, found)


def test_values_of_json_know_their_place():
    document, _ = parse(TEXT_JSON, "a.json")
    place = document.place("/paths/~1a~0b~1{c}/get/tags/1/y")
    assert (place.line, place.column) == (3, 32)
    key = document.place_of_key("/paths/~1a~0b~1{c}")
    assert (key.line, key.column) == (2, 12)


@pytest.mark.parametrize("pointer", ["paths", "/paths/x", "/again/k/0", "/paths/~1a~0b~1{c}/get/tags/01x"])
def test_what_is_not_there_is_not_found(pointer):
    document, _ = parse(TEXT, "a.yaml")
    assert document.at(pointer) is None


def test_a_node_finds_its_children():
    document, _ = parse(TEXT, "a.yaml")
    tags = document.at("/paths/~1a~0b~1{c}/get/tags")
    assert [child.pointer for child in tags.children()] == [tags.pointer + "/0", tags.pointer + "/1"]
    assert [child.key for child in document.root.get("paths").children()] == ["/a~b/{c}"]
    assert document.root.text("paths") is None
    assert document.root.get("shared").text("k") == "v"


def test_a_large_document_reads_the_same_as_a_small_one():
    text = "\n".join(f"k{n}: {{a: [1, 2, {n}], b: 'x'}}" for n in range(5000))
    value = read(text)
    assert len(value) == 5000
    assert value["k4999"] == {"a": [1, 2, 4999], "b": "x"}
