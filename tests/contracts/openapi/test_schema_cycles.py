import pytest

from tests.contracts.contract_helpers import HEAD, compile_text, rules_of

GET = '{get: {operationId: a, responses: {"200": {description: OK}}}}'
A, B = "{$ref: '#/components/schemas/A'}", "{$ref: '#/components/schemas/B'}"


def findings_of(schemas, openapi="3.1.0"):
    head = HEAD.replace("3.1.0", openapi)
    return compile_text(f"{head}  schemas: {schemas}\npaths:\n  /a: {GET}\n")[1]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(
    "schemas",
    [
        f"{{A: {A}}}",
        f"{{A: {B}, B: {A}}}",
        f"{{A: {{allOf: [{A}]}}}}",
        f"{{A: {{not: {A}}}}}",
        f"{{A: {{anyOf: [{B}]}}, B: {{oneOf: [{{type: string}}, {A}]}}}}",
        f"{{A: {{allOf: [{{allOf: [{B}]}}]}}, B: {A}}}",
        f"{{A: {{properties: {{x: {{anyOf: [{{type: string}}, {B}]}}}}}}, B: {{allOf: [{B}]}}}}",
    ],
)
def test_a_schema_that_only_leads_back_to_itself_is_refused_once(schemas, openapi):
    assert rules_of(findings_of(schemas, openapi)) == ["reference-cycle"]


@pytest.mark.parametrize("keyword", ["if: A", "if: {}, then: A", "if: {}, else: A", "dependentSchemas: {x: A}"])
def test_so_is_one_of_the_newer_keywords(keyword):
    assert rules_of(findings_of(f"{{A: {{{keyword.replace(' A', ' ' + A).replace('A}', A + '}')}}}}}")) == [
        "reference-cycle"
    ]


@pytest.mark.parametrize(
    "schemas",
    [
        f"{{A: {{properties: {{a: {A}}}}}}}",
        f"{{A: {{type: array, items: {A}}}}}",
        f"{{A: {{additionalProperties: {{anyOf: [{A}, {{type: string}}]}}}}}}",
        f"{{A: {{allOf: [{B}, {B}]}}, B: {{properties: {{a: {A}}}}}}}",
        f"{{A: {{anyOf: [{B}, {{allOf: [{B}]}}]}}, B: {{type: string}}}}",
    ],
)
def test_a_schema_may_contain_itself(schemas):
    assert findings_of(schemas) == []


def test_the_place_is_that_of_the_reference_that_closes_the_circle():
    (finding,) = findings_of(f"{{A: {{allOf: [{{type: string}}, {A}]}}}}")
    assert finding.place.pointer == "/components/schemas/A/allOf/1/$ref"
    assert "`#/components/schemas/A` leads back to itself without going into the value" in finding.message
