"""`x-ostiary-classification`: where it may stand, and what a compiled contract keeps of it."""

import json
import re
from typing import Any

import pytest

from contracts.operations import ApiVersion
from contracts.policy_settings import PolicyUse
from tests.contracts.contract_helpers import HEAD, compile_text
from tests.support.diffs import changes_of

CLASS = "x-ostiary-classification"
PATHS = """\
paths:
  /orders:
    post:
      operationId: place
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
      responses:
        "200": {description: OK, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
"""
ORDER = """\
  schemas:
    Order:
      type: object
      properties:
        price: {$ref: "#/components/schemas/Money", x-ostiary-classification: confidential}
        total: {$ref: "#/components/schemas/Money"}
    Money: {type: string, x-ostiary-classification: internal}
"""


def compiled(text: str) -> ApiVersion:
    version, findings = compile_text(text)
    assert version is not None, findings
    return version


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
def test_a_compiled_contract_keeps_it_in_responses_alone(openapi: str) -> None:
    version = compiled(HEAD.replace("3.1.0", openapi) + ORDER + PATHS)
    schemas = {
        uri.rpartition(":")[2]: document["components"]["schemas"] for uri, document in version.documents.items()
    }
    order = schemas["response"]["Order"]["properties"]
    assert order["price"] == {"$ref": "#/components/schemas/Money", CLASS: "confidential"}
    assert order["total"] == {"$ref": "#/components/schemas/Money"}
    assert schemas["response"]["Money"] == {"type": "string", CLASS: "internal"}
    assert CLASS not in str(schemas["request"])


def test_it_names_the_policy_for_all_operations() -> None:
    (operation,) = compiled(HEAD + ORDER + PATHS).operations
    source = "apis/orders/v1.openapi.yaml#/components/schemas/Order/properties/price/x-ostiary-classification"
    assert operation.policies == (PolicyUse("classification", sources=(source,)),)
    (plain,) = compiled(HEAD + re.sub(r", x-ostiary-classification: \w+", "", ORDER) + PATHS).operations
    assert plain.policies == ()


def test_it_stands_at_schemas_alone() -> None:
    marked = PATHS.replace("      operationId", f"      {CLASS}: internal\n      operationId")
    version, findings = compile_text(HEAD + ORDER + marked)
    assert version is None
    assert (f"the extension `{CLASS}` means nothing in this place (operation)") in str(findings)


@pytest.mark.parametrize("written", ["secret", "Public", "3", "[internal]", "null"])
def test_it_is_one_of_the_classes(written: str) -> None:
    version, findings = compile_text(HEAD + ORDER.replace(f"{CLASS}: internal", f"{CLASS}: {written}") + PATHS)
    assert version is None
    (found,) = findings
    assert (found.rule, found.place.pointer) == ("extension-invalid", f"/components/schemas/Money/{CLASS}")
    assert "one of `public`, `internal`, `confidential`, `restricted`" in found.message


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            "content: {text/csv: {schema: {$ref: '#/components/schemas/Order'}}}",
            "bodies of `text/csv` go to clients",
        ),
        ("headers: {X-Price: {schema: {$ref: '#/components/schemas/Money'}}}", "header fields go to clients"),
    ],
)
def test_what_nothing_is_taken_out_of_has_none(response: str, said: str) -> None:
    answer = 'content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}'
    *request, _ = PATHS.rpartition(answer)
    version, findings = compile_text(HEAD + ORDER + "".join(request[0]) + response + "}\n")
    assert version is None
    assert {found.rule for found in findings if found.severity == "error"} == {"classification-without-effect"}
    assert said in str(findings)


def answer(schema: dict[str, Any], **schemas: Any) -> str:
    content = {"application/json": {"schema": {"type": "object", "properties": {"price": schema}}}}
    made = {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1"},
        "security": [],
        "components": {"schemas": schemas},
        "paths": {
            "/orders": {
                "get": {"operationId": "o", "responses": {"200": {"description": "OK", "content": content}}}
            }
        },
    }
    return json.dumps(made)


REFERENCE = {"$ref": "#/components/schemas/Money"}
MONEY = {"type": "string"}


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        (MONEY, {**MONEY, CLASS: "internal"}, ["response-classification-tightened"]),
        ({**MONEY, CLASS: "restricted"}, {**MONEY, CLASS: "public"}, ["response-classification-loosened"]),
        (REFERENCE, {**REFERENCE, CLASS: "internal"}, ["response-classification-tightened"]),
        ({**REFERENCE, CLASS: "internal"}, REFERENCE, ["response-classification-loosened"]),
        ({**REFERENCE, CLASS: "internal"}, {**REFERENCE, CLASS: "internal"}, []),
    ],
)
def test_a_diff_tells_a_class_that_changed(before: Any, after: Any, rules: list[str]) -> None:
    found = changes_of(answer(before, Money=MONEY), answer(after, Money=MONEY))
    assert [change.rule.id for change in found] == rules


@pytest.mark.parametrize(
    "keyword", ["then", "unevaluatedProperties", "propertyNames", "additionalProperties", "not"]
)
def test_a_diff_looks_wherever_a_schema_may_be(keyword: str) -> None:
    found = changes_of(
        answer({keyword: MONEY}, Money=MONEY), answer({keyword: {**MONEY, CLASS: "internal"}}, Money=MONEY)
    )
    assert [change.rule.id for change in found] == ["response-classification-tightened"]
