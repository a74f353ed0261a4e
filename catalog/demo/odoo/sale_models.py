"""Products and sales orders: fields, defaults, amounts and the rules of deletion."""

from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import UserError
from catalog.demo.odoo.models import SALES_ADMIN, Field, Group, Model, Operation

_SALES_ADMIN_WRITES: dict[Operation, Group] = {
    "write": SALES_ADMIN,
    "create": SALES_ADMIN,
    "unlink": SALES_ADMIN,
}

ORDER_STATES = (
    ("draft", "Quotation"),
    ("sent", "Quotation Sent"),
    ("sale", "Sales Order"),
    ("cancel", "Cancelled"),
)


def _product_name(env: Environment, record: int) -> str:
    code = env.text("product.product", record, "default_code")
    name = env.text("product.product", record, "name")
    return f"[{code}] {name}" if code else name


def _subtotal(env: Environment, line: int) -> float:
    price = env.number("sale.order.line", line, "price_unit")
    quantity = env.number("sale.order.line", line, "product_uom_qty")
    return round(price * quantity * (1 - env.number("sale.order.line", line, "discount") / 100), 2)


def _tax_field(env: Environment) -> str:
    return "tax_ids" if env.major >= 19 else "tax_id"


def _line_tax(env: Environment, line: int) -> float:
    taxes = env.cell("sale.order.line", line, _tax_field(env))
    rate = sum(env.number("account.tax", tax, "amount") for tax in taxes) if isinstance(taxes, list) else 0.0
    return round(_subtotal(env, line) * rate / 100, 2)


def _line_total(env: Environment, line: int) -> float:
    return round(_subtotal(env, line) + _line_tax(env, line), 2)


def _lines(env: Environment, order: int) -> list[int]:
    return env.inverse_ids("sale.order.line", "order_id", order)


def _untaxed(env: Environment, order: int) -> float:
    return round(sum(_subtotal(env, line) for line in _lines(env, order)), 2)


def _tax(env: Environment, order: int) -> float:
    return round(sum(_line_tax(env, line) for line in _lines(env, order)), 2)


def _total(env: Environment, order: int) -> float:
    return round(_untaxed(env, order) + _tax(env, order), 2)


def _line_name(env: Environment, line: int) -> str:
    order = env.link("sale.order.line", line, "order_id")
    label = env.text("sale.order.line", line, "name").partition("\n")[0]
    return f"{env.text('sale.order', order, 'name')} - {label}" if order else label


def _line_currency(env: Environment, line: int) -> int | None:
    order = env.link("sale.order.line", line, "order_id")
    return env.link("sale.order", order, "currency_id") if order else None


def _line_state(env: Environment, line: int) -> str | None:
    order = env.link("sale.order.line", line, "order_id")
    return env.text("sale.order", order, "state") if order else None


def _prepare_order(env: Environment, values: dict[str, object]) -> None:
    """Number the order (`S00001`, …) and address it to its customer."""
    if values.get("name") in (None, False, "", "New"):
        values["name"] = f"S{env.store.next_id('ir.sequence/sale.order'):05}"
    for address in ("partner_invoice_id", "partner_shipping_id"):
        values.setdefault(address, values.get("partner_id", False))


def _prepare_line(env: Environment, values: dict[str, object]) -> None:
    """Take the price and the description from the product where the caller gives none."""
    product = values.get("product_id")
    if isinstance(product, int) and env.store.row("product.product", product) is not None:
        values.setdefault("price_unit", env.number("product.product", product, "list_price"))
        values.setdefault("name", env.display_name("product.product", product))


def _protect_order(env: Environment, order: int) -> None:
    if env.text("sale.order", order, "state") not in ("draft", "cancel"):
        raise UserError(
            "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."
        )


def _protect_line(env: Environment, line: int) -> None:
    if _line_state(env, line) == "sale":
        raise UserError(
            "Once a sales order is confirmed, you can't remove one of its lines (we need to track if "
            "something gets invoiced or delivered).\nSet the quantity to 0 instead."
        )


PRODUCT = Model(
    "product.product",
    "Product Variant",
    {
        "name": Field("char", "Name", required=True),
        "display_name": Field("char", "Display Name", readonly=True, compute=_product_name),
        "default_code": Field("char", "Internal Reference"),
        "barcode": Field("char", "Barcode"),
        "active": Field("boolean", "Active", default=True),
        "sale_ok": Field("boolean", "Sales", default=True),
        "type": Field(
            "selection",
            "Product Type",
            selection=(("consu", "Goods"), ("service", "Service"), ("combo", "Combo")),
            default="consu",
        ),
        "list_price": Field("float", "Sales Price", default=1.0),
        "standard_price": Field("float", "Cost", default=0.0),
        "weight": Field("float", "Weight", default=0.0),
        "description_sale": Field("text", "Sales Description"),
    },
    order="default_code, name, id",
    access=_SALES_ADMIN_WRITES,
    unique={"barcode": "Barcode(s) already assigned"},
)

TAX = Model(
    "account.tax",
    "Tax",
    {"name": Field("char", "Tax Name", required=True), "amount": Field("float", "Amount", default=0.0)},
    access=_SALES_ADMIN_WRITES,
)

ORDER = Model(
    "sale.order",
    "Sales Order",
    {
        "name": Field("char", "Order Reference", required=True, readonly=True, default="New"),
        "state": Field("selection", "Status", readonly=True, selection=ORDER_STATES, default="draft"),
        "locked": Field("boolean", "Locked", default=False),
        "partner_id": Field("many2one", "Customer", required=True, relation="res.partner", ondelete="restrict"),
        "partner_invoice_id": Field(
            "many2one", "Invoice Address", required=True, relation="res.partner", depends=("partner_id",)
        ),
        "partner_shipping_id": Field(
            "many2one", "Delivery Address", required=True, relation="res.partner", depends=("partner_id",)
        ),
        "date_order": Field("datetime", "Order Date", required=True, default=lambda env: env.now()),
        "commitment_date": Field("datetime", "Delivery Date"),
        "validity_date": Field("date", "Expiration"),
        "client_order_ref": Field("char", "Customer Reference"),
        "note": Field("text", "Terms and conditions"),
        "user_id": Field("many2one", "Salesperson", relation="res.users", default=lambda env: env.uid),
        "company_id": Field("many2one", "Company", required=True, relation="res.company", default=1),
        "currency_id": Field("many2one", "Currency", readonly=True, relation="res.currency", default=1),
        "order_line": Field("one2many", "Order Lines", relation="sale.order.line", inverse="order_id"),
        "amount_untaxed": Field("monetary", "Untaxed Amount", readonly=True, compute=_untaxed, kept=True),
        "amount_tax": Field("monetary", "Taxes", readonly=True, compute=_tax, kept=True),
        "amount_total": Field("monetary", "Total", readonly=True, compute=_total, kept=True),
    },
    order="date_order desc, id desc",
    prepare=_prepare_order,
    protect=_protect_order,
)

ORDER_LINE = Model(
    "sale.order.line",
    "Sales Order Line",
    {
        "order_id": Field("many2one", "Order Reference", required=True, relation="sale.order", ondelete="cascade"),
        "sequence": Field("integer", "Sequence", default=10),
        "name": Field("text", "Description", required=True, depends=("product_id",)),
        "display_name": Field("char", "Display Name", readonly=True, compute=_line_name),
        "product_id": Field("many2one", "Product", relation="product.product", ondelete="restrict"),
        "product_uom_qty": Field("float", "Quantity", default=1.0),
        "price_unit": Field("float", "Unit Price", default=0.0),
        "discount": Field("float", "Discount (%)", default=0.0),
        "tax_id": Field("many2many", "Taxes", relation="account.tax", until=18),
        "tax_ids": Field("many2many", "Taxes", relation="account.tax", since=19),
        "qty_delivered": Field("float", "Delivery Quantity", default=0.0),
        "qty_invoiced": Field("float", "Invoiced Quantity", default=0.0),
        "currency_id": Field(
            "many2one", "Currency", readonly=True, relation="res.currency", compute=_line_currency, kept=True
        ),
        "state": Field(
            "selection", "Order Status", readonly=True, selection=ORDER_STATES, compute=_line_state, kept=True
        ),
        "price_subtotal": Field("monetary", "Subtotal", readonly=True, compute=_subtotal, kept=True),
        "price_tax": Field("float", "Total Tax", readonly=True, compute=_line_tax, kept=True),
        "price_total": Field("monetary", "Total", readonly=True, compute=_line_total, kept=True),
    },
    order="order_id, sequence, id",
    prepare=_prepare_line,
    protect=_protect_line,
)

SALE_MODELS = (PRODUCT, TAX, ORDER, ORDER_LINE)
