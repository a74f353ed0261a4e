"""The rooms of security beside the ledger: people, signing keys, upstream credentials, registrations, gateways."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from catalog.portal.reader import LANGUAGE_COOKIE
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_registrations import APPROVAL, GRANT, asked, decide
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World, serving
from tests.catalog.upstream_credentials.upstream_world import ORDERS, SECRET, WITH_UPSTREAMS
from tests.conformance.oauth.authorizing import people_world
from tests.conformance.oauth.registering import register

SECURITY = "/portal/security"


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[AdminClient]:
    async with people_world(tmp_path) as world:
        yield AdminClient(world)


@pytest.fixture
def world(admin: AdminClient) -> World:
    return admin.world


async def test_a_member_is_invited_shut_and_opened_again_each_with_a_reason(world: World) -> None:
    dora = f"{SECURITY}/people/dora"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"{SECURITY}/people?text=dor")
        assert "dora" in sara.page.text
        assert "sales: partner-developer" in sara.page.text
        assert "anna" not in sara.page.text
        await sara.get(dora)
        await sara.send(f"{dora}/invite", hours="soon")
        assert sara.page.status == 422
        await sara.send(f"{dora}/invite", hours="24", resets_factors="yes")
        assert "For the member alone" in sara.page.text
        assert "/login/invitation?member=dora" in sara.page.html
        await sara.get(dora)
        assert "For the member alone" not in sara.page.text, "it is shown once"
        await sara.send(f"{dora}/disable", reason="")
        assert (sara.page.status, "Say why." in sara.page.text) == (422, True)
        await sara.send(f"{dora}/disable", reason="Left.")
        assert "disabled" in sara.page.text
        assert "Left." in sara.page.text
        await sara.send(f"{dora}/enable", reason="Came back.")
        assert "disabled" not in sara.page.text


async def test_sessions_and_tokens_of_a_member_end_one_by_one(world: World) -> None:
    issued = await world.catalog.tokens.issue("anna", 90, "laptop", actor="local:test")
    anna = f"{SECURITY}/people/anna"
    async with (
        entered(world.catalog, world.url, "sara") as sara,
        entered(world.catalog, world.url, "anna") as her,
    ):
        await sara.get(anna)
        assert "laptop" in sara.page.text
        await sara.send(f"{anna}/end-sessions", reason="A stranger's.")
        assert "nobody is logged in by this account" in sara.page.text
        await her.get("/portal")
        assert her.page.path == "/login"
        await sara.send(f"{anna}/revoke-token", key_id=issued.entry.key_id, reason="Lost.")
        assert "revoked" in sara.page.text
        await sara.send(f"{anna}/invite")
        await sara.get(f"{SECURITY}/audit?text=Lost.")
        assert issued.entry.key_id in sara.page.text


@pytest.mark.parametrize(
    "room",
    ["people", "people/anna", "registrations", "initial-access", "audit", "audit.csv", "audit.jsonl"],
)
async def test_who_is_no_guard_gets_into_none_of_it(world: World, room: str) -> None:
    async with entered(world.catalog, world.url, "anna") as anna:
        await anna.get(f"{SECURITY}/{room}")
        assert anna.page.status == 403
        await anna.get(f"{SECURITY}/keys")
        assert [each.action for each in anna.page.forms if "/security/keys" in each.action] == []
        token = next(each.fields["csrf"] for each in anna.page.forms if "csrf" in each.fields)
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": world.url}
        refused = ("people/dora/disable", "keys", "registrations/x/approval", "revocations/1/lift")
        for path in (*refused, "initial-access", "initial-access/x/revoke"):
            await anna.post(f"{SECURITY}/{path}", {"csrf": token, "reason": "x"}, headers)
            assert anna.page.status == 403, path


async def test_the_next_signing_key_is_made_and_one_in_wrong_hands_is_withdrawn(world: World) -> None:
    keys = f"{SECURITY}/keys"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(keys)
        before = sara.page.html.count('<th scope="row">')
        assert "1970" not in sara.page.text, "of the first key nobody remembers when it was made"
        await sara.get(f"{SECURITY}/ledger?kind=signing-key")
        assert "signs now" in sara.page.text
        assert "ago" not in sara.page.text
        assert "1970" not in sara.page.text
        await sara.get(keys)
        await sara.send(keys, ahead_minutes="ten", reason="Yearly.")
        assert (sara.page.status, "Say a number of minutes." in sara.page.text) == (422, True)
        await sara.send(keys, ahead_minutes="10", reason="Yearly.")
        assert sara.page.html.count('<th scope="row">') == before + 1
        signing = (await world.catalog.signing.list())[-1].kid
        await sara.get(f"{SECURITY}/revoke?what=signing_key&which={signing}")
        await sara.send(f"{SECURITY}/revoke", what="signing_key", issued="", reason="Copied.", confirmed="no")
        assert sara.page.status == 200, sara.page.text
        await sara.send(f"{SECURITY}/revoke", what="signing_key", issued="", reason="Copied.", confirmed="yes")
        assert sara.page.path == f"{SECURITY}/progress"
        await sara.get(keys)
        assert "withdrawn" in sara.page.text


async def test_tokens_of_everybody_end_by_their_age(world: World) -> None:
    revoke = f"{SECURITY}/revoke"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(revoke)
        await sara.send(revoke, what="everybody", issued="", reason="A leak.", confirmed="no")
        assert (sara.page.status, "Of everybody only tokens" in sara.page.text) == (422, True)
        await sara.send(revoke, what="everybody", issued="before", before="", reason="A leak.", confirmed="no")
        assert sara.page.status == 422
        await sara.send(revoke, what="everybody", issued="before", before="noon", reason="A leak.", confirmed="no")
        assert sara.page.status == 422
        await sara.send(revoke, what="everybody", issued="now", before="", reason="A leak.", confirmed="no")
        assert "Whom it hits" in sara.page.text
        await sara.send(revoke, what="everybody", issued="now", reason="A leak.", confirmed="yes")
        assert sara.page.path == f"{SECURITY}/progress"
        await sara.get(revoke)
        assert "issued-before" in sara.page.text


async def test_an_upstreams_value_goes_in_never_comes_out_and_ends_after_what_breaks_was_shown(
    tmp_path: Path,
) -> None:
    odoo = f"{SECURITY}/upstream-credentials/odoo-key"
    new = {"expires_days": "90", "keep_days": "7", "team": "sales", "owner": "anna", "purpose": "Odoo's user."}
    async with (
        serving(tmp_path, compiled=WITH_UPSTREAMS) as world,
        entered(world.catalog, world.url, "sara") as sara,
    ):
        current = world.publisher.current
        assert current is not None
        contracts = msgspec.structs.replace(current.contracts, versions=(ORDERS,))
        world.publisher.current = replace(current, contracts=contracts)
        await sara.get(f"{SECURITY}/upstream-credentials")
        assert "odoo-key" in sara.page.text
        await sara.get(odoo)
        assert "Nobody has set it here" in sara.page.text
        await sara.send(f"{odoo}/value", value=SECRET, **{**new, "expires_days": "many"})
        assert sara.page.status == 422
        assert SECRET not in sara.page.html
        assert "Odoo&#39;s user." in sara.page.html, "what was typed stays"
        await sara.send(f"{odoo}/value", value=SECRET, **new)
        assert "current" in sara.page.text
        assert SECRET not in sara.page.html
        assert "orders v2: 1 operation" in sara.page.text
        await sara.send(f"{odoo}/owner", team="sales", owner="ben", reason="Anna has left.")
        assert "ben, sales" in sara.page.text
        await sara.send(f"{odoo}/revocation", reason="Pasted into a ticket.")
        assert "are answered 502" in sara.page.text
        assert "current" in sara.page.text
        await sara.send(f"{odoo}/revocation", reason="Pasted into a ticket.", shown="of another page")
        assert sara.page.status == 412
        await sara.send(f"{odoo}/revocation", reason="Pasted into a ticket.")
        assert "revoked" in sara.page.text


async def test_a_registration_is_approved_as_it_was_shown(admin: AdminClient) -> None:
    world, path = admin.world, await asked(admin)
    page = SECURITY + path
    granted = f"orders v2 standard {' '.join(GRANT['scopes'])}"
    typed = {"consumer": "acme", "subscriptions": granted, "expires_days": "30", "reason": "Agreed."}
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"{SECURITY}/registrations")
        assert path.rpartition("/")[2] in sara.page.text
        await sara.get(page)
        assert "https://diary.example/callback" in sara.page.text
        await sara.send(f"{page}/approval", **{**typed, "subscriptions": "orders", "profile": "baseline"})
        assert (sara.page.status, "One line each" in sara.page.text) == (422, True)
        await sara.send(f"{page}/approval", **typed, profile="baseline")
        assert sara.page.status == 200, sara.page.text
        assert "approved" in sara.page.text
        await sara.get(page)
        await decide(admin, path, "approval", {**APPROVAL, "expires_days": 60})
        await sara.send(f"{page}/approval", **typed, profile="baseline")
        assert (sara.page.status, "nothing was done" in sara.page.text) == (412, True)
        await sara.send(f"{page}/end", reason="No more.")
        assert "deleted" in sara.page.text


async def test_an_initial_access_token_is_made_shown_once_and_revoked(world: World) -> None:
    room = f"{SECURITY}/initial-access"
    typed = {"team": "sales", "owner": "dora", "purpose": "Acme's installer", "uses": "1", "expires_days": "14"}
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(room)
        assert "There is none" in sara.page.text
        await sara.send(room, **{**typed, "uses": "many"})
        assert (sara.page.status, "Say a number." in sara.page.text) == (422, True)
        assert "Acme&#39;s installer" in sara.page.html, "what was typed stays"
        await sara.send(room, **{**typed, "uses": "1000"})
        assert (sara.page.status, 'id="uses-fault"' in sara.page.html) == (422, True)
        await sara.send(room, **{**typed, "owner": "nobody"})
        assert (sara.page.status, "has no member" in sara.page.text) == (404, True)
        await sara.send(room, **typed, csrf="of-another-session")
        assert sara.page.status == 403
        await sara.get(room)
        await sara.send(room, **typed)
        secret = sara.page.html.split('<pre id="token" tabindex="0">')[1].split("<")[0]
        assert "good for 1 client" in sara.page.text
        await sara.get(room)
        assert secret not in sara.page.html, "it is shown once"
        assert "active" in sara.page.text
        registered = await register(world, secret)
        assert registered.status == 201
        assert (await register(world, secret)).status == 401
        await sara.get(room)
        assert "used-up" in sara.page.text
        revoke = next(each.action for each in sara.page.forms if each.action.endswith("/revoke"))
        await sara.send(revoke, reason="")
        assert (sara.page.status, "Say why." in sara.page.text) == (422, True)
        await sara.send(revoke, reason="The installer is withdrawn.")
        assert "revoked" in sara.page.text
        await sara.get(f"{SECURITY}/audit?subject=initial-access-token")
        assert "The installer is withdrawn." in sara.page.text
        sara.plant(LANGUAGE_COOKIE, "de")
        await sara.get(room)
        assert "widerrufen" in sara.page.text


async def test_how_far_gateways_are_is_asked_again_until_all_have_it(world: World) -> None:
    followers, current = world.catalog.followers, world.publisher.current
    assert current is not None
    followers.heard("one/0", current.digest)
    followers.heard("two", "sha256:" + "0" * 64)
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"{SECURITY}/progress")
        assert "1 of 2 gateway processes" in sara.page.text
        assert 'hx-trigger="every 1s"' in sara.page.html
        followers.heard("two", current.digest)
        await sara.part(f"{SECURITY}/progress")
        assert "All 2 gateway processes that ask" in sara.page.text
        assert "hx-trigger" not in sara.page.html
        assert "<h1>" not in sara.page.html


@pytest.mark.parametrize("room", ["//evil.example", "cellar"])
async def test_a_form_leads_nowhere_but_back(world: World, room: str) -> None:
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"{SECURITY}/ledger")
        token = sara.page.form(f"{SECURITY}/views/ledger").fields["csrf"]
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": world.url}
        await sara.post(f"{SECURITY}/views/{room}", {"csrf": token, "name": "x"}, headers)
        assert sara.page.status in (404, 422)
        assert "location" not in sara.page.headers
