from typing import Any

import pytest

from catalog.demo.odoo.calls import call_positional
from catalog.demo.odoo.database import Database, Settings
from catalog.demo.odoo.errors import AccessError, UserError, ValidationError


class Orders:
    """`sale.order` of a fresh database, called as RPC calls it."""

    def __init__(self, uid: int = 2) -> None:
        self._env = Database(Settings()).environment(uid)

    def __call__(self, method: str, *args: Any, model: str = "sale.order", **kwargs: Any) -> Any:
        return call_positional(self._env, model, method, args, kwargs)

    def read(self, order: int, *fields: str) -> Any:
        return self("read", [order], list(fields))[0]


def test_an_order_gets_its_number_its_prices_and_its_totals() -> None:
    orders = Orders()
    lines = [
        [0, 0, {"product_id": 15, "product_uom_qty": 2, "tax_ids": [[6, 0, [1]]]}],
        [0, 0, {"product_id": 14, "product_uom_qty": 3, "price_unit": 10, "discount": 50}],
    ]
    created = orders("create", {"partner_id": 9, "order_line": lines})
    assert created == 25
    order = orders.read(25, "name", "state", "amount_untaxed", "amount_tax", "amount_total", "partner_invoice_id")
    assert order == {
        "id": 25,
        "name": "S00025",
        "state": "draft",
        "amount_untaxed": 1515.0,
        "amount_tax": 225.0,
        "amount_total": 1740.0,
        "partner_invoice_id": [9, "Acme Corporation"],
    }
    first = orders("read", [51], ["name", "price_unit", "order_id"], model="sale.order.line")[0]
    assert first["name"] == "[DESK0004] Customizable Desk"
    assert first["price_unit"] == 750.0
    assert first["order_id"] == [25, "S00025"]


def test_commands_change_the_lines() -> None:
    orders = Orders()
    orders("create", {"partner_id": 9, "order_line": [[0, 0, {"product_id": 15}], [0, 0, {"product_id": 14}]]})
    orders("write", [25], {"order_line": [[1, 51, {"product_uom_qty": 4}], [2, 52], [0, 0, {"product_id": 11}]]})
    assert orders.read(25, "order_line", "amount_total") == {
        "id": 25,
        "order_line": [51, 53],
        "amount_total": 3040.0,
    }
    orders("write", [25], {"order_line": [[5]]})
    assert orders.read(25, "order_line", "amount_total") == {"id": 25, "order_line": [], "amount_total": 0.0}


@pytest.mark.parametrize(("order", "state"), [(2, "draft"), (4, "sent")])
def test_a_quotation_is_confirmed_once(order: int, state: str) -> None:
    orders = Orders()
    assert orders.read(order, "state")["state"] == state
    assert orders("action_confirm", [order]) is True
    assert orders.read(order, "state")["state"] == "sale"
    with pytest.raises(UserError, match="not in a state requiring confirmation"):
        orders("action_confirm", [order])


def test_a_cancelled_order_is_not_confirmed_but_drafted_again() -> None:
    orders = Orders()
    orders("action_cancel", [2])
    with pytest.raises(UserError):
        orders("action_confirm", [2])
    orders("action_draft", [2])
    assert orders.read(2, "state")["state"] == "draft"


def test_a_locked_order_is_not_cancelled() -> None:
    orders = Orders()
    orders("action_lock", [1])
    with pytest.raises(UserError, match="locked"):
        orders("action_cancel", [1])
    orders("action_unlock", [1])
    assert orders("action_cancel", [1]) is True


def test_a_confirmed_order_is_not_deleted_and_a_draft_takes_its_lines_along() -> None:
    orders = Orders()
    with pytest.raises(UserError, match="can not delete"):
        orders("unlink", [1])
    lines = orders.read(2, "order_line")["order_line"]
    assert orders("unlink", [2]) is True
    assert orders("read", lines, ["name"], model="sale.order.line") == []


def test_what_the_database_refuses() -> None:
    orders = Orders()
    with pytest.raises(ValidationError, match=r"'Customer' \(partner_id\)"):
        orders("create", {})
    with pytest.raises(ValidationError, match="another model requires"):
        orders("create", {"partner_id": 12345})
    with pytest.raises(ValidationError, match="another model requires"):
        orders("unlink", [43], model="res.partner")  # a customer with orders
    with pytest.raises(ValueError, match=r"Wrong value for res\.partner\.type"):
        orders("write", [8], {"type": "warehouse"}, model="res.partner")


def test_an_ordinary_user_sells_but_sets_no_prices() -> None:
    orders = Orders(uid=5)
    assert orders("create", {"partner_id": 9}) == 25
    assert orders("read", [15], ["list_price"], model="product.product")[0]["list_price"] == 750.0
    with pytest.raises(AccessError, match="Sales / Administrator"):
        orders("write", [15], {"list_price": 1}, model="product.product")


def test_every_state_is_there_and_totals_are_those_of_the_lines() -> None:
    orders = Orders()
    groups = orders("formatted_read_group", [], ["state"], ["__count", "amount_total:sum"])
    assert [group["state"] for group in groups] == ["cancel", "draft", "sale", "sent"]
    assert sum(group["__count"] for group in groups) == 24
    lines = orders("search_read", [], fields=["price_total"], model="sale.order.line")
    total = sum(group["amount_total:sum"] for group in groups)
    assert total == pytest.approx(sum(line["price_total"] for line in lines))


def test_groups_by_month() -> None:
    october, november = Orders()("formatted_read_group", [], ["date_order:month"], ["__count"])
    assert october["date_order:month"] == ["2026-10-01 00:00:00", "October 2026"]
    assert october["__extra_domain"] == [
        "&",
        ["date_order", ">=", "2026-10-01 00:00:00"],
        ["date_order", "<", "2026-11-01 00:00:00"],
    ]
    assert october["__count"] + november["__count"] == 24


def test_web_read_nests_what_the_specification_names() -> None:
    specification: dict[str, Any] = {
        "name": {},
        "partner_id": {"fields": {"display_name": {}}},
        "order_line": {"fields": {"id": {}}},
    }
    (order,) = Orders()("web_read", [5], specification)
    assert order["partner_id"] == {"id": 14, "display_name": "The Jackson Group"}
    assert [set(line) for line in order["order_line"]] == [{"id"}, {"id"}]


def test_the_same_data_at_every_start() -> None:
    fields = ["name", "date_order", "amount_total", "partner_id", "state"]
    assert Orders()("search_read", [], fields) == Orders()("search_read", [], fields)
