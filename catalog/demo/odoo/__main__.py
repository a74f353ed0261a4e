"""`python -m catalog.demo.odoo --port N`: the stand-in as a process of its own."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Sequence

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import VERSIONS, Settings
from catalog.demo.odoo.server import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Prints nothing; logs to stderr."""
    parser = argparse.ArgumentParser(prog="python -m catalog.demo.odoo", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="TCP port, 0 for a free one (see the log)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--db", default="odoo19", help="name of the database")
    parser.add_argument("--version", default="19.0", choices=VERSIONS, help="the Odoo to behave like")
    parser.add_argument(
        "--api-key", action="append", default=[], metavar="KEY", help="a valid API key of the user admin"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keys = tuple(ApiKey(key, "admin", name="gateway") for key in options.api_key)
    settings = Settings(database=options.db, version=options.version, api_keys=keys)
    asyncio.run(_serve(settings, options.host, options.port))


async def _serve(settings: Settings, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with serve(settings, host, port):
        await stop.wait()


if __name__ == "__main__":
    main()
