"""Odoo's JSON-2 API (Odoo 19 and later): `POST /json/2/<model>/<method>` with named arguments."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from contracts.problems import Problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo import outcomes
from gateway.upstreams.odoo.base64_value import Base64Value
from gateway.upstreams.odoo.content import Content, fetched
from gateway.upstreams.odoo.numbers import decoded, encoded
from gateway.upstreams.odoo.pace import Pace
from gateway.upstreams.odoo.transport import READING, Json, Poster, Reply, broken


class Json2:
    """A Transport. `secret` is an API key of Odoo's user; it alone says who calls."""

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        secret: str,
        tls: ssl.SSLContext | None = None,
        pace: Pace | None = None,
    ) -> None:
        headers = {"authorization": "bearer " + secret}
        if upstream.database:
            headers["x-odoo-database"] = upstream.database
        self._poster = Poster(session, upstream.url, upstream.timeouts, headers, tls, pace)

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
        document: dict[str, Any] = dict(arguments)
        if ids is not None:
            document["ids"] = list(ids)
        if context:
            document["context"] = context
        writing = method not in READING
        path, body = f"/json/2/{model}/{method}", encoded(document)
        reply = await self._poster.post(path, body, writing=writing, told=told, deadline=deadline)
        if isinstance(reply, Problem):
            return reply
        return _understood(reply, writing)

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
        body = encoded({"ids": [key], "fields": [field], "context": context})
        path, value = f"/json/2/{model}/read", Base64Value(field, enveloped=False)
        return await fetched(self._poster, path, body, value, _understood, told=told, deadline=deadline)


def _understood(reply: Reply, writing: bool) -> Json | Problem:
    if reply.content_type != "application/json" or 300 <= reply.status < 400:
        # A 200 that is not JSON is no answer either: a log-in page, a maintenance page.
        return outcomes.of_reply(reply, writing)
    try:
        value: Json = decoded(reply.body)
    except msgspec.DecodeError:
        return broken(writing, "The upstream's answer is not JSON.")
    if 200 <= reply.status < 300:
        return value
    if isinstance(value, dict) and "name" in value:
        return outcomes.of_error(value, reply.status)
    return outcomes.of_reply(reply, writing)
