"""Answers and refusals in the dialect that the client speaks, as Odoo would put them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from xmlrpc.client import Fault, dumps

import msgspec

from contracts.odoo_guard import RpcDialect
from contracts.problems import Problem
from policies.exchange import Header

_JSON: Final[Header] = (b"content-type", b"application/json; charset=utf-8")
_XML: Final[Header] = (b"content-type", b"text/xml; charset=utf-8")
_ERRORS: Final[Mapping[str, str]] = {
    "business-rule": "odoo.exceptions.UserError",
    "record-not-found": "odoo.exceptions.MissingError",
    "record-conflict": "odoo.exceptions.ConcurrencyError",
    "odoo-rpc-malformed": "builtins.ValueError",
    "malformed-json": "builtins.ValueError",
    "too-many-attempts": "odoo.exceptions.AccessDenied",
}
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_ACCESS_DENIED, _ACCESS_ERROR, _WARNING, _APPLICATION_ERROR = 3, 4, 2, 1
"""Odoo's codes of faults on `/xmlrpc/2`."""

Told = tuple[int, tuple[Header, ...], bytes]


def answer_of(dialect: RpcDialect, request: Any, value: Any) -> Told:
    """Status, header fields and body for a call's result."""
    if dialect == "json2":
        return 200, (_JSON,), _encode(value)
    if dialect == "jsonrpc":
        document = {"jsonrpc": "2.0", "id": _id(request)}
        if value is not None:
            document["result"] = value  # Odoo leaves it out where there is none
        return 200, (_JSON,), _encode(document)
    try:
        text = dumps((_plain(value),), methodresponse=True, allow_none=True)
    except (OverflowError, TypeError):
        text = dumps(Fault(_APPLICATION_ERROR, "The answer has a value that XML-RPC cannot say."))
    return 200, (_XML,), text.encode()


def _plain(value: Any) -> Any:
    """The value in the types that XML-RPC has: of a number with all its digits, the double."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def refusal_of(dialect: RpcDialect, request: Any, refusal: Problem) -> Told:
    """The same for a refusal. As of Odoo, JSON-RPC and XML-RPC have it with HTTP 200; JSON-2 has its status."""
    message = refusal.detail or refusal.type.title
    if dialect.startswith("xmlrpc"):
        return 200, (_XML,), dumps(Fault(_code(refusal), message)).encode()
    data = {
        "name": _name(refusal),
        "message": message,
        "arguments": [message],
        "context": {},
        "debug": "",
    }
    if dialect == "json2":
        return refusal.status, (_JSON,), _encode(data)
    error = {"code": 200, "message": "Odoo Server Error", "data": data}
    return 200, (_JSON,), _encode({"jsonrpc": "2.0", "id": _id(request), "error": error})


def _name(refusal: Problem) -> str:
    known = _ERRORS.get(refusal.type.id)
    if known is not None:
        return known
    if refusal.status == 401:
        return "odoo.exceptions.AccessDenied"
    return "odoo.exceptions.AccessError" if refusal.status in (403, 404) else "odoo.exceptions.UserError"


def _code(refusal: Problem) -> int:
    if refusal.status == 401 or refusal.type.id == "too-many-attempts":
        return _ACCESS_DENIED
    if refusal.type.id in ("business-rule", "record-not-found"):
        return _WARNING
    return _ACCESS_ERROR if refusal.status == 403 else _APPLICATION_ERROR


def _id(request: Any) -> Any:
    """The id that the client gave its call, where that is plain."""
    given = request.get("id") if isinstance(request, dict) else None
    return given if isinstance(given, str | int | float) else None
