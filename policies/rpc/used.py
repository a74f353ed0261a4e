"""What of Odoo a guarded call uses, in the guard's own names: for the usage report of legacy clients. Pure.

A call that names no fields uses all that are open: which of them its client reads, nobody can see.
"""

from collections.abc import Iterator
from typing import Any

from contracts.odoo_guard import OdooGuard
from contracts.usage.guarded import CALL, FILTERED, READ, WRITTEN, Use
from policies.rpc.call import RpcCall

_CREATE, _UPDATE = 0, 1


def used(call: RpcCall, guard: OdooGuard) -> set[Use]:
    """Each once. `call` is one that was judged: its fields are named, and everything in it is the guard's."""
    found: set[Use] = {(CALL, call.model, call.method)}
    found.update(_of(call, guard))
    return found


def _of(call: RpcCall, guard: OdooGuard) -> Iterator[Use]:
    model, arguments = call.model, call.arguments
    for each in arguments.get("fields", ()):
        if each != "__count":
            # A field, or what is made of one: `total:sum(amount_total)`, `amount_total:sum`.
            yield READ, model, each.rpartition("(")[2].rstrip(")").partition(":")[0]
    for each in arguments.get("groupby", ()):
        yield READ, model, each.partition(":")[0]
    for key in ("order", "orderby"):
        for each in arguments.get(key, "").split(","):
            if words := each.split():
                yield READ, model, words[0]
    for term in arguments.get("domain", ()):
        if isinstance(term, list):
            yield from _filtered(guard, model, term[0])
    for values in (*arguments.get("vals_list", ()), arguments.get("vals", {})):
        yield from _written(guard, model, values)


def _filtered(guard: OdooGuard, model: str, path: str) -> Iterator[Use]:
    for step in path.split("."):
        yield FILTERED, model, step
        model = guard.models[model].relations.get(step, "")


def _written(guard: OdooGuard, model: str, values: dict[str, Any]) -> Iterator[Use]:
    for field, value in values.items():
        yield WRITTEN, model, field
        if isinstance(value, list):
            target = guard.models[model].relations[field]
            for command in value:
                if command[0] in (_CREATE, _UPDATE):
                    yield from _written(guard, target, command[2])
