"""`/jsonrpc` and the session calls: JSON-RPC 2.0 as Odoo speaks it, which is always HTTP 200.

`method` is not looked at, only `params`; a result of None is an answer with neither `result` nor `error`.
The error code is 200 in Odoo 17 and 18, 0 in 19.
"""

import json
import logging
from collections.abc import Callable, Mapping

from aiohttp import web

from catalog.demo.odoo.calls import call_positional
from catalog.demo.odoo.database import Database
from catalog.demo.odoo.errors import AccessDenied, NotFound, SessionExpired, describe, name_of
from catalog.demo.odoo.responses import HTML_TYPE, respond, respond_json
from catalog.demo.odoo.services import dispatch

_log = logging.getLogger(__name__)

Params = dict[str, object]


def answer(database: Database, body: bytes, call: Callable[[Params], object]) -> web.Response:
    """Decode a request, run `call` with its parameters, encode what comes of it."""
    try:
        request = json.loads(body)
    except ValueError:
        return respond("Invalid JSON data", HTML_TYPE, 400)
    if not isinstance(request, Mapping):
        return respond("Invalid JSON-RPC data", HTML_TYPE, 400)
    reply: dict[str, object] = {"jsonrpc": "2.0", "id": request.get("id")}
    try:
        result = call(dict(request.get("params", {})))
    except Exception as error:
        _log.info("%s: %s", name_of(error), error)
        reply["error"] = _error(database, error)
        return respond_json(reply, sniffable=True)
    if result is not None:
        reply["result"] = result
    return respond_json(reply)


def rpc_call(database: Database) -> Callable[[Params], object]:
    """What `/jsonrpc` does with its parameters."""

    def call(params: Params) -> object:
        def jsonrpc(service: str, method: str, args: list[object]) -> object:
            return dispatch(database, service, method, args)

        return jsonrpc(**params)  # type: ignore[arg-type]  # unfit parameters are the caller's TypeError

    return call


def session_call(database: Database, session: str, path: str) -> Callable[[Params], object]:
    """What `/web/dataset/call_kw` does: a model's method, as the session's user.

    A path after `call_kw` is for people who read logs; Odoo does not look at it.
    """

    def call(params: Params) -> object:
        uid = database.accounts.session_user(session)
        if uid is None:
            raise SessionExpired
        args, kwargs = params["args"], params["kwargs"]
        if not isinstance(args, list) or not isinstance(kwargs, Mapping):
            raise TypeError(f"{path} needs a list of args and an object of kwargs")
        environment = database.environment(uid)
        return call_positional(environment, str(params["model"]), str(params["method"]), args, kwargs)

    return call


def log_in(database: Database, params: Params) -> tuple[str, dict[str, object]]:
    """`/web/session/authenticate`: a new session's id, and what the web client is told about it.

    Raises:
        AccessDenied: wrong credentials, or an API key, which opens no session.
    """
    if params.get("db") != database.name:
        raise AccessDenied
    opened = database.accounts.open_session(params.get("login"), params.get("password"))
    if opened is None:
        raise AccessDenied
    session, uid = opened
    env = database.environment(uid)
    admin = len(env.groups()) > 1
    context = {"lang": "en_US", "tz": env.text("res.users", uid, "tz"), "uid": uid}
    return session, {
        "uid": uid,
        "is_system": admin,
        "is_admin": admin,
        "is_public": False,
        "is_internal_user": True,
        "user_context": context,
        "db": database.name,
        "server_version": database.version,
        "server_version_info": database.version_info,
        "name": env.text("res.users", uid, "name"),
        "username": env.text("res.users", uid, "login"),
        "partner_id": env.link("res.users", uid, "partner_id"),
    }


def _error(database: Database, error: Exception) -> dict[str, object]:
    code, message = (0 if database.major >= 19 else 200), "Odoo Server Error"
    if isinstance(error, SessionExpired):
        code, message = 100, "Odoo Session Expired"
    elif isinstance(error, NotFound):
        code, message = 404, "404: Not Found"
    return {"code": code, "message": message, "data": describe(error)}
