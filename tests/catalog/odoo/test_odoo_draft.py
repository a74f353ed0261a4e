"""`ostiary odoo draft`: what a legacy client uses becomes the contract that it can move to."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from contracts.estate.estate import load_estate
from contracts.operations import OdooBackend
from tests.catalog.odoo.standing_in import KEY, odoo
from tests.support.estates import write_estate

GUARDED = """\
openapi: 3.1.0
info: {title: Legacy, version: "1.0"}
servers: [{url: /legacy/v1}]
security: [{oauth: ["odoo:rpc"]}]
x-ostiary-odoo-guard:
  models:
    sale.order:
      read: [name, state, date_order, partner_id, amount_total, note, client_order_ref]
      write: [client_order_ref, order_line]
      create: true
      delete: true
      call: [action_confirm]
      relations: {order_line: sale.order.line, partner_id: res.partner}
      domain: [[partner_id, "=", {claim: partner_id}]]
    sale.order.line: {write: [product_id, product_uom_qty, name]}
    res.partner: {read: [name, city, country_id], relations: {country_id: res.country}}
    res.country: {read: [name, code]}
paths:
  /jsonrpc:
    post:
      operationId: jsonrpc
      x-ostiary-odoo: {action: rpc, dialect: jsonrpc}
      requestBody: {required: true, content: {application/json: {}}}
      responses: {"200": {description: The result or an error}}
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows: {clientCredentials: {tokenUrl: /oauth/token, scopes: {"odoo:rpc": Odoo's RPC}}}
"""
UPSTREAM = "erp: {{kind: odoo, url: {url}, protocol: {protocol}, database: odoo19, login: admin, credential: key}}"
USES = {
    "sale.order": {
        "method": ("search_read", "create", "write", "action_confirm", "read_group", "fields_get"),
        "read": ("name", "amount_total", "gone_field"),
        "filter": ("state", "date_order", "note", "partner_id", "id"),
        "write": ("client_order_ref", "order_line"),
    },
    "sale.order.line": {"write": ("product_id", "product_uom_qty")},
    "res.partner": {"filter": ("city",)},
}


def uses(**others: Any) -> str:
    found = [
        {"application": "old-erp", "consumer": "acme", "model": model, "used": used, "name": name, "calls": 1}
        for model, ways in {**USES, **others}.items()
        for used, names in ways.items()
        for name in names
    ]
    other = {**found[0], "application": "another", "model": "res.partner", "name": "unlink"}
    return json.dumps({"uses": [*found, other]})


def guarding(root: Path, url: str, protocol: str = "json2") -> Path:
    write_estate(
        root, ("ostiary.yaml", "upstreams:\n", f"upstreams:\n  {UPSTREAM.format(url=url, protocol=protocol)}\n")
    )
    api = (root / "apis" / "books" / "api.yaml").read_text()
    (root / "apis" / "legacy").mkdir()
    (root / "apis" / "legacy" / "api.yaml").write_text(api.replace("upstream: bookshop", "upstream: erp"))
    (root / "apis" / "legacy" / "v1.openapi.yaml").write_text(GUARDED)
    (root / "uses.json").write_text(uses())
    return root


def run(root: Path, *arguments: str, client: str = "old-erp") -> Result:
    command = [
        "odoo",
        "draft",
        "legacy",
        "--client",
        client,
        "--from",
        str(root),
        "--usage",
        str(root / "uses.json"),
    ]
    return CliRunner().invoke(build(), [*command, *arguments], env={"OSTIARY_ODOO_KEY": KEY})


@pytest.mark.parametrize(("version", "protocol"), [("17.0", "jsonrpc"), ("19.0", "json2")])
def test_a_draft_is_fit_to_be_enforced_and_linted(tmp_path: Path, version: str, protocol: str) -> None:
    with odoo(version) as url:
        root = guarding(tmp_path, url, protocol)
        context = ("--context", '{"lang": "en_US", "allowed_company_ids": [1]}')
        ended = run(root, "--estate", str(root), "--contact", "books@example.com", *context)
        assert ended.exit_code == 0, ended.output
        assert "give the gateway the secret" not in ended.output  # it has that of the upstream
    estate, findings = load_estate(root)
    assert estate is not None, findings
    made = next(each for each in estate.versions if each.api == "old-erp")
    backends = {each.id: each.backend for each in made.operations}
    assert set(backends) == {"listOrders", "getOrder", "createOrder", "updateOrder", "confirmOrder"}
    forced = ["partner_id", "=", {"as": "reference-id", "claim": "partner_id"}]
    for backend in backends.values():
        assert isinstance(backend, OdooBackend)
        assert (backend.upstream, backend.domain) == ("erp", (forced,))
    contract = root / "apis" / "old-erp" / "v1.openapi.yaml"
    rulesets = ("--ruleset", "ostiary:recommended", "--ruleset", "ostiary:odoo", "--json")
    linted = CliRunner().invoke(build(), ["lint", str(contract), *rulesets])
    found = {(each["rule"], each["severity"]) for each in json.loads(linted.stdout)["findings"]}
    assert found == {("id-not-guessable", "info")}


def test_it_has_what_is_used_and_says_what_it_has_no_place_for(tmp_path: Path) -> None:
    with odoo("19.0") as url:
        ended = run(guarding(tmp_path, url), "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    schemas = told["contract"]["components"]["schemas"]
    assert list(schemas["Order"]["properties"]) == [
        "id",
        "amount_total",
        "date_order",
        "name",
        "note",
        "order_lines",
        "partner",
        "state",
        "currency",
    ]
    # Whose orders they are is the token's to say, and what is only written is not shown.
    assert set(schemas["NewOrder"]["properties"]) == {"client_order_ref", "order_lines"}
    lines = schemas["NewOrder"]["properties"]["order_lines"]["items"]["properties"]
    assert set(lines) == {"id", "product_id", "product_uom_qty"}
    parameters = {each.get("name") for each in told["contract"]["paths"]["/orders"]["get"]["parameters"]}
    assert {"state", "date_order", "partner_id"} <= parameters
    assert told["left_out"] == [
        "sale.order: the field 'gone_field', which this Odoo does not have",
        "sale.order: its aggregates (`read_group`): who lists the records can sum them up",
        "sale.order: filtering by 'note', a field of the type 'text' that no list is filtered by",
        "sale.order: filtering by a path through 'partner_id' (such as to 'city'): filter by its id",
    ]
    assert "left out: sale.order: its aggregates" in ended.stderr


def test_a_draft_of_what_was_discovered_asks_no_odoo(tmp_path: Path) -> None:
    with odoo("19.0") as url:
        root = guarding(tmp_path, url)
        where = ("--url", url, "--db", "odoo19", "--user", "admin", "--json")
        told = CliRunner().invoke(
            build(), ["odoo", "discover", "sale.order", "sale.order.line", *where], env={"OSTIARY_ODOO_KEY": KEY}
        )
        live = json.loads(run(root, "--json", "--no-examples").stdout)
    found = root / "found.json"
    found.write_text(told.stdout)
    ended = run(root, "--json", "--discovered", str(found))
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout) == live
    found.write_text('{"models": []}')
    assert "is none of those that were discovered" in run(root, "--discovered", str(found)).stderr
    found.write_text("{}")
    assert "is not what `ostiary odoo discover` prints" in run(root, "--discovered", str(found)).stderr
    found.unlink()
    assert "cannot be read" in run(root, "--discovered", str(found)).stderr


def test_what_cannot_be_drafted_is_told(tmp_path: Path) -> None:
    with odoo("19.0") as url:
        root = guarding(tmp_path, url)
        nobody = run(root, client="nobody")
        assert (nobody.exit_code, nobody.stdout) == (2, "")
        assert "called no method of a model" in nobody.stderr
        (root / "uses.json").write_text("[]")
        assert "is not what `ostiary odoo usage --json` prints" in run(root).stderr
        (root / "uses.json").write_text(uses())
        none = run(root, "--version", "v2")
        assert (none.exit_code, "guards Odoo's RPC" in none.stderr) == (2, True)
        (root / "uses.json").unlink()
        assert "cannot be read" in run(root).stderr
