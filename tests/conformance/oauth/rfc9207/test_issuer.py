"""RFC 9207, issuer identification: every answer of the authorisation endpoint says from whom it is."""

from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, answer_of


async def test_2_the_answer_has_the_issuer(people: World, browser: Browser) -> None:
    async with people.session.get(people.url + "/.well-known/oauth-authorization-server") as response:
        metadata = await response.json()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert answer_of(await ASKING.allowed(browser))["iss"] == metadata["issuer"]


async def test_2_so_has_each_error(people: World, browser: Browser) -> None:
    await ASKING.go(browser)
    denied = await browser.send("/oauth/authorize/decision", follow=False, decision="refuse")
    for page in (denied, await ASKING.go(browser, response_type="token"), await ASKING.go(browser, scope="x")):
        assert answer_of(page)["iss"] == people.url
