"""The sample estate passes its own checks, and its Odoo operations answer as their contracts say."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

import catalog.demo
from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from catalog.people.members import Members
from contracts.estate.estate import Estate, access_applications, check, contracts_part, load_estate
from contracts.estate_changes import DEFAULT_RULES
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import Problem
from gateway.upstreams.odoo.adapter import OdooAdapter
from gateway.upstreams.odoo.answer import Answer
from policies.exchange import Exchange

_ROOT = Path(catalog.demo.__file__).parent / "estate"
_KEY = "k" * 40


@pytest.fixture(scope="module")
def estate() -> Estate:
    loaded, findings = load_estate(_ROOT)
    assert loaded is not None, "\n".join(map(str, findings))
    return loaded


def test_nothing_is_wrong_with_it() -> None:
    assert [str(finding) for finding in check(_ROOT) if finding.severity != "info"] == []


def test_it_shows_what_an_estate_can_hold(estate: Estate) -> None:
    versions = {(version.api, version.version): version for version in estate.versions}
    assert set(versions) == {("orders", "v1"), ("orders", "v2"), ("partners", "v1"), ("shipments", "v1")}
    ending = versions["orders", "v1"].lifecycle
    assert ending.state == "deprecated"
    assert ending.deprecation is not None
    assert ending.sunset is not None
    assert ending.deprecation < ending.sunset
    assert ending.successor == "v2"
    contracts = [yaml.safe_load(text) for file, text in estate.texts.items() if file.endswith(".openapi.yaml")]
    assert sorted(each["openapi"] for each in contracts) == ["3.0.3", "3.1.0", "3.1.0", "3.1.0"]
    operations = [operation for version in estate.versions for operation in version.operations]
    assert {p.location for operation in operations for p in operation.parameters} == {"path", "query", "header"}
    styles = {(p.style, p.explode) for operation in operations for p in operation.parameters}
    assert {("form", False), ("form", True), ("deepObject", True), ("simple", False)} <= styles
    assert {api.owner for api in estate.apis.values()} == set(estate.teams.teams) - {"aurora"}


def test_what_is_most_critical_has_the_two_architects_that_it_needs_to_be_changed(estate: Estate) -> None:
    assert {name for name, api in estate.apis.items() if api.criticality == 1} == {"orders"}
    [rule] = [each for each in DEFAULT_RULES if each.when.criticality == (1,)]
    [wanted] = rule.require.approvals
    assert wanted.roles == ("architect",)
    assert len(Members(estate.teams).holders("architect")) >= wanted.count


def test_three_consumers_with_different_plans_and_scopes(estate: Estate) -> None:
    applications = access_applications(estate)
    assert len({application.consumer for application in applications}) == 3
    plans = {subscription.plan for application in applications for subscription in application.subscriptions}
    assert plans == set(estate.file.plans)
    granted = [frozenset(scope for s in app.subscriptions for scope in s.scopes) for app in applications]
    assert len(set(granted)) == 3


def test_every_scope_asked_for_is_granted_to_somebody(estate: Estate) -> None:
    asked = {
        (version.api, version.version, scope)
        for version in estate.versions
        for operation in version.operations
        for alternative in operation.scopes
        for scope in alternative
    }
    granted = {
        (subscription.api, subscription.version, scope)
        for application in access_applications(estate)
        for subscription in application.subscriptions
        for scope in subscription.scopes
    }
    assert asked == granted


_NEW_ORDER = {"customer_id": 9, "client_reference": "WEB-1", "lines": [{"product_id": 15, "quantity": 2}]}

_CALLS = [
    ("orders", "v1", "findOrders", {}, {}, None, 200),
    ("orders", "v1", "findOrders", {}, {"state": "draft", "ids": [2, 8, 3], "limit": 5}, None, 200),
    ("orders", "v1", "readOrder", {"id": 3}, {}, None, 200),
    ("orders", "v1", "readOrder", {"id": 999}, {}, None, 404),
    ("orders", "v2", "listOrders", {}, {}, None, 200),
    (
        "orders",
        "v2",
        "listOrders",
        {},
        {
            "status": ["sale", "sent"],
            "ordered": {"from": "2026-10-05T02:00:00+02:00", "to": "2026-11-30T00:00:00Z"},
            "sort": "-total",
            "limit": 3,
            "offset": 1,
        },
        None,
        200,
    ),
    ("orders", "v2", "listOrders", {}, {"customer_id": 9}, None, 200),
    ("orders", "v2", "placeOrder", {}, {}, _NEW_ORDER, 201),
    ("orders", "v2", "getOrder", {"order_id": 7}, {}, None, 200),
    ("orders", "v2", "amendOrder", {"order_id": 2}, {}, {"client_reference": None}, 200),
    ("orders", "v2", "confirmOrder", {"order_id": 2}, {}, None, 200),
    ("orders", "v2", "confirmOrder", {"order_id": 1}, {}, None, 422),
    ("partners", "v1", "listPartners", {}, {}, None, 200),
    (
        "partners",
        "v1",
        "listPartners",
        {},
        {"name": "wood", "company": True, "id": [8, 11, 9], "changed": {"since": "2026-01-01T00:00:00Z"}},
        None,
        200,
    ),
    ("partners", "v1", "createPartner", {}, {}, {"name": "Fjord Interiors", "company": True}, 201),
    ("partners", "v1", "getPartner", {"partner_id": 12}, {}, None, 200),
    ("partners", "v1", "amendPartner", {"partner_id": 12}, {}, {"city": "Vaduz", "email": None}, 200),
    ("partners", "v1", "amendPartner", {"partner_id": 9999}, {}, {"city": "Vaduz"}, 404),
]


@pytest.mark.parametrize(
    ("api", "version", "operation_id", "path", "query", "body", "status"),
    _CALLS,
    ids=[f"{api}-{version}-{operation}-{status}" for api, version, operation, _, _, _, status in _CALLS],
)
async def test_odoo_operations_keep_their_contracts(
    estate: Estate,
    api: str,
    version: str,
    operation_id: str,
    path: dict[str, Any],
    query: dict[str, Any],
    body: Any,
    status: int,
) -> None:
    compiled, operation = _find(estate, api, version, operation_id)
    outcome = await _mediate(estate, compiled, operation, path, query, body)
    if isinstance(outcome, Problem):
        assert outcome.type.status == status
        return
    assert outcome.status == status
    target = compiled.base_path + operation.path
    for name, value in path.items():
        target = target.replace(f"{{{name}}}", str(value))
    _oracle(api, version).validate_response(
        MockRequest("http://127.0.0.1", operation.method.lower(), target),
        MockResponse(outcome.body, status_code=outcome.status),
    )


async def test_filters_sorting_and_paging_reach_odoo(estate: Estate) -> None:
    compiled, operation = _find(estate, "orders", "v2", "listOrders")

    async def page(**query: Any) -> Any:
        outcome = await _mediate(estate, compiled, operation, {}, query, None)
        assert isinstance(outcome, Answer)
        return json.loads(outcome.body)

    everything = await page(limit=100)
    assert everything["total"] == len(everything["data"]) == 24
    drafts = await page(status=["draft"], sort="-total", limit=2)
    assert drafts["total"] == 4
    assert len(drafts["data"]) == 2
    assert drafts["data"][0]["total"] >= drafts["data"][1]["total"]
    assert {order["status"] for order in drafts["data"]} == {"draft"}
    first_day = await page(ordered={"from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"})
    assert [order["number"] for order in first_day["data"]] == ["S00001"]
    assert first_day["data"][0]["ordered_at"] == "2026-10-01T09:37:00Z"


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")  # openapi-core knows no oauth2 scheme
@pytest.mark.parametrize(
    ("api", "version", "operation_id", "path"),
    [
        ("orders", "v2", "placeOrder", {}),
        ("orders", "v2", "amendOrder", {"order_id": 2}),
        ("partners", "v1", "createPartner", {}),
        ("partners", "v1", "amendPartner", {"partner_id": 12}),
    ],
)
async def test_the_examples_work(
    estate: Estate, api: str, version: str, operation_id: str, path: dict[str, Any]
) -> None:
    compiled, operation = _find(estate, api, version, operation_id)
    template, method = operation.path, operation.method.lower()
    document = yaml.safe_load(estate.texts[f"apis/{api}/{version}.openapi.yaml"])
    example = document["paths"][template][method]["requestBody"]["content"]["application/json"]["example"]
    target = template.format(**path)
    _oracle(api, version).validate_request(
        MockRequest(
            "http://127.0.0.1",
            method,
            compiled.base_path + target,
            headers={"Authorization": "Bearer any"},
            data=json.dumps(example).encode(),
        )
    )
    outcome = await _mediate(estate, compiled, operation, path, {}, example)
    assert isinstance(outcome, Answer), outcome
    answered = json.loads(outcome.body)
    shared = [name for name in example if name in answered and not isinstance(example[name], list)]
    assert shared
    assert {name: answered[name] for name in shared} == {name: example[name] for name in shared}


@cache
def _oracle(api: str, version: str) -> OpenAPI:
    """Another implementation than the gateway's own validators."""
    return OpenAPI.from_file_path(str(_ROOT / "apis" / api / f"{version}.openapi.yaml"))


def _find(estate: Estate, api: str, version: str, operation_id: str) -> tuple[ApiVersion, Operation]:
    (compiled,) = (each for each in estate.versions if (each.api, each.version) == (api, version))
    (operation,) = (each for each in compiled.operations if each.id == operation_id)
    return compiled, operation


async def _mediate(
    estate: Estate,
    version: ApiVersion,
    operation: Operation,
    path: dict[str, Any],
    query: dict[str, Any],
    body: Any,
) -> Answer | Problem:
    """What the gateway's Odoo adapter makes of an operation, on a fresh stand-in."""
    assert isinstance(operation.backend, OdooBackend)
    async with serve(Settings(api_keys=(ApiKey(_KEY, "admin"),))) as base, aiohttp.ClientSession() as session:
        name = operation.backend.upstream
        upstreams = contracts_part(estate, upstream_urls={name: base}).upstreams
        (upstream,) = (each for each in upstreams if each.name == name)
        target = version.base_path + operation.path
        exchange = Exchange(operation.method, target.encode(), [], {}, "127.0.0.1")
        exchange.path, exchange.version, exchange.operation = target, version, operation
        exchange.parameters = {"path": path, "query": query, "header": {}}
        exchange.body_value = body
        return await OdooAdapter(upstream, session, _KEY).call(exchange, operation.backend)
