"""Paths: what they select, evaluated alone and in one walk with others; and what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.lint.jsonpath.ast import PathSyntaxError
from contracts.lint.jsonpath.automaton import Automaton
from contracts.lint.jsonpath.parser import parse
from contracts.lint.jsonpath.selecting import Selection

BOOK = {
    "paths": {
        "/a": {
            "get": {
                "operationId": "getA",
                "tags": ["x"],
                "parameters": [{"in": "query", "name": "q"}, {"in": "path"}],
            },
            "post": {"deprecated": True, "n": 3},
            "parameters": [1, 2, 3],
        },
        "/b/{id}": {"get": {"deprecated": False, "$ref": "#"}},
    },
    "info": {"title": "T", "type": ["array", "null"], "empty": {}, "none": None, "a b": 1},
}


def itself(value: Any) -> Any:
    return value


def alone(path: str, document: Any) -> list[tuple[str, str]]:
    found = Selection(document, itself).select(parse(path), document)
    return sorted((json.dumps(each.path), json.dumps(each.value)) for each in found)


def in_one_walk(paths: list[str], document: Any) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {path: [] for path in paths}

    def emit(path: str) -> Callable[[Any, tuple[str | int, ...]], None]:
        return lambda value, keys: found[path].append((json.dumps(keys), json.dumps(value)))

    Automaton([(parse(path), emit(path)) for path in paths]).run(document, itself)
    return {path: sorted(rows) for path, rows in found.items()}


def keys(path: str, document: Any = None) -> list[str]:
    document = BOOK if document is None else document
    rows = alone(path, document)
    assert in_one_walk([path], document)[path] == rows
    return sorted("/".join(map(str, json.loads(each))) for each, _ in rows)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", [""]),
        ("$.info.title", ["info/title"]),
        ("$['info']['title']", ["info/title"]),
        ('$.info["a b"]', ["info/a b"]),
        ("$.info['title','none']", ["info/none", "info/title"]),
        ("$.info[title,none]", ["info/none", "info/title"]),
        ("$.paths.*.get", ["paths//a/get", "paths//b/{id}/get"]),
        ("$.paths[*][get,post].deprecated", ["paths//a/post/deprecated", "paths//b/{id}/get/deprecated"]),
        ("$..operationId", ["paths//a/get/operationId"]),
        ("$..parameters[0]", ["paths//a/get/parameters/0", "paths//a/parameters/0"]),
        ("$..parameters[-1]", ["paths//a/get/parameters/1", "paths//a/parameters/2"]),
        ("$..parameters[(@.length-1)]", ["paths//a/get/parameters/1", "paths//a/parameters/2"]),
        ("$['paths']['/a'].parameters[0:2]", ["paths//a/parameters/0", "paths//a/parameters/1"]),
        ("$['paths']['/a'].parameters[::2]", ["paths//a/parameters/0", "paths//a/parameters/2"]),
        ("$['paths']['/a'].parameters[1:]", ["paths//a/parameters/1", "paths//a/parameters/2"]),
        ("$['paths']['/a'].parameters[::-2]", ["paths//a/parameters/0", "paths//a/parameters/2"]),
        ("$['paths']['/a'].parameters[0,-1]", ["paths//a/parameters/0", "paths//a/parameters/2"]),
        ("$.paths[*]~", ["paths//a", "paths//b/{id}"]),
        ("$..operationId^", ["paths//a/get"]),
        ("$..operationId^^", ["paths//a"]),
        ("$..operationId^~", ["paths//a/get"]),
        ("$.info.title^.none", ["info/none"]),
        ("$.paths[?(@property.match(/^\\/b/))]", ["paths//b/{id}"]),
        ("$.paths[?(@property !== '/a')]", ["paths//b/{id}"]),
        ("$.paths[*][?(@property in ['get', 'put'])]", ["paths//a/get", "paths//b/{id}/get"]),
        ("$..[?(@.in == 'query')]", ["paths//a/get/parameters/0"]),
        ("$..[?(@ && @.in === 'query' && @.name)]", ["paths//a/get/parameters/0"]),
        ("$..parameters[?(@.in && !@.name)]", ["paths//a/get/parameters/1"]),
        ("$..[?(@.deprecated)]", ["paths//a/post"]),
        ("$..[?(@.deprecated === false)]", ["paths//b/{id}/get"]),
        ("$..[?(@.deprecated !== void 0)]", ["paths//a/post", "paths//b/{id}/get"]),
        ("$..[?(@.n > 2 && @.n <= 3)]", ["paths//a/post"]),
        ("$..[?(@.type.includes('array'))]", ["info"]),
        ("$..[?(@.type && @.type.constructor.name === 'Array')]", ["info"]),
        ("$..[?(@.tags.length == 1)]", ["paths//a/get"]),
        ("$..[?(@.tags.indexOf('x') >= 0)]", ["paths//a/get"]),
        ("$.info[?(@ === null)]", ["info/none"]),
        ("$.info[?(@.length === 0)]", []),
        ("$.info[?(typeof @ === 'number')]", ["info/a b"]),
        ("$.info@string()", ["info/title"]),
        ("$.info[?(@property ~= '^ti')]", ["info/title"]),
        ("$.info[?(/^TI/i.test(@property))]", ["info/title"]),
        ("$.info[?(Array.isArray(@))]", ["info/type"]),
        ("$.info[?(@property.length === 5 ? @ === 'T' : false)]", ["info/title"]),
        ("$.info[?(@parentProperty === 'info' && @property === 'none')]", ["info/none"]),
        ("$.info[?(@path === \"$['info']['title']\")]", ["info/title"]),
        ("$.info[?(@property === 'title' && @parent.paths)]", ["info/title"]),
        ("$.paths[*].get[?(@property === '$ref')]", ["paths//b/{id}/get/$ref"]),
        # RFC 9535: a query alone asks for existence.
        ("$..[?@.deprecated]", ["paths//a/post", "paths//b/{id}/get"]),
        ("$..[?!@.deprecated && @.operationId]", ["paths//a/get"]),
        ("$..[?@.deprecated == false]", ["paths//b/{id}/get"]),
        ("$..[?@.type == ['array', 'null']]", ["info"]),
        ("$..[?@.parameters[*].name]", ["paths//a/get"]),
        ("$..[?count(@.parameters[*]) == 2]", ["paths//a/get"]),
        ("$..[?length(@.title) == 1]", ["info"]),
        ("$..[?match(@.operationId, 'get.')]", ["paths//a/get"]),
        ("$..[?search(@.operationId, 'etA$')]", ["paths//a/get"]),
        ("$..[?match(@.operationId, 'et')]", []),
        ("$..[?@.n < 'x']", []),
        ("$.paths[?$.info.title == 'T']", ["paths//a", "paths//b/{id}"]),
    ],
)
def test_selects(path: str, expected: list[str]) -> None:
    assert keys(path) == expected


def test_all_containers() -> None:
    document = {"a": [1, {"b": {}}], "c": 2}
    assert keys("$..", document) == ["", "a", "a/1", "a/1/b"]
    assert keys("$..*", document) == ["a", "a/0", "a/1", "a/1/b", "c"]


def test_names_and_indices_do_not_meet() -> None:
    document = {"list": ["a", "b"], "map": {"0": "x", "length": 5}}
    assert keys("$.*[0]", document) == ["list/0", "map/0"]
    assert keys("$.*['0']", document) == ["map/0"]
    assert keys("$[?(@.length === 5)]", document) == ["map"]
    assert keys("$[?(@.length === 2)]", document) == ["list"]


@pytest.mark.parametrize(
    ("path", "message", "position"),
    [
        ("", "expected `$` and found the end", 0),
        ("info", "expected `$` and found `i`", 0),
        ("$.", "expected a name or `*` and found the end", 2),
        ("$.a[", "expected a name or `*` and found the end", 4),
        ("$.a['b", "the string has no end; expected `'`", 4),
        ("$.a[?(@.b]", "expected `)` and found `]`", 9),
        ("$.a[?(b == 1)]", "`b` is not defined", 6),
        ("$.a[?(@.b.forEach(1))]", "a script cannot call `.forEach()`; known:", 17),
        ("$.a[?(process.exit(1))]", "`process` is not defined", 6),
        ("$.a[?(@.constructor.constructor('x')())]", "a script cannot call `.constructor()`", 31),
        ("$.a[?(@foo)]", "there is no `@foo`", 7),
        ("$.a[?(/(/.test(@))]", "it is no regular expression (ECMA-262), or too large", 9),
        ("$.a~.b", "nothing stands after `~`", 4),
        ("$.a.@foo()", "there is no `@foo()`; known:", 5),
        ("$.a[?(@.b = 1)]", "expected `)` and found `=`", 10),
        ("$.a b", "expected `.`, `..`, `[`, `^` or `~` and found ` `", 3),
        ("$" + "[?(" + "(" * 100, "an expression is nested at most 40 deep", 43),
        ("$" + ".a" * 3000, "an expression is at most 4000 characters long", 4000),
        ("$" + ".a" * 70, "a path has at most 60 segments", 121),
    ],
)
def test_refuses(path: str, message: str, position: int) -> None:
    with pytest.raises(PathSyntaxError) as raised:
        parse(path)
    assert raised.value.message.startswith(message)
    assert raised.value.position == position


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from([None, True, 1, "a", "b"]),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=12,
)
SELECTORS = st.sampled_from(
    [
        *(".a", ".b", "..a", "..b", ".*", "..*", "[0]", "[-1]", "[0:2]", "[a,b]", "..[a,c]", "[*]"),
        *(
            "[?(@.a)]",
            "..[?(@.a === 'a')]",
            "[?(@property === 'b')]",
            "..[?(@.b || @.c)]",
            "[?(@ == 1)]",
            "[?@.a]",
        ),
        *("[?(@property !== 'a')]", "..[?(@.a.includes('a') && @.b !== void 0)]", "[?(@.length > 1)]"),
    ]
)
ENDS = st.sampled_from(["", "", "^", "~", "^^", "^~"])
PATHS = st.builds(lambda steps, end: "$" + "".join(steps) + end, st.lists(SELECTORS, max_size=4), ENDS)


@given(document=VALUES, paths=st.lists(PATHS, min_size=1, max_size=6, unique=True))
@settings(max_examples=300, deadline=None)
def test_one_walk_finds_what_each_path_finds_alone(document: Any, paths: list[str]) -> None:
    found = in_one_walk(paths, document)
    for path in paths:
        # A parent that several children lead to is delivered for each of them; rules report it once.
        assert sorted(set(found[path])) == sorted(set(alone(path, document))), path


@given(text=st.text(alphabet="$.[]()?@*'\"ab01:,^~!=&|<> /\\", max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        path = parse("$" + text)
    except PathSyntaxError:
        return
    Selection({"a": [1, {"b": "a"}]}, itself).select(path, {"a": [1, {"b": "a"}]})
