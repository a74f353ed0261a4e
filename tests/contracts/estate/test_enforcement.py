from importlib.resources import as_file, files
from pathlib import Path

from contracts.estate.enforcement import BackendInForce, PolicyInForce, enforced
from contracts.estate.estate import load_estate
from tests.support.estates import write_estate


def test_every_operation_of_every_version_is_listed_once(tmp_path: Path) -> None:
    estate, _ = load_estate(write_estate(tmp_path))
    assert estate is not None
    listed = [(each.method, each.path, each.operation_id) for each in enforced(estate)]
    assert listed == [
        ("GET", "/books/v1/books", "listBooks"),
        ("POST", "/books/v1/books", "addBook"),
        ("GET", "/books/v1/books/{isbn}", "getBook"),
    ]


def test_odoo_operations_name_the_model_and_the_method_that_is_called() -> None:
    with as_file(files("catalog.demo") / "estate") as root:
        estate, findings = load_estate(root)
    assert estate is not None, findings
    backends = {(each.api, each.version, each.operation_id): each.backend for each in enforced(estate)}
    assert backends["orders", "v2", "listOrders"] == BackendInForce("erp", "odoo", "sale.order", "search_read")
    assert backends["orders", "v2", "confirmOrder"] == BackendInForce(
        "erp", "odoo", "sale.order", "action_confirm"
    )
    assert backends["shipments", "v1", "getLabel"] == BackendInForce("carrier", "http")


def test_a_deprecated_version_marks_its_operations(tmp_path: Path) -> None:
    dates = "    state: deprecated\n    deprecation: 2027-01-01\n    sunset: 2027-06-30T12:00:00Z #"
    estate, _ = load_estate(write_estate(tmp_path, ("apis/books/api.yaml", "    state: published #", dates)))
    assert estate is not None
    first = enforced(estate)[0]
    assert (first.deprecated, first.deprecation, first.sunset) == (True, "2027-01-01", "2027-06-30T12:00:00Z")


def test_only_plans_with_a_subscription_to_the_version_are_in_force(tmp_path: Path) -> None:
    change = ("consumers.yaml", "          - { api: books, version: v1, plan: trial, scopes: [books:read] }\n", "")
    root = write_estate(
        tmp_path,
        change,
        (
            "consumers.yaml",
            "lab:\n        title: Reading Club experiments\n        subscriptions:\n",
            "lab:\n        title: Reading Club experiments\n",
        ),
    )
    estate, _ = load_estate(root)
    assert estate is not None
    assert {tuple(plan.name for plan in each.plans) for each in enforced(estate)} == {("standard",)}


def test_policies_that_were_set_are_listed_with_their_modes(tmp_path: Path) -> None:
    settings = (
        "policies:\n  network: {deny: [192.0.2.0/24], mode: report, consumers: {reading-club: enforce}}\nplans:"
    )
    estate, findings = load_estate(write_estate(tmp_path, ("ostiary.yaml", "plans:", settings)))
    assert estate is not None, findings
    expected = (PolicyInForce("network", "report", {"reading-club": "enforce"}),)
    assert [each.policies for each in enforced(estate)] == [expected] * 3
