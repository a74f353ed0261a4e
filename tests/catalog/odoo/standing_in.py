"""An Odoo stand-in beside a test that runs commands: in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve

KEY = "a-key-for-tests-only"


@contextmanager
def odoo(version: str) -> Iterator[str]:
    """Its URL."""
    loop = asyncio.new_event_loop()
    stop, up = asyncio.Event(), threading.Event()
    urls: list[str] = []

    async def run() -> None:
        settings = Settings(version=version, api_keys=(ApiKey(KEY, "admin"), ApiKey(f"{KEY}-demo", "demo")))
        async with serve(settings) as url:
            urls.append(url)
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert up.wait(30)
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
