"""Members who are in the portal already: logged in by two factors, without the pages of the log-in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from catalog.composition import Catalog
from catalog.login import cookies
from tests.catalog.browser import Browser


async def session_cookie(catalog: Catalog, member: str) -> str:
    """The value of the cookie of a new session."""
    request = Request(
        {"type": "http", "headers": [], "method": "POST", "path": "/", "state": {"request_id": "r-0"}}
    )
    async with catalog.store.write() as connection:
        begun = await catalog.login.sessions.begin(connection, member, ("pwd", "otp"), request, "192.0.2.1")
    assert begun is not None
    return begun.cookie


@asynccontextmanager
async def entered(catalog: Catalog, url: str, member: str) -> AsyncIterator[Browser]:
    """The member's browser."""
    browser = Browser(url)
    browser.plant(cookies.SESSION, await session_cookie(catalog, member))
    try:
        yield browser
    finally:
        await browser.close()
