"""Rulesets: read strictly, extended, changed and overridden; messages; what is not run is refused by name."""

from pathlib import Path

import pytest

from contracts.lint.engine import Engine
from contracts.lint.ruleset.globs import matches
from contracts.lint.ruleset.loading import combined, load_ruleset
from tests.contracts.lint.lint_helpers import found, graph_of, lint, read_ruleset, ruleset_faults

API = "openapi: 3.1.0\ninfo: { title: T, version: 1.0.0 }\npaths: {}\n"
RULE = "rules:\n  r: { given: $.info, then: { field: x, function: truthy } }\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "1:1 ruleset-invalid a ruleset is a mapping with `extends`, `rules` or `overrides`"),
        ("formats: [oas3]", "1:1 ruleset-invalid the ruleset has no `extends`, `rules` or `overrides`"),
        ("rulez: {}\nrules: {}", "1:1 ruleset-unknown-key a ruleset has no key `rulez` (did you mean 'rules'?)"),
        ("rules: []", "1:8 ruleset-invalid `rules` maps names to rules"),
        ("rules: { r: loud }", "1:13 ruleset-invalid `loud` is no severity: error, warn,"),
        ("rules: { r: warn }", "1:10 ruleset-unknown-rule there is no rule `r` to change:"),
        (
            "rules: { r: { given: $ } }",
            "1:10 ruleset-invalid the rule `r` is new here and needs `given` and `then`",
        ),
        (
            "rules: { r: { given: $, then: { function: truthy }, level: 1 } }",
            "1:53 ruleset-unknown-key a rule has no key `level`",
        ),
        ("rules: { r: { given: $, then: {} } }", "1:31 ruleset-invalid `then` names a `function`"),
        (
            "rules: { r: { given: $, then: { function: truthy, where: x } } }",
            "1:51 ruleset-unknown-key `then` has no key `where`",
        ),
        (
            "rules: { r: { given: $, then: { function: thruthy } } }",
            "1:43 ruleset-unknown-function there is no function `thruthy` (did you mean 'truthy'?)",
        ),
        (
            "rules: { r: { given: $, then: { function: myCheck } } }",
            "1:43 ruleset-unknown-function there is no function `myCheck`; one in JavaScript is not run",
        ),
        (
            "functions: [equals]\nrules: {}",
            "1:13 ruleset-unknown-function the custom function `equals` is written in JavaScript",
        ),
        (
            "functions: [[equals, { type: object }]]\nrules: {}",
            "1:13 ruleset-unknown-function the custom function `equals` is written in JavaScript",
        ),
        (
            "rules: { r: { given: $, then: { function: truthy, functionOptions: { a: 1 } } } }",
            "1:68 ruleset-options-invalid truthy takes no options",
        ),
        (
            "rules: { r: { given: $, then: { function: length, functionOptions: { mn: 1 } } } }",
            "1:70 ruleset-options-invalid length: `mn` is not allowed here",
        ),
        (
            "rules: { r: { given: $, then: { function: casing } } }",
            "1:31 ruleset-options-invalid casing: this must be of type object, not null",
        ),
        (
            'rules: { r: { given: $, then: { function: pattern, functionOptions: { match: "(" } } } }',
            "1:69 ruleset-options-invalid pattern: `match`: it is no regular expression",
        ),
        (
            "rules: { r: { given: $, then: { function: schema, functionOptions: { schema: { type: 1 } } } } }",
            "1:68 ruleset-options-invalid schema: `schema` is no JSON Schema that can be used",
        ),
        (
            "rules: { r: { given: info, then: { function: truthy } } }",
            "1:22 ruleset-path-invalid `given` is a JSONPath",
        ),
        (
            "rules: { r: { given: '$[', then: { function: truthy } } }",
            "1:10 ruleset-path-invalid `$[`: expected a name or `*` and found the end at character 3",
        ),
        (
            "rules: { r: { given: $, then: { field: '$[', function: truthy } } }",
            "1:40 ruleset-path-invalid `$[`: expected a name",
        ),
        (
            "rules: { r: { given: '#Op', then: { function: truthy } } }",
            "1:10 ruleset-unknown-alias there is no alias `Op`",
        ),
        (
            "aliases: { A: ['#B.x'], B: ['#A.y'] }\nrules: { r: { given: '#A', then: { function: truthy } } }",
            "2:10 ruleset-unknown-alias the alias `A` builds on itself",
        ),
        ("aliases: { A: [] }\nrules: {}", "1:15 ruleset-invalid an alias is empty"),
        (
            "aliases: { A: { targets: [{ given: [$] }] } }\nrules: {}",
            "1:27 ruleset-invalid a target has `formats` and `given`",
        ),
        ("formats: [oas4]\nrules: {}", "1:11 ruleset-invalid there is no format `oas4`"),
        (
            "extends: spectral:async",
            "1:10 ruleset-not-found there is no ruleset `spectral:async`; those that come",
        ),
        ("extends: ./none.yaml", "1:10 ruleset-not-found there is no file `./none.yaml`"),
        ("extends: '@company/ruleset'", "1:10 ruleset-not-found there is no ruleset or file `@company/ruleset`"),
        ("extends: https://x.example/r.yaml", "1:10 ruleset-not-found `https://x.example/r.yaml` is not fetched:"),
        ("extends: [[spectral:oas, some]]", "1:11 ruleset-invalid `some` is none of recommended, all and off"),
        ("overrides: []", "1:12 ruleset-invalid `overrides` is a list of changes for some files"),
        ("overrides: [{ files: ['*'] }]", "1:13 ruleset-invalid an override has `rules` or `extends`"),
        (
            "overrides: [{ files: ['a.yaml#/info'], rules: { r: true } }]\n" + RULE,
            "1:13 ruleset-invalid where `files` have pointers, `rules` gives severities",
        ),
        ("rules: {", "2:1 yaml-syntax this is not YAML"),
        ("rules: {}\nrules: {}", "2:1 duplicate-key the key `rules` stands here again; it is first at 1:1"),
    ],
)
def test_refuses(tmp_path: Path, text: str, expected: str) -> None:
    (fault,) = ruleset_faults(tmp_path, text)
    assert fault.startswith(expected)


@pytest.mark.parametrize("field", ["$ref", "$.b", "$['b']"])
def test_a_field_that_begins_with_a_dollar_is_a_path_or_a_key(tmp_path: Path, field: str) -> None:
    # JSONPath-Plus, by which Spectral reads both, takes the whole of `$ref` for a name.
    rule = f'{{ resolved: false, given: $.info, then: {{ field: "{field}", function: falsy }} }}'
    api = "openapi: 3.1.0\ninfo: { $ref: '#/x', b: 1 }\nx: {}\npaths: {}\n"
    (line,) = found(tmp_path, f"rules:\n  r: {rule}\n", api)
    assert line.startswith("r api.yaml#/info/" + ("$ref" if field == "$ref" else "b"))


def test_every_fault_at_once(tmp_path: Path) -> None:
    text = "rulez: 1\nextends: [nope, spectral:x]\nrules:\n  a: loud\n  b: { given: x, then: { function: y } }\n"
    assert len(ruleset_faults(tmp_path, text)) == 6


def test_a_javascript_ruleset_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".spectral.js").write_text("module.exports = {}")
    _, findings = load_ruleset(".spectral.js", tmp_path)
    assert [each.message for each in findings] == [
        "`.spectral.js` is written in JavaScript, which is not run; write it as YAML"
    ]


def test_rulesets_may_be_json(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"rules": {"r": {"given": "$", "then": {"function": "truthy"}}}}')
    definition, findings = load_ruleset("r.json", tmp_path)
    assert findings == []
    assert definition is not None
    assert list(Engine(definition).rules()) == ["r"]


def test_rulesets_that_extend_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "extends: ruleset.yaml\nrules:\n  a: { given: $, then: { function: falsy } }\n"
    )
    ruleset = "extends: a.yaml\nrules:\n  b: { given: $, then: { function: falsy } }\n"
    assert {each.split()[0] for each in found(tmp_path, ruleset, API)} == {"a", "b"}


def test_a_change_keeps_what_it_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "rules:\n  r: { description: before, message: '{{description}}', severity: error, given: $.info,"
        " then: { field: x, function: truthy } }\n"
    )
    (violation,) = lint(tmp_path, "extends: base.yaml\nrules: { r: { description: after } }", API)
    assert (violation.message, violation.severity, violation.located.pointer) == ("after", "error", "/info")


def test_documentation_url_leads_to_the_rule(tmp_path: Path) -> None:
    engine, _ = read_ruleset(tmp_path, "documentationUrl: https://docs.example/r\n" + RULE)
    assert engine is not None
    assert engine.rules()["r"].documentation_url == "https://docs.example/r#r"


def test_modes_of_extension(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        "rules:\n"
        "  on: { given: $.info, then: { field: x, function: truthy } }\n"
        "  off: { recommended: false, given: $.info, then: { field: x, function: truthy } }\n"
    )

    def enabled(mode: str) -> set[str]:
        return {each.split()[0] for each in found(tmp_path, f"extends: [[base.yaml, {mode}]]", API)}

    assert enabled("recommended") == {"on"}
    assert enabled("all") == {"on", "off"}
    assert enabled("off") == set()
    changed = "extends: [[base.yaml, off]]\nrules: { off: true, on: hint }"
    assert {(each.rule.name, each.severity) for each in lint(tmp_path, changed, API)} == {
        ("off", "warning"),
        ("on", "info"),
    }


def test_overrides_by_file_and_by_part(tmp_path: Path) -> None:
    text = RULE + (
        "overrides:\n"
        "  - { files: ['legacy/**'], rules: { r: off } }\n"
        "  - { files: ['apis/*.yaml#/info'], rules: { r: info } }\n"
        "  - { files: ['apis/b.yaml'], rules: { r: error } }\n"
    )
    engine, findings = read_ruleset(tmp_path, text)
    assert findings == []
    assert engine is not None

    def severities(file: str) -> list[str]:
        return [each.severity for each in engine.lint(graph_of(API), tmp_path / file)]

    assert severities("other.yaml") == ["warning"]
    assert severities("legacy/old/x.yaml") == []
    assert severities("apis/a.yaml") == ["info"]
    assert severities("apis/b.yaml") == ["info"]


def test_several_rulesets_hold_together(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(RULE)
    (tmp_path / "two.yaml").write_text(RULE.replace("r:", "s:"))
    both = [load_ruleset(name, tmp_path)[0] for name in ("one.yaml", "two.yaml")]
    engine = Engine(combined(tuple(each for each in both if each is not None), tmp_path))
    assert {each.rule.name for each in engine.lint(graph_of(API))} == {"r", "s"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("{{error}}", '"info.x" property must be truthy'),
        ("{{property}} at {{path}}", "info.x at #/info"),
        ("{{description}}!", "why!"),
        ("[{{nothing}}]", "[]"),
        ("{{value}}", "[object Object]"),
        ('#{{print("property")}}is missing', '"info.x" property is missing'),
        ("#{{property.toUpperCase() + '!'}}", "INFO.X!"),
        ("#{{process.exit()}}", ""),
        ("{{path}}{{path}}", "#/info#/info"),
    ],
)
def test_messages(tmp_path: Path, message: str, expected: str) -> None:
    quoted = message.replace("'", "''")
    ruleset = (
        f"rules:\n  r: {{ description: why, message: '{quoted}', given: $.info,"
        " then: { field: x, function: truthy } }\n"
    )
    (violation,) = lint(tmp_path, ruleset, API)
    assert violation.message == expected


def test_a_description_is_the_message_where_there_is_none(tmp_path: Path) -> None:
    (violation,) = lint(tmp_path, RULE.replace("given", "description: why, given"), API)
    assert violation.message == "why"


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.yaml", "*.yaml", True),
        ("x/a.yaml", "*.yaml", True),  # matchBase
        ("x/a.yaml", "x/*.yaml", True),
        ("x/y/a.yaml", "x/*.yaml", False),
        ("x/y/a.yaml", "x/**/*.yaml", True),
        ("x/a.yaml", "x/**/*.yaml", True),
        ("x/y/a.yaml", "x/**", True),
        ("x/y/a.yaml", "**/a.yaml", True),
        ("a.yaml", "**/a.yaml", True),
        (".hidden/a.yaml", "*/a.yaml", False),
        ("x/a.yml", "x/*.{yaml,yml}", True),
        ("x/a.yml", "./x/a.y?l", True),
        ("x/a1.yml", "x/a[0-9].yml", True),
        ("x/ab.yml", "x/a[!b].yml", False),
        ("x+y/a.yml", "x+y/a.yml", True),
    ],
)
def test_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected
