"""Scopes that an operation asks for, be it in its security or in settings."""

from pathlib import Path

from catalog.estates import load_estate
from contracts.asked_scopes import asked_scopes, policy_scopes
from contracts.operations import HttpBackend, Operation
from contracts.policy_settings import PolicyUse
from tests.support.estates import write_estate


def test_scopes_of_security_and_of_settings() -> None:
    config = {
        "restricted": {"scope": "b", "action": "mask"},
        "list": [{"scope": "c"}, {"scope": 1}],
        "mask": "scope",
    }
    uses = (PolicyUse("classification", config=config), PolicyUse("network", config={"allow": ["d"]}))
    operation = Operation("o", "GET", "/", "", HttpBackend("u"), scopes=(("a", "e"), ("a",)), policies=uses)
    assert asked_scopes(operation) == {"a", "e", "b", "c"}
    assert policy_scopes(operation) == {"b", "c"}


def test_a_granted_scope_that_a_policy_asks_for_is_no_leftover(tmp_path: Path) -> None:
    granted = ("consumers.yaml", "books:write]", "books:write, books:all]")
    declared = (
        "apis/books/v1.openapi.yaml",
        "books:write: Add books",
        "books:write: Add books\n            books:all: All",
    )
    named = ("ostiary.yaml", "plans:\n", "policies: {classification: {restricted: {scope: books:all}}}\nplans:\n")
    assert [each.rule for each in load_estate(write_estate(tmp_path, granted, declared))[1]] == ["scope-unused"]
    assert load_estate(write_estate(tmp_path, granted, declared, named))[1] == []
