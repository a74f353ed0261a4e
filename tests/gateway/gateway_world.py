"""A whole gateway in one event loop: listener, pipeline, runtime, one raw upstream, and a snapshot to change."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.operations import ApiVersion, HttpBackend, MediaType, Operation, Parameter, RequestBody
from contracts.operations import Response as ResponseSpec
from contracts.snapshot import (
    FORMAT,
    AccessPart,
    Application,
    ContractsPart,
    Issuer,
    Manifest,
    Plan,
    RateLimit,
    Snapshot,
    Subscription,
    Upstream,
    encode_part,
    pack,
)
from gateway.access import AccessView
from gateway.adapters.keys import IssuerKeys
from gateway.adapters.limiter import InProcessLimiter
from gateway.changeover import Changeover
from gateway.listener import Listener
from gateway.pipeline import Pipeline, Recorder
from gateway.record import AccessLog
from gateway.runtime import RuntimeBuilder
from gateway.secrets import UpstreamSecrets
from gateway.telemetry.counting import Counting
from gateway.telemetry.tracing import Tracing
from gateway.wire.limits import ListenerSettings
from policies.ports import Limiter
from tests.gateway.http_harness import RawAnswer, RawUpstream, Script, raw_client, raw_upstream, say_ok
from tests.support.policy_world import AUDIENCE, EC_KEY, ISSUER, NOW, claims, compact, ec_jwk, header

ORDER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["sku"],
    "additionalProperties": False,
    "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}},
}


def operations() -> tuple[Operation, ...]:
    backend = HttpBackend("shop")
    json_order = (MediaType("application/json", ORDER_SCHEMA),)
    return (
        Operation(
            "listOrders",
            "GET",
            "/orders",
            "/paths/~1orders/get",
            backend,
            scopes=(("orders:read",),),
            parameters=(Parameter("limit", "query", "form", True, {"type": "integer", "maximum": 50}),),
            responses=(ResponseSpec("200", (MediaType("application/json", ORDER_SCHEMA),)),),
        ),
        Operation(
            "placeOrder",
            "POST",
            "/orders",
            "/paths/~1orders/post",
            backend,
            scopes=(("orders:write",),),
            body=RequestBody(True, json_order),
            max_body=1_000,
        ),
        Operation(
            "getOrder",
            "GET",
            "/orders/{order_id}",
            "/paths/~1orders~1{order_id}/get",
            backend,
            scopes=(("orders:read",),),
            parameters=(Parameter("order_id", "path", "simple", False, {"type": "integer"}, required=True),),
        ),
        Operation(
            "upload",
            "PUT",
            "/files/{name}",
            "/paths/~1files~1{name}/put",
            backend,
            scopes=(("orders:write",),),
            parameters=(Parameter("name", "path", "simple", False, {"type": "string"}, required=True),),
            body=RequestBody(True, (MediaType("application/octet-stream"),)),
            max_body=4_000_000,
        ),
        Operation("ping", "GET", "/ping", "/paths/~1ping/get", backend, public=True),
    )


def orders(*made: Operation, **changes: Any) -> ApiVersion:
    members: dict[str, Any] = {
        "api": "orders",
        "version": "v1",
        "title": "Orders",
        "owner": "sales",
        "base_path": "/orders/v1",
        "revision": "1" * 64,
        "operations": made or operations(),
    }
    return ApiVersion(**{**members, **changes})


def snapshot(
    *versions: ApiVersion,
    serial: int = 1,
    port: int = 1,
    upstream: dict[str, Any] | None = None,
    scopes: tuple[str, ...] = ("orders:read", "orders:write"),
    quota: int = 1000,
) -> Snapshot:
    """One plan, one application, one upstream on a port of loopback."""
    server = Upstream("shop", "http", f"http://127.0.0.1:{port}/backend", **(upstream or {}))
    contracts = ContractsPart(
        AUDIENCE, (server,), (Plan("gold", (RateLimit("burst", quota, 60),)),), versions or (orders(),)
    )
    subscriptions = (Subscription("orders", "v1", "gold", scopes),)
    access = AccessPart(
        (Issuer(ISSUER, f"{ISSUER}/jwks", ("ES256",), {"keys": [ec_jwk(EC_KEY, "k1", use="sig", alg="ES256")]}),),
        (Application("acme-shop", "Shop", "acme", subscriptions),),
    )
    manifest = Manifest(FORMAT, serial, NOW, encode_part(contracts)[0], encode_part(access)[0])
    return Snapshot(manifest, contracts, access)


def token(**changes: Any) -> str:
    return compact(header(), claims(**{"scope": "orders:read orders:write", **changes}))


class Gateway:
    """The running gateway, and a client's view of it."""

    def __init__(
        self,
        port: int,
        listener: Listener,
        pipeline: Pipeline,
        builder: RuntimeBuilder,
        upstream: RawUpstream,
        log: Path,
        counting: Counting,
        access_log: AccessLog,
    ) -> None:
        self.port = port
        self.listener = listener
        self.pipeline = pipeline
        self.builder = builder
        self.upstream = upstream
        self.counting = counting
        self.access_log = access_log
        self._log = log

    def adopt(self, made: Snapshot) -> None:
        runtime = self.builder.build(pack(made), self.pipeline.runtime)
        previous, self.pipeline.runtime = self.pipeline.runtime, runtime
        self.builder.adopt(runtime, previous)
        self.counting.keep(runtime.serves, runtime.versions)

    async def change_over(self, made: Snapshot) -> None:
        """As `adopt`, in the way of a gateway that serves."""
        await Changeover(self.builder, self.pipeline, self.counting).in_background(pack(made))

    async def ask(
        self, method: str, path: str, body: bytes = b"", *, bearer: str | None = "", **fields: str
    ) -> RawAnswer:
        """One request on a connection of its own; with a good token unless `bearer` says otherwise."""
        lines = [f"{method} {path} HTTP/1.1", "Host: api.example"]
        if bearer is not None:
            lines.append(f"Authorization: Bearer {bearer or token()}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        async with raw_client(self.port) as client:
            return await client.ask("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def logged(self, lines: int = 1) -> list[dict[str, Any]]:
        """The access log, once it has that many lines."""
        async with asyncio.timeout(10):
            while True:
                text = self._log.read_bytes()
                if text.count(b"\n") >= lines:
                    return [msgspec.json.decode(line) for line in text.splitlines()]
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def gateway(
    directory: Path,
    script: Script = say_ok,
    made: Snapshot | None = None,
    *,
    max_open: int = 4_096,
    limits: ListenerSettings | None = None,
    tracing: Tracing | None = None,
    recorder: Recorder | None = None,
    approved_by: Ed25519PublicKey | None = None,
    clock: Callable[[], float] = lambda: float(NOW),
    monotonic: Callable[[], float] = time.monotonic,
    key_pepper: bytes | None = None,
    sandbox: bool = False,
    limiter: Limiter | None = None,
    **options: Any,
) -> AsyncIterator[Gateway]:
    """A gateway with a snapshot in force; `options` are those of `snapshot`. `recorder` is one more of them."""
    path = directory / "access.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    access_log = AccessLog(descriptor)
    counting = Counting()
    recorders = [each for each in (access_log, counting, tracing, recorder) if each is not None]
    pipeline = Pipeline(*recorders, tracer=tracing)
    listener = Listener(pipeline, limits)
    async with raw_upstream(script) as upstream, aiohttp.ClientSession() as session:
        builder = RuntimeBuilder(
            clock=clock,
            limiter=InProcessLimiter() if limiter is None else limiter,
            keys=IssuerKeys(session, monotonic),
            access=AccessView(),
            secrets=UpstreamSecrets(directory / "secrets"),
            session=session,
            max_open=max_open,
            approved_by=approved_by,
            monotonic=monotonic,
            key_pepper=key_pepper,
            sandbox=sandbox,
        )
        port = await listener.start("127.0.0.1", 0)
        running = Gateway(port, listener, pipeline, builder, upstream, path, counting, access_log)
        running.adopt(made or snapshot(port=upstream.port, **options))
        try:
            yield running
        finally:
            listener.close()
            assert pipeline.runtime is not None
            builder.close(pipeline.runtime)
            access_log.flush()
            os.close(descriptor)


def problem_of(answer: RawAnswer) -> dict[str, Any]:
    assert answer.fields[b"content-type"] == b"application/problem+json"
    document: dict[str, Any] = json.loads(answer.body)
    assert document["status"] == answer.status
    assert document["instance"] == "urn:ostiary:request:" + answer.fields[b"x-request-id"].decode()
    return document
