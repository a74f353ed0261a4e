"""The pages of applications: what partners do there, from registering to rotating, and who sees it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.catalog.browser import Browser
from tests.catalog.portal.entering import entered
from tests.catalog.subscriptions.partners import Partners, partners
from tests.catalog.subscriptions.test_applications import DEPRECATED, KEY, called, register
from tests.support.migrated import sqlite_store


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Partners]:
    async with partners(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made:
        yield made


@asynccontextmanager
async def browsing(desk: Partners, member: str) -> AsyncIterator[Browser]:
    async with entered(desk.office.catalog, desk.world.url, member) as browser:
        yield browser


async def test_a_partner_asks_an_owner_approves_and_it_is_in_force(desk: Partners) -> None:
    async with browsing(desk, "carl") as carl:
        page = await carl.get("/portal/applications")
        assert "Reader" in page.text
        assert "Spy" not in page.text
        page = await carl.get("/portal/subscriptions/new?application=shelf&target=books/v1")
        assert "books:write" in page.html
        form = page.forms[-1]
        missing = await carl.send(form.action, **form.fields | {"plan": "trial", "reason": ""})
        assert (missing.status, "Say why." in missing.text) == (422, True)
        form = missing.forms[-1]
        fields = {name: value for name, value in form.fields.items() if not name.startswith("scope:")}
        none = await carl.send(form.action, **fields | {"plan": "trial", "reason": "For the shelf."})
        assert (none.status, "must be at least one" in none.text) == (422, True)
        assert "For the shelf." in none.html
        asked = await carl.send(
            form.action, **fields | {"plan": "trial", "reason": "For the shelf.", "scope:books:read": "yes"}
        )
        assert "It was asked for." in asked.text
        assert asked.path == "/portal/subscriptions/1"
        assert not [each for each in asked.forms if each.action.endswith("/approve")]
    async with browsing(desk, "ada") as ada:
        queue = await ada.get("/portal/subscriptions?mine=yes")
        assert "#1 books v1" in queue.text
        await ada.get("/portal/subscriptions/1")
        action = next(each.action for each in ada.page.forms if each.action.endswith("/approve"))
        unsaid = await ada.send(action, reason="")
        assert (unsaid.status, "Say why." in unsaid.text) == (422, True)
        approved = await ada.send(action, reason="As agreed.")
        assert "It is approved." in approved.text
        assert [each.plan for each in desk.granted("shelf")] == ["trial"]
        assert "Nothing waits here." in (await ada.get("/portal/subscriptions?mine=yes")).text
    async with browsing(desk, "carl") as carl:
        page = await carl.get("/portal/applications/shelf")
        assert "books v1" in page.text
        assert "#1" in page.text
        await carl.get("/portal/subscriptions/1")
        action = next(each.action for each in carl.page.forms if each.action.endswith("/withdraw"))
        assert "It is done." in (await carl.send(action, reason="No need.")).text
        assert desk.granted("shelf") == ()


async def test_a_page_that_is_stale_says_so_and_does_nothing(desk: Partners) -> None:
    await desk.ask()
    async with browsing(desk, "ada") as ada:
        await ada.get("/portal/subscriptions/1")
        form = next(each for each in ada.page.forms if each.action.endswith("/approve"))
        await desk.withdraw("carl", 1)
        stale = await ada.send(form.action, reason="As agreed.")
        assert (stale.status, "nothing was done" in stale.text) == (412, True)
        assert [each.plan for each in desk.granted("reader")] == ["trial"]


async def test_others_see_nothing_and_a_hidden_button_is_a_refused_call(desk: Partners) -> None:
    await desk.ask()
    async with browsing(desk, "rita") as rita:
        for path in ("applications/reader", "subscriptions/1", "applications/reader/credentials/new"):
            assert (await rita.get(f"/portal/{path}")).status == 404, path
        assert "Reader" not in (await rita.get("/portal/applications")).text
    async with browsing(desk, "otto") as otto:
        page = await otto.get("/portal/subscriptions/1")
        assert not [each for each in page.forms if "/subscriptions/" in each.action]
        csrf = page.forms[0].fields["csrf"]
        sent = {"csrf": csrf, "etag": '"1"', "reason": "Mine."}
        refused = await otto.post("/portal/subscriptions/1/approve", sent, {"Sec-Fetch-Site": "same-origin"})
        assert refused.status == 403
        assert (await otto.get("/portal/register")).status == 403


async def test_an_application_is_registered_and_its_secret_shown_once(desk: Partners) -> None:
    async with browsing(desk, "carl") as carl:
        page = await carl.get("/portal/register")
        form = page.form("/portal/register")
        wrong = await carl.send(form.action, consumer="reading-club", name="", method="client_secret_basic")
        assert (wrong.status, "Say what it is called." in wrong.text) == (422, True)
        taken = await carl.send(form.action, consumer="reading-club", name="Reader", method="client_secret_basic")
        assert (taken.status, "Reader" in taken.html) == (422, True)
        keyless = await carl.send(
            form.action, consumer="reading-club", name="K", method="private_key_jwt", jwks="{"
        )
        assert (keyless.status, "A JWK set is a JSON object." in keyless.text) == (422, True)
        made = await carl.send(form.action, consumer="reading-club", name="Screen", method="client_secret_basic")
        assert made.status == 201
        assert made.headers["cache-control"] == "no-store"
        [secret, token] = re.findall(r'<code class="once">([^<]+)</code>', made.html)
        assert secret.startswith("ost_test_")
        waiting = await carl.get("/portal/applications")
        assert "waiting" in waiting.text
        start = (await carl.get("/portal")).html
        assert "registration waits for approval" in start
        assert "/portal/security/registrations" not in start, "where only those get in who approve"
        [client_id] = set(re.findall(r"reg-[a-z0-9]{16}", waiting.html))
        page = await carl.get(f"/portal/applications/{client_id}")
        assert "It opens nothing yet" in page.text
        assert secret not in page.html
        assert token not in page.html
        end = page.form(f"/portal/applications/{client_id}/end")
        assert (await carl.send(end.action, reason="")).status == 422
        assert "It is over." in (await carl.send(end.action, reason="Not needed.")).text


async def test_keys_are_replaced_on_its_page(desk: Partners) -> None:
    made = await register(desk, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [KEY]})
    client_id = made.body["registration"]["client_id"]
    async with browsing(desk, "carl") as carl:
        page = await carl.get(f"/portal/applications/{client_id}")
        form = page.form(f"/portal/applications/{client_id}/keys")
        wrong = await carl.send(form.action, jwks="nothing")
        assert (wrong.status, "A JWK set is a JSON object." in wrong.text) == (422, True)
        done = await carl.send(form.action, jwks=f'{{"keys": [{KEY | {"kid": "next"}!s}]}}'.replace("'", '"'))
        assert "The keys were taken." in done.text


async def test_a_credential_is_issued_rotated_with_overlap_and_its_text_shown_once(desk: Partners) -> None:
    async with browsing(desk, "carl") as carl:
        page = await carl.get("/portal/applications/reader/credentials/new")
        form = page.form("/portal/applications/reader/credentials/new")
        wrong = await carl.send(form.action, kind="client-secret", purpose="", days="many")
        assert wrong.status == 422
        assert "Say what it is for." in wrong.text
        assert "Say how many days." in wrong.text
        long = await carl.send(form.action, kind="client-secret", purpose="Import", days="9999")
        assert (long.status, "Import" in long.html) == (422, True)
        made = await carl.send(form.action, kind="client-secret", purpose="Import", days="90")
        assert made.status == 201
        [secret] = re.findall(r'<code class="once">([^<]+)</code>', made.html)
        page = await carl.get("/portal/applications/reader")
        assert secret not in page.html
        [rotate] = re.findall(r'href="([^"]+/rotate)"', page.html)
        page = await carl.get(rotate)
        form = page.form(rotate)
        assert (await carl.send(form.action, overlap="soon")).status == 422
        rotated = await carl.send(form.action, overlap="7")
        assert (rotated.status, "The old one ends" in rotated.text) == (201, True)
        page = await carl.get("/portal/applications/reader")
        assert "replaced" in page.text
        assert len(re.findall(r'href="([^"]+/rotate)"', page.html)) == 1


async def test_what_is_to_be_changed_stands_on_its_own_page_and_on_the_applications(desk: Partners) -> None:
    async with browsing(desk, "carl") as carl:
        assert "There is nothing to do" in (await carl.get("/portal/todo")).text
        await desk.edited(DEPRECATED)
        await called(desk, "listBooks", calls=1234)
        for path in ("/portal/todo", "/portal/applications/reader"):
            page = await carl.get(path)
            assert "Books v1 ends" in page.text, path
            assert "listBooks 1,234" in page.text, path
            assert "style=" not in page.html
        assert "1,234" in (await carl.get("/portal/applications/reader")).html


async def test_a_name_full_of_markup_does_nothing(desk: Partners) -> None:
    await desk.ask(reason="<script>alert(1)</script>")
    async with browsing(desk, "ada") as ada:
        page = await ada.get("/portal/subscriptions/1")
        assert "<script>alert" not in page.html
        assert "<script>alert(1)</script>" in page.text or "&lt;script&gt;" in page.html
