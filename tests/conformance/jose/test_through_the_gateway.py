"""The same hostile tokens on the wire, to a whole gateway: what the client is told, and the upstream is not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from contracts.snapshot import AccessPart, Snapshot, encode_part
from tests.conformance.jose.forging import PUBLISHED, Forger
from tests.conformance.jose.hostile import hostile, sound
from tests.conformance.jose.trusting import EXTERNAL, IDENTITIES, issuers
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot
from tests.support.issuer_endpoints import IssuerEndpoints
from tests.support.policy_world import ISSUER

METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders/v1"'


@asynccontextmanager
async def trusting(directory: Path) -> AsyncIterator[tuple[Gateway, IssuerEndpoints]]:
    """A gateway whose issuers' keys can be asked for, as a token with an unknown key id makes it do."""
    async with IssuerEndpoints().serving() as endpoints, gateway(directory) as running:
        endpoints.jwks.document = {"keys": PUBLISHED}
        listing = msgspec.structs.replace(operations()[0], scopes=(("orders.read",),))
        made = snapshot(orders(listing), port=running.upstream.port, serial=2, scopes=("orders.read",), quota=9999)
        applications = (msgspec.structs.replace(made.access.applications[0], identities=IDENTITIES),)
        access = AccessPart(issuers(endpoints.at("/jwks")), applications)
        manifest = msgspec.structs.replace(made.manifest, access=encode_part(access)[0])
        running.adopt(Snapshot(manifest, made.contracts, access))
        yield running, endpoints


@pytest.mark.parametrize("issuer", [ISSUER, EXTERNAL])
async def test_none_of_them_reaches_the_upstream(tmp_path: Path, issuer: str) -> None:
    async with trusting(tmp_path) as (running, endpoints):
        for name, token in hostile(Forger(issuer)).items():
            answer = await running.ask("GET", "/orders/v1/orders", bearer=token)
            assert answer.status == 401, name
            assert problem_of(answer)["type"] == "urn:ostiary:problem:token-invalid", name
            challenge = answer.fields[b"www-authenticate"].decode()
            assert challenge == f'Bearer error="invalid_token", {METADATA}', name
        assert running.upstream.seen == []
        assert len(endpoints.jwks.asked) <= 2, "for one issuer, and for that of a token that names another"
        assert endpoints.openid.asked == endpoints.oauth.asked == endpoints.introspection.asked == []


@pytest.mark.parametrize("issuer", [ISSUER, EXTERNAL])
async def test_their_near_twins_do(tmp_path: Path, issuer: str) -> None:
    async with trusting(tmp_path) as (running, _):
        tokens = sound(Forger(issuer))
        for name, token in tokens.items():
            assert (await running.ask("GET", "/orders/v1/orders", bearer=token)).status == 200, name
        assert len(running.upstream.seen) == len(tokens)
