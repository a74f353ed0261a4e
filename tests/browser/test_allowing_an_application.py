"""From an application through log-in and consent back to it, in a browser that holds our policies against us."""

import asyncio
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web
from msgspec.structs import replace

from tests.browser.chromium import Tab, chromium
from tests.browser.looking import look
from tests.catalog.login.people import PASSWORD, invite
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import PLANNER, Asking, compilation, people_world

pytestmark = pytest.mark.xdist_group("browser")


async def set_password(tab: Tab, world: World, member: str) -> None:
    code = await invite(world, member)
    await tab.go(f"{world.url}/login/invitation?member={member}")
    await tab.fill(code=code, password=PASSWORD, again=PASSWORD)
    await tab.click("Set the password")
    await tab.until("location.pathname === '/portal'")
    await tab.click("Log out")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_person_logs_in_allows_and_comes_back(tmp_path: Path, scheme: str) -> None:
    answers: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        answers.put_nowait(dict(request.query))
        return web.Response(text="<h1>Planner</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/callback", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    back = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    try:
        async with people_world(tmp_path) as world, chromium() as tab:
            # A confidential client: one that runs on people's own devices is asked about each time.
            assert PLANNER.oauth is not None
            world.compiled = compilation(replace(PLANNER, oauth=replace(PLANNER.oauth, redirect_uris=(back,))))
            await world.publisher.publish()
            await tab.scheme(scheme)
            await set_password(tab, world, "anna")
            asked = Asking("planner", back).parameters()
            start = f"{world.url}/oauth/authorize?{urlencode(asked)}"
            await tab.go(start)
            assert await tab.path() == "/login"
            await tab.fill(name="anna", password=PASSWORD)
            await tab.click("Log in")
            await tab.until("location.pathname === '/oauth/authorize'")
            await look(tab, tmp_path / f"consent-{scheme}.png")
            await tab.click("Allow")
            answer = await asyncio.wait_for(answers.get(), 60)
            assert (answer["state"], answer["iss"]) == ("st4te", world.url)
            assert answer["code"]
            await tab.until("document.querySelector('h1')?.textContent === 'Planner'")
            # The second time nothing is asked: from the log-in's form straight on to another origin.
            await tab.go(f"{world.url}/account")
            await tab.click("Log out")
            await tab.go(start)
            await tab.fill(name="anna", password=PASSWORD)
            await tab.click("Log in")
            again = await asyncio.wait_for(answers.get(), 60)
            assert again["code"] != answer["code"]
            assert tab.messages == []
    finally:
        await runner.cleanup()
