"""Signed requests on the wire, to a whole gateway: what is covered, the content, and what goes upstream."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from contracts.access import AccessPart
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiKeyUse
from contracts.public_keys import public_key
from contracts.snapshot import ContractsPart, Plan, Snapshot, encode_part
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import RawAnswer
from tests.support.policy_world import NOW, b64
from tests.support.signing import by_key, digest, signed

KEY = ed25519.Ed25519PrivateKey.generate()
JWK = {"kty": "OKP", "crv": "Ed25519", "x": b64(KEY.public_key().public_bytes_raw())}
KEY_ID = public_key(JWK).thumbprint
ORDER = b'{"sku":"a"}'
COVERS = ("@method", "@target-uri", "content-digest")


def signing(serial: int, port: int) -> Snapshot:
    """As the default one, whose operations take signatures too, by the public key of its application."""
    made = snapshot(port=port, serial=serial)
    uses = [ApiKeyUse("signature", each.scopes, signed=True) for each in operations()]
    version = orders(
        *(
            msgspec.structs.replace(each, api_key=None if each.public else use)
            for each, use in zip(operations(), uses, strict=True)
        )
    )
    plans = tuple(Plan(each.name, each.limits, True) for each in made.contracts.plans)
    contracts = ContractsPart(made.contracts.audience, made.contracts.upstreams, plans, (version,))
    (application,) = made.access.applications
    jwks = OAuthSettings(jwks={"keys": [JWK]})
    access = AccessPart(made.access.issuers, (msgspec.structs.replace(application, oauth=jwks),))
    manifest = msgspec.structs.replace(
        made.manifest, contracts=encode_part(contracts)[0], access=encode_part(access)[0]
    )
    return Snapshot(manifest, contracts, access)


class Client:
    """Signs each request with a nonce of its own."""

    def __init__(self, running: Gateway) -> None:
        self.gateway = running
        self._count = 0

    def parameters(self) -> str:
        self._count += 1
        return f';created={NOW};keyid="{KEY_ID}";nonce="{self._count:0>16}"'

    async def get(self, target: str = "/orders/v1/orders", **more: str) -> RawAnswer:
        fields = signed(by_key(KEY), self.parameters(), target=target) | more
        return await self.gateway.ask("GET", target, bearer=None, **fields)

    async def put(self, target: str, content: bytes, told: str, kind: str, method: str = "POST") -> RawAnswer:
        given = {"content-type": kind, "content-digest": told}
        fields = signed(by_key(KEY), self.parameters(), method, target, fields=given, covers=COVERS)
        return await self.gateway.ask(method, target, content, bearer=None, **fields)


@asynccontextmanager
async def client(directory: Path) -> AsyncIterator[Client]:
    async with gateway(directory) as running:
        running.adopt(signing(2, running.upstream.port))
        yield Client(running)


async def test_a_signed_request_passes(tmp_path: Path) -> None:
    async with client(tmp_path) as here:
        assert (await here.get()).status == 200
        assert (await here.get("/orders/v1/orders?limit=7")).status == 200
        (first, *_) = await here.gateway.logged(2)
        assert (first["client_id"], first["token_id"]) == ("acme-shop", KEY_ID)


async def test_it_passes_once(tmp_path: Path) -> None:
    async with client(tmp_path) as here:
        fields = signed(by_key(KEY), here.parameters())
        answers = [await here.gateway.ask("GET", "/orders/v1/orders", bearer=None, **fields) for _ in range(2)]
        assert [each.status for each in answers] == [200, 401]
        assert problem_of(answers[1])["type"] == "urn:ostiary:problem:signature-invalid"
        assert len(here.gateway.upstream.seen) == 1


async def test_a_request_that_was_changed_on_the_way(tmp_path: Path) -> None:
    async with client(tmp_path) as here:
        fields = signed(by_key(KEY), here.parameters(), target="/orders/v1/orders?limit=7")
        for method, target in (
            ("GET", "/orders/v1/orders?limit=8"),
            ("GET", "/orders/v1/orders/7"),
            ("GET", "/orders/v1/orders"),
        ):
            answer = await here.gateway.ask(method, target, bearer=None, **fields)
            assert answer.status == 401, target
        assert here.gateway.upstream.seen == []


async def test_content_is_what_was_signed(tmp_path: Path) -> None:
    async with client(tmp_path) as here:
        sha512 = f"sha-512=:{base64.b64encode(hashlib.sha512(ORDER).digest()).decode()}:"
        for told in (digest(ORDER), sha512, f"{digest(ORDER)}, {sha512}", f"md5=:AAAA:, {digest(ORDER)}"):
            answer = await here.put("/orders/v1/orders", ORDER, told, "application/json")
            assert answer.status == 200, told
        seen = len(here.gateway.upstream.seen)
        for told in (
            digest(ORDER + b" "),
            f"{digest(ORDER)}, sha-512=:AAAA:",
            "md5=:AAAA:",
            "sha-256=AAAA",
            "sha-256",
            "sha-256=:AAAA:",
        ):
            answer = await here.put("/orders/v1/orders", ORDER, told, "application/json")
            assert (answer.status, problem_of(answer)["type"]) == (
                400,
                "urn:ostiary:problem:content-digest-invalid",
            ), told
        assert len(here.gateway.upstream.seen) == seen


async def test_content_that_would_stream_is_read_whole_first(tmp_path: Path) -> None:
    """Otherwise the upstream would have it before it is known to be another's."""
    async with client(tmp_path) as here:
        content, kind = b"x" * 200_000, "application/octet-stream"
        assert (await here.put("/orders/v1/files/a", content, digest(content), kind, "PUT")).status == 200
        seen = len(here.gateway.upstream.seen)
        other = b"y" + content[1:]
        assert (await here.put("/orders/v1/files/a", other, digest(content), kind, "PUT")).status == 400
        assert len(here.gateway.upstream.seen) == seen


async def test_content_that_nobody_signed(tmp_path: Path) -> None:
    async with client(tmp_path) as here:
        fields = signed(by_key(KEY), here.parameters(), "POST")
        answer = await here.gateway.ask(
            "POST", "/orders/v1/orders", ORDER, bearer=None, content_type="application/json", **fields
        )
        assert (answer.status, problem_of(answer)["type"]) == (401, "urn:ostiary:problem:signature-invalid")


async def test_tokens_go_on_as_before(tmp_path: Path) -> None:
    """A digest that a client with a token sends is between it and the upstream."""
    async with client(tmp_path) as here:
        answer = await here.gateway.ask(
            "POST",
            "/orders/v1/orders",
            ORDER,
            bearer=token(),
            content_type="application/json",
            content_digest=digest(b"other"),
        )
        assert answer.status == 200


@pytest.mark.parametrize("withdrawn", ["key", "application"])
async def test_what_the_next_snapshot_takes_away(tmp_path: Path, withdrawn: str) -> None:
    async with client(tmp_path) as here:
        assert (await here.get()).status == 200
        made = signing(3, here.gateway.upstream.port)
        applications = made.access.applications if withdrawn == "key" else ()
        bare = tuple(msgspec.structs.replace(each, oauth=None) for each in applications)
        access = AccessPart(made.access.issuers, bare)
        manifest = msgspec.structs.replace(made.manifest, access=encode_part(access)[0])
        here.gateway.adopt(Snapshot(manifest, made.contracts, access))
        assert (await here.get()).status == 401
