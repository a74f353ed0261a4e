import json
import socket
import urllib.request

import jsonschema_path.retrievers
import msgspec
import pytest

from contracts.estate_files import DefaultsEntry
from contracts.operations import (
    ApiVersion,
    HttpBackend,
    Lifecycle,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Response,
)
from tests.contracts.contract_helpers import HEAD, UPSTREAMS, compile_text, compiled, document_of, rules_of

PATHS = """\
servers: [{url: "https://api.example.com/orders/v1/"}, {url: "https://other.example/elsewhere"}]
paths:
  /orders/{id}:
    summary: One order
    parameters:
      - {name: id, in: path, required: true, schema: {type: integer, minimum: 1}}
      - {name: X-Trace, in: header, schema: {type: string}}
    get:
      operationId: getOrder
      deprecated: true
      security: [{oauth: [orders:read, orders:write]}, {oauth: [orders:write]}, {}]
      parameters:
        - $ref: "#/components/parameters/Fields"
        - {name: x-trace, in: header, required: true, schema: {type: string, maxLength: 9}}
      responses:
        200:
          description: OK
          content: {"Application/JSON; charset=utf-8": {schema: {type: object}}, text/csv: {}}
        4XX: {$ref: "common/errors.yaml#/Error"}
        default: {description: Other}
        x-note: no response
    patch:
      operationId: patchOrder
      x-ostiary-limit: {cost: 7, max-body: 100}
      requestBody: {$ref: "#/components/requestBodies/Patch"}
      responses: {"204": {description: Done}}
"""
COMPONENTS = """\
  parameters:
    Fields:
      {name: fields, in: query, explode: false, allowEmptyValue: true, schema: {$ref: "#/components/x-list"}}
  x-list: {type: array, items: {type: string}}
  requestBodies:
    Patch:
      required: true
      content: {application/merge-patch+json: {schema: {type: object, minProperties: 1}}, image/*: {}}
"""
ERRORS = """\
Error:
  description: A problem
  content: {application/problem+json: {schema: {$ref: "#/Problem"}}}
Problem: {type: object, required: [title], properties: {title: {type: string}}}
"""
FILE = "v1.openapi.yaml"


def whole(**context):
    text = HEAD + COMPONENTS + PATHS.replace(", {}]", "]")
    return compile_text(text, files={"common/errors.yaml": ERRORS}, file=FILE, **context)


def test_a_contract_compiles_to_what_is_enforced():
    version, findings = whole(lifecycle=Lifecycle(), classification="confidential")
    assert rules_of(findings) == ["body-not-checked"]
    assert version == ApiVersion(
        api="orders",
        version="v1",
        title="Orders",
        owner="sales",
        base_path="/orders/v1",
        revision=version.revision,
        classification="confidential",
        operations=(
            Operation(
                id="getOrder",
                method="GET",
                path="/orders/{id}",
                pointer="/paths/~1orders~1{id}/get",
                backend=HttpBackend("shop"),
                scopes=(("orders:read", "orders:write"), ("orders:write",)),
                parameters=(
                    Parameter("id", "path", "simple", False, {"type": "integer", "minimum": 1}, required=True),
                    Parameter(
                        "x-trace", "header", "simple", False, {"type": "string", "maxLength": 9}, required=True
                    ),
                    Parameter(
                        "fields",
                        "query",
                        "form",
                        False,
                        {"$ref": "urn:ostiary:orders:v1:request#/components/schemas/x-list"},
                        allow_empty=True,
                    ),
                ),
                responses=(
                    Response("200", (MediaType("application/json", {"type": "object"}), MediaType("text/csv"))),
                    Response(
                        "4XX",
                        (
                            MediaType(
                                "application/problem+json",
                                {"$ref": "urn:ostiary:orders:v1:response#/components/schemas/Problem"},
                            ),
                        ),
                    ),
                    Response("default"),
                ),
                deprecated=True,
            ),
            Operation(
                id="patchOrder",
                method="PATCH",
                path="/orders/{id}",
                pointer="/paths/~1orders~1{id}/patch",
                backend=HttpBackend("shop"),
                scopes=(("orders:read",),),
                parameters=(
                    Parameter("id", "path", "simple", False, {"type": "integer", "minimum": 1}, required=True),
                    Parameter("X-Trace", "header", "simple", False, {"type": "string"}),
                ),
                body=RequestBody(
                    True,
                    (
                        MediaType("application/merge-patch+json", {"type": "object", "minProperties": 1}),
                        MediaType("image/*"),
                    ),
                ),
                responses=(Response("204"),),
                max_body=100,
                cost=7,
            ),
        ),
        documents={
            "urn:ostiary:orders:v1:request": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": "urn:ostiary:orders:v1:request",
                "components": {"schemas": {"x-list": {"type": "array", "items": {"type": "string"}}}},
            },
            "urn:ostiary:orders:v1:response": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "$id": "urn:ostiary:orders:v1:response",
                "components": {
                    "schemas": {
                        "Problem": {
                            "type": "object",
                            "required": ["title"],
                            "properties": {"title": {"type": "string"}},
                        }
                    }
                },
            },
        },
    )


def test_what_is_compiled_survives_the_snapshot():
    version, _ = whole()
    assert msgspec.json.decode(msgspec.json.encode(version), type=ApiVersion) == version


def contract(paths, head=HEAD):
    return f"{head}paths:\n{paths}"


GET = '{get: {operationId: a, responses: {"200": {description: OK}}}}'


@pytest.mark.parametrize(
    ("servers", "base_path"),
    [
        ("", "/orders/v1"),
        ("servers: []", "/orders/v1"),
        ("servers: [{url: /}]", "/orders/v1"),
        ("servers: [{url: https://api.example}]", "/orders/v1"),
        ("servers: [{url: /a/b/}]", "/a/b"),
        (
            "servers: [{url: 'https://{h}.example/{s}', variables: {s: {default: live}, h: {default: a}}}]",
            "/live",
        ),
    ],
)
def test_the_first_server_says_where_a_version_is_served(servers, base_path):
    version = compiled(contract(f"  /a: {GET}\n{servers}"))
    assert version.base_path == base_path


@pytest.mark.parametrize("text", ["https://a.example/%41", "/a/{b}", "a/b", "/a//b", "/a;b", "/../a"])
def test_a_server_without_a_plain_path_is_refused(text):
    version, findings = compile_text(contract(f"  /a: {GET}\nservers: [{{url: '{text}'}}]"))
    assert version is None
    assert rules_of(findings) == ["server-url-invalid"]


@pytest.mark.parametrize(
    ("identity", "found"),
    [
        ("a" * 255, []),
        ("list all orders", []),
        ("a" * 256, ["operation-id-unusable"]),
        ("list\\norders", ["operation-id-unusable"]),
    ],
)
def test_an_operation_id_has_to_fit_where_usage_is_counted(identity, found):
    path = f'  /a: {{get: {{operationId: "{identity}", responses: {{"200": {{description: OK}}}}}}}}'
    _, findings = compile_text(contract(path))
    assert [each.rule for each in findings] == found


def test_defaults_of_the_estate_hold_where_the_contract_says_nothing():
    version = compiled(contract(f"  /a: {GET}"), defaults=DefaultsEntry(max_body=5, unknown_query="ignore"))
    assert (version.operations[0].max_body, version.operations[0].unknown_query) == (5, "ignore")
    assert compiled(contract(f"  /a: {GET}")).operations[0].unknown_query == "refuse"


def test_an_operation_overrides_what_the_document_says():
    text = contract(
        """\
  /a:
    get: {operationId: a, responses: {"200": {description: OK}}}
    put:
      operationId: b
      x-ostiary-limit: {cost: 1}
      x-ostiary-upstream: shop
      responses: {"200": {description: OK}}
x-ostiary-limit: {cost: 3, max-body: 9}
x-ostiary-upstream: second
"""
    )
    upstreams = {**UPSTREAMS, "second": UPSTREAMS["shop"]}
    first, second = compiled(text, upstreams=upstreams).operations
    assert (first.cost, first.max_body, first.backend.upstream) == (3, 9, "second")
    assert (second.cost, second.max_body, second.backend.upstream) == (1, 9, "shop")


@pytest.mark.parametrize(
    ("security", "scopes", "public"),
    [
        ("[]", (), True),
        ("[{oauth: []}]", ((),), False),
        ("[{oauth: [orders:read]}]", (("orders:read",),), False),
        ("[{oauth: [orders:read]}, {oauth: [orders:read]}]", (("orders:read",),), False),
        ("[{oauth: [orders:read, orders:write]}]", (("orders:read", "orders:write"),), False),
        ("[{oauth: [orders:read]}, {oauth: [orders:write]}]", (("orders:read",), ("orders:write",)), False),
    ],
)
def test_security_becomes_alternatives_of_scopes(security, scopes, public):
    text = contract(
        f'  /a: {{get: {{operationId: a, security: {security}, responses: {{"200": {{description: OK}}}}}}}}'
    )
    operation = compiled(text).operations[0]
    assert (operation.scopes, operation.public) == (scopes, public)


def test_a_document_without_security_makes_nothing_public():
    head = 'openapi: 3.1.0\ninfo: {title: x, version: "1"}\n'
    version, findings = compile_text(contract(f"  /a: {GET}", head))
    assert version is None
    assert rules_of(findings) == ["operation-without-security"]


@pytest.mark.parametrize(
    ("parameter", "style", "explode"),
    [
        ("name: a, in: query, schema: {type: string}", "form", True),
        ("name: a, in: query, explode: false, schema: {type: array, items: {type: string}}", "form", False),
        (
            "name: a, in: query, style: pipeDelimited, schema: {type: array, items: {type: string}}",
            "pipeDelimited",
            False,
        ),
        (
            "name: a, in: query, style: spaceDelimited, schema: {type: array, items: {type: string}}",
            "spaceDelimited",
            False,
        ),
        ("name: a, in: query, style: deepObject, schema: {type: object}", "deepObject", True),
        ("name: a, in: query, style: deepObject, explode: false, schema: {type: object}", "deepObject", True),
        ("name: a, in: header, explode: true, schema: {type: object}", "simple", True),
        ("name: a, in: cookie, schema: {type: string}", "form", True),
        (
            "name: p, in: path, required: true, style: matrix, explode: true, schema: {type: string}",
            "matrix",
            True,
        ),
        ("name: p, in: path, required: true, style: label, schema: {type: string}", "label", False),
    ],
)
def test_style_and_explode_are_explicit(parameter, style, explode):
    path = "/a/{p}" if "in: path" in parameter else "/a"
    responses = '{"200": {description: OK}}'
    text = contract(
        f"  {path}: {{get: {{operationId: a, parameters: [{{{parameter}}}], responses: {responses}}}}}"
    )
    found = compiled(text).operations[0].parameters[0]
    assert (found.style, found.explode) == (style, explode)


def test_a_parameter_with_content_is_a_media_type():
    parameter = "{name: a, in: query, content: {application/json: {schema: {type: object}}}}"
    text = contract(
        f'  /a: {{get: {{operationId: a, parameters: [{parameter}], responses: {{"200": {{description: OK}}}}}}}}'
    )
    found = compiled(text).operations[0].parameters[0]
    assert (found.content_type, found.schema) == ("application/json", {"type": "object"})


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.2", "3.2.0"])
def test_versions_of_openapi_that_are_supported(version):
    assert compiled(contract(f"  /a: {GET}", HEAD.replace("3.1.0", version))).operations


@pytest.mark.parametrize("version", ["2.0", "3.3.0", "4.0.0", "'3.1'", "3.1", "[]"])
def test_versions_of_openapi_that_are_not(version):
    result, findings = compile_text(contract(f"  /a: {GET}", HEAD.replace("3.1.0", version)))
    assert result is None
    assert rules_of(findings) == ["unsupported-openapi-version"]
    assert "3.0, 3.1 and 3.2" in findings[0].message


def test_data_that_looks_like_a_reference_is_data():
    schemas = "  schemas: {A: {type: object, default: {$ref: 'http://a.example/'}, example: {$ref: '#/no'}}}\n"
    assert compiled(contract(f"  /a: {GET}", HEAD + schemas))


def test_a_default_is_checked_beside_a_broken_reference():
    schemas = "  schemas: {A: {$ref: '#/no'}, B: {$ref: 'https://b.example'}, C: {type: integer, default: x}}\n"
    _, findings = compile_text(contract(f"  /a: {GET}", HEAD + schemas))
    assert sorted(rules_of(findings)) == ["dangling-reference", "openapi-invalid", "remote-reference"]


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize(
    "schema",
    [
        "{$ref: 'http://127.0.0.1:9/a'}",
        "{$ref: 'https://127.0.0.1:9/a#/b'}",
        "{$ref: 'file:///etc/hostname'}",
        "{$ref: '/etc/hostname'}",
        "{$id: 'http://127.0.0.1:9/', properties: {a: {$ref: b, default: 1}}, default: {a: 1}}",
        "{$schema: 'http://127.0.0.1:9/', default: 1}",
        "{$dynamicRef: 'http://127.0.0.1:9/', default: 1}",
        "{default: {$ref: 'http://127.0.0.1:9/'}, example: {$ref: 'http://127.0.0.1:9/'}}",
    ],
)
def test_nothing_is_fetched(openapi, schema, monkeypatch):
    asked = []

    def refuse(*arguments, **_):
        asked.append(arguments)
        raise OSError("there is no network here")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(jsonschema_path.retrievers, "urlopen", refuse)
    text = contract(f"  /a: {GET}", HEAD.replace("3.1.0", openapi) + f"  schemas: {{A: {schema}}}\n")
    compile_text(text)
    assert asked == []


def test_the_same_contract_as_json_compiles_alike():
    text = contract(f"  /a: {GET}")
    version = compiled(text)
    as_json = json.dumps(document_of(text).value)
    assert compiled(as_json, file="apis/orders/v1.openapi.json") == version


def test_the_revision_is_that_of_the_content():
    version, _ = whole()
    text = HEAD + COMPONENTS + PATHS.replace(", {}]", "]")
    commented, _ = compile_text(
        "# A comment\n" + text, files={"common/errors.yaml": ERRORS + "Unused: 1\n"}, file=FILE
    )
    assert commented.revision == version.revision
    assert len(version.revision) == 64
    described, _ = compile_text(text.replace("Done", "done"), files={"common/errors.yaml": ERRORS}, file=FILE)
    assert described.revision != version.revision
    elsewhere, _ = compile_text(
        text, files={"common/errors.yaml": ERRORS.replace("A problem", "Other")}, file=FILE
    )
    assert elsewhere.revision != version.revision
    deep, _ = compile_text(text, files={"common/errors.yaml": ERRORS.replace("[title]", "[]")}, file=FILE)
    assert deep.revision != version.revision


def test_a_path_item_of_another_file_is_part_of_the_contract():
    files = {
        "common/paths.yaml": """
Item:
  get:
    operationId: shared
    parameters: [{$ref: "#/Page"}, {$ref: "../apis/orders/v1.openapi.yaml#/components/parameters/Own"}]
    responses: {"200": {description: OK}}
Page: {name: page, in: query, schema: {type: integer}}
"""
    }
    own = "  parameters: {Own: {name: own, in: query, schema: {type: string}}}\n"
    for openapi in ("3.0.3", "3.1.0"):
        head = HEAD.replace("3.1.0", openapi) + own
        text = contract('  /a: {$ref: "../../common/paths.yaml#/Item"}', head)
        operation = compiled(text, files=files).operations[0]
        assert operation.pointer == "/paths/~1a/get"
        assert [parameter.name for parameter in operation.parameters] == ["page", "own"]


def test_a_sunset_that_agrees_is_fine():
    text = contract(f"  /a: {GET}\nx-sunset: 2027-06-30")
    assert compiled(text, lifecycle=Lifecycle(state="deprecated", deprecation=1, sunset=1814313600))
    assert compiled(text, lifecycle=Lifecycle(state="deprecated", deprecation=1, sunset=1814313600 + 3600))


@pytest.mark.parametrize("openapi", ["3.0.3", "3.1.0"])
def test_numbers_beyond_64_bits_survive_the_snapshot(openapi):
    schema = "{type: integer, maximum: 100000000000000000000000000000, example: 1000000000000000000000}"
    parameter = f"{{name: a, in: query, schema: {schema}}}"
    operation = f'{{operationId: a, parameters: [{parameter}], responses: {{"200": {{description: OK}}}}}}'
    version = compiled(contract(f"  /a: {{get: {operation}}}", HEAD.replace("3.1.0", openapi)))
    again = msgspec.json.decode(msgspec.json.encode(version), type=ApiVersion)
    assert again.operations[0].parameters[0].schema == {"type": "integer", "maximum": 10**29}


def test_findings_come_in_the_order_of_the_file():
    _, findings = compile_text(contract("  /b//: {}\n  /a//: {}\n  /c: {trace: {}}"))
    assert [finding.place.line for finding in findings] == sorted(finding.place.line for finding in findings)
