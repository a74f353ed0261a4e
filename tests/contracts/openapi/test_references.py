import pytest

from contracts.openapi.references import References
from contracts.openapi.rules import Report
from tests.contracts.contract_helpers import document_of

MAIN = "apis/orders/v1.openapi.yaml"


def references_of(text, files=None):
    report = Report()
    documents = {name: document_of(content, name) for name, content in (files or {}).items()}
    asked = []

    def read(name):
        asked.append(name)
        return documents.get(name)

    return References(document_of(text, MAIN), read, report), report, asked


def schema_with(reference):
    return f"components: {{schemas: {{A: {{$ref: '{reference}'}}, 'B c': {{x~y: {{}}}}}}}}"


@pytest.mark.parametrize(
    ("reference", "file", "pointer"),
    [
        ("#/components/schemas/B%20c", MAIN, "/components/schemas/B c"),
        ("#/components/schemas/B c/x~0y", MAIN, "/components/schemas/B c/x~0y"),
        ("v1.openapi.yaml#/components/schemas/B%20c", MAIN, "/components/schemas/B c"),
        ("../orders/v1.openapi.yaml#/components/schemas/B%20c", MAIN, "/components/schemas/B c"),
        ("../../common/s.yaml#/a~1b", "common/s.yaml", "/a~1b"),
        ("../../common/s.yaml#/a%7E1b", "common/s.yaml", "/a~1b"),
        ("../../common/s%2Eyaml", "common/s.yaml", ""),
        ("../../common/./x/../s.yaml#", "common/s.yaml", ""),
        ("../../common/list.yaml#/1", "common/list.yaml", "/1"),
    ],
)
def test_a_reference_leads_to_its_target(reference, file, pointer):
    files = {"common/s.yaml": "{a/b: {type: string}}", "common/list.yaml": "[{}, {}]"}
    references, report, _ = references_of(schema_with(reference), files)
    assert report.findings == []
    source = references.entry.at("/components/schemas/A")
    target = references.target(source)
    assert (target.document.file, target.pointer) == (file, pointer)
    assert references.follow(source) == target


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("http://example.com/a.yaml", "remote-reference"),
        ("https://example.com/a.yaml#/b", "remote-reference"),
        ("file:///etc/passwd", "remote-reference"),
        ("urn:x", "remote-reference"),
        ("c:/a.yaml", "remote-reference"),
        ("//example.com/a.yaml", "remote-reference"),
        ("/common/s.yaml", "reference-outside-estate"),
        ("%2Fetc/passwd", "reference-outside-estate"),
        ("../../../s.yaml", "reference-outside-estate"),
        ("..%2F..%2F..%2Fs.yaml", "reference-outside-estate"),
        ("../../..", "reference-outside-estate"),
        ("../../common/../../s.yaml", "reference-outside-estate"),
        ("..\\..\\s.yaml", "dangling-reference"),
        ("a%00.yaml", "dangling-reference"),
        ("a.yaml?x=1", "dangling-reference"),
        ("a" * 300 + ".yaml", "dangling-reference"),
        ("%zz.yaml", "dangling-reference"),
        ("none.yaml", "dangling-reference"),
        ("#/components/schemas/None", "dangling-reference"),
        ("#/components/schemas/B c/0", "dangling-reference"),
        ("#anchor", "dangling-reference"),
        ("#/%2", "dangling-reference"),
        ("#/components/schemas/A", "reference-cycle"),
        ("#/components/parameters/P", "reference-mistyped"),
        ("../../common/list.yaml", "reference-mistyped"),
    ],
)
def test_a_reference_that_leads_nowhere_is_found_where_it_stands(reference, rule):
    text = schema_with(reference).replace("schemas:", "parameters: {P: {name: p, in: query}}, schemas:")
    references, report, asked = references_of(text, {"common/list.yaml": "[]"})
    assert [finding.rule for finding in report.findings] == [rule]
    place = report.findings[0].place
    assert (place.file, place.pointer) == (MAIN, "/components/schemas/A/$ref")
    assert references.follow(references.entry.at("/components/schemas/A")) is None
    assert all(not name.startswith(("/", "..")) for name in asked)


WHOLE = """
openapi: 3.1.0
info: {title: x, version: "1"}
paths:
  /a:
    get:
      parameters: [{$ref: "%s"}]
      responses: {"200": {content: {application/json: {schema: {$ref: "%s"}}}}}
  /b:
    get: {parameters: [{name: q, in: query, schema: {items: {type: string}}}], responses: {}}
components: {parameters: {P: {name: p, in: query, schema: {type: string}}}}
x-own: {schema: {type: string}, parameter: {name: o, in: query}}
"""
P, S = "#/components/parameters/P", "#/components/parameters/P/schema"


@pytest.mark.parametrize(
    ("parameter", "schema", "faults"),
    [
        (P, S, 0),
        ("#/paths/~1b/get/parameters/0", "#/paths/~1b/get/parameters/0/schema/items", 0),
        ("#/x-own/parameter", "#/x-own/schema", 0),
        (S, P, 2),
        (P, "#/info", 1),
        (P, "#", 1),
        (P, "#/components", 1),
        (P, "#/components/parameters", 1),
        (P, "#/paths/~1b", 1),
        ("#/paths/~1b/get", S, 1),
    ],
)
def test_a_reference_leads_to_the_kind_of_object_that_belongs_there(parameter, schema, faults):
    _, report, _ = references_of(WHOLE % (parameter, schema))
    assert [finding.rule for finding in report.findings] == ["reference-mistyped"] * faults


def test_schemas_may_refer_to_each_other_in_circles():
    text = """
components:
  schemas:
    A: {properties: {b: {$ref: "#/components/schemas/B"}, a: {$ref: "#/components/schemas/A"}}}
    B: {items: {$ref: "../../common/c.yaml#/C"}}
"""
    files = {
        "common/c.yaml": "C: {properties: {a: {$ref: '../apis/orders/v1.openapi.yaml#/components/schemas/A'}}}"
    }
    references, report, _ = references_of(text, files)
    assert report.findings == []
    assert len(references.references) == 4
    assert [found.target.document.file for found in references.foreign()] == ["common/c.yaml"]


def test_a_long_chain_of_schemas_is_no_deep_recursion():
    names = "\n".join(
        f"    S{n}: {{properties: {{next: {{$ref: '#/components/schemas/S{n + 1}'}}}}}}" for n in range(3000)
    )
    references, report, _ = references_of(f"components:\n  schemas:\n{names}\n    S3000: {{}}")
    assert report.findings == []
    assert len(references.references) == 3000


def test_a_broken_reference_in_a_shared_file_is_reported_once():
    text = """
paths:
  /a: {get: {responses: {"200": {$ref: "../../common/r.yaml#/R"}}}}
  /b: {get: {responses: {"200": {$ref: "../../common/r.yaml#/R"}}}}
"""
    files = {"common/r.yaml": "R: {description: x, headers: {X: {$ref: '#/None'}}}"}
    _, report, _ = references_of(text, files)
    assert [str(finding.place) for finding in report.findings] == ["common/r.yaml:1:41"]


def test_data_is_not_searched_for_references():
    text = """
paths:
  x-note: {$ref: "#/none"}
  /a:
    x-note: {$ref: "#/none"}
    post:
      requestBody:
        content:
          application/json:
            schema:
              default: {$ref: "#/none"}
              enum: [{$ref: "#/none"}]
              const: {$ref: "#/none"}
              example: {$ref: "#/none"}
              examples: [{$ref: "#/none"}]
              properties: {$ref: {type: string}, default: {$ref: "#/here"}}
            example: {$ref: "#/none"}
            examples: {a: {value: {$ref: "#/none"}}}
here: {}
"""
    references, report, _ = references_of(text)
    assert report.findings == []
    assert [found.target.pointer for found in references.references.values()] == ["/here"]
