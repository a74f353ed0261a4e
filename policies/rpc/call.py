"""One call of Odoo's RPC, the same value from whichever route it came.

How the arguments of a method are ordered is a table: a call of a method that is not in it is one of the contract's
own `call`s, which take ids and nothing else, or it is refused. Nothing is passed on that the table does not name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.odoo_guard import RpcDialect


class RefusedCallError(Exception):
    """Why a call is refused, in a sentence for its caller. `malformed`: it is no call at all."""

    def __init__(self, reason: str, *, malformed: bool = False) -> None:
        super().__init__(reason)
        self.malformed = malformed


@dataclass(frozen=True, slots=True)
class Form:
    """A method's arguments in Odoo's order; `on_records` says that ids come before them."""

    names: tuple[str, ...]
    on_records: bool = False
    writes: bool = False


FORMS: Final[Mapping[str, Form]] = {
    "search": Form(("domain", "offset", "limit", "order")),
    "search_read": Form(("domain", "fields", "offset", "limit", "order")),
    "search_count": Form(("domain", "limit")),
    "read": Form(("fields", "load"), on_records=True),
    "fields_get": Form(("allfields", "attributes")),
    "read_group": Form(("domain", "fields", "groupby", "offset", "limit", "orderby", "lazy")),
    "create": Form(("vals_list",), writes=True),
    "write": Form(("vals",), on_records=True, writes=True),
    "unlink": Form((), on_records=True, writes=True),
}
_ACTION: Final = Form((), on_records=True, writes=True)


@dataclass(frozen=True, slots=True)
class RpcCall:
    """A method of a model. `ids` is None where it is the model's own; `arguments` are by their names in Odoo."""

    model: str
    method: str
    ids: tuple[int, ...] | None
    arguments: dict[str, Any]
    context: dict[str, Any]
    single: bool = False
    """Of `create`: one record was given, and not a list."""


@dataclass(frozen=True, slots=True)
class Common:
    """A call of the service `common`, which the gateway answers itself."""

    method: str


def read_rpc(service: Any, method: Any, args: Any) -> RpcCall | Common:
    """A call of `/jsonrpc` or `/xmlrpc/2`. The database, user id and password in it are not looked at: who
    calls is known, and Odoo is told the gateway's own."""
    if not isinstance(service, str) or not isinstance(method, str) or not isinstance(args, list):
        raise RefusedCallError("A call has a service, a method and an array of args.", malformed=True)
    if service == "common":
        if method not in ("version", "authenticate", "login"):
            raise RefusedCallError(f"The method {method[:64]!r} of the service 'common' is not open.")
        return Common(method)
    if service != "object":
        raise RefusedCallError(f"The service {service[:64]!r} is not open.")
    if method == "execute_kw" and 6 <= len(args) <= 7:
        named = args[6] if len(args) == 7 else {}
        return read_call(args[3], args[4], args[5], named)
    if method == "execute" and len(args) >= 5:
        return read_call(args[3], args[4], args[5:], {})
    raise RefusedCallError("Of the service 'object', 'execute_kw' and 'execute' are open.")


def read_json2(model: str, method: str, body: Any) -> RpcCall:
    """A call of `/json/2/<model>/<method>`, whose arguments are all named, ids too."""
    if not isinstance(body, dict):
        raise RefusedCallError("The body is a JSON object.", malformed=True)
    named = dict(body)
    form = FORMS.get(method, _ACTION)
    if not form.on_records and "ids" in named:
        raise RefusedCallError(f"The method {method[:64]!r} takes no ids.")
    positional = [named.pop("ids", None)] if form.on_records else []
    return read_call(model, method, positional, named)


def read_jsonrpc(body: Any) -> RpcCall | Common:
    """A call of `/jsonrpc`. Members beside `params` say nothing to Odoo either."""
    if not isinstance(body, dict):
        raise RefusedCallError("One call is one JSON object; there are no batches.", malformed=True)
    params = body.get("params")
    if body.get("jsonrpc") != "2.0" or not isinstance(params, dict):
        raise RefusedCallError("A call is a JSON-RPC 2.0 object whose params are an object.", malformed=True)
    if body.keys() - {"jsonrpc", "method", "params", "id"} or params.keys() - {"service", "method", "args"}:
        raise RefusedCallError("The call has members that JSON-RPC does not have.", malformed=True)
    return read_rpc(params.get("service"), params.get("method"), params.get("args"))


def read_xml(dialect: RpcDialect, method: str, params: list[Any]) -> RpcCall | Common:
    """A call of `/xmlrpc/2/common` or `/xmlrpc/2/object`."""
    return read_rpc("common" if dialect == "xmlrpc-common" else "object", method, params)


def read_call(model: Any, method: Any, positional: Any, named: Any) -> RpcCall:
    """Model, method, args and kwargs as one value. Raises RefusedCallError."""
    if not isinstance(model, str) or not isinstance(method, str):
        raise RefusedCallError("Model and method are texts.", malformed=True)
    if not isinstance(positional, list) or not isinstance(named, dict):
        raise RefusedCallError("Arguments are an array and an object.", malformed=True)
    form = FORMS.get(method, _ACTION)
    given, rest = list(positional), dict(named)
    context = rest.pop("context", None)
    if context is None:
        context = {}
    if not isinstance(context, dict):
        raise RefusedCallError("The context is an object.")
    ids = None
    if form.on_records:
        if not given:
            raise RefusedCallError("The call names no records.")
        ids = _ids(given.pop(0))
    if len(given) > len(form.names):
        raise RefusedCallError(f"There are more arguments than {method[:64]!r} may have here.")
    arguments = dict(zip(form.names, given, strict=False))
    for name, value in rest.items():
        if name not in form.names:
            raise RefusedCallError(f"The argument {name[:64]!r} is not open.")
        if name in arguments:
            raise RefusedCallError(f"The argument {name!r} is given twice.")
        arguments[name] = value
    return RpcCall(model, method, ids, arguments, context)


def _ids(given: Any) -> tuple[int, ...]:
    several: Sequence[Any] = given if isinstance(given, list) else [given]
    if not several or not all(is_id(each) for each in several):
        raise RefusedCallError("Records are named by their ids, whole numbers above 0.")
    return tuple(several)


def is_id(value: Any) -> bool:
    """Whether a value is a record's id: Odoo takes `true` for 1, and texts for nothing."""
    return type(value) is int and 0 < value < 2**31
