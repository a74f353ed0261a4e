import pytest

from contracts.openapi.odoo.names import domain_fault, field_fault, method_fault, model_fault, order_fault
from contracts.operations import OdooBackend, OdooChoice, OdooField, OdooFilter
from tests.contracts.contract_helpers import HEAD, compile_text, compiled, rules_of

SCHEMAS = """\
  schemas:
    Page:
      type: object
      required: [data, total]
      properties:
        data: {type: array, items: {$ref: "#/components/schemas/Order"}}
        total: {type: integer}
    Reference: {type: object, required: [id], properties: {id: {type: integer}, name: {type: string}}}
    Order:
      allOf:
        - {type: object, required: [id], properties: {id: {type: integer, readOnly: true}}}
        - {$ref: "#/components/schemas/Changes"}
    Changes:
      type: object
      properties:
        number: {type: [string, "null"], readOnly: true}
        ordered_at: {type: string, format: date-time}
        due: {anyOf: [{type: string, format: date}, {type: "null"}]}
        state: {enum: [draft, sale]}
        total: {type: number}
        sequence: {type: integer}
        locked: {type: boolean}
        customer: {oneOf: [{$ref: "#/components/schemas/Reference"}, {type: "null"}]}
        warehouse: {type: integer}
        salesperson: {type: string}
        tags: {type: array, items: {type: integer}}
        lines:
          type: array
          items:
            type: object
            required: [product]
            properties:
              product: {type: integer}
              quantity: {type: number}
              notes: {type: array, items: {type: object, properties: {text: {type: string}}}}
"""
FIELDS = """\
        fields:
          id: id
          number: name
          ordered_at: date_order
          due: validity_date
          state: state
          total: amount_total
          sequence: sequence
          locked: locked
          customer: partner_id
          warehouse: warehouse_id
          salesperson: user_id
          tags: tag_ids
          lines:
            field: order_line
            model: sale.order.line
            fields:
              product: product_id
              quantity: product_uom_qty
              notes: {field: note_ids, model: sale.note, fields: {text: {field: body, as: text}}}
"""


def contract(operation, path="/orders", parameters=""):
    schema = '{application/json: {schema: {$ref: "#/components/schemas/%s"}}}'
    text = operation.replace("PAGE", schema % "Page").replace("ORDER", schema % "Order")
    text = text.replace("CHANGES", schema % "Changes").replace("FIELDS\n", FIELDS)
    return f"{HEAD}{SCHEMAS}x-ostiary-upstream: erp\npaths:\n  {path}:\n{parameters}{text}"


def backend(text):
    found = compiled(text).operations[0].backend
    assert isinstance(found, OdooBackend)
    return found


LIST = """\
    parameters:
      - {name: status, in: query, schema: {type: string, enum: [draft, sale]}}
      - {name: tag, in: query, schema: {type: array, items: {type: integer}}}
      - {name: text, in: query, schema: {type: string}}
      - name: ordered
        in: query
        style: deepObject
        schema:
          type: object
          properties: {from: {type: string, format: date-time}, until: {type: string, format: date}}
      - {name: sort, in: query, schema: {type: string, enum: [number, -number]}}
      - {name: limit, in: query, schema: {type: integer, maximum: 50, default: 10}}
      - {name: offset, in: query, schema: {type: integer}}
    get:
      operationId: list
      responses: {"200": {description: OK, content: PAGE}}
      x-ostiary-odoo:
        model: sale.order
        action: list
        filters:
          status: state
          tag: tag_ids
          text: {field: partner_id.name, operator: ilike}
          "ordered[from]": {field: date_order, operator: ">="}
          "ordered[until]": {field: date_order, operator: "<"}
        domain: ["|", [company_id, "=", 1], [state, in, [draft, sale]], ["!"]]
        order: "date_order desc,id"
        sort: {parameter: sort, fields: {number: name}}
        paging: {limit: limit, offset: offset}
        items: data
        total: total
        context: {lang: en_US, active_test: false}
FIELDS
"""

ALL_FIELDS = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("number", "name", "text", writable=False),
    OdooField("ordered_at", "date_order", "datetime"),
    OdooField("due", "validity_date", "date"),
    OdooField("state", "state", "text"),
    OdooField("total", "amount_total", "number"),
    OdooField("sequence", "sequence", "integer"),
    OdooField("locked", "locked", "boolean"),
    OdooField("customer", "partner_id", "reference"),
    OdooField("warehouse", "warehouse_id", "reference-id"),
    OdooField("salesperson", "user_id", "reference-name", writable=False),
    OdooField("tags", "tag_ids", "ids"),
    OdooField(
        "lines",
        "order_line",
        "records",
        model="sale.order.line",
        fields=(
            OdooField("product", "product_id", "reference-id"),
            OdooField("quantity", "product_uom_qty", "number"),
            OdooField(
                "notes", "note_ids", "records", model="sale.note", fields=(OdooField("text", "body", "text"),)
            ),
        ),
    ),
)


def read_only(fields):
    return tuple(
        OdooField(f.name, f.field, f.value, writable=False, model=f.model, fields=read_only(f.fields))
        for f in fields
    )


def test_a_list_compiles():
    text = contract(LIST.replace(', ["!"]', ""))
    assert backend(text) == OdooBackend(
        upstream="erp",
        model="sale.order",
        action="list",
        fields=read_only(ALL_FIELDS),
        filters=(
            OdooFilter("status", "state", "=", "text"),
            OdooFilter("tag", "tag_ids", "in", "integer"),
            OdooFilter("text", "partner_id.name", "ilike", "text"),
            OdooFilter("ordered", "date_order", ">=", "datetime", property="from"),
            OdooFilter("ordered", "date_order", "<", "date", property="until"),
        ),
        domain=("|", ["company_id", "=", 1], ["state", "in", ["draft", "sale"]]),
        order="date_order desc, id",
        sort_parameter="sort",
        sort_fields=(("number", "name"),),
        limit_parameter="limit",
        offset_parameter="offset",
        default_limit=10,
        maximum_limit=50,
        item_property="data",
        total_property="total",
        context={"lang": "en_US", "active_test": False},
    )


def test_a_list_may_answer_with_the_array_itself():
    text = contract(
        """\
    get:
      operationId: list
      responses:
        "200":
          description: OK
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}}
      x-ostiary-odoo:
        model: sale.order
        action: list
FIELDS
"""
    )
    found = backend(text)
    assert (found.item_property, found.total_property, found.limit_parameter) == (None, None, None)
    assert (found.order, found.default_limit, found.maximum_limit) == ("id", 20, 100)


CURSOR = """\
    parameters:
      - {name: after, in: query, schema: {type: string}}
    get:
      operationId: list
      responses:
        "200":
          description: OK
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {type: array, items: {$ref: "#/components/schemas/Order"}}
                  next: {type: [string, "null"]}
      x-ostiary-odoo:
        model: sale.order
        action: list
        order: SORTED
        paging: {cursor: after}
        items: data
        next: next
FIELDS
"""


def test_a_list_may_go_on_by_a_cursor():
    found = backend(contract(CURSOR.replace("SORTED", "date_order desc, id")))
    assert (found.cursor_parameter, found.next_property) == ("after", "next")


@pytest.mark.parametrize(
    ("old", "new", "rule", "said"),
    [
        ("SORTED", "name", "odoo-mapping-invalid", "`name`, which can be null"),
        ("SORTED", "amount_total", "odoo-mapping-invalid", "`amount_total`, which is no text"),
        ("SORTED", "partner_id", "odoo-mapping-invalid", "`partner_id`, which is no text"),
        ("SORTED", "create_date", "odoo-mapping-invalid", "`create_date`, which no property shows"),
        ("locked: locked", "locked: create_date", "odoo-mapping-invalid", "fractions of a second"),
        ("        next: next\n", "", "odoo-mapping-invalid", "go together"),
        ("{cursor: after}", "{cursor: behind}", "odoo-parameter-undeclared", "behind"),
        ("{type: string}}", "{type: integer}}", "odoo-field-type", "`after` is text"),
        ('next: {type: [string, "null"]}', "next: {type: string}", "odoo-field-type", "null on the last page"),
    ],
)
def test_what_a_cursor_cannot_do(old, new, rule, said):
    text = contract(CURSOR).replace(old, new).replace("SORTED", "create_date" if "locked" in old else "date_order")
    version, findings = compile_text(text)
    assert version is None
    assert rule in rules_of(findings)
    assert any(said in finding.message for finding in findings)


ID = "    parameters: [{name: order_id, in: path, required: true, schema: {type: integer}}]\n"


def test_a_create_compiles():
    found = backend(
        contract(
            """\
    post:
      operationId: create
      requestBody: {content: CHANGES}
      responses: {"400": {description: No}, "201": {description: OK, content: ORDER}}
      x-ostiary-odoo:
        model: sale.order
        action: create
FIELDS
"""
        )
    )
    assert (found.action, found.success_status, found.id_parameter) == ("create", 201, None)
    assert found.fields == ALL_FIELDS


@pytest.mark.parametrize(
    ("method", "action", "rest", "status"),
    [
        ("get", "get", "responses: {'200': {description: OK, content: ORDER}}", 200),
        (
            "put",
            "update",
            "requestBody: {content: CHANGES}\n      responses: {'200': {description: OK, content: ORDER}}",
            200,
        ),
        ("patch", "update", "requestBody: {content: ORDER}\n      responses: {'204': {description: OK}}", 204),
        ("post", "call", "responses: {2XX: {description: OK, content: ORDER}}", 200),
        ("delete", "delete", "responses: {'204': {description: OK}}", 204),
    ],
)
def test_actions_on_one_record_compile(method, action, rest, status):
    fields = "" if action == "delete" else "FIELDS\n"
    name = "\n        method: action_confirm" if action == "call" else ""
    found = backend(
        contract(
            f"""\
    {method}:
      operationId: one
      {rest}
      x-ostiary-odoo:
        model: sale.order
        action: {action}
        id: order_id{name}
{fields}""",
            path="/orders/{order_id}",
            parameters=ID,
        )
    )
    assert (found.action, found.success_status, found.id_parameter) == (action, status, "order_id")
    assert found.method == ("action_confirm" if action == "call" else None)
    assert [field.writable for field in found.fields if field.name == "total"] == (
        [] if action == "delete" else [action == "update"]
    )


def test_a_mapping_is_needed_for_all_that_the_request_admits():
    text = contract(
        """\
    post:
      operationId: create
      requestBody: {content: CHANGES}
      responses: {"201": {description: OK}}
      x-ostiary-odoo: {model: sale.order, action: create, fields: {number: name}}
"""
    )
    version, findings = compile_text(text)
    assert version is None
    assert set(rules_of(findings)) == {"odoo-field-unmapped"}
    assert len(findings) == 11


BULK = """\
    post:
      operationId: createAll
      requestBody:
        content:
          application/json:
            schema: {type: array, maxItems: 50, items: {$ref: "#/components/schemas/Changes"}}
      responses:
        "201":
          description: OK
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}}
      x-ostiary-odoo:
        model: sale.order
        action: create
FIELDS
"""


def test_an_array_of_new_records_compiles():
    found = backend(contract(BULK))
    assert (found.bulk, found.fields) == (True, ALL_FIELDS)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("maxItems: 50, ", "", "`maxItems`, at most 1000"),
        ("maxItems: 50", "maxItems: 5000", "`maxItems`, at most 1000"),
        ("{type: array, items: ", "{allOf: [{type: object}], not: ", "answered with one"),
    ],
)
def test_an_array_of_new_records_is_bounded_and_answered_with_one(old, new, said):
    version, findings = compile_text(contract(BULK.replace(old, new)))
    assert version is None
    assert any(said in finding.message for finding in findings)


@pytest.mark.parametrize(("written", "write"), [("replace", "replace"), ("merge", "merge"), ("append", None)])
def test_a_list_of_records_is_replaced_or_merged(written, write):
    text = contract(BULK).replace("field: order_line\n", f"field: order_line\n            write: {written}\n")
    if write is None:
        assert rules_of(compile_text(text)[1]) == ["odoo-mapping-invalid"]
    else:
        assert backend(text).fields[-1].write == write


def test_only_lists_of_records_are_merged():
    text = contract(BULK).replace("number: name\n", "number: {field: name, write: merge}\n")
    assert rules_of(compile_text(text)[1]) == ["odoo-mapping-invalid"]


@pytest.mark.parametrize(
    ("written", "etag"), [("true", "offered"), ("required", "required"), ("false", "none"), ("maybe", None)]
)
def test_tags_are_offered_or_required(written, etag):
    text = contract(
        f"""\
    delete:
      operationId: one
      responses: {{'204': {{description: OK}}}}
      x-ostiary-odoo: {{model: sale.order, action: delete, id: order_id, etag: {written}}}
""",
        path="/orders/{order_id}",
        parameters=ID,
    )
    if etag is None:
        assert rules_of(compile_text(text)[1]) == ["odoo-mapping-invalid"]
    else:
        assert backend(text).etag == etag


CREATE_BY_CLAIM = """\
    post:
      operationId: create
      requestBody: {content: CHANGES}
      responses: {"201": {description: OK, content: ORDER}}
      x-ostiary-odoo:
        model: sale.order
        action: create
        domain: [[DOMAIN]]
FIELDS
"""


def test_a_claim_says_what_it_has_to_be():
    found = backend(contract(CREATE_BY_CLAIM.replace("[DOMAIN]", '[company_id, "=", {claim: company}]')))
    assert found.domain == (["company_id", "=", {"as": "reference-id", "claim": "company"}],)
    assert found.depends_on_claims


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        ('[partner_id, "=", {claim: partner}]', "`customer` can be written"),
        ("[partner_id.parent_id, child_of, {claim: partner}]", "`customer` can be written"),
        ("[company_id, in, {claim: companies}]", "`company_id` in"),
        ('"|", [x, "=", 1], [company_id, "=", {claim: company}]', "below `|`"),
    ],
)
def test_what_a_claim_keeps_apart_cannot_be_written(domain, said):
    version, findings = compile_text(contract(CREATE_BY_CLAIM.replace("[DOMAIN]", domain)))
    assert version is None
    assert set(rules_of(findings)) == {"odoo-mapping-invalid"}
    assert any(said in finding.message for finding in findings)


@pytest.mark.parametrize(("openapi", "writable"), [("3.0.3", True), ("3.1.0", False)])
def test_beside_a_reference_read_only_counts_in_3_1_alone(openapi, writable):
    text = f"""\
{HEAD.replace("3.1.0", openapi)}  schemas:
    State: {{type: string}}
    Order: {{type: object, properties: {{state: {{$ref: "#/components/schemas/State", readOnly: true}}}}}}
x-ostiary-upstream: erp
paths:
  /orders:
    post:
      operationId: create
      requestBody: {{content: {{application/json: {{schema: {{$ref: "#/components/schemas/Order"}}}}}}}}
      responses: {{"201": {{description: OK}}}}
      x-ostiary-odoo: {{model: sale.order, action: create, fields: {{state: state}}}}
"""
    assert [field.writable for field in backend(text).fields] == [writable]


def test_the_kind_of_the_upstream_and_the_mapping_agree():
    text = contract(LIST.replace(', ["!"]', ""))
    _, findings = compile_text(text.replace("x-ostiary-upstream: erp", "x-ostiary-upstream: shop"))
    assert rules_of(findings) == ["upstream-kind-mismatch"]
    plain = text[: text.index("      x-ostiary-odoo:")]
    _, findings = compile_text(plain)
    assert rules_of(findings) == ["odoo-mapping-missing"]


@pytest.mark.parametrize("name", ["res.partner", "x_custom", "sale.order.line", "l10n_de.tax"])
def test_models(name):
    assert model_fault(name) == ""


@pytest.mark.parametrize("name", ["", "Res.Partner", ".x", "x.", "_x", "res partner", "res..x", "x\n", 5, None])
def test_no_models(name):
    assert model_fault(name)


@pytest.mark.parametrize("name", ["name", "x_studio_a", "partner_id", "x_Upper"])
def test_fields(name):
    assert field_fault(name) == ""


@pytest.mark.parametrize("name", ["", "_name", "a.b", "a b", "1a", "Name", "a\n", None, 5])
def test_no_fields(name):
    assert field_fault(name)


def test_a_path_through_relations_is_public_in_every_part():
    assert field_fault("partner_id.country_id.code", dotted=True) == ""
    assert field_fault("partner_id._secret", dotted=True)
    assert field_fault("partner_id.", dotted=True)


@pytest.mark.parametrize("name", ["action_confirm", "button_validate", "message_post"])
def test_methods(name):
    assert method_fault(name) == ""


@pytest.mark.parametrize(
    "name", ["_action", "__init__", "sudo", "with_user", "browse", "write", "unlink", "a.b", "", 5]
)
def test_no_methods(name):
    assert method_fault(name)


@pytest.mark.parametrize("text", ["id", "id desc", "a asc, b desc", "a,b"])
def test_orders(text):
    assert order_fault(text) == ""


@pytest.mark.parametrize("text", ["", "a,", "a b", "a desc desc", "a; drop", "_a", "a.b", "random()", None])
def test_no_orders(text):
    assert order_fault(text)


@pytest.mark.parametrize(
    "domain",
    [
        [],
        [["a", "=", 1]],
        [["a", "=", False], ["b.c", "child_of", 3]],
        ["|", ["a", "=", 1], ["b", "in", [1, 2]]],
        ["!", "&", ["a", "=", 1], ["b", "=like", "x%"]],
        ["|", "|", ["a", "=", 1], ["a", "=", 2], ["a", "=", 3], ["b", "=", 1]],
        [["a_id", "=", {"claim": "a"}], ["b.c_id", "child_of", {"claim": "c"}], ["d", "in", {"claim": "d"}]],
        [["x_a", "=", {"claim": "a", "as": "reference-id"}], ["n", "=", {"claim": "n", "as": "integer"}]],
    ],
)
def test_domains(domain):
    assert domain_fault(domain) == ("", None)


@pytest.mark.parametrize(
    ("domain", "index"),
    [
        ("x", None),
        ([["a", "=", 1], ["a", "=="]], 1),
        ([["a", "==", 1]], 0),
        ([["_a", "=", 1]], 0),
        ([["a", "in", 1]], 0),
        ([["a", "=", {"x": 1}]], 0),
        ([["a", "in", [[1]]]], 0),
        ([["a", "!=", {"claim": "a"}]], 0),
        ([["a", "ilike", {"claim": "a"}]], 0),
        ([["a", "=", {"claim": ""}]], 0),
        ([["a", "=", {"claim": "a", "or": 1}]], 0),
        ([["a", "=", {"claim": "a", "as": "number"}]], 0),
        ([["a_id", "=", {"claim": "a", "as": "text"}]], 0),
        ([["a", "in", [{"claim": "a"}]]], 0),
        ([1], 0),
        (["|", ["a", "=", 1]], 0),
        ([["a", "=", 1], "!"], 1),
        (["&", "|", ["a", "=", 1], ["a", "=", 1]], 0),
    ],
)
def test_no_domains(domain, index):
    fault, at = domain_fault(domain)
    assert fault
    assert at == index


CONTEXT = """\
    parameters:
      - {name: status, in: query, schema: {type: string}}
      - {name: tz, in: query, schema: {type: string, enum: [Europe/Brussels, UTC]}}
      - {name: archived, in: query, schema: {type: boolean}}
      - {name: accept-LANGUAGE, in: header, schema: {type: string}}
    get:
      operationId: list
      responses: {"200": {description: OK, content: PAGE}}
      x-ostiary-odoo:
        model: sale.order
        action: list
        items: data
        total: total
        filters: {status: state}
        context:
          CONTEXT
FIELDS
"""


def with_context(*lines):
    return contract(CONTEXT.replace("CONTEXT\n", "\n          ".join(lines) + "\n"))


def test_a_context_has_constants_and_choices():
    found = backend(
        with_context(
            "company_id: 1",
            "lang: {header: Accept-Language, of: [en_US, nl_BE], default: en_US}",
            "tz: {query: tz}",
            "show: {query: archived}",
            "allowed_company_ids: {claim: companies, as: reference-ids}",
        )
    )
    assert found.context == {"company_id": 1}
    assert found.choices == (
        OdooChoice("lang", "header", "Accept-Language", of=("en_US", "nl_BE"), default="en_US"),
        OdooChoice("tz", "query", "tz"),
        OdooChoice("show", "query", "archived", "boolean"),
        OdooChoice("allowed_company_ids", "claim", "companies", "reference-ids"),
    )
    assert found.depends_on_claims


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lang: {header: Accept-Language}", "only the texts that `of` names"),
        ("lang: {header: Accept-Language, of: [en_US], default: fr_FR}", "`default` is one of `of`"),
        ("lang: {header: Accept-Language, of: en_US}", "`of` is an array of texts"),
        ("lang: {header: X-Lang, of: [en_US]}", "no header parameter `X-Lang`"),
        ("lang: {query: lang}", "no query parameter `lang`"),
        ("lang: {query: status}", "a text of an `enum`, a number or a flag"),
        ("lang: {query: tz, claim: lang}", "comes from one of"),
        ("lang: {anything: goes}", "comes from one of"),
        ("company: {claim: company, of: [a]}", "no key `of`"),
        ("company: {claim: company, as: list}", "`as` is one of"),
        ("company: {claim: 3}", "`claim` is a name"),
        ("_sudo: {claim: sudo}", "is no key of a context"),
    ],
)
def test_a_choice_that_lets_more_pass_is_found(line, said):
    version, findings = compile_text(with_context(line))
    assert version is None
    assert any(said in finding.message for finding in findings), findings
