"""The methods that only some models have: confirming an order, a user's context, followers."""

from collections.abc import Mapping, Sequence

from catalog.demo.odoo import mutation
from catalog.demo.odoo.errors import UserError
from catalog.demo.odoo.records import BaseModel, on_model, on_records


class Thread(BaseModel):
    """What a model gets from `mail.thread`. Followers are taken and not kept: nothing reads them here."""

    @on_records
    def message_subscribe(
        self, partner_ids: Sequence[int] | None = None, subtype_ids: Sequence[int] | None = None
    ) -> object:
        for record in self.ids:
            self.env.row(self.model.name, record)
        for partner in partner_ids or ():
            self.env.row("res.partner", partner)
        return True


class Partner(Thread):
    """`res.partner`."""


class Users(BaseModel):
    """`res.users`."""

    @on_model
    def context_get(self) -> object:
        return {
            "lang": self.env.text("res.users", self.env.uid, "lang") or False,
            "tz": self.env.text("res.users", self.env.uid, "tz") or False,
            "uid": self.env.uid,
        }


class SaleOrder(Thread):
    """`sale.order`: draft or sent, then sale; cancelled from any of them, and back to draft."""

    @on_records
    def action_confirm(self) -> object:
        for order in self.ids:
            if self._state(order) not in ("draft", "sent"):
                raise UserError("Some orders are not in a state requiring confirmation.")
            for line in self.env.inverse_ids("sale.order.line", "order_id", order):
                if self.env.link("sale.order.line", line, "product_id") is None:
                    raise UserError(
                        "Some order lines are missing a product, you need to correct them before going further."
                    )
        self._write({"state": "sale", "date_order": self.env.now()})
        return True

    @on_records
    def action_cancel(self) -> object:
        if any(self.env.cell("sale.order", order, "locked") for order in self.ids):
            raise UserError("You cannot cancel a locked order. Please unlock it first.")
        self._write({"state": "cancel"})
        return True

    @on_records
    def action_draft(self) -> object:
        self._write({"state": "draft"}, [o for o in self.ids if self._state(o) in ("cancel", "sent")])
        return True

    @on_records
    def action_quotation_sent(self) -> object:
        if any(self._state(order) != "draft" for order in self.ids):
            raise UserError("Only draft orders can be marked as sent directly.")
        self._write({"state": "sent"})
        return None

    @on_records
    def action_lock(self) -> object:
        self._write({"locked": True})
        return None

    @on_records
    def action_unlock(self) -> object:
        self._write({"locked": False})
        return None

    def _state(self, order: int) -> str:
        return self.env.text("sale.order", order, "state")

    def _write(self, values: Mapping[str, object], orders: list[int] | None = None) -> None:
        mutation.write(self.env, "sale.order", self.ids if orders is None else orders, values)


CLASSES: Mapping[str, type[BaseModel]] = {
    "res.partner": Partner,
    "res.users": Users,
    "sale.order": SaleOrder,
    "mail.thread": Thread,
}
"""The class that answers for a model; `BaseModel` for those not listed."""
