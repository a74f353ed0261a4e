"""The server that carries the catalog."""

import aiohttp
from starlette.applications import Starlette

from catalog.api.server import CatalogServer


async def test_it_keeps_an_idle_connection_for_longer_than_its_clients_do() -> None:
    """Who lets go first is never the one that is sent something."""
    server = CatalogServer(Starlette(), lambda: None, 1.0)
    async with aiohttp.TCPConnector() as connector:
        assert server.config.timeout_keep_alive > connector._keepalive_timeout
