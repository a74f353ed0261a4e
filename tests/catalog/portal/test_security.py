"""The pages of security: the ledger, revocation with a preview, the audit log; and who may see them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.audit import log as audit_log
from catalog.portal.security.tables import cell
from tests.catalog.changes.office import office
from tests.catalog.changes.served import Served, served
from tests.catalog.portal.entering import entered
from tests.support.migrated import sqlite_store

APP = "reading-club-app"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    async with office(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made, served(made) as world:
        yield world


async def token_of(world: Served, member: str) -> str:
    """The public id of a member token."""
    return (await world.catalog.tokens.issue(member, 90, "laptop", actor="local:test")).entry.key_id


async def test_the_ledger_shows_what_one_may_see(world: Served) -> None:
    mine, other = await token_of(world, "ada"), await token_of(world, "otto")
    async with entered(world.catalog, world.url, "ada") as ada:
        await ada.get("/portal/security/ledger")
        assert mine in ada.page.text
        assert other not in ada.page.text
        await ada.get(f"/portal/security/ledger/{other}")
        assert ada.page.status in (403, 404)
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get("/portal/security/ledger?state=active&kind=member-token")
        assert mine in sara.page.text
        assert other in sara.page.text
        await sara.get("/portal/security/ledger?state=revoked")
        assert "No credential is like that" in sara.page.text
        await sara.get("/portal/security/ledger.csv?kind=member-token")
        assert sara.page.headers["content-type"].startswith("text/csv")
        assert len(sara.page.html.splitlines()) == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", "\n", "  =1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_what_is_no_formula_stays_as_it_is() -> None:
    assert [cell(value) for value in (None, "a=b", 3, ["orders:read", "b"])] == ["", "a=b", "3", "orders:read b"]


async def test_nothing_is_revoked_before_it_was_shown_whom_it_hits(world: Served) -> None:
    token = (await world.catalog.ledger.issue(APP, 30, actor="ada", team="books")).credential.key_id
    revoke = "/portal/security/revoke"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"{revoke}?what=credential&which={token}")
        await sara.send(revoke, what="credential", which=token, reason="", confirmed="yes")
        assert sara.page.status == 422
        assert "Say it." in sara.page.text
        await sara.send(revoke, what="credential", which=token, reason="Lost.", confirmed="yes")
        assert "Whom it hits" in sara.page.text, "who was not shown it first is shown it now"
        assert "and 1 credential that opens nothing any more" in sara.page.text
        await sara.get(f"/portal/security/ledger/{token}")
        assert "active" in sara.page.text
        await sara.get(f"{revoke}?what=credential&which={token}")
        await sara.send(revoke, what="credential", which=token, reason="Lost.", confirmed="no")
        await sara.send(revoke, what="credential", which=token, reason="Lost.", confirmed="yes")
        assert sara.page.path == "/portal/security/progress"
        assert "It is revoked. No gateway has asked in the last day" in sara.page.text
        await sara.get(f"/portal/security/ledger/{token}")
        assert "revoked" in sara.page.text
        await sara.get("/portal/security/audit?prove=1")
        assert "Lost." in sara.page.text
        assert "none of them altered" in sara.page.text


async def test_a_preview_that_is_not_so_any_more_is_answered_412_and_nothing_is_done(world: Served) -> None:
    ledger, revoke = world.catalog.ledger, "/portal/security/revoke"
    first = (await ledger.issue(APP, 30, actor="ada", team="books")).credential.key_id
    target = {"what": "application", "which": APP, "reason": "Gone."}
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(revoke)
        await sara.send(revoke, **target, confirmed="no")
        assert "and 1 credential" in sara.page.text
        await ledger.issue(APP, 30, actor="ada", team="books")
        await sara.send(revoke, **target, confirmed="yes")
        assert sara.page.status == 412
        assert "nothing was done" in sara.page.text
        assert "and 2 credentials" in sara.page.text
        await sara.send(revoke, **target, confirmed="yes")
        assert sara.page.path == "/portal/security/progress"
        await sara.get(revoke)
        assert "application reading-club-app" in sara.page.text
        await sara.send("/portal/security/revocations/1/lift", reason="Found again.")
        assert "It is lifted." in sara.page.text
        await sara.get(revoke)
        assert "lifted" in sara.page.text
        await sara.get(f"/portal/security/ledger/{first}")
        assert "active" in sara.page.text


async def test_others_revoke_nothing_and_read_no_log(world: Served) -> None:
    token = await token_of(world, "otto")
    async with entered(world.catalog, world.url, "paul") as paul:
        await paul.get("/portal/security/revoke")
        await paul.send(
            "/portal/security/revoke", what="credential", which=token, reason="Why not.", confirmed="yes"
        )
        assert paul.page.status in (403, 404)
        await paul.send("/portal/security/revoke", what="application", which="reader", reason="x", confirmed="yes")
        assert paul.page.status in (403, 404, 422)
        await paul.get("/portal/security/audit")
        assert paul.page.status == 403


async def two(world: Served) -> list[str]:
    issued = [await world.catalog.ledger.issue(APP, 30, actor="ada", team="books") for _ in range(2)]
    return [each.credential.key_id for each in issued]


async def test_many_are_rotated_as_the_preview_has_shown_and_their_secrets_are_shown_once(world: Served) -> None:
    first, second = await two(world)
    act = "/portal/security/act"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get("/portal/security/ledger?application=reading-club-app&kind=client-secret")
        await sara.send(act, all="yes", **{f"id-{first}": ""})
        assert "All good ones that match: kind=client-secret application=reading-club-app" in sara.page.text
        await sara.send(act, step="preview", action="rotate", reason="", overlap_days="3")
        assert (sara.page.status, "Say why." in sara.page.text) == (422, True)
        await sara.send(act, step="preview", action="rotate", reason="Yearly.", overlap_days="soon")
        assert (sara.page.status, "Say a number of days." in sara.page.text) == (422, True)
        await sara.send(act, step="preview", action="rotate", reason="Yearly.", overlap_days="3")
        assert "2 credentials, of 1 application:" in sara.page.text
        await world.catalog.ledger.issue(APP, 30, actor="ada", team="books")
        await sara.send(act, step="confirm")
        assert (sara.page.status, "3 credentials," in sara.page.text) == (412, True)
        await sara.send(act, step="confirm")
        assert "It is done to 3 credentials." in sara.page.text
        assert sara.page.html.count("ost_") == 3
        await sara.get("/portal/security/rotations")
        assert sara.page.text.count("not taken up yet") == 3
        assert first in sara.page.text
        assert second in sara.page.text


async def test_picked_ones_are_handed_over_and_no_others(world: Served) -> None:
    first, second = await two(world)
    act = "/portal/security/act"
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get("/portal/security/ledger")
        sara.page.form(act).fields.pop(f"id-{second}")
        await sara.send(act)
        assert "1 credential was picked." in sara.page.text
        await sara.send(
            act, step="preview", action="hand-over", reason="Left.", new_team="books", new_owner="otto"
        )
        assert sara.page.status == 422
        assert "must be a member of the team" in sara.page.text
        await sara.send(act, step="preview", action="hand-over", reason="Left.", new_team="books", new_owner="ada")
        await sara.send(act, step="confirm")
        assert "It is done to 1 credential." in sara.page.text
        await sara.get("/portal/security/ledger?owner=ada&kind=client-secret")
        assert first in sara.page.text
    async with entered(world.catalog, world.url, "paul") as paul:
        await paul.get("/portal/security/ledger")
        assert first not in paul.page.text


async def test_views_are_kept_and_come_back(world: Served) -> None:
    await two(world)
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get("/portal/security/ledger?application=reading-club-app&order=-created")
        await sara.send("/portal/security/views/ledger", name="Reading & more")
        assert sara.page.status == 200
        assert sara.page.path == "/portal/security/ledger"
        assert 'value="reading-club-app"' in sara.page.html
        assert "application=reading-club-app" in sara.page.html
        assert "Reading &amp; more" in sara.page.html
        await sara.send("/portal/security/views/ledger/drop")
        assert "Reading &amp; more" not in sara.page.html
        await sara.get("/portal/security/ledger?unused_days=many")
        assert sara.page.status == 422
        assert 'id="unused_days-fault"' in sara.page.html


async def test_the_log_is_searched_by_who_what_target_and_time_and_taken_home(world: Served) -> None:
    first, _ = await two(world)
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"/portal/security/audit?actor=ada&action=issued&text={first}")
        assert f"reading-club-app/{first}" in sara.page.text
        await sara.get("/portal/security/audit?actor=ada&until=2001-01-01")
        assert "There is no such entry." in sara.page.text
        await sara.get("/portal/security/audit?since=yesterday")
        assert (sara.page.status, "It is no day" in sara.page.text) == (422, True)
        await sara.get(f"/portal/security/audit.csv?text={first}")
        assert len(sara.page.html.splitlines()) == 2
        await sara.get("/portal/security/audit.jsonl")
        lines = [json.loads(line) for line in sara.page.html.splitlines()]
        assert [each["number"] for each in lines] == list(range(1, len(lines) + 1))
        kept = f"1:{lines[0]['digest']}"
        await sara.get(f"/portal/security/audit?prove=1&expect={kept}")
        assert "none of them altered" in sara.page.text
        await sara.get(f"/portal/security/audit?prove=1&expect=1:{'0' * 64}")
        assert "The chain is broken: entry 1" in sara.page.text
        await sara.get("/portal/security/audit?prove=1&expect=one")
        assert sara.page.status == 422


async def test_a_search_that_has_not_come_to_the_end_says_how_far_it_came(
    world: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await two(world)
    monkeypatch.setattr(audit_log, "LOOKED_AT", 1)
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"/portal/security/audit?text={first}")
        assert "The search goes on with the next page." in sara.page.text
        assert "There is no such entry." not in sara.page.text
        while f"reading-club-app/{first}" not in sara.page.text:
            onward = sara.page.html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
            assert (await sara.get(onward)).status == 200
        await sara.get(f"/portal/security/audit.csv?text={second}")
        assert len(sara.page.html.splitlines()) == 2, "a file has all of it"


async def test_a_leaked_secret_is_recognised_and_ended_and_never_shown_again(world: Served) -> None:
    issued = await world.catalog.ledger.issue(APP, 30, actor="ada", team="books")
    async with entered(world.catalog, world.url, "paul") as paul:
        await paul.get("/portal/security/leaks")
        await paul.send("/portal/security/leaks", text="  ")
        assert (paul.page.status, "Paste it." in paul.page.text) == (422, True)
        await paul.send("/portal/security/leaks", text=f"KEY={issued.secret}", source="a gist")
        assert issued.credential.key_id in paul.page.text
        assert issued.secret not in paul.page.html
        assert "revoked now" in paul.page.text
        await paul.send("/portal/security/leaks", text="nothing", source="a gist")
        assert "No secret of ours is in it." in paul.page.text
