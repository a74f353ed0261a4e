"""The demonstration data, the same at every start: contacts, products, and orders in every state.

Ids and names follow the database that was recorded, so that the recorded requests find what they name.
"""

from datetime import datetime, timedelta

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.environment import DATETIME_FORMAT, Environment
from catalog.demo.odoo.store import Cell, Row, Store

SEEDED_AT = "2026-11-22 19:31:31"
_KEY_LIFETIME = timedelta(days=60)

_COUNTRIES = {
    20: ("Belgium", "BE"),
    38: ("Canada", "CA"),
    43: ("Switzerland", "CH"),
    57: ("Germany", "DE"),
    68: ("Spain", "ES"),
    75: ("France", "FR"),
    128: ("Liechtenstein", "LI"),
    139: ("Montenegro", "ME"),
    203: ("San Marino", "SM"),
    231: ("United Kingdom", "GB"),
    233: ("United States", "US"),
}

_CATEGORIES = {
    1: "Prospects",
    2: "Services",
    3: "Vendor",
    4: "Consulting Services",
    5: "Office Supplies",
    6: "Employees",
    7: "Desk Manufacturers",
}

# id: name, email, country, tax id, tags
_COMPANIES: dict[int, tuple[str, str, int, str | None, list[int]]] = {
    1: ("My Company (San Francisco)", "info@yourcompany.com", 233, None, []),
    8: ("Wood Corner", "wood.corner26@example.com", 233, "US12345672", [7]),
    9: ("Acme Corporation", "acme_corp@yourcompany.example.com", 233, "US12345673", [7]),
    10: ("Gemini Furniture", "gemini_furniture@fake.geminifurniture.com", 203, "SM12345", [4, 7]),
    11: ("OpenWood", "openwood@example.com", 139, "ME12345678", [1]),
    12: ("LightsUp", "lightsup@example.com", 128, "LI12345", [1]),
    13: ("Ready Mat", "ready.mat28@example.com", 233, "US12345675", [5, 7]),
    14: ("The Jackson Group", "jackson.group82@example.com", 233, "US12345676", [2]),
    15: ("Azure Interior", "azure.Interior24@example.com", 233, "US12345677", [5]),
    16: ("Lumber Inc", "lumber-inv92@example.com", 233, "US12345678", [3]),
}

# id: name, company, job, active
_PERSONS: dict[int, tuple[str, int | None, str | None, bool]] = {
    2: ("OdooBot", 1, None, False),
    3: ("Mitchell Admin", 1, "Administrator", True),
    4: ("Public user", None, None, False),
    5: ("Portal User Template", None, None, False),
    6: ("Marc Demo", 1, "Sales Representative", True),
    7: ("Joel Willis", None, None, True),
    17: ("Willie Burke", 8, "Service Manager", True),
    18: ("Ron Gibson", 8, "Store Manager", True),
    19: ("Douglas Fletcher", 9, "Functional Consultant", True),
    20: ("Floyd Steward", 9, "Analyst", True),
    21: ("Edwin Hansen", 10, "Marketing Manager", True),
    22: ("Jesse Brown", 10, "Senior Consultant", True),
    23: ("Soham Palmer", 10, "Chief Executive Officer", True),
    24: ("Oscar Morgan", 10, "Order Clerk", True),
    25: ("Tom Ruiz", 11, "Software Developer", True),
    26: ("Theodore Gardner", 11, "Production Supervisor", True),
    27: ("Julie Richards", 12, "Financial Manager", True),
    28: ("Billy Fox", 13, "Production Supervisor", True),
    29: ("Edith Sanchez", 13, "Analyst", True),
    30: ("Kim Snyder", 13, "Senior Associate", True),
    31: ("Sandra Neal", 13, "Sales Manager", True),
    32: ("Toni Rhodes", 14, "Managing Partner", True),
    33: ("Gordon Owens", 14, "Senior Consultant", True),
    34: ("Brandon Freeman", 15, "Creative Director", True),
    35: ("Colleen Diaz", 15, "Business Executive", True),
    36: ("Addison Olson", 9, "Sales Representative", True),
    37: ("Nicole Ford", 15, "Director", True),
    38: ("Lorraine Douglas", 16, "Functional Consultant", True),
    39: ("Jeremy Mendoza", 16, "Store Manager", True),
    40: ("Travis Mendoza", 14, "Business Analyst", True),
    41: ("Warehouse North", 10, None, True),
    42: ("Invoicing Office", 8, None, True),
    43: ("Charlie Bernard", None, "Interior Designer", True),
}

_ADDRESS_TYPES = {41: "delivery", 42: "invoice"}

# id: reference, name, price, type
_PRODUCTS: dict[int, tuple[str, str, float, str]] = {
    5: ("FURN_9001", "Flipover", 1950.0, "consu"),
    6: ("FURN_0269", "Office Chair Black", 120.5, "consu"),
    7: ("FURN_1118", "Corner Desk Left Sit", 85.0, "consu"),
    8: ("FURN_8900", "Drawer Black", 25.0, "consu"),
    9: ("FURN_7800", "Desk Combination", 450.0, "consu"),
    10: ("FURN_6666", "Acoustic Bloc Screens", 295.0, "consu"),
    11: ("FURN_8888", "Office Lamp", 40.0, "consu"),
    12: ("FURN_5800", "Large Meeting Table", 4000.0, "consu"),
    13: ("FURN_0789", "Individual Workplace", 885.0, "consu"),
    14: ("FURN_7777", "Office Chair", 70.0, "consu"),
    15: ("DESK0004", "Customizable Desk", 750.0, "consu"),
    16: ("E-COM07", "Large Cabinet", 320.0, "consu"),
    17: ("E-COM08", "Storage Box", 15.8, "consu"),
    18: ("E-COM09", "Large Desk", 1799.0, "consu"),
    19: ("E-COM10", "Pedal Bin", 47.0, "consu"),
    20: ("E-COM11", "Cabinet with Doors", 140.0, "consu"),
    21: ("SERV_1001", "Virtual Interior Design", 30.75, "service"),
    22: ("SERV_1002", "Virtual Home Staging", 38.25, "service"),
}

_FIRST_ORDER_AT = datetime(2026, 10, 1, 8, 30)  # noqa: DTZ001 naive UTC is Odoo's form
_ORDERS = 24
_STATES = ("sale", "sale", "draft", "sale", "sent", "cancel")
_CUSTOMERS = (9, 15, 10, 8, 13, 14, 12, 11, 36, 43)


def load(store: Store, env: Environment, keys: tuple[ApiKey, ...]) -> None:
    """Fill an empty store. `env` gives the time from which the API keys' lives are counted."""
    _reference_data(store)
    _partners(store)
    _users(store, env, keys)
    _products(store)
    _orders(store)


def _put(store: Store, model: str, record: int, /, **cells: Cell) -> None:
    row: Row = {
        "create_date": SEEDED_AT,
        "write_date": SEEDED_AT,
        "create_uid": 1,
        "write_uid": 1,
        **cells,
    }
    store.put(model, record, row)


def _reference_data(store: Store) -> None:
    for record, (name, code) in _COUNTRIES.items():
        _put(store, "res.country", record, name=name, code=code)
    _put(
        store,
        "res.currency",
        1,
        name="USD",
        full_name="United States dollar",
        symbol="$",
        decimal_places=2,
        active=True,
    )
    _put(store, "res.currency", 125, name="EUR", full_name="Euro", symbol="€", decimal_places=2, active=True)
    for record, name in _CATEGORIES.items():
        _put(store, "res.partner.category", record, name=name, color=record, active=True)
    _put(store, "res.company", 1, name="My Company (San Francisco)", partner_id=1, currency_id=1)
    _put(store, "account.tax", 1, name="15%", amount=15.0)
    _put(
        store,
        "ir.cron",
        1,
        name="Base: Auto-vacuum internal data",
        active=True,
        interval_number=1,
        interval_type="days",
        nextcall="2026-11-23 19:31:31",
    )
    for record, (name, model) in enumerate(
        (("Contact", "res.partner"), ("Sales Order", "sale.order"), ("User", "res.users")), start=1
    ):
        _put(store, "ir.model", record, name=name, model=model)
    _put(
        store,
        "ir.actions.server",
        456,
        name="Notify partner",
        model_id=1,
        state="webhook",
        webhook_url="http://127.0.0.1:9/odoo-events",
    )
    _put(store, "ir.actions.server", 457, name="Follow up", model_id=2, state="object_write")


def _partners(store: Store) -> None:
    for record, (name, email, country, vat, tags) in _COMPANIES.items():
        _put(
            store,
            "res.partner",
            record,
            name=name,
            email=email,
            country_id=country,
            vat=vat,
            category_id=tags,
            is_company=True,
            active=True,
            type="contact",
            lang="en_US",
            phone=f"(555)-010-{record:04}",
            street=f"{100 + record} Market Street",
            city="San Francisco" if country == 233 else None,
            zip="94105" if country == 233 else None,
        )
    for record, (name, parent, function, active) in _PERSONS.items():
        login = name.lower().replace(" ", ".")
        _put(
            store,
            "res.partner",
            record,
            name=name,
            email=f"{login}{record}@example.com",
            parent_id=parent,
            function=function,
            category_id=[],
            is_company=False,
            active=active,
            type=_ADDRESS_TYPES.get(record, "contact"),
            lang="en_US",
            country_id=233 if parent in (8, 9, 13, 14, 15, 16) else None,
            phone=f"(555)-020-{record:04}",
            tz="Europe/Brussels" if record in (3, 6) else None,
        )


def _users(store: Store, env: Environment, keys: tuple[ApiKey, ...]) -> None:
    groups = "group_ids" if env.major >= 19 else "groups_id"
    for record, name in enumerate(("Role / User", "Access Rights", "Role / Administrator"), start=1):
        _put(store, "res.groups", record, name=name)
    users = {1: ("__system__", 2, False), 2: ("admin", 3, True), 3: ("public", 4, False), 5: ("demo", 6, True)}
    for record, (login, partner, active) in users.items():
        held: list[int] = [1, 2, 3] if record <= 2 else [1]
        row: Row = {"login": login, "partner_id": partner, "active": active, "company_id": 1, groups: held}
        _put(store, "res.users", record, **row)
    by_login = {login: record for record, (login, _, _) in users.items()}
    expiry = (env.clock() + _KEY_LIFETIME).strftime(DATETIME_FORMAT)
    for record, key in enumerate(keys, start=1):
        _put(
            store,
            "res.users.apikeys",
            record,
            name=key.name,
            user_id=by_login[key.login],
            scope=key.scope,
            expiration_date=expiry,
        )


def _products(store: Store) -> None:
    for record, (code, name, price, kind) in _PRODUCTS.items():
        _put(
            store,
            "product.product",
            record,
            name=name,
            default_code=code,
            list_price=price,
            standard_price=round(price * 0.6, 2),
            type=kind,
            sale_ok=True,
            active=True,
            weight=0.0 if kind == "service" else round(price / 40, 2),
        )


def _orders(store: Store) -> None:
    products = sorted(_PRODUCTS)
    line = 0
    for number in range(1, _ORDERS + 1):
        placed = _FIRST_ORDER_AT + timedelta(days=2 * (number - 1), hours=number % 7, minutes=7 * (number % 5))
        partner = _CUSTOMERS[number % len(_CUSTOMERS)]
        _put(
            store,
            "sale.order",
            number,
            name=f"S{number:05}",
            state=_STATES[number % len(_STATES)],
            locked=False,
            partner_id=partner,
            partner_invoice_id=partner,
            partner_shipping_id=41 if partner == 10 else partner,
            date_order=placed.strftime(DATETIME_FORMAT),
            user_id=5 if number % 2 else 2,
            company_id=1,
            currency_id=1,
            client_order_ref=f"PO-{7000 + number}" if number % 3 == 0 else None,
        )
        for position in range(2 if number > 2 else 3):
            line += 1
            product = products[(5 * number + 3 * position) % len(products)]
            code, name, price, _ = _PRODUCTS[product]
            _put(
                store,
                "sale.order.line",
                line,
                order_id=number,
                sequence=10 + position,
                product_id=product,
                name=f"[{code}] {name}",
                product_uom_qty=float(1 + (number + position) % 5),
                price_unit=price,
                discount=10.0 if number % 8 == 0 else 0.0,
            )
    store.skip_to("ir.sequence/sale.order", _ORDERS)
