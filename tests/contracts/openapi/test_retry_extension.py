"""`x-ostiary-retry`: whether a contract lets calls be tried again."""

import pytest

from tests.contracts.contract_helpers import HEAD, compile_text, compiled, rules_of


def contract(extension: str, place: str = "      ") -> str:
    return (
        f"{HEAD}paths:\n  /a:\n    put:\n      operationId: a\n"
        f'      responses: {{"200": {{description: OK}}}}\n{place}{extension}\n'
    )


@pytest.mark.parametrize("word", ["safe", "never"])
def test_the_contracts_word(word: str) -> None:
    assert compiled(contract(f"x-ostiary-retry: {word}")).operations[0].retry == word


def test_without_it_nothing_is_said() -> None:
    assert compiled(contract("")).operations[0].retry is None


@pytest.mark.parametrize("value", ["always", "true", "3", "[safe]"])
def test_another_word_is_refused(value: str) -> None:
    version, findings = compile_text(contract(f"x-ostiary-retry: {value}"))
    assert version is None
    assert rules_of(findings) == ["extension-invalid"]


def test_it_stands_at_an_operation_alone() -> None:
    version, findings = compile_text(contract("x-ostiary-retry: safe", place=""))
    assert version is None
    assert rules_of(findings) == ["unknown-extension"]


def test_beside_a_mapping_to_odoo_it_has_no_effect() -> None:
    mapping = "x-ostiary-odoo: {model: res.partner, action: delete}\n      x-ostiary-upstream: erp\n"
    _, findings = compile_text(contract(f"{mapping}      x-ostiary-retry: safe"))
    assert [each.place.pointer for each in findings if "x-ostiary-retry" in each.message] == [
        "/paths/~1a/put/x-ostiary-retry"
    ]
