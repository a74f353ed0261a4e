"""A whole gateway that serves the corpus' operations, and what must be true of all that its upstream sees."""

import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from contracts.operations import ApiVersion, HttpBackend, MediaType, Operation, Parameter, RequestBody
from policies.exchange import Exchange
from tests.conformance.http.corpus_targets import OPERATIONS
from tests.gateway.gateway_world import Gateway, gateway, orders, snapshot, token
from tests.gateway.http_harness import Script, SeenRequest, raw_upstream, say_ok

_HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"upgrade"),
    *(b"http2-settings", b"expect"),
}
_IDENTITY = re.compile(
    rb"(?i:authorization|cookie|dpop|client.cert|remote.user|x[^0-9a-z](ostiary|odoo|ssl)[^0-9a-z].*)\Z"
)
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e\x80-\xff]*\Z")
_SINGLE = (b"host", b"content-length", b"content-type", b"x-request-id", b"via", b"forwarded", b"x-forwarded-for")


def _operation(method: str, template: str, scope: str) -> Operation:
    parameters = [Parameter("next", "query", "form", False, {"type": "string"})]
    if "{" in template:
        name = template.rpartition("{")[2].rstrip("}")
        parameters.append(Parameter(name, "path", "simple", False, {"type": "string"}, required=True))
    return Operation(
        method.lower() + re.sub(r"\W", "-", template),
        method,
        template,
        f"/paths/{template.replace('/', '~1')}/{method.lower()}",
        HttpBackend("shop"),
        public=not scope,
        scopes=((scope,),) if scope else (),
        parameters=tuple(parameters),
        body=RequestBody(True, (MediaType("application/octet-stream"),)) if method == "POST" else None,
        max_body=100_000,
    )


def corpus_version() -> ApiVersion:
    """An API version with the corpus' operations, at the root."""
    return orders(*(_operation(*made) for made in OPERATIONS), base_path="")


class Ended:
    """Keeps every exchange that has ended: the access log names no path, only its template."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def record(self, exchange: Exchange, /) -> None:
        self.exchanges.append(exchange)


class World:
    """A running gateway that serves `OPERATIONS`, and every exchange that it has ended."""

    def __init__(self, running: Gateway, ended: list[Exchange]) -> None:
        self.running = running
        self.ended = ended

    @property
    def seen(self) -> list[SeenRequest]:
        return self.running.upstream.seen

    def check(self) -> None:
        """What holds after any traffic whatever."""
        let_through = [exchange for exchange in self.ended if exchange.refusal is None]
        assert len(self.seen) == len(let_through)
        for request, exchange in zip(self.seen, let_through, strict=True):
            check_request(request, exchange)
            assert b"forged" not in request.head


def check_request(request: SeenRequest, exchange: Exchange) -> None:
    """The upstream's request is the one that was authorised, and tells of the client what we know."""
    query = b"?" + exchange.query if exchange.query else b""
    path = exchange.path.encode("ascii") + query
    assert request.line == b"%b /backend%b HTTP/1.1" % (exchange.method.encode("ascii"), path)
    assert exchange.operation is not None
    template = re.sub(r"\{\w+\}", "[^/]+", exchange.operation.path)
    assert re.fullmatch(template, exchange.path), "it was authorised as another operation"
    names = [name.lower() for name, _ in request.headers]
    assert all(_FIELD.match(line) for line in request.head.split(b"\r\n")[1:])
    assert not _HOP_BY_HOP & set(names)
    assert not [name for name in names if _IDENTITY.match(name)]
    assert [name for name in _SINGLE if names.count(name) > 1] == []
    assert not (b"content-length" in names and b"transfer-encoding" in names)
    assert names.count(b"host") == 1
    assert request.fields[b"host"].startswith(b"127.0.0.1:")
    assert request.fields[b"x-forwarded-for"] == b"127.0.0.1"
    assert request.fields[b"via"] == b"1.1 ostiary"
    assert request.fields[b"x-request-id"].decode() == exchange.request_id


@contextlib.asynccontextmanager
async def whole_gateway(directory: Path, script: Script = say_ok, **options: Any) -> AsyncIterator[World]:
    """`options` are those of `gateway_world.gateway`, and of its upstream under `upstream`."""
    async with raw_upstream(script) as upstream:
        made = snapshot(corpus_version(), port=upstream.port, upstream=options.pop("upstream", None))
        recorder = Ended()
        async with gateway(directory, made=made, recorder=recorder, **options) as running:
            running.upstream = upstream
            yield World(running, recorder.exchanges)


def signed(raw: bytes) -> bytes:
    """The corpus' bytes, with a good token where they want one."""
    return raw.replace(b"{token}", token().encode())
