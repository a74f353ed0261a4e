"""What is known of an Odoo's models once it was looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OPERATIONS: Final = ("read", "create", "write", "unlink")

DELEGATED: Final = frozenset(
    (
        ("account.bank.statement.line", "move_id"),
        ("account.payment", "move_id"),
        ("hr.employee", "resource_id"),
        ("product.product", "product_tmpl_id"),
        ("res.users", "partner_id"),
    )
)
"""Required fields, by model, whose record Odoo's own modules make along with a new one (`_inherits`)."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """A field, as `fields_get` describes it. `defaulted`: a new record has a value without being given one;
    `computed`: Odoo makes it from others. `size` is in characters; 0 where there is no bound."""

    name: str
    type: str
    label: str
    help: str = ""
    required: bool = False
    defaulted: bool = False
    readonly: bool = False
    relation: str = ""
    inverse: str = ""
    selection: tuple[tuple[str, str], ...] = ()
    stored: bool = True
    searchable: bool = True
    sortable: bool = True
    currency: str = ""
    size: int = 0
    computed: bool = False


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model with its fields by name, what the key may do of `OPERATIONS`, and the methods that are known of it:
    all public ones where Odoo tells them (`told`), else its usual business actions."""

    name: str
    label: str
    fields: Mapping[str, FieldFacts]
    may: frozenset[str]
    methods: tuple[str, ...]
    told: bool
