"""Everything that the gateway does for an Odoo, from the client's side, against each Odoo that there is."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.odoo_suite.instances import Odoo
from tests.odoo_suite.through_a_gateway import Client, command, where

CONTACTS = "/contacts/v1/contacts"
ORDERS = "/orders/v1/orders"
PRODUCTS = "/orders/v1/products"


async def test_one_contact_from_birth_to_death(client: Client) -> None:
    new = {
        "name": "Ostiary Suite",
        "reference": client.mark,
        "email": "suite@example.com",
        "company": True,
        "people": [{"name": "Ann Suite", "email": "ann@example.com"}],
    }
    made, heads = await client.make(CONTACTS, "res.partner", new)
    place = heads["location"]
    assert place == f"{CONTACTS}/{made['id']}"
    assert (made["name"], made["city"], made["country"]) == ("Ostiary Suite", None, None)
    assert [each["name"] for each in made["people"]] == ["Ann Suite"]
    status, read, heads = await client("GET", place)
    assert (status, read) == (200, made)
    tag = heads["etag"]
    assert (await client("GET", place, If_None_Match=tag))[0] == 304
    assert (await client("PATCH", place, {"city": "Namur"}))[0] == 428
    status, changed, heads = await client("PATCH", place, {"city": "Namur", "email": None}, If_Match=tag)
    assert (status, changed["city"], changed["email"], changed["name"]) == (200, "Namur", None, "Ostiary Suite")
    status, refusal, _ = await client("PATCH", place, {"city": "Lost"}, If_Match=tag)
    assert (status, refusal["type"].rpartition(":")[2]) == (412, "precondition-failed")
    assert (await client("GET", place))[1]["city"] == "Namur"
    person = changed["people"][0]
    lines = {"people": [{"id": person["id"], "email": "a@example.com"}, {"name": "Bob Suite"}]}
    status, changed, _ = await client("PATCH", place, lines, If_Match=heads["etag"])
    assert status == 200, changed
    assert {(each["name"], each["email"]) for each in changed["people"]} == {
        ("Ann Suite", "a@example.com"),
        ("Bob Suite", None),
    }
    for each in changed["people"]:
        assert (await client("DELETE", f"{CONTACTS}/{each['id']}"))[0] == 204
    assert (await client("DELETE", place))[0] == 204
    status, refusal, _ = await client("GET", place)
    assert (status, refusal["type"].rpartition(":")[2]) == (404, "record-not-found")


async def test_lists_are_filtered_sorted_and_paged(client: Client) -> None:
    names = [f"Suite {letter} {client.mark}" for letter in "CABED"]
    new = [{"name": name, "reference": client.mark, "city": name[6]} for name in names]
    made, _ = await client.make(f"{CONTACTS}/batch", "res.partner", new)
    assert [each["name"] for each in made] == names
    mine = f"{CONTACTS}?ref={client.mark}"
    status, found, _ = await client("GET", mine)
    assert (status, found["total"], found["next"]) == (200, 5, None)
    assert [each["name"][6] for each in found["data"]] == ["A", "B", "C", "D", "E"]
    assert (await client("GET", f"{mine}&city=B"))[1]["total"] == 1
    page = (await client("GET", f"{mine}&sort=-name&limit=2&offset=1"))[1]
    assert ([each["city"] for each in page["data"]], page["total"]) == (["D", "C"], 5)
    seen: list[str] = []
    after = ""
    while True:
        page = (await client("GET", f"{mine}&limit=2{after}"))[1]
        seen += [each["city"] for each in page["data"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == ["A", "B", "C", "D", "E"]


async def test_all_of_a_batch_or_nothing(client: Client) -> None:
    new = [{"name": "Good", "reference": client.mark}, {"name": "No reference"}]
    status, refusal, _ = await client("POST", f"{CONTACTS}/batch", new)
    assert (status, refusal["violations"][0]["pointer"]) == (422, "/1")
    assert (await client("GET", f"{CONTACTS}?ref={client.mark}"))[1]["total"] == 0


async def test_an_order_is_placed_confirmed_and_kept_by_the_rules_of_the_business(client: Client) -> None:
    contact, _ = await client.make(CONTACTS, "res.partner", {"name": "Buyer", "reference": client.mark})
    product, _ = await client.make(PRODUCTS, "product.product", {"name": f"Thing {client.mark}"}, **_key("p"))
    line = {"product_id": product["id"], "product_uom_qty": 3, "price_unit": 12.5}
    new = {"partner_id": contact["id"], "client_order_ref": client.mark, "order_lines": [line]}
    order, heads = await client.make(ORDERS, "sale.order", new, **_key("o"))
    assert (order["state"], order["partner"]["id"]) == ("draft", contact["id"])
    (only,) = order["order_lines"]
    assert (only["product"]["id"], only["product_uom_qty"], only["price_unit"]) == (product["id"], 3, 12.5)
    assert order["amount_total"] >= 37.5
    assert heads["location"] == f"{ORDERS}/{order['id']}"
    status, found, _ = await client("GET", f"{ORDERS}?partner_id={contact['id']}&state=draft&limit=10")
    assert (status, [each["id"] for each in found["data"]]) == (200, [order["id"]])
    place = f"{ORDERS}/{order['id']}"
    status, changed, _ = await client("PATCH", place, {"client_order_ref": None})
    assert (status, changed["client_order_ref"]) == (200, None)
    status, confirmed, _ = await client("POST", f"{place}/confirm", **_key("c"))
    assert (status, confirmed["state"]) == (200, "sale")
    for method, path, fields in (("POST", f"{place}/confirm", _key("d")), ("DELETE", place, {})):
        status, refusal, _ = await client(method, path, **fields)
        assert (status, refusal["type"].rpartition(":")[2]) == (422, "business-rule"), (path, refusal)
        assert refusal["detail"]
        assert "Traceback" not in json.dumps(refusal)


async def test_what_is_wrong_is_told_with_its_true_status(client: Client) -> None:
    nowhere = f"{CONTACTS}/2147483647"
    assert (await client("GET", nowhere))[0] == 404
    assert (await client("DELETE", nowhere))[0] == 404
    status, refusal, _ = await client("POST", CONTACTS, {"name": "x", "reference": "y", "colour": "red"})
    assert (status, refusal["violations"][0]["in"]) == (422, "body")
    assert (await client("GET", CONTACTS, scopes="orders:read"))[0] == 403
    assert (await client("GET", f"{CONTACTS}?state=x"))[0] == 422
    assert (await client("GET", f"{CONTACTS}?limit=51"))[0] == 422


async def test_legacy_clients_get_what_is_open(client: Client) -> None:
    made, _ = await client.make(CONTACTS, "res.partner", {"name": "Legacy", "reference": client.mark})
    search = {"domain": [["ref", "=", client.mark]], "fields": ["name", "ref"], "limit": 5}
    row = {"id": made["id"], "name": "Legacy", "ref": client.mark}
    assert await _rpc(client, "res.partner", "search_read", [], search) == ("", [row])
    status, rows, _ = await client("POST", "/contacts/v1/json/2/res.partner/search_read", search)
    assert (status, rows) == (200, [row])
    assert await _rpc(client, "res.partner", "write", [[made["id"]], {"email": "l@example.com"}]) == ("", True)
    assert (await client("GET", f"{CONTACTS}/{made['id']}"))[1]["email"] == "l@example.com"
    for model, method, args, kwargs in (
        ("res.partner", "write", [[made["id"]], {"name": "Taken over"}], {}),
        ("res.partner", "search_read", [], {**search, "fields": ["name", "vat"]}),
        ("res.partner", "search_read", [], {**search, "domain": [["country_id.code", "=", "BE"]]}),
        ("res.partner", "unlink", [[made["id"]]], {}),
        ("ir.model", "search_read", [], {"fields": ["model"]}),
        ("res.users", "search_read", [], {"fields": ["login"]}),
    ):
        error, result = await _rpc(client, model, method, args, kwargs)
        assert (error, result) == ("odoo.exceptions.AccessError", None), (model, method)
    assert (await client("GET", f"{CONTACTS}/{made['id']}"))[1]["name"] == "Legacy"


def test_what_was_imported_fits(odoo: Odoo, estate: Path) -> None:
    ended = command(odoo, "odoo", "drift", str(estate), "--json")
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["findings"] == []


def test_what_there_is_can_be_discovered(odoo: Odoo) -> None:
    ended = command(odoo, "odoo", "discover", "sale.order", "res.partner", "--json", *where(odoo))
    assert ended.exit_code == 0, ended.output
    models = {each["model"]: each for each in json.loads(ended.stdout)["models"]}
    assert {"create", "read", "unlink", "write"} <= {*models["sale.order"]["may"]}
    assert "action_confirm" in models["sale.order"]["methods"]
    fields = {each["name"]: each for each in models["res.partner"]["fields"]}
    assert (fields["country_id"]["type"], fields["country_id"]["relation"]) == ("many2one", "res.country")


def _key(suffix: str) -> dict[str, str]:
    return {"Idempotency_Key": f'"{uuid4().hex}-{suffix}"'}


async def _rpc(
    client: Client, model: str, method: str, args: list[Any], kwargs: dict[str, Any] | None = None
) -> tuple[str, Any]:
    """The name of the error, empty without one, and the result."""
    params = {
        "service": "object",
        "method": "execute_kw",
        "args": ["any", 1, "any", model, method, args, kwargs or {}],
    }
    status, answer, _ = await client(
        "POST", "/contacts/v1/jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
    )
    assert status == 200, answer
    return answer.get("error", {}).get("data", {}).get("name", ""), answer.get("result")
