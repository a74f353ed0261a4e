"""Whether a call may be made, and what of it is: with its fields named and its records bounded."""

from dataclasses import replace
from typing import Any, Final

from contracts.odoo_guard import OdooGuard
from policies.rpc.call import FORMS, RefusedCallError, RpcCall
from policies.rpc.domains import check_aggregates, check_domain, check_groups, check_order
from policies.rpc.opened import Opened
from policies.rpc.writing import check_new, check_values

_ATTRIBUTES: Final = ("string", "type", "help", "required", "readonly", "selection")
"""What is told of a field. Its `relation`, `domain` and `related` tell of models that are not open."""
_MOST: Final = 2**31 - 1


def judge(call: RpcCall, guard: OdooGuard, scopes: frozenset[str]) -> RpcCall:
    """The call as it goes to Odoo. Raises RefusedCallError where it may not be made."""
    opened = Opened(guard, scopes)
    if call.method in FORMS:
        arguments = _RULES[call.method](opened, call)
    else:
        model = guard.models.get(call.model)
        if model is None or call.method not in model.call:
            raise RefusedCallError(f"The method {call.method[:64]!r} of {call.model[:64]!r} is not open.")
        opened.model(call.model, f"call:{call.method}")
        arguments = {}
    if call.ids is not None and len(call.ids) > guard.maximum:
        raise RefusedCallError(f"A call is for at most {guard.maximum} records.")
    single = isinstance(call.arguments.get("vals_list"), dict)
    return replace(call, arguments=arguments, context=_context(call.context, guard), single=single)


def _context(context: dict[str, Any], guard: OdooGuard) -> dict[str, Any]:
    for key, value in context.items():
        if key not in guard.context:
            raise RefusedCallError(f"The key {key[:64]!r} of the context is not open.")
        if isinstance(value, list | dict):
            raise RefusedCallError("The context has plain values.")
    return context


def _search(opened: Opened, call: RpcCall) -> dict[str, Any]:
    given = call.arguments
    opened.model(call.model, "read")
    found: dict[str, Any] = {"domain": check_domain(opened, call.model, given.get("domain"))}
    found["limit"] = _limit(given.get("limit"), opened.guard.maximum)
    if offset := _whole(given.get("offset"), "offset"):
        found["offset"] = offset
    if order := check_order(opened, call.model, given.get("order")):
        found["order"] = order
    return found


def _search_read(opened: Opened, call: RpcCall) -> dict[str, Any]:
    return {**_search(opened, call), "fields": _fields(opened, call)}


def _search_count(opened: Opened, call: RpcCall) -> dict[str, Any]:
    opened.model(call.model, "read")
    found: dict[str, Any] = {"domain": check_domain(opened, call.model, call.arguments.get("domain"))}
    if limit := _whole(call.arguments.get("limit"), "limit"):
        found["limit"] = limit
    return found


def _read(opened: Opened, call: RpcCall) -> dict[str, Any]:
    found: dict[str, Any] = {"fields": _fields(opened, call)}
    load = call.arguments.get("load", "_classic_read")
    if load in (None, False, ""):
        found["load"] = None
    elif load != "_classic_read":
        raise RefusedCallError("The argument 'load' is '_classic_read', or nothing.")
    return found


def _fields_get(opened: Opened, call: RpcCall) -> dict[str, Any]:
    model = opened.model(call.model, "read")
    known = list(dict.fromkeys(("id", *model.read, *model.write)))
    wanted = _names(call.arguments.get("allfields"), known, "field")
    attributes = _names(call.arguments.get("attributes"), list(_ATTRIBUTES), "attribute")
    return {"allfields": wanted, "attributes": attributes}


def _read_group(opened: Opened, call: RpcCall) -> dict[str, Any]:
    given = call.arguments
    opened.model(call.model, "read")
    found: dict[str, Any] = {
        "domain": check_domain(opened, call.model, given.get("domain")),
        "fields": check_aggregates(opened, call.model, given.get("fields")),
        "groupby": check_groups(opened, call.model, given.get("groupby")),
        "limit": _limit(given.get("limit"), opened.guard.maximum),
    }
    if offset := _whole(given.get("offset"), "offset"):
        found["offset"] = offset
    if order := check_order(opened, call.model, given.get("orderby")):
        found["orderby"] = order
    lazy = given.get("lazy", True)
    if not isinstance(lazy, bool):
        raise RefusedCallError("The argument 'lazy' is true or false.")
    return {**found, "lazy": lazy}


def _create(opened: Opened, call: RpcCall) -> dict[str, Any]:
    return {"vals_list": check_new(opened, call.model, call.arguments.get("vals_list"))}


def _write(opened: Opened, call: RpcCall) -> dict[str, Any]:
    model = opened.model(call.model, "write")
    return {"vals": check_values(opened, model, call.arguments.get("vals"))}


def _unlink(opened: Opened, call: RpcCall) -> dict[str, Any]:
    if not opened.model(call.model, "write").delete:
        raise RefusedCallError(f"Records of {call.model!r} cannot be deleted.")
    return {}


_RULES: Final = {
    "search": _search,
    "search_read": _search_read,
    "search_count": _search_count,
    "read": _read,
    "fields_get": _fields_get,
    "read_group": _read_group,
    "create": _create,
    "write": _write,
    "unlink": _unlink,
}


def _fields(opened: Opened, call: RpcCall) -> list[str]:
    """The fields of an answer: Odoo gives all where none is named, the gateway all that are open."""
    model = opened.model(call.model, "read")
    return _names(call.arguments.get("fields"), ["id", *model.read], "field")


def _names(given: Any, known: list[str], kind: str) -> list[str]:
    if given in (None, False, []):
        return known
    if not isinstance(given, list):
        raise RefusedCallError(f"Each {kind} is named in an array.")
    for each in given:
        if not isinstance(each, str) or each not in known:
            raise RefusedCallError(f"The {kind} {str(each)[:64]!r} is not open.")
    return given


def _limit(given: Any, maximum: int) -> int:
    """Odoo knows no limit where none is given; here it is the maximum then."""
    limit = _whole(given, "limit") or maximum
    if limit > maximum:
        raise RefusedCallError(f"The limit is at most {maximum}.")
    return limit


def _whole(given: Any, name: str) -> int:
    if given is None or given is False:
        return 0
    if type(given) is not int or not 0 <= given <= _MOST:
        raise RefusedCallError(f"The argument {name!r} is a whole number, at least 0.")
    return given
