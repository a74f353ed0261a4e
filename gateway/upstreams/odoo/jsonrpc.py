"""Odoo's external API over JSON-RPC (Odoo 17, 18 and 19): `POST /jsonrpc`, service `object`, `execute_kw`."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from contracts.problems import Problem, problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo import outcomes
from gateway.upstreams.odoo.base64_value import Base64Value
from gateway.upstreams.odoo.content import Content, fetched
from gateway.upstreams.odoo.numbers import decoded, encoded
from gateway.upstreams.odoo.pace import Pace
from gateway.upstreams.odoo.transport import READING, Json, Poster, Reply, broken

_POSITIONAL: Final = {
    "create": "vals_list",
    "read": "fields",
    "search": "domain",
    "search_count": "domain",
    "search_read": "domain",
    "write": "vals",
}
"""The argument that goes by position. `create` looks at its first one to choose between an id and a list, and
overrides in add-ons rename it (`vals`, `values`); the names of the others hold in 17, 18 and 19 alike."""


class JsonRpc:
    """A Transport. `secret` is the password or an API key of the upstream's `login`.

    Raises ValueError where the upstream names no database or no login: RPC cannot do without.
    """

    content_type = "application/json"

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        secret: str,
        tls: ssl.SSLContext | None = None,
        pace: Pace | None = None,
    ) -> None:
        if not upstream.database or not upstream.login:
            raise ValueError(f"upstream {upstream.name!r}: RPC needs a database and a login")
        self._database = upstream.database
        self._login = upstream.login
        self._secret = secret
        self._poster = Poster(session, upstream.url, upstream.timeouts, {}, tls, pace, self.content_type)
        self._uid: int | None = None
        self._logging_in = asyncio.Lock()

    async def execute(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> Json | Problem:
        """See `Transport`."""
        named = dict(arguments)
        positional: list[Any] = [] if ids is None else [list(ids)]
        first = _POSITIONAL.get(method)
        if first is not None and first in named:
            positional.append(named.pop(first))
        if context:
            named["context"] = context
        call = [model, method, positional, named]
        value = await self._execute_kw(call, method not in READING, told, deadline)
        if value is outcomes.REFUSED:
            # The user may have got another id (a restored database), and is asked for anew. A refused
            # log-in did nothing, so that even a write is sent again; once.
            value = await self._execute_kw(call, method not in READING, told, deadline)
        return value

    async def _execute_kw(
        self, call: list[Any], writing: bool, told: Mapping[str, str], deadline: float
    ) -> Json | Problem:
        uid = await self._user(told, deadline)
        if isinstance(uid, Problem):
            return uid
        args = [self._database, uid, self._secret, *call]
        value = await self._rpc("object", "execute_kw", args, writing, told, deadline)
        if value is outcomes.REFUSED and self._uid == uid:
            self._uid = None
        return value

    async def _user(self, told: Mapping[str, str], deadline: float) -> int | Problem:
        """The id of the upstream's login; asked for once, by one of those who need it."""
        if self._uid is None:
            async with self._logging_in:
                if self._uid is None:
                    return await self._log_in(told, deadline)
        return self._uid

    async def _log_in(self, told: Mapping[str, str], deadline: float) -> int | Problem:
        args = [self._database, self._login, self._secret, {}]
        uid = await self._rpc("common", "authenticate", args, False, told, deadline)
        if isinstance(uid, Problem):
            return uid
        if uid is False or uid is None:
            # HTTP 200 and `false` is how Odoo refuses a log-in.
            return outcomes.REFUSED
        if not isinstance(uid, int) or isinstance(uid, bool):
            return problem("upstream-malformed", "Odoo's answer to the log-in is not of the known form.")
        self._uid = uid
        return uid

    async def _rpc(
        self, service: str, method: str, args: list[Any], writing: bool, told: Mapping[str, str], deadline: float
    ) -> Json | Problem:
        body = _called(service, method, args)
        reply = await self._poster.post("/jsonrpc", body, writing=writing, told=told, deadline=deadline)
        return reply if isinstance(reply, Problem) else _understood(reply, writing)

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
        """See `Transport`."""
        uid = await self._user(told, deadline)
        if isinstance(uid, Problem):
            return uid
        named = {"fields": [field], "context": context}
        args = [self._database, uid, self._secret, model, "read", [[key]], named]
        body = _called("object", "execute_kw", args)
        value = Base64Value(field, enveloped=True)
        return await fetched(self._poster, "/jsonrpc", body, value, _understood, told=told, deadline=deadline)


def _called(service: str, method: str, args: list[Any]) -> bytes:
    params = {"service": service, "method": method, "args": args}
    return encoded({"jsonrpc": "2.0", "method": "call", "params": params, "id": 1})


def _understood(reply: Reply, writing: bool) -> Json | Problem:
    if reply.status != 200 or reply.content_type != "application/json":
        return outcomes.of_reply(reply, writing)
    try:
        answer = decoded(reply.body)
    except msgspec.DecodeError:
        return broken(writing, "The upstream's answer is not JSON.")
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        return broken(writing, "The upstream's answer is not JSON-RPC.")
    error = answer.get("error")
    if error is not None:
        return outcomes.of_error(error.get("data") if isinstance(error, dict) else None)
    # A method that returns None gives an answer with neither `result` nor `error`.
    value: Json = answer.get("result")
    return value
