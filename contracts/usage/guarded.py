"""What guarded calls of Odoo's RPC are counted by: pairs of a model and its method, and the model's fields.

All of it is named by the contract's guard, since a call that uses anything else is refused: what a client made up
has no place here, as it has none elsewhere in usage.
"""

from typing import Final

from contracts.usage.batch import Kind
from contracts.usage.terms import Term

CALL: Final[Kind] = "rpc"
"""Of a name such as `sale.order/search_read`."""
READ: Final[Kind] = "rpc-read"
"""Of a name such as `sale.order/amount_total`, as are those below: it was asked for, sorted or grouped by."""
FILTERED: Final[Kind] = "rpc-filter"
WRITTEN: Final[Kind] = "rpc-write"

Use = tuple[Kind, str, str]
"""Kind, model, and method or field."""


class GuardedTerms:
    """The terms of one operation, each made when it is first used."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Use, Term] = {}

    def of(self, use: Use) -> Term:
        """The same for the same use."""
        known = self._known.get(use)
        if known is None:
            kind, model, name = use
            known = self._known[use] = Term(kind, f"{model}/{name}")
        return known
