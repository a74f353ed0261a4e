"""What Odoo's own modules call otherwise from a version on, so that a finding can say what to map instead.

`mobile`, `tax_id` and `groups_id` were seen on an Odoo 19; the others are by the analyses that OpenUpgrade (OCA)
publishes of each version's modules.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Renamed:
    """A field that is gone from the major version `since` on. `now` is what it is called; empty: there is no field
    of the same meaning, and `note` says what may serve."""

    model: str
    field: str
    since: int
    now: str = ""
    note: str = ""

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.note if not self.now else f"map it to `{self.now}`, as Odoo {self.since} calls it"


RENAMES: Final = (
    Renamed("product.template", "detailed_type", 18, "type"),
    Renamed("product.product", "detailed_type", 18, "type"),
    Renamed("account.move", "payment_id", 18, "origin_payment_id"),
    Renamed("account.move", "reversal_move_id", 18, "reversal_move_ids"),
    Renamed("account.payment", "ref", 18, "memo"),
    Renamed("res.partner", "mobile", 19, note="map it to `phone`: there is no field for mobile numbers alone"),
    Renamed("res.users", "groups_id", 19, "group_ids"),
    Renamed("res.groups", "users", 19, "user_ids"),
    Renamed("sale.order.line", "tax_id", 19, "tax_ids"),
    Renamed("sale.order.line", "product_uom", 19, "product_uom_id"),
    Renamed(
        "sale.order.line", "product_packaging_id", 19, note="Odoo 19 has packagings as units: `product_uom_id`"
    ),
    Renamed("purchase.order", "notes", 19, "note"),
    Renamed("purchase.order.line", "taxes_id", 19, "tax_ids"),
    Renamed("purchase.order.line", "product_uom", 19, "product_uom_id"),
    Renamed(
        "purchase.order.line", "product_packaging_id", 19, note="Odoo 19 has packagings as units: `product_uom_id`"
    ),
)

_BY_FIELD: Final = {(each.model, each.field): each for each in RENAMES}


def renamed(model: str, field: str, major: int) -> Renamed | None:
    """What became of a field by that major version, if it is known."""
    found = _BY_FIELD.get((model, field))
    return found if found is not None and found.since <= major else None
