"""Passkeys: set up and shown by a security key in software, over HTTP, and what is not accepted of one."""

import re
from collections.abc import AsyncIterator, Callable
from html import unescape
from pathlib import Path

import pytest

from tests.catalog.admin import company, compiled
from tests.catalog.browser import Browser
from tests.catalog.login.authenticator import Authenticator
from tests.catalog.login.people import accept, log_in, told
from tests.catalog.serving import World, serving

HOST = "catalog.example"
ORIGIN = f"https://{HOST}"


@pytest.fixture
async def world(tmp_path: Path, store_url: str) -> AsyncIterator[World]:
    async with serving(tmp_path, store_url=store_url, url=ORIGIN, compiled=compiled(company())) as world:
        yield world


def options(browser: Browser) -> str:
    found = re.search(r'data-options="([^"]+)"', browser.page.html)
    assert found is not None, browser.page.text
    return unescape(found.group(1))


async def set_up(world: World, browser: Browser, member: str = "omar") -> Authenticator:
    key = Authenticator(ORIGIN, HOST)
    await accept(world, browser, member)
    await browser.send("/login/enrol/passkey", response=key.create(options(browser)), label="Blue key")
    assert "Your recovery codes" in browser.page.text
    return key


async def test_a_passkey_is_set_up_and_opens_the_next_log_in(
    world: World, browser_at: Callable[[], Browser]
) -> None:
    first, second = browser_at(), browser_at()
    key = await set_up(world, first)
    await first.get("/account")
    assert "Blue key" in first.page.text
    await log_in(second, "omar")
    assert second.page.path == "/login/factor"
    await second.send("/login/factor/passkey", response=key.get(options(second)))
    assert second.page.path == "/portal"
    await second.get("/account")
    assert "by pwd and hwk" in second.page.text
    assert ("second-factor", "added", "omar/passkey", "omar") in await told(world, "second-factor")


async def test_an_answer_is_good_once(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    key = await set_up(world, first)
    await log_in(second, "omar")
    answer = key.get(options(second))
    form = second.page.form("/login/factor/passkey").fields | {"response": answer}
    await second.send("/login/factor/passkey", response=answer)
    await second.post("/login/factor/passkey", form, {"Sec-Fetch-Site": "same-origin"})
    assert second.page.status == 403
    await log_in(third, "omar")
    await third.send("/login/factor/passkey", response=answer)
    assert third.page.path == "/login/factor"
    assert "The passkey was not accepted" in third.page.text


async def test_a_challenge_of_before_is_none(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second = browser_at(), browser_at()
    key = await set_up(world, first)
    await log_in(second, "omar")
    old = options(second)
    await second.get("/login/factor")
    assert options(second) != old
    await second.send("/login/factor/passkey", response=key.get(old))
    assert "The passkey was not accepted" in second.page.text
    await second.send("/login/factor/passkey", response=key.get(options(second)))
    assert second.page.path == "/portal"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", HOST),
        (ORIGIN, "evil.example"),
        ("http://catalog.example", HOST),
        ("https://catalog.example:8443", HOST),
        ("https://catalog.example.evil.example", HOST),
    ],
)
async def test_what_was_signed_elsewhere_is_not_good_here(
    world: World, browser_at: Callable[[], Browser], origin: str, host: str
) -> None:
    first, second = browser_at(), browser_at()
    key = await set_up(world, first)
    await log_in(second, "omar")
    key.origin, key.host = origin, host
    await second.send("/login/factor/passkey", response=key.get(options(second)))
    assert "The passkey was not accepted" in second.page.text


async def test_a_copy_that_counts_from_before_is_refused(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    key = await set_up(world, first)
    key.count = 40
    await log_in(second, "omar")
    await second.send("/login/factor/passkey", response=key.get(options(second)))
    assert second.page.path == "/portal"
    key.count = 40
    await log_in(third, "omar")
    await third.send("/login/factor/passkey", response=key.get(options(third)))
    assert "The passkey was not accepted" in third.page.text


async def test_anothers_key_is_not_ones_own(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second, third = browser_at(), browser_at(), browser_at()
    await set_up(world, first)
    others = await set_up(world, second, "otto")
    await log_in(third, "omar")
    await third.send("/login/factor/passkey", response=others.get(options(third)))
    assert "The passkey was not accepted" in third.page.text


@pytest.mark.parametrize("response", ["", "x", "[]", "{}", '{"id":7}', '{"id":"a"}', "\udcff", "x" * 40_000])
async def test_what_is_no_answer_is_refused_and_breaks_nothing(
    world: World, browser_at: Callable[[], Browser], response: str
) -> None:
    first, second = browser_at(), browser_at()
    await set_up(world, first)
    await log_in(second, "omar")
    await second.send("/login/factor/passkey", response=response.encode("utf-8", "replace").decode())
    assert second.page.path == "/login/factor"
    assert "The passkey was not accepted" in second.page.text


async def test_a_bad_answer_enrols_nothing_and_may_be_tried_again(world: World, browser: Browser) -> None:
    key = Authenticator("https://evil.example", HOST)
    await accept(world, browser, "omar")
    await browser.send("/login/enrol/passkey", response=key.create(options(browser)), label="x")
    assert browser.page.path == "/login/enrol"
    assert "The passkey was not accepted" in browser.page.text
    key.origin = ORIGIN
    await browser.send("/login/enrol/passkey", response=key.create(options(browser)), label="x")
    assert "Your recovery codes" in browser.page.text


async def test_a_key_that_is_known_is_not_taken_twice(world: World, browser_at: Callable[[], Browser]) -> None:
    first, second = browser_at(), browser_at()
    key = await set_up(world, first)
    await accept(world, second, "otto")
    await second.send("/login/enrol/passkey", response=key.create(options(second)), label="mine")
    assert "The passkey was not accepted" in second.page.text
