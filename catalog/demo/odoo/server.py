"""The HTTP face of the stand-in: which path is answered by what, and how to run it."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from catalog.demo.odoo import json2, jsonrpc, xmlrpc
from catalog.demo.odoo.database import Database, Settings
from catalog.demo.odoo.responses import (
    inferred_types,
    no_database,
    not_found,
    respond,
    respond_json,
    unsupported_media_type,
)

_BODY_LIMIT = 128 * 1024 * 1024
_JSON2_ROUTE = "/json/2/<__model__>/<__method__>"
_SESSION_LIFETIME = 604800

_log = logging.getLogger(__name__)


def build_app(settings: Settings) -> web.Application:
    """A stand-in with a database of its own, as an aiohttp application."""
    app = web.Application(client_max_size=_BODY_LIMIT)
    app.router.add_route("*", "/{path:.*}", _handler(Database(settings)))
    return app


@asynccontextmanager
async def serve(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Run a stand-in in this event loop and give its base URL. Port 0 takes a free port.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(build_app(settings), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        _log.info("Odoo %s stand-in on http://%s:%s", settings.version, host, bound)
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


def _handler(database: Database) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if request.headers.get("X-Odoo-Database", database.name) != database.name:
            return no_database()
        # The server behind Odoo reads no body without a Content-Length: a chunked one is as good as none.
        body = await request.read() if request.content_length else b""
        return _route(database, request, body)

    return handle


def _route(database: Database, request: web.Request, body: bytes) -> web.Response:
    path = request.path
    types = inferred_types(request.content_type if "Content-Type" in request.headers else "", bool(body))
    if path in ("/web/health", "/websocket/health"):
        asked = request.query.get("db_server_status")
        text = '{"status": "pass", "db_server_status": true}' if asked else '{"status": "pass"}'
        return respond(text, "application/json", headers={"Cache-Control": "no-store"})
    if path == "/web/version":
        return respond_json({"version_info": database.version_info, "version": database.version})
    if path == "/jsonrpc":
        if "jsonrpc" not in types or request.method != "POST":
            return unsupported_media_type(path, "jsonrpc", types)
        return jsonrpc.answer(database, body, jsonrpc.rpc_call(database))
    if path == "/web/session/authenticate" or path.startswith("/web/dataset/call_kw"):
        if "jsonrpc" not in types or request.method != "POST":
            return unsupported_media_type(path, "jsonrpc", types)
        return _session(database, request, body)
    if path.startswith("/xmlrpc/") and request.method == "POST":
        numeric = path.startswith("/xmlrpc/2/")
        return xmlrpc.answer(database, path.rpartition("/")[2], body, numeric)
    if (path == "/json/2" or path.startswith("/json/2/")) and database.major >= 19:
        return _json2(database, request, body, types)
    return not_found()


def _session(database: Database, request: web.Request, body: bytes) -> web.Response:
    if request.path != "/web/session/authenticate":
        cookie = request.cookies.get("session_id", "")
        return jsonrpc.answer(database, body, jsonrpc.session_call(database, cookie, request.path))
    opened: list[str] = []

    def log_in(params: jsonrpc.Params) -> object:
        session, told = jsonrpc.log_in(database, params)
        opened.append(session)
        return told

    response = jsonrpc.answer(database, body, log_in)
    if opened:
        response.set_cookie("session_id", opened[0], max_age=_SESSION_LIFETIME, httponly=True)
    return response


def _json2(database: Database, request: web.Request, body: bytes, types: list[str]) -> web.Response:
    parts = request.path.split("/")[3:]
    if request.method != "POST" or len(parts) != 2 or not all(parts):
        return json2.wrong_route()
    if "json2" not in types:
        return unsupported_media_type(_JSON2_ROUTE, "json2", types)
    return json2.answer(
        database,
        parts[0],
        parts[1],
        body,
        request.headers.get("Authorization", ""),
        request.cookies.get("session_id", ""),
    )
