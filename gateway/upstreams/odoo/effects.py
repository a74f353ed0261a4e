"""What an exchange does to an Odoo: whether it changes anything, and which records.

It is said by the mapping's action, or by the method that a legacy client calls, and never by a verb: every call to
Odoo is a POST. What is not known to read is taken to write.
"""

from typing import Final

from contracts.operations import OdooBackend
from gateway.upstreams.odoo.transport import READING
from gateway.upstreams.odoo.values import MAX_INTEGER, MappingError
from policies.exchange import Exchange
from policies.odoo_rpc import POLICY
from policies.rpc.call import RpcCall

_READING_ACTIONS: Final = frozenset({"list", "get"})
_ON_A_RECORD: Final = frozenset({"update", "delete", "call"})

Record = tuple[str, int]
"""A model's name and a record's id."""


def changes(exchange: Exchange, backend: OdooBackend) -> bool:
    """Whether anything may be another in Odoo once the exchange was carried out."""
    if backend.action != "rpc":
        return backend.action not in _READING_ACTIONS
    call: RpcCall | None = exchange.noted(POLICY)
    return call is None or call.method not in READING


def changed_records(exchange: Exchange, backend: OdooBackend) -> tuple[Record, ...]:
    """Those that are there and are named to be changed, in one order for all exchanges."""
    if backend.action in _ON_A_RECORD and backend.id_parameter is not None:
        key = record_id(exchange, backend)
        return ((backend.model, key),) if key else ()
    if backend.action != "rpc" or not changes(exchange, backend):
        return ()
    call: RpcCall | None = exchange.noted(POLICY)
    return () if call is None else tuple((call.model, key) for key in sorted(set(call.ids or ())))


def record_id(exchange: Exchange, backend: OdooBackend) -> int:
    """The record's id from the path; 0 where no record can have it. Raises MappingError where the contract names
    no parameter for it."""
    name = backend.id_parameter
    if name is None:
        raise MappingError("The contract names no path parameter with the record's id.")
    value = exchange.parameters.get("path", {}).get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value) if value == "0" or value[0] != "0" else 0
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 < value <= MAX_INTEGER else 0
