"""Documents that are large, or made to hurt: a clear end, whatever it is."""

import json
from typing import Any

import pytest

from contracts.diff import changes as changes_module
from contracts.diff.contract import contract_of
from contracts.diff.diff import verdict_of
from tests.support.diffs import changes_of


def document(paths: dict[str, Any], **components: Any) -> str:
    info = {"title": "T", "version": "1"}
    return json.dumps({"openapi": "3.1.0", "info": info, "paths": paths, "components": components})


def answer(schema: Any) -> dict[str, Any]:
    return {
        "get": {"responses": {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}}
    }


def test_too_many_changes_end_in_one_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_module, "MAX_CHANGES", 10)
    base = document({f"/a{number}": answer({}) for number in range(20)})
    changes = changes_of(base, document({}))
    assert len(changes) == 11
    assert verdict_of(changes) == "breaking"
    assert [each.message for each in changes if each.rule.id == "too-many-changes"] == [
        "there are more than 10 changes; these are not two versions of one API"
    ]


def test_recursive_schemas_are_compared_once_round() -> None:
    def tree(kind: str) -> str:
        node = {
            "type": "object",
            "properties": {"name": {"type": kind}, "below": {"$ref": "#/components/schemas/N"}},
        }
        return document({"/a": answer({"$ref": "#/components/schemas/N"})}, schemas={"N": node})

    assert changes_of(tree("string"), tree("string")) == ()
    changes = changes_of(tree("string"), tree("integer"))
    assert verdict_of(changes) == "breaking"
    assert len(changes) < 10


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]"
        for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    contract, findings = contract_of("\n".join(lines))
    assert contract is None
    assert [each.rule for each in findings] == ["document-too-large"]


def test_a_part_that_only_looks_the_same_is_looked_into() -> None:
    """In Python 1 equals true and 1.0, in JSON only 1.0."""
    base, revision = (document({"/a": answer({"enum": [value, "x"]})}) for value in (1, True))
    assert verdict_of(changes_of(base, revision)) == "breaking"
    base, revision = (document({"/a": answer({"enum": [value, "x"]})}) for value in (1, 1.0))
    assert changes_of(base, revision) == ()


def test_a_change_far_below_reaches_every_operation_that_refers_to_it() -> None:
    def chain(kind: str) -> str:
        schemas: dict[str, Any] = {
            f"S{n}": {"properties": {"n": {"$ref": f"#/components/schemas/S{n + 1}"}}} for n in range(5)
        }
        schemas["S5"] = {"type": kind}
        paths = {f"/a{n}": answer({"$ref": f"#/components/schemas/S{n}"}) for n in range(5)}
        return document({**paths, "/other": answer({"type": "string"})}, schemas=schemas)

    changes = changes_of(chain("string"), chain("integer"))
    assert {str(each.where.operation) for each in changes} == {f"GET /a{n}" for n in range(5)}
