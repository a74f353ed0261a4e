"""An estate that was made for an Odoo 17: its contract maps what later versions call otherwise."""

from pathlib import Path

from tests.support.estates import write_estate

CONTRACT = "apis/books/v1.openapi.yaml"

_TEXT = """\
openapi: 3.1.0
info: {title: Orders, version: 1.0.0}
servers: [{url: /books/v1}]
security: [{oauth: ["books:read"]}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: state, in: query, schema: {type: string, enum: [draft, sale]}}
        - {name: country, in: query, schema: {type: integer}}
      responses:
        "200":
          description: Orders.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Order"}}}}
      x-ostiary-odoo:
        model: sale.order
        action: list
        fields:
          id: id
          number: name
          status: state
          lines: {field: order_line, model: sale.order.line, fields: {taxes: {field: tax_id, as: ids}}}
        filters: {state: state, country: partner_id.country_id}
        domain: [[partner_id.mobile, "!=", false]]
        order: date_order desc, id
    post:
      operationId: placeOrder
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/NewOrder"}}}
      responses:
        "201":
          description: The order.
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
      x-ostiary-odoo:
        model: sale.order
        action: create
        fields:
          id: id
          number: name
          status: state
          customer_id: partner_id
          lines:
            field: order_line
            model: sale.order.line
            fields: {product_id: product_id, taxes: {field: tax_id, as: ids}}
  /orders/{order_id}/confirm:
    post:
      operationId: confirmOrder
      parameters: [{name: order_id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: The order.
          content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}
      x-ostiary-odoo:
        model: sale.order
        action: call
        method: action_confirm
        id: order_id
        fields: {id: id, number: name, status: state}
  /contacts:
    get:
      operationId: listContacts
      responses:
        "200":
          description: Contacts.
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Contact"}}}}
      x-ostiary-odoo:
        model: res.partner
        action: list
        fields: {name: name, mobile: mobile}
  /jsonrpc:
    post:
      operationId: rpc
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {"200": {description: As Odoo answers.}}
      x-ostiary-odoo: {action: rpc, dialect: jsonrpc}
x-ostiary-odoo-guard:
  models:
    res.partner: {read: [name, mobile], write: [mobile], call: [message_subscribe]}
    sale.order.line: {read: [name, tax_id]}
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: /oauth/token
          scopes: {"books:read": Read, "books:write": Write, "odoo:res.partner:read": Read}
  schemas:
    Order:
      type: object
      required: [id, number, status]
      properties:
        id: {type: integer}
        number: {type: string}
        status: {type: string, enum: [draft, sent, sale, cancel]}
        lines: {type: array, items: {$ref: "#/components/schemas/Line"}}
    Line:
      type: object
      properties:
        product_id: {type: integer}
        taxes: {type: array, items: {type: integer}}
    NewOrder:
      type: object
      additionalProperties: false
      required: [customer_id]
      properties:
        customer_id: {type: integer}
        lines: {type: array, maxItems: 9, items: {$ref: "#/components/schemas/Line"}}
    Contact: {type: object, properties: {name: {type: string}, mobile: {type: [string, "null"]}}}
"""


def write_drifting(root: Path, *changes: tuple[str, str], url: str = "http://127.0.0.1:8069") -> Path:
    """The estate below `root`, with texts of the contract replaced; its Odoo is at `url`."""
    text = _TEXT
    for old, new in changes:
        assert old in text, f"{old!r} is not in the contract"
        text = text.replace(old, new)
    odoo = f"upstreams:\n  erp: {{kind: odoo, url: {url}, protocol: jsonrpc, database: odoo19, login: admin,"
    write_estate(
        root,
        ("ostiary.yaml", "upstreams:\n", f"{odoo} credential: odoo-key}}\n"),
        ("apis/books/api.yaml", "upstream: bookshop", "upstream: erp"),
    )
    (root / CONTRACT).write_text(text, encoding="utf-8")
    return root
