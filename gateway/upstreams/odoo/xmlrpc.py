"""Odoo's external API over XML-RPC: `POST /xmlrpc/2/object`, for an Odoo of which nothing else can be reached.

A fault has a number and a text. Of an error that is none of Odoo's own (number 1) the text is a traceback: the
line behind its frames names the exception, and nothing else of it is looked at.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from xml.sax.saxutils import escape

from contracts.problems import Problem, problem
from gateway.upstreams.odoo import outcomes
from gateway.upstreams.odoo.content import Content, whole_content
from gateway.upstreams.odoo.jsonrpc import JsonRpc
from gateway.upstreams.odoo.transport import Json, broken
from policies.rpc.call import RefusedCallError
from policies.rpc.xml_text import XmlFault, read_answer

_APPLICATION_ERROR, _WARNING, _ACCESS_DENIED, _ACCESS_ERROR = 1, 2, 3, 4
_NAMES: Final[Mapping[int, str]] = {
    _ACCESS_DENIED: "odoo.exceptions.AccessDenied",
    _ACCESS_ERROR: "odoo.exceptions.AccessError",
}
_MISSING: Final = re.compile(r"Record does not exist or has been deleted")
_FRAME: Final = '  File "'
_RAISED: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_.]*): (.*)", re.MULTILINE)
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END: Final = {"\r": "&#13;"}  # else whoever reads XML has a line feed for it
_NOT_XML: Final = problem("business-rule", "A text has a character that cannot be given to this Odoo.")


class XmlRpc(JsonRpc):
    """A Transport. It logs in as JSON-RPC does; the same calls are written in XML."""

    content_type = "text/xml"

    async def _rpc(
        self, service: str, method: str, args: list[Any], writing: bool, told: Mapping[str, str], deadline: float
    ) -> Json | Problem:
        try:
            body = _called(method, args)
        except ValueError:
            return _NOT_XML
        path = f"/xmlrpc/2/{service}"
        reply = await self._poster.post(path, body, writing=writing, told=told, deadline=deadline)
        if isinstance(reply, Problem):
            return reply
        if reply.status != 200 or reply.content_type != "text/xml":
            return outcomes.of_reply(reply, writing)
        try:
            value: Json = read_answer(reply.body, _number)
        except XmlFault as fault:
            return _of_fault(fault)
        except RefusedCallError:
            return broken(writing, "The upstream's answer is not XML-RPC.")
        return value

    async def download(
        self,
        model: str,
        key: int,
        field: str,
        *,
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> Content | bytes | Problem:
        """See `Transport`. The answer is held whole here."""
        rows = await self.execute(
            model, "read", ids=[key], arguments={"fields": [field]}, context=context, told=told, deadline=deadline
        )
        return whole_content(field, rows)


def _called(method: str, args: list[Any]) -> bytes:
    """Raises ValueError."""
    params = "".join(f"<param>{_written(each)}</param>" for each in args)
    call = f"<methodName>{method}</methodName><params>{params}</params>"
    return f"<?xml version='1.0'?><methodCall>{call}</methodCall>".encode()


def _written(value: Any) -> str:
    """A value, numbers with the digits that they have. Raises ValueError for what XML has no way to write."""
    match value:
        case None:
            typed = "<nil/>"
        case bool():
            typed = f"<boolean>{value:d}</boolean>"
        case int():
            typed = f"<int>{value}</int>"
        case float() | Decimal():
            typed = f"<double>{Decimal(str(value)):f}</double>"
        case str():
            if _UNWRITABLE.search(value):
                raise ValueError
            typed = f"<string>{escape(value, _LINE_END)}</string>"
        case list() | tuple():
            typed = f"<array><data>{''.join(map(_written, value))}</data></array>"
        case dict():
            members = (
                f"<member><name>{escape(key)}</name>{_written(each)}</member>" for key, each in value.items()
            )
            typed = f"<struct>{''.join(members)}</struct>"
        case _:
            raise ValueError
    return f"<value>{typed}</value>"


def _number(text: str) -> Decimal:
    """Raises RefusedCallError."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise RefusedCallError("The answer has a number that is none.", malformed=True) from None
    if not number.is_finite():
        raise RefusedCallError("The answer has a number out of range.", malformed=True)
    return number


def _of_fault(fault: XmlFault) -> Problem:
    if fault.code == _WARNING:
        name = "MissingError" if _MISSING.match(fault.text) else "UserError"
        return outcomes.of_error({"name": f"odoo.exceptions.{name}", "message": fault.text})
    if fault.code in _NAMES:
        return outcomes.of_error({"name": _NAMES[fault.code], "message": fault.text})
    raised = _RAISED.search(fault.text.rpartition(_FRAME)[2])
    if fault.code != _APPLICATION_ERROR or raised is None:
        return outcomes.of_error(None)
    name, message = raised.groups()
    return outcomes.of_error({"name": name if "." in name else f"builtins.{name}", "message": message})
