"""The rules by which a contract no longer fits its Odoo: stable id, severity, and why each exists."""

from collections.abc import Mapping
from typing import Final

from contracts.findings import Rule

_ROWS: tuple[Rule, ...] = (
    Rule("odoo-model-missing", "error", "Every call of the operation ends in 502."),
    Rule(
        "odoo-field-missing", "error", "Odoo answers a call that names the field with an error, and so with 502."
    ),
    Rule("odoo-field-changed", "error", "A value of another type cannot be what the contract promises."),
    Rule("odoo-relation-changed", "error", "The ids are those of another model's records."),
    Rule("odoo-method-missing", "error", "The business action that partners call is not there."),
    Rule("odoo-access-lost", "error", "Odoo refuses the gateway's key, and so every partner gets 403."),
    Rule("odoo-required-unmapped", "error", "Odoo refuses a new record for a field that no request can say."),
    Rule("odoo-required-optional", "warning", "A request that is right by the contract may be refused by Odoo."),
    Rule("odoo-value-gone", "error", "A request may send a value that Odoo does not take any more."),
    Rule("odoo-value-unused", "warning", "The contract names a value that no record can have any more."),
    Rule("odoo-value-new", "warning", "A record may have a value that the contract does not admit in an answer."),
    Rule("odoo-not-writable", "error", "What is computed and not stored takes no value: a write changes nothing."),
    Rule("odoo-readonly", "warning", "Odoo's own screens do not let the field be written any more."),
    Rule("odoo-not-searchable", "error", "Odoo cannot look records up by the field, nor order them by it."),
    Rule("odoo-runtime-mismatch", "error", "A gateway could not carry out a call as its contract maps it."),
)

DRIFT_RULES: Final[Mapping[str, Rule]] = {row.id: row for row in _ROWS}
