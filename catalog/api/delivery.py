"""Delivery of snapshots to gateways: a long poll for the manifest, and the parts by digest.

Both ask for the gateways' bearer token. Parts are immutable and named by their content, so whoever has one
never needs it again.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.problems import problem_response
from catalog.publication import Publisher
from catalog.publishing.followers import Followers
from catalog.publishing.preview import Previews
from catalog.refusal import Refusal
from catalog.storage.snapshots import SnapshotTable
from contracts import access_delta
from contracts.problems import Problem, problem

MAX_WAIT = 30.0
"""Seconds that a poll waits at most."""

_CHANGE = re.compile(r"([1-9][0-9]{0,8})?")
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_GATEWAY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")

Endpoint = Callable[[Request], Awaitable[Response]]


class GatewayToken:
    """The check of the gateways' token. Only its digest is kept, and compared in constant time."""

    def __init__(self, token: str) -> None:
        self._digest = hashlib.sha256(token.encode()).digest()

    def refuse(self, request: Request) -> Problem | None:
        """The refusal of a request without the token."""
        values = request.headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        given = hashlib.sha256(token.strip().encode()).digest()
        if scheme.lower() == "bearer" and hmac.compare_digest(given, self._digest):
            return None
        challenge = 'Bearer realm="ostiary-gateways"'
        if values:
            challenge += ', error="invalid_token"'  # RFC 6750 §3: no error code where no credentials came
        return problem(
            "client-authentication-failed",
            "This needs the token that the catalog shares with its gateways.",
            headers=(("WWW-Authenticate", challenge),),
        )

    def guard(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint behind the check."""

        async def guarded(request: Request) -> Response:
            refusal = self.refuse(request)
            if refusal is not None:
                return problem_response(refusal, request.state.request_id)
            return await endpoint(request)

        return guarded


class Delivery:
    """The endpoints below `/gateway`."""

    def __init__(
        self,
        publisher: Publisher,
        table: SnapshotTable,
        token: GatewayToken,
        previews: Previews,
        followers: Followers,
    ) -> None:
        self._followers = followers
        self._publisher = publisher
        self._table = table
        self._previews = previews
        self.routes = [
            Route("/gateway/snapshot", token.guard(self.snapshot), methods=["GET"]),
            Route("/gateway/parts/{digest}", token.guard(self.part), methods=["GET"]),
            Route("/gateway/parts/{digest}/delta", token.guard(self.delta), methods=["GET"]),
        ]

    async def snapshot(self, request: Request) -> Response:
        """`known` is the SHA-256 of the manifest that the gateway enforces; `wait`, seconds to wait for another;
        `preview`, a change request that is to be on top of what is in force. A process that gives its name as
        `gateway` says by `enforced` which manifest is in force there: that may be another than it knows.

        200 with the SignedManifest; 204 when `known` is still the one in force; 503 while there is none.
        """
        query = request.query_params
        known, wait = query.get("known", ""), query.get("wait", "0")
        preview = query.get("preview", "")
        gateway, enforced = query.get("gateway", ""), query.get("enforced", "")
        match, in_force = _DIGEST.fullmatch(known), _DIGEST.fullmatch(enforced)
        seconds = seconds_of(wait)
        violations = [
            {"in": "query", "pointer": f"/{name}", "rule": rule, "message": message}
            for name, wrong, rule, message in (
                ("known", bool(known) and match is None, "pattern", "is no SHA-256 in hex"),
                ("gateway", bool(gateway) and _GATEWAY.fullmatch(gateway) is None, "pattern", "is no name"),
                ("enforced", bool(enforced) and in_force is None, "pattern", "is no SHA-256 in hex"),
                ("preview", not _CHANGE.fullmatch(preview), "pattern", "is no number of a change"),
                ("wait", seconds is None, "maximum", f"is no number of seconds from 0 to {MAX_WAIT:g}"),
            )
            if wrong
        ]
        if violations or seconds is None:
            refusal = problem("schema-violation", "The query is not as it should be.", violations=violations)
            return problem_response(refusal, request.state.request_id)
        digest = f"sha256:{match[1]}" if match else ""
        if preview:
            return await self._preview(request, int(preview), digest, seconds)
        if gateway:
            self._followers.heard(gateway, f"sha256:{in_force[1]}" if in_force else "")
        published = await self._publisher.wait(digest, seconds)
        headers = {"cache-control": "no-store"}
        if published is not None:
            return Response(msgspec.json.encode(published.signed), headers=headers, media_type="application/json")
        if self._publisher.current is not None:
            return Response(status_code=204, headers=headers)
        refusal = problem("not-ready", "Nothing has been published yet.", headers=(("Retry-After", "1"),))
        return problem_response(refusal, request.state.request_id)

    async def _preview(self, request: Request, change: int, known: str, seconds: float) -> Response:
        made = await self._previews.wait(change, known, seconds)
        if isinstance(made, Refusal):
            return problem_response(made.problem(), request.state.request_id)
        headers = {"cache-control": "no-store"}
        if made is None:
            return Response(status_code=204, headers=headers)
        return Response(msgspec.json.encode(made.signed), headers=headers, media_type="application/json")

    async def part(self, request: Request) -> Response:
        """The bytes of a part, by its digest."""
        match = _DIGEST.fullmatch(request.path_params["digest"])
        digest = "" if match is None else f"sha256:{match[1]}"
        data = await self._table.part(digest) if digest else None
        data = self._previews.part(digest) if data is None else data
        if data is None:
            refusal = problem("route-not-found", "There is no part with this digest.")
            return problem_response(refusal, request.state.request_id)
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return Response(data, headers=headers, media_type="application/json")

    async def delta(self, request: Request) -> Response:
        """What turns the access part `base` into this one; 404 where it is shorter to fetch it whole, or where one
        of them was not published here."""
        texts = (request.query_params.get("base", ""), request.path_params["digest"])
        matches = [_DIGEST.fullmatch(text) for text in texts]
        base, digest = (f"sha256:{match[1]}" if match else "" for match in matches)
        made = self._publisher.access_texts.delta(base, digest)
        if made is None:
            refusal = problem("route-not-found", "There is no delta from that part to this one.")
            return problem_response(refusal, request.state.request_id)
        headers = {"cache-control": "no-store"}
        return Response(access_delta.encode(made), headers=headers, media_type="application/json")


def seconds_of(text: str) -> float | None:
    """How long a poll may wait; None for what is no such number."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,6})?", text):
        return None
    seconds = float(text)
    return seconds if seconds <= MAX_WAIT else None
