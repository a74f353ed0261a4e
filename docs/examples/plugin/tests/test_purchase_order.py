"""The policy by itself: a stage is a function from an exchange to a verdict, and needs no gateway."""

import pytest

from contracts.operations import ApiVersion, HttpBackend, Operation
from ostiary_purchase_order import policy
from ostiary_purchase_order.purchase_order import PurchaseOrderConfig, bind, check
from policies.examples import example_config
from policies.exchange import Exchange, Principal
from policies.installed import find, installed, origins
from policies.policy import Setting
from policies.verdict import ALLOW, Deny

OPERATION = Operation(
    "listOrders", "GET", "/orders", "/paths/~1orders/get", HttpBackend("shop"), scopes=(("read",),)
)
VERSION = ApiVersion("orders", "v1", "Orders", "sales", "/orders/v1", "0" * 64, (OPERATION,))
SETTINGS = PurchaseOrderConfig(prefixes={"aurora": "AU-"})


def call(consumer: str, **fields: str) -> Exchange:
    made = Exchange(
        "GET", b"/orders/v1/orders", [], {k.encode(): v.encode() for k, v in fields.items()}, "192.0.2.1"
    )
    made.principal = Principal("issuer", f"{consumer}-shop", "x", consumer, frozenset(), 1e12, "t", {})
    return made


@pytest.mark.parametrize("order", ["AU-1", "AU-12345678"])
def test_a_call_with_a_purchase_order_goes_on(order: str) -> None:
    stage = bind(SETTINGS, VERSION, OPERATION, None)  # type: ignore[arg-type]  # it needs no port
    assert stage is not None
    assert stage(call("aurora", **{"purchase-order": order})) is ALLOW


@pytest.mark.parametrize("order", ["", "AU-", "AU-x1", "LM-1", "AU-123456789"])
def test_a_call_without_one_is_refused(order: str) -> None:
    stage = bind(SETTINGS, VERSION, OPERATION, None)  # type: ignore[arg-type]
    assert stage is not None
    verdict = stage(call("aurora", **{"purchase-order": order}))
    assert isinstance(verdict, Deny)
    assert verdict.problem.type.type_uri == "https://acme.example/problems/purchase-order-missing"


def test_a_consumer_without_an_agreement_needs_none() -> None:
    stage = bind(SETTINGS, VERSION, OPERATION, None)  # type: ignore[arg-type]
    assert stage is not None
    assert stage(call("lumen")) is ALLOW


def test_what_a_check_finds() -> None:
    def found(config: PurchaseOrderConfig, **changes: bool) -> list[str]:
        operation = Operation("ping", "GET", "/ping", "/x", HttpBackend("shop"), **changes)  # type: ignore[arg-type]
        return [fault.pointer for fault in check(Setting(config, "enforce"), VERSION, operation)]

    assert found(SETTINGS) == []
    assert found(PurchaseOrderConfig(header="cookie")) == ["/header"]
    assert found(SETTINGS, public=True) == [""]


def test_it_is_installed_in_its_place_with_an_example_that_works() -> None:
    assert find("purchase-order") is policy
    order = [each.id for each in installed()]
    assert order.index("purchase-order") == order.index("subscription") + 1
    assert origins()["purchase-order"].distribution == "ostiary-purchase-order"
    assert example_config(policy) == SETTINGS
