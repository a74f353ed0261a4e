"""Roles in a security requirement: OAS 3.1 admits them for schemes that are not OAuth's, OAS 3.0 does not."""

from pathlib import Path

import pytest

from contracts.lint.engine import Engine
from contracts.lint.ruleset.loading import load_ruleset
from tests.contracts.lint.lint_helpers import graph_of

DOCUMENT = """\
openapi: {version}
security: [{{ member: [architect] }}]
components: {{ securitySchemes: {{ member: {{ {scheme} }} }} }}
"""


@pytest.mark.parametrize(
    ("version", "scheme", "admitted"),
    [
        ("3.1.0", "type: http, scheme: bearer", True),
        ("3.2.0", "type: mutualTLS", True),
        ("3.0.3", "type: http, scheme: bearer", False),
        ("3.1.0", "type: oauth2, flows: {}", False),
    ],
)
def test_where_roles_are_admitted(tmp_path: Path, version: str, scheme: str, admitted: bool) -> None:
    definition, findings = load_ruleset("ostiary:recommended", tmp_path)
    assert definition is not None, findings
    graph = graph_of(DOCUMENT.format(version=version, scheme=scheme))
    found = [
        each
        for each in Engine(definition).lint(graph, tmp_path / "api.yaml")
        if each.rule.name == "security-defined"
    ]
    assert bool(found) is not admitted
