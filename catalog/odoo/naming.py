"""What things are called in a contract: after the business, and not after Odoo's columns."""

import re
from collections.abc import Mapping
from typing import Final

_KNOWN: Final[Mapping[str, str]] = {
    "account.move": "invoice",
    "crm.lead": "lead",
    "product.product": "product",
    "product.template": "product-template",
    "purchase.order": "purchase-order",
    "res.company": "company",
    "res.country": "country",
    "res.currency": "currency",
    "res.partner": "partner",
    "sale.order": "order",
    "stock.picking": "transfer",
    "stock.quant": "stock-level",
}
"""Resources of Odoo's own modules, in the singular."""

_PROPERTIES: Final[Mapping[str, str]] = {"write_date": "changed_at", "create_date": "created_at"}
_WORDS: Final[re.Pattern[str]] = re.compile(r"[A-Za-z0-9]+")


def resource_of(model: str) -> str:
    """A model's resource in the singular, in kebab-case: `sale.order` is `order`, `fleet.trip` is `fleet-trip`."""
    known = _KNOWN.get(model)
    if known is not None:
        return known
    words = [word.lower() for word in _WORDS.findall(model.removeprefix("x_").removeprefix("x_studio_"))]
    return "-".join(words)


def plural(noun: str) -> str:
    """Of an English noun: `country` is `countries`, `address` is `addresses`."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(s|x|z|ch|sh)$", noun) else "s")


def property_of(field: str, kind: str) -> str:
    """A field's property: a many2one is called after what it refers to, `partner_id` is `partner`."""
    known = _PROPERTIES.get(field)
    if known is not None:
        return known
    name = field.removeprefix("x_studio_").removeprefix("x_")
    if kind == "many2one":
        name = re.sub(r"_u?id$", "", name)
    elif kind in ("one2many", "many2many"):
        name = re.sub(r"_ids?$", "", name)
        name = name if name.endswith("s") else plural(name)
    return name or field


def reference_of(name: str) -> str:
    """The property by which a request names the record that `name` refers to."""
    return f"{name}_id"


def action_of(method: str) -> str:
    """The sub-resource of a method: `action_confirm` is `confirm`."""
    words = re.sub(r"^(action|button|do)_", "", method)
    return "-".join(_WORDS.findall(words)).lower() or method


def camel(*words: str) -> str:
    """`camel("list", "purchase-orders")` is `listPurchaseOrders`."""
    parts = [part for word in words for part in _WORDS.findall(word)]
    return str(parts[0]).lower() + "".join(part[:1].upper() + part[1:] for part in parts[1:])


def pascal(*words: str) -> str:
    """A schema's name."""
    name = camel(*words)
    return name[:1].upper() + name[1:]


def spaced(noun: str) -> str:
    """As people write it."""
    return noun.replace("-", " ").replace("_", " ")
