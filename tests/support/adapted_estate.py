"""An estate in which version 1 of an API is served by version 2: other names, types, units, paths and statuses."""

from pathlib import Path

from tests.support.estates import write_estate

V1 = "apis/orders/v1.openapi.yaml"
V2 = "apis/orders/v2.openapi.yaml"
API = "apis/orders/api.yaml"

API_YAML = """\
title: Orders
owner: books
contact: orders@example.com
upstream: bookshop
classification: internal
versions:
  v1:
    policies: { version-adapter: { version: v2 } }
  v2: {}
"""

HEAD = """\
openapi: 3.1.0
info: { title: Orders, version: "%s", description: Orders of customers. }
servers: [{ url: /orders/%s }]
paths:
"""

V1_YAML = (
    HEAD % ("1", "v1")
    + """\
  /orders:
    get:
      operationId: listOrders
      summary: Orders
      security: []
      parameters:
      - { name: customer, in: query, schema: { type: integer, minimum: 1, maximum: 1000 } }
      - { name: state, in: query, schema: { type: string, enum: [open, done] } }
      responses:
        "200":
          description: Orders
          content:
            application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } }
      x-ostiary-policies:
        version-adapter:
          operation: searchOrders
          request:
          - { rename: /query/customer, to: customerId }
          - { convert: /query/customerId, as: string }
          - { convert: /query/state, values: { open: draft, done: sale } }
          response:
          - { move: /body/items, to: /body }
          - { rename: /body/*/customerId, to: customer }
          - { convert: /body/*/total_cents, multiply: 0.01 }
          - { rename: /body/*/total_cents, to: total }
          - { convert: /body/*/state, values: { draft: open, sale: done } }
    post:
      operationId: createOrder
      summary: A new order
      security: []
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/NewOrder" } } }
      responses:
        "200":
          description: The order
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
        "409":
          description: It is there
          content:
            application/json:
              schema: { type: object, required: [error], properties: { error: { type: string } } }
      x-ostiary-policies:
        version-adapter:
          request:
          - { rename: /body/customer, to: customerId }
          - { convert: /body/customerId, as: string }
          - { rename: /body/lines/*/qty, to: quantity }
          - { move: /body/street, to: /body/address/street }
          - { default: /body/currency, value: EUR }
          response:
          - { rename: /body/customerId, to: customer }
          - { convert: /body/total_cents, multiply: 0.01 }
          - { rename: /body/total_cents, to: total }
          - { convert: /body/state, values: { draft: open, sale: done } }
          errors:
          - { move: /body/problem/text, to: /body/error }
          statuses: { "201": 200 }
  /orders/{number}:
    get:
      operationId: getOrder
      summary: One order
      security: []
      parameters:
      - { name: number, in: path, required: true, schema: { type: integer, minimum: 1 } }
      responses:
        "200":
          description: The order
          content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
      x-ostiary-policies:
        version-adapter:
          request:
          - { rename: /path/number, to: id }
          response:
          - { rename: /body/customerId, to: customer }
          - { convert: /body/total_cents, multiply: 0.01 }
          - { rename: /body/total_cents, to: total }
          - { convert: /body/state, values: { draft: open, sale: done } }
components:
  schemas:
    NewOrder:
      type: object
      additionalProperties: false
      required: [customer, lines]
      properties:
        customer: { type: integer, minimum: 1 }
        street: { type: string, maxLength: 80 }
        lines:
          type: array
          items:
            type: object
            additionalProperties: false
            required: [sku, qty]
            properties: { sku: { type: string }, qty: { type: integer, minimum: 1 } }
    Order:
      type: object
      required: [id, customer, total, state]
      properties:
        id: { type: integer }
        customer: { type: string }
        total: { type: number, minimum: 0 }
        state: { type: string, enum: [open, done] }
"""
)

V2_YAML = (
    HEAD % ("2", "v2")
    + """\
  /sales:
    get:
      operationId: searchOrders
      summary: Orders
      security: []
      parameters:
      - { name: customerId, in: query, schema: { type: string, maxLength: 20 } }
      - { name: state, in: query, schema: { type: string, enum: [draft, sale] } }
      responses:
        "200":
          description: Orders
          content:
            application/json:
              schema:
                type: object
                required: [items]
                properties: { items: { type: array, items: { $ref: "#/components/schemas/Sale" } } }
    post:
      operationId: createOrder
      summary: A new order
      security: []
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/NewSale" } } }
      responses:
        "201":
          description: The order
          content: { application/json: { schema: { $ref: "#/components/schemas/Sale" } } }
  /sales/{id}:
    get:
      operationId: getOrder
      summary: One order
      security: []
      parameters:
      - { name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }
      responses:
        "200":
          description: The order
          content: { application/json: { schema: { $ref: "#/components/schemas/Sale" } } }
components:
  schemas:
    NewSale:
      type: object
      additionalProperties: false
      required: [customerId, lines, currency]
      properties:
        customerId: { type: string, minLength: 1 }
        currency: { type: string, enum: [EUR, USD] }
        address:
          type: object
          additionalProperties: false
          properties: { street: { type: string, maxLength: 200 } }
        lines:
          type: array
          items:
            type: object
            additionalProperties: false
            required: [sku, quantity]
            properties: { sku: { type: string }, quantity: { type: integer, minimum: 1 } }
    Sale:
      type: object
      required: [id, customerId, total_cents, state]
      properties:
        id: { type: integer }
        customerId: { type: string }
        total_cents: { type: integer, minimum: 0 }
        state: { type: string, enum: [draft, sale] }
"""
)


def write_adapted(root: Path, *changes: tuple[str, str, str]) -> Path:
    """The estate below `root`, with (file, old text, new text) replaced; the old text must be there."""
    texts = {API: API_YAML, V1: V1_YAML, V2: V2_YAML}
    for name, old, new in changes:
        assert old in texts[name], f"{old!r} is not in {name}"
        texts[name] = texts[name].replace(old, new, 1)
    write_estate(root)
    (root / "apis/orders").mkdir()
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    return root
