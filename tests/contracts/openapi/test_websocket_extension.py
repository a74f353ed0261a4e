"""`x-ostiary-websocket`: where a contract opens a WebSocket."""

import pytest

from tests.contracts.contract_helpers import HEAD, compile_text, compiled, rules_of


def contract(extension: str, *, method: str = "get", status: str = "101", place: str = "      ") -> str:
    return (
        f"{HEAD}paths:\n  /a:\n    {method}:\n      operationId: a\n"
        f'      responses: {{"{status}": {{description: OK}}}}\n{place}{extension}\n'
    )


@pytest.mark.parametrize(("word", "opens"), [("true", True), ("false", False)])
def test_the_contracts_word(word: str, opens: bool) -> None:
    assert compiled(contract(f"x-ostiary-websocket: {word}")).operations[0].websocket is opens


def test_response_101_alone_opens_nothing() -> None:
    assert compiled(contract("")).operations[0].websocket is False


@pytest.mark.parametrize(
    "written",
    [
        contract("x-ostiary-websocket: 'yes'"),
        contract("x-ostiary-websocket: {}"),
        contract("x-ostiary-websocket: true", method="put"),
        contract("x-ostiary-websocket: true", status="200"),
        contract("x-ostiary-websocket: true\n      x-ostiary-odoo: {model: res.partner, action: list}"),
    ],
    ids=["word", "mapping", "method", "no-101", "odoo"],
)
def test_it_is_refused(written: str) -> None:
    version, findings = compile_text(written)
    assert version is None
    assert "extension-invalid" in rules_of(findings)


def test_it_stands_at_an_operation_alone() -> None:
    version, findings = compile_text(contract("x-ostiary-websocket: true", place=""))
    assert version is None
    assert rules_of(findings) == ["unknown-extension"]
