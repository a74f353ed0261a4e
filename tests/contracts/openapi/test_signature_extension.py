"""`x-ostiary-signature`: where an API key is not sent but signs the request."""

import pytest

from contracts.operations import ApiKeyUse
from tests.contracts.contract_helpers import HEAD, compile_text, compiled, rules_of

SCHEME = "{type: apiKey, in: header, name: Signature, x-ostiary-signature: true}"


def contract(
    scheme: str, security: str = "[{oauth: [orders:read]}, {signed: [orders:read, orders:write]}]"
) -> str:
    schemes = HEAD.replace("  securitySchemes:\n", f"  securitySchemes:\n    signed: {scheme}\n")
    return (
        f"{schemes}paths:\n  /a:\n    get:\n      operationId: a\n"
        f'      security: {security}\n      responses: {{"200": {{description: OK}}}}\n'
    )


def test_an_operation_that_takes_signatures() -> None:
    (operation,) = compiled(contract(SCHEME)).operations
    assert operation.scopes == (("orders:read",),)
    assert operation.api_key == ApiKeyUse("signature", (("orders:read", "orders:write"),), signed=True)


def test_without_the_extension_it_is_a_key_that_is_sent() -> None:
    for scheme in ("{type: apiKey, in: header, name: Signature}", SCHEME.replace("true", "false")):
        (operation,) = compiled(contract(scheme)).operations
        assert operation.api_key == ApiKeyUse("signature", (("orders:read", "orders:write"),))


@pytest.mark.parametrize(
    "scheme",
    [
        SCHEME.replace("true", "'yes'"),
        SCHEME.replace("true", "{}"),
        SCHEME.replace("name: Signature", "name: X-Signature"),
        "{type: http, scheme: bearer, x-ostiary-signature: true}",
    ],
    ids=["word", "mapping", "another field", "another kind"],
)
def test_it_is_refused(scheme: str) -> None:
    version, findings = compile_text(contract(scheme))
    assert version is None
    assert "extension-invalid" in rules_of(findings)


def test_it_stands_at_a_scheme_alone() -> None:
    text = contract(SCHEME).replace(
        "      operationId: a\n", "      operationId: a\n      x-ostiary-signature: true\n"
    )
    version, findings = compile_text(text)
    assert version is None
    assert rules_of(findings) == ["unknown-extension"]


def test_a_key_that_signs_and_one_that_is_sent_are_not_taken_by_one_operation() -> None:
    """Which of them would a plan, a scope, a revocation be about?"""
    both = contract(SCHEME, "[{signed: []}, {sent: []}]").replace(
        "    signed:", "    sent: {type: apiKey, in: header, name: X-Key}\n    signed:"
    )
    version, findings = compile_text(both)
    assert version is None
    assert "unsupported-security-scheme" in rules_of(findings)
