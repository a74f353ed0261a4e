"""Answers as Odoo's HTTP server writes them: its headers, its error pages, one connection each."""

import json
from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from aiohttp import web

_SERVER = "Werkzeug/2.2.2 Python/3.11.2"
JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


def respond(
    body: str,
    content_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    sniffable: bool = False,
) -> web.Response:
    """An answer that closes its connection. `sniffable` leaves out `nosniff`, as Odoo's errors do."""
    all_headers = {"Server": _SERVER, "Content-Type": content_type, **(headers or {})}
    if not sniffable:
        all_headers["X-Content-Type-Options"] = "nosniff"
    response = web.Response(
        body=body.encode(), status=status, reason=HTTPStatus(status).phrase.upper(), headers=all_headers
    )
    response.force_close()
    return response


def respond_json(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None, sniffable: bool = False
) -> web.Response:
    return respond(json.dumps(value), JSON_TYPE, status, headers, sniffable)


def not_found() -> web.Response:
    """The website's page for a path nobody serves."""
    page = "<!DOCTYPE html>\n<html>\n  <head><title>Odoo</title></head>\n  <body><h1>404: Page not found</h1></body>\n</html>\n"  # noqa: E501
    return respond(page, "text/html;charset=utf-8", 404)


def no_database() -> web.Response:
    """What `X-Odoo-Database` with a name this server has not leads to."""
    page = (
        "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>No database is selected and the "
        "requested URL was not found in the server-wide controllers.</p>\n<p>Please verify the hostname, "
        "<a href=/web/login>login</a> and try again.</p>\n\n"
        "<!-- Alternatively, use the X-Odoo-Database header. -->\n"
    )
    return respond(page, HTML_TYPE, 404, sniffable=True)


def unsupported_media_type(route: str, wanted: str, inferred: list[str]) -> web.Response:
    """Odoo chooses a dispatcher by content type; this is its answer where the route is of another kind."""
    accept = "application/json, application/json-rpc" if wanted == "jsonrpc" else "application/json"
    page = (
        "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n"
        f"<h1>Unsupported Media Type</h1>\n<p>Request inferred type is compatible with {_quoted(inferred)} "
        f"but {_quoted(route)} is type={_quoted(wanted)}.<br><br>Please verify the Content-Type "
        "request header and try again.</p>\n"
    )
    return respond(page, HTML_TYPE, 415, {"Accept": accept}, sniffable=True)


def _quoted(value: object) -> str:
    """`repr`, escaped as markupsafe does it (the standard library writes the apostrophe in hexadecimal)."""
    return escape(repr(value)).replace("&#x27;", "&#39;")


def inferred_types(content_type: str, has_body: bool) -> list[str]:
    """The dispatchers a request fits, in Odoo's order. One without a length counts as one without body."""
    types = ["http"]
    if content_type in ("application/json", "application/json-rpc"):
        types.append("jsonrpc")
    if content_type == "application/json" or not has_body:
        types.append("json2")
    return types
