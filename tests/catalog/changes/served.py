"""An office with its door open: the same catalog over a real socket, for those who ask by HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from catalog.api.server import CatalogServer
from catalog.composition import Catalog
from tests.catalog.changes.office import Office


@dataclass
class Served:
    """What a client of the admin API needs of it."""

    url: str
    office: Office
    session: aiohttp.ClientSession = field(init=False)

    @property
    def catalog(self) -> Catalog:
        return self.office.catalog


@asynccontextmanager
async def served(office: Office) -> AsyncIterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = CatalogServer(office.catalog.app, office.catalog.publisher.close, drain=1)
    running = asyncio.create_task(server._serve([listener]))
    made = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", office)
    try:
        async with aiohttp.ClientSession() as made.session:
            yield made
    finally:
        office.catalog.publisher.close()
        running.cancel()
        await asyncio.wait([running])
        for each in server.servers:
            each.close()
        for connection in list(server.server_state.connections):
            connection.transport.close()
        listener.close()
