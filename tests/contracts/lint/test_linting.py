"""Linting files: places through references, suppressions, fingerprints, bad input, bounds."""

from datetime import date
from pathlib import Path

import pytest

from contracts.documents.document import parse
from contracts.lint.engine import Engine
from contracts.lint.graph import Graph
from contracts.lint.jsonpath import selecting
from contracts.lint.jsonpath.selecting import TooMuchWork
from contracts.lint.linting import LintOutcome, lint_files
from contracts.lint.ruleset.loading import load_ruleset
from tests.contracts.lint.lint_helpers import found, graph_of, read_ruleset

TODAY = date(2026, 11, 22)
NAMES = (
    "rules:\n  names: { description: Names are short., given: $..name,"
    " then: { function: length, functionOptions: { max: 3 } } }\n"
)


def outcome(folder: Path, ruleset: str, files: dict[str, str], *entries: str) -> LintOutcome:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    engine, findings = read_ruleset(folder, ruleset)
    assert findings == []
    assert engine is not None
    return lint_files(folder, entries or tuple(files), engine, today=TODAY)


def lines(result: LintOutcome) -> list[str]:
    return [str(each) for each in result.entries]


def test_a_finding_stands_where_the_value_is(tmp_path: Path) -> None:
    files = {
        "apis/v1.yaml": "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      parameters:\n"
        "        - $ref: ../common.yaml#/parameters/Long\n        - { name: fine, in: query }\n",
        "common.yaml": "parameters:\n  Long:\n    in: query\n    name: too long\n",
    }
    result = outcome(tmp_path, NAMES, files, "apis/v1.yaml")
    assert lines(result) == [
        "apis/v1.yaml:7:19: warning: Names are short. at /paths/~1a/get/parameters/1/name [names]",
        "common.yaml:4:11: warning: Names are short. at /parameters/Long/name [names]",
    ]
    assert str(result.entries[0].operation) == "GET /a"
    assert result.entries[1].operation is None


def test_what_many_refer_to_is_reported_once(tmp_path: Path) -> None:
    files = {
        "a.yaml": "openapi: 3.1.0\nx: [{ $ref: common.yaml#/p }, { $ref: common.yaml#/p }]\n",
        "b.yaml": "openapi: 3.1.0\nx: { $ref: common.yaml#/p }\n",
        "common.yaml": "p: { name: too long }\n",
    }
    result = outcome(tmp_path, NAMES, files, "a.yaml", "b.yaml")
    assert lines(result) == ["common.yaml:1:12: warning: Names are short. at /p/name [names]"]


def test_references_in_circles_and_chains(tmp_path: Path) -> None:
    text = (
        "openapi: 3.1.0\ncomponents:\n  schemas:\n"
        "    A: { properties: { b: { $ref: '#/components/schemas/B' }, a: { $ref: '#/components/schemas/A' } } }\n"
        "    B: { $ref: '#/components/schemas/C' }\n"
        "    C: { properties: { a: { $ref: '#/components/schemas/A' } }, name: too long }\n"
    )
    ruleset = "rules:\n  r: { given: '$..[?(@.properties)]', message: '{{path}}', then: { function: falsy } }\n"
    assert found(tmp_path, ruleset, text) == [
        "r api.yaml#/components/schemas/A #/components/schemas/A",
        "r api.yaml#/components/schemas/C #/components/schemas/C",
    ]


def test_unresolved_rules_see_the_references(tmp_path: Path) -> None:
    text = "openapi: 3.1.0\na: { $ref: '#/b' }\nb: { name: x }\n"
    ruleset = "rules:\n  r: { resolved: false, given: '$.a', then: { field: name, function: truthy } }\n"
    assert found(tmp_path, ruleset, text) == ['r api.yaml#/a "a.name" property must be truthy']
    assert found(tmp_path, ruleset.replace("false", "true"), text) == []


def test_yaml_aliases_are_reported_where_they_are_anchored(tmp_path: Path) -> None:
    text = "openapi: 3.1.0\na: &x { name: too long }\nb: *x\n"
    assert lines(outcome(tmp_path, NAMES, {"api.yaml": text})) == [
        "api.yaml:2:15: warning: Names are short. at /a/name [names]"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {", "api.yaml:2:1: error: this is not YAML"),
        ("asyncapi: 2.0.0", "api.yaml:1:1: error: this is no OpenAPI document of version 3.0, 3.1 or 3.2,"),
        ("openapi: 4.0.0", "api.yaml:1:10: error: this is no OpenAPI document"),
        ("[]", "api.yaml:1:1: error: this is no OpenAPI document"),
        ("openapi: 3.1.0\nopenapi: 3.1.0", "api.yaml:2:1: error: the key `openapi` stands here again"),
        ("openapi: 3.1.0\na: { $ref: '#/b' }", "api.yaml:2:12: error: `#/b` names nothing in api.yaml"),
        ("openapi: 3.1.0\na: { $ref: no.yaml }", "api.yaml:2:12: error: `no.yaml`: the file 'no.yaml' is missing"),
        ("openapi: 3.1.0\na: { $ref: ../x.yaml }", "api.yaml:2:12: error: `../x.yaml`: the file '../x.yaml' is"),
        (
            "openapi: 3.1.0\na: { $ref: /etc/passwd }",
            "api.yaml:2:12: error: `/etc/passwd`: the file '/etc/passwd'",
        ),
        ("openapi: 3.1.0\na: { $ref: 'https://x/y' }", "api.yaml:2:12: error: `https://x/y` is no file beside"),
        (
            "openapi: 3.1.0\na: { $ref: '#b' }",
            "api.yaml:2:12: error: `#b` is no relative path with a JSON pointer",
        ),
        ("openapi: 3.1.0\na: { $ref: '#/a' }", "api.yaml:2:4: error: the reference that stands here leads back"),
    ],
)
def test_bad_input(tmp_path: Path, text: str, expected: str) -> None:
    result = outcome(tmp_path, NAMES, {"api.yaml": text})
    (refused,) = result.refused
    assert str(refused).startswith(expected)


def test_all_bad_files_at_once(tmp_path: Path) -> None:
    files = {
        "a.yaml": "a: {",
        "b.yaml": "openapi: 3.1.0\nx: { $ref: '#/1' }\ny: { $ref: '#/2' }\n",
        "c.yaml": "{}",
    }
    result = outcome(tmp_path, NAMES, files)
    assert [each.rule for each in result.refused] == [
        "yaml-syntax",
        "dangling-reference",
        "dangling-reference",
        "not-openapi",
    ]


def test_a_reference_in_an_example_is_data(tmp_path: Path) -> None:
    text = (
        "openapi: 3.1.0\na: { example: { $ref: '#/nowhere' }, properties: { example: { $ref: '#/b' } } }\nb: {}\n"
    )
    assert outcome(tmp_path, NAMES, {"api.yaml": text}).refused == ()


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.yaml").write_text("name: very secret\n")
    (root / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    result = outcome(root, NAMES, {"api.yaml": "openapi: 3.1.0\na: { $ref: link.yaml }\n"})
    assert [each.rule for each in result.refused] == ["dangling-reference"]


SUPPRESSED = """\
openapi: 3.1.0
a:
  x-ostiary-lint-ignore:
    - { rule: names, reason: It was always so., expires: 2026-11-22 }
  b: { name: too long }
c: { name: too long }
"""


def test_a_suppression_covers_what_is_below_it(tmp_path: Path) -> None:
    result = outcome(tmp_path, NAMES, {"api.yaml": SUPPRESSED})
    assert lines(result) == ["api.yaml:6:12: warning: Names are short. at /c/name [names]"]
    (suppressed,) = result.suppressed
    assert (suppressed.entry.place.pointer, suppressed.reason, suppressed.in_source) == (
        "/a/b/name",
        "It was always so.",
        True,
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("2026-11-22", "2026-11-21"),
            "api.yaml:4:7: error: the suppression of `names` ended on 2026-11-21 (`It was always so.`)",
        ),
        (("rule: names", "rule: other"), "api.yaml:4:7: warning: nothing here breaks the rule `other`"),
        (
            ("reason: It was always so.", "reason: ''"),
            "api.yaml:4:7: error: the suppression of `names` gives no `reason`",
        ),
        (("rule: names, ", ""), "api.yaml:4:7: error: the suppression names no `rule`"),
        (("expires", "until"), "api.yaml:4:49: error: an entry has no key `until`"),
        (("2026-11-22", "soon"), "api.yaml:4:58: error: `expires` is a day in the calendar"),
    ],
)
def test_suppressions_are_judged_too(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    result = outcome(tmp_path, NAMES, {"api.yaml": SUPPRESSED.replace(*change)})
    assert any(line.startswith(expected) for line in lines(result))
    # What is not let pass any more is back.
    assert sum(each.rule == "names" for each in result.entries) == 2


def test_a_suppression_must_be_a_list(tmp_path: Path) -> None:
    result = outcome(tmp_path, NAMES, {"api.yaml": "openapi: 3.1.0\nx-ostiary-lint-ignore: names\n"})
    assert [each.rule for each in result.entries] == ["suppression-invalid"]


def test_fingerprints_outlive_order_wording_and_parameter_names(tmp_path: Path) -> None:
    def marks(ruleset: str, text: str) -> set[str]:
        return {each.fingerprint for each in outcome(tmp_path, ruleset, {"api.yaml": text}).entries}

    api = (
        "openapi: 3.1.0\npaths:\n  /a/{id}:\n    get:\n"
        "      parameters: [{ in: query, name: long }, { in: path, name: id }]\n"
    )
    first = marks(NAMES, api)
    turned = api.replace(
        "[{ in: query, name: long }, { in: path, name: id }]",
        "[{ in: path, name: id }, { in: query, name: long }]",
    )
    assert len(first) == 1
    assert marks(NAMES, turned) == first
    assert marks(NAMES, api.replace("/a/{id}", "/a/{order}")) == first
    assert marks(NAMES.replace("Names are short.", "Too long!"), api) == first
    assert marks(NAMES.replace("names:", "other:"), api) != first
    assert marks(NAMES, api.replace("get:", "put:")) != first


def test_two_missing_members_of_one_place_are_two_findings(tmp_path: Path) -> None:
    ruleset = (
        "rules:\n  r: { message: '{{error}}', given: $.info,"
        " then: [{ field: a, function: truthy }, { field: b, function: truthy }] }\n"
    )
    result = outcome(tmp_path, ruleset, {"api.yaml": "openapi: 3.1.0\ninfo: {}\n"})
    assert len({each.fingerprint for each in result.entries}) == 2


def test_json_has_places_too(tmp_path: Path) -> None:
    result = outcome(tmp_path, NAMES, {"api.json": '{"openapi": "3.1.0",\n "name": "too long"}'})
    assert lines(result) == ["api.json:2:10: warning: Names are short. at /name [names]"]


# What is written to take all time and memory.


def doubling(levels: int) -> str:
    schemas = "".join(
        f'    S{n}: {{ type: object, properties: {{ a: {{ $ref: "#/components/schemas/S{n + 1}" }},'
        f' b: {{ $ref: "#/components/schemas/S{n + 1}" }} }} }}\n'
        for n in range(levels)
    )
    return (
        f"openapi: 3.1.0\ncomponents:\n  schemas:\n{schemas}    S{levels}: {{ type: string, default: 1 }}\n"
        "paths:\n  /a:\n    post:\n      requestBody:\n        content:\n          application/json:\n"
        "            schema: { $ref: '#/components/schemas/S0' }\n            example: { a: { a: { a: 1 } } }\n"
    )


def mesh(size: int) -> str:
    members = ", ".join(f'p{n}: {{ $ref: "#/components/schemas/M{n}" }}' for n in range(size))
    schemas = "".join(f"    M{n}: {{ type: object, properties: {{ {members} }} }}\n" for n in range(size))
    return f"openapi: 3.1.0\ncomponents:\n  schemas:\n{schemas}"


@pytest.mark.parametrize(
    "text",
    [
        doubling(60),
        mesh(60),
        "openapi: 3.1.0\n" + "".join(f"r{n}: {{ $ref: '#/r{n + 1}' }}\n" for n in range(3000)) + "r3000: {}\n",
        "openapi: 3.1.0\na: { type: object, pattern: '" + "a" * 100_000 + "' }\n",
    ],
    ids=["doubling", "mesh", "chain", "long"],
)
def test_hostile_documents_end(text: str) -> None:
    document, findings = parse(text, "hostile.yaml")
    assert findings == []
    assert document is not None
    graph = Graph(document, lambda _: None)
    assert graph.findings == []
    for name in ("ostiary:recommended", "spectral:oas"):
        definition, _ = load_ruleset(name, Path())
        assert definition is not None
        # Without the bounds this would not end before the test's time is up.
        assert Engine(definition).lint(graph) is not None


@pytest.mark.parametrize("given", ["$..[?(@path)]", "$..[?(@.a)]^^", "$..a^.b"])
def test_paths_that_cannot_share_a_walk_are_bounded(
    tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "MOST_VISITS", 5_000)
    engine, findings = read_ruleset(
        tmp_path, f"rules:\n  r: {{ given: '{given}', then: {{ function: falsy }} }}\n"
    )
    assert findings == []
    assert engine is not None
    with pytest.raises(TooMuchWork, match="visits more than 5000 values"):
        engine.lint(graph_of(doubling(40)))


def test_patterns_cannot_run_away(tmp_path: Path) -> None:
    ruleset = (
        "rules:\n  r: { given: $.info.title, then: { function: pattern,"
        " functionOptions: { match: '^(?=(a+)+$)(a+)+$' } } }\n"
    )
    text = f"openapi: 3.1.0\ninfo: {{ title: {'a' * 5000}b }}\n"
    assert len(found(tmp_path, ruleset, text)) == 1
