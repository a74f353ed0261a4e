"""`/json/2/<model>/<method>`, new in Odoo 19: bearer keys, named arguments, the bare result, real statuses.

Two corners that have cost people data: a body without `Content-Length` (sent chunked) is not read, and a
body that is not an object is taken for an empty one. Both then run the method without arguments.
"""

import json
import logging

from aiohttp import web

from catalog.demo.odoo.calls import call_named
from catalog.demo.odoo.database import Database
from catalog.demo.odoo.errors import (
    AccessDenied,
    BadRequest,
    NotFound,
    Unauthorized,
    describe,
    name_of,
    status_of,
)
from catalog.demo.odoo.responses import respond_json

_log = logging.getLogger(__name__)


def answer(
    database: Database, model: str, method: str, body: bytes, authorization: str, session: str
) -> web.Response:
    """Run one call and answer with its result, or with the status and the description of its error."""
    try:
        uid = _user(database, authorization)
        with_session = database.accounts.session_user(session)
        if with_session is not None and with_session != uid:
            raise AccessDenied("Session user does not match the used apikey.")
        arguments = _arguments(body)
        result = call_named(database.environment(uid), model, method, arguments)
    except Exception as error:
        _log.info("%s: %s", name_of(error), error)
        return refusal(error)
    return respond_json(result)


def wrong_route() -> web.Response:
    """For another verb than POST, or a path without model and method."""
    return refusal(NotFound("Did you mean POST /json/2/<model>/<method>?"))


def refusal(error: Exception) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer "} if isinstance(error, Unauthorized) else None
    return respond_json(describe(error), status_of(error), headers, sniffable=True)


def _user(database: Database, authorization: str) -> int:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("User not authenticated, use an API Key with a Bearer Authorization header.")
    uid = database.accounts.bearer(key.strip())
    if uid is None:
        raise Unauthorized("Invalid apikey")
    return uid


def _arguments(body: bytes) -> dict[str, object]:
    if not body:
        return {}
    try:
        decoded = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"could not parse the body as json: {error}") from None
    return decoded if isinstance(decoded, dict) else {}
