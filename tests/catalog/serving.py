"""A catalog that serves inside the test's event loop, over a real socket, with its clock and estate by hand."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from catalog.api.server import CatalogServer
from catalog.api.tls import ListenerTls
from catalog.audit.log import AuditLog
from catalog.composition import Catalog, Identity, compose
from catalog.credentials.ledger import SecretLedger
from catalog.key_files import Keys, load_keys
from catalog.login.passwords import Strength
from catalog.login.policy import LoginPolicy
from catalog.oauth.policy import DEFAULT, OAuthPolicy
from catalog.publication import Publisher
from catalog.publishing.compilation import Compilation
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from contracts.snapshot import Application, ContractsPart, Subscription
from tests.support.migrated import sqlite_store

AUDIENCE = "https://api.example"
GATEWAY_TOKEN = "gateway-token-of-this-test"
WEB_SHOP = Application(
    "web-shop",
    "Web shop",
    "acme",
    (
        Subscription("orders", "v2", "standard", ("orders:read", "orders:write")),
        Subscription("partners", "v1", "standard", ("partners:read",)),
    ),
)
QUICK = LoginPolicy(strength=Strength(passes=1, kibibytes=8))
"""Passwords that are hashed as weakly as can be: a test has no second to give for each."""
ANALYST = Application("analyst", "Reports", "bi-firm", (Subscription("orders", "v2", "small", ("orders:read",)),))
WITHOUT_SCOPES = Application("idle", "Idle", "acme", ())


def contracts(audience: str = AUDIENCE) -> ContractsPart:
    return ContractsPart(audience, (), (), ())


GOOD = Compilation((), contracts(), (ANALYST, WITHOUT_SCOPES, WEB_SHOP))


@dataclass
class World:
    """A catalog and what a test may turn: `now` (Unix seconds) and `compiled`, what the estate compiles to."""

    url: str
    keys: Keys
    catalog: Catalog
    now: float = 1_795_000_000.0
    compiled: Compilation | Exception = GOOD
    session: aiohttp.ClientSession = field(init=False)

    def compile(self) -> Compilation:
        if isinstance(self.compiled, Exception):
            raise self.compiled
        return self.compiled

    @property
    def store(self) -> Store:
        return self.catalog.store

    @property
    def table(self) -> SnapshotTable:
        return self.catalog.table

    @property
    def ledger(self) -> SecretLedger:
        return self.catalog.ledger

    @property
    def publisher(self) -> Publisher:
        return self.catalog.publisher

    @property
    def audit(self) -> AuditLog:
        return self.catalog.audit

    @property
    def token_url(self) -> str:
        return self.url + "/oauth/token"


@asynccontextmanager
async def serving(
    directory: Path,
    *,
    url: str | None = None,
    compiled: Compilation | Exception = GOOD,
    lifetime: int = 600,
    store_url: str | None = None,
    login_policy: LoginPolicy = QUICK,
    host: str = "127.0.0.1",
    policy: OAuthPolicy = DEFAULT,
    tls: ListenerTls | None = None,
    environment: str = "test",
    try_url: str | None = None,
) -> AsyncIterator[World]:
    """Serves a catalog whose keys are below `directory`, and its store too without `store_url`, after its first
    publication. `host` is by which name of this machine it is reached, `try_url` where what people try is sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    bound = f"{'http' if tls is None else 'https'}://{host}:{listener.getsockname()[1]}"
    issuer_url = url or bound
    keys = load_keys(directory / "keys")
    store = Store.open(store_url or sqlite_store(directory / "catalog.db"))
    await store.migrate()

    def clock() -> float:
        return world.now

    identity = Identity(issuer_url, environment, GATEWAY_TOKEN, lifetime)
    catalog = compose(
        store,
        keys,
        clock,
        lambda: world.compile(),
        identity,
        login_policy=login_policy,
        policy=policy,
        try_url=try_url,
    )
    publisher = catalog.publisher
    world = World(bound, keys, catalog, compiled=compiled)
    await publisher.restore()
    await publisher.publish()
    if tls is not None and publisher.current is not None:
        tls.trust(publisher.current.applications.values())
    server = CatalogServer(catalog.app, publisher.close, drain=1, tls=None if tls is None else tls.context)
    running = asyncio.create_task(server._serve([listener]))
    try:
        async with aiohttp.ClientSession() as world.session:
            yield world
    finally:
        # Not uvicorn's own way to stop, which sleeps; the process tests take that one.
        publisher.close()
        running.cancel()
        await asyncio.wait([running])
        for each in server.servers:
            each.close()
        for connection in list(server.server_state.connections):
            connection.transport.close()
        await catalog.oauth.close()
        await store.close()
        listener.close()
