"""Tokens of the authorisation server that were found elsewhere: ended at once, and their owners told."""

import sqlalchemy as sa

from catalog.storage.tables.calendar import notices
from catalog.storage.tables.oauth import grants
from tests.catalog.admin import AdminClient
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ON_DEVICE, redeem, refresh
from tests.conformance.oauth.registering import call, register

WANTED = {"team": "sales", "owner": "dora", "purpose": "installer", "expires_days": 14, "uses": 2}


async def test_what_is_pasted_opens_nothing_any_more(people: World, browser: Browser) -> None:
    admin = AdminClient(people)
    initial = (await admin("sara", "POST", "/initial-access-tokens", WANTED)).body["secret"]
    client = (await register(people, initial)).body
    given = await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)
    texts = (given.body["refresh_token"], client["registration_access_token"], initial)
    pasted = {"text": f"TOKENS={','.join(texts)}", "source": "a public gist"}
    reported = await admin("sara", "POST", "/leaks", pasted)
    assert reported.status == 200
    found = {each["kind"]: each for each in reported.body["leaks"]}
    assert {kind: (each["owner"], each["outcome"]) for kind, each in found.items()} == {
        "refresh-token": ("anna", "revoked"),
        "registration-token": ("dora", "revoked"),
        "initial-access-token": ("dora", "revoked"),
    }
    assert (found["refresh-token"]["application"], reported.body["unknown"]) == ("notes", 0)
    assert (await refresh(people, texts[0])).error == "invalid_grant"
    row = await people.store.one(sa.select(grants))
    assert row is not None
    assert row.ended_reason == "leaked: a public gist"
    assert (await call(people, "GET", client["registration_client_uri"], texts[1])).status == 401
    assert (await register(people, initial, client_name="Other")).status == 401
    told = await people.store.all(sa.select(notices))
    assert sorted(each.recipients for each in told) == [
        '["anna@example.com"]',
        '["dora@example.com"]',
        '["dora@example.com"]',
    ]
    assert not any(text in str([tuple(each) for each in told]) for text in texts)


async def test_what_was_over_is_told_as_such(people: World, browser: Browser) -> None:
    admin = AdminClient(people)
    text = (await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE)).body["refresh_token"]
    for outcome in ("revoked", "over"):
        reported = await admin("sara", "POST", "/leaks", {"text": text})
        assert [each["outcome"] for each in reported.body["leaks"]] == [outcome]
