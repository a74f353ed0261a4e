"""`/xmlrpc/2` and `/xmlrpc`: the same services in XML. Faults are HTTP 200; their codes are numbers on the
first and texts on the second."""

import logging
from xmlrpc.client import Fault, dumps, loads

from aiohttp import web

from catalog.demo.odoo.database import Database
from catalog.demo.odoo.errors import (
    AccessDenied,
    AccessError,
    MissingError,
    UserError,
    describe,
    message_of,
    name_of,
)
from catalog.demo.odoo.responses import respond
from catalog.demo.odoo.services import dispatch

_log = logging.getLogger(__name__)

_XML = "text/xml; charset=utf-8"
_APPLICATION_ERROR = 1
_WARNING = 2
_ACCESS_DENIED = 3
_ACCESS_ERROR = 4


def answer(database: Database, service: str, body: bytes, numeric_codes: bool) -> web.Response:
    """Run one call; `numeric_codes` is the difference between `/xmlrpc/2` and `/xmlrpc`."""
    try:
        args, method = loads(body.decode())
        result = dispatch(database, service, method or "", list(args))
    except Exception as error:
        _log.info("%s: %s", name_of(error), error)
        code, text = _numeric_fault(error) if numeric_codes else _text_fault(error)
        fault = Fault(0, text)
        # The old endpoint puts a text where the protocol has a number; the marshaller writes either.
        fault.faultCode = code  # type: ignore[assignment]
        return respond(dumps(fault), _XML, sniffable=True)
    # What a model returns is made of the types the marshaller knows; its own name for them is private.
    content = dumps((result,), methodresponse=True, allow_none=True)  # type: ignore[arg-type]
    return respond(content, _XML)


def _numeric_fault(error: Exception) -> tuple[int | str, str]:
    if isinstance(error, AccessDenied):
        return _ACCESS_DENIED, message_of(error)
    if isinstance(error, AccessError):
        return _ACCESS_ERROR, message_of(error)
    if isinstance(error, MissingError | UserError):
        return _WARNING, message_of(error)
    return _APPLICATION_ERROR, str(describe(error)["debug"])


def _text_fault(error: Exception) -> tuple[int | str, str]:
    if isinstance(error, AccessDenied):
        return "AccessDenied", message_of(error)
    if isinstance(error, UserError):
        return f"warning -- {type(error).__name__}\n\n{message_of(error)}", ""
    return message_of(error), str(describe(error)["debug"])
