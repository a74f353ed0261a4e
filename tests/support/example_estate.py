"""An estate in which the examples of all policies make sense: what they name is there."""

import textwrap
from pathlib import Path

ESTATE = """
name: examples
upstreams:
  orders: { url: "http://127.0.0.1:9001", residency: eu }
  orders-next: { url: "http://127.0.0.1:9002", residency: eu }
plans:
  partner: { limits: { burst: 10/second } }
"""
TEAMS = """
teams:
  sales:
    title: Sales
    contact: sales@example.com
    members:
      ines: { name: Ines, email: ines@example.com, roles: [api-owner, architect, security] }
"""
CONSUMERS = """
consumers:
  acme:
    title: Acme
    contact: it@acme.example
    applications:
      acme-shop:
        title: Shop
        subscriptions:
          - { api: orders, version: v1, plan: partner, scopes: ["orders:read", "orders:write"] }
"""
API = """
title: Orders
owner: sales
contact: sales@example.com
upstream: orders
classification: internal
versions: { v1: {}, v2: {} }
"""
HEAD = """
openapi: 3.1.0
info: { title: Orders, version: 1.0.0 }
servers: [{ url: /orders/VERSION }]
security: [{ oauth: ["orders:read"] }]
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: /oauth/token
          scopes:
            "orders:read": Read
            "orders:write": Write
            orders.confidential: See what is confidential
            orders.restricted: See what is restricted
"""
V1 = """
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - { name: q, in: query, schema: { type: string } }
      responses:
        "200":
          description: Orders
          content:
            application/json:
              schema:
                type: object
                properties:
                  data:
                    type: array
                    items: { type: object, properties: { id: { type: integer }, total: TOTAL } }
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [customer_id, lines]
              properties:
                customer_id: { type: string }
                lines:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [sku, qty]
                    properties: { sku: { type: string }, qty: { type: integer } }
      responses:
        "200":
          description: The order
          content:
            application/json:
              schema:
                type: object
                additionalProperties: false
                required: [customer_id, state]
                properties:
                  customer_id: { type: string }
                  state: { enum: [new, quoted] }
"""
V2 = """
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [customerId, lines, currency]
              properties:
                customerId: { type: string }
                currency: { type: string }
                lines:
                  type: array
                  items:
                    type: object
                    additionalProperties: false
                    required: [sku, quantity]
                    properties: { sku: { type: string }, quantity: { type: integer } }
      responses:
        "201":
          description: The order
          content:
            application/json:
              schema:
                type: object
                additionalProperties: false
                required: [customerId, state, currency]
                properties:
                  customerId: { type: string }
                  currency: { type: string }
                  state: { enum: [draft, sent] }
"""
CLASSIFIED = "{ type: number, x-ostiary-classification: confidential }"


def write_example_estate(root: Path, policy: str, settings: str, operation: str, *, classified: bool) -> Path:
    """The estate below `root`, with settings of a policy at an operation of orders v1."""
    made = f"operationId: {operation}\n      x-ostiary-policies:\n        {policy}:\n"
    made += textwrap.indent(settings.strip("\n"), " " * 10)
    head = HEAD.strip("\n")
    v1 = V1.replace("TOTAL", CLASSIFIED if classified else "{ type: number }")
    v1 = v1.replace(f"operationId: {operation}", made, 1)
    files = {
        "ostiary.yaml": ESTATE,
        "teams.yaml": TEAMS,
        "consumers.yaml": CONSUMERS,
        "apis/orders/api.yaml": API,
        "apis/orders/v1.openapi.yaml": head.replace("VERSION", "v1") + v1,
        "apis/orders/v2.openapi.yaml": head.replace("VERSION", "v2") + V2,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.strip("\n") + "\n", encoding="utf-8")
    return root
