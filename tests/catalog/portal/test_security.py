"""The pages of security: the ledger, revocation with a preview, the audit log; and who may see them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.portal.security.ledger import _cell
from tests.catalog.changes.office import office
from tests.catalog.changes.served import Served, served
from tests.catalog.portal.entering import entered
from tests.support.migrated import sqlite_store


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
        await sara.get("/portal/security/ledger?question=good&kind=member-token")
        assert mine in sara.page.text
        assert other in sara.page.text
        await sara.get("/portal/security/ledger?question=revoked")
        assert "No credential is like that" in sara.page.text
        await sara.get("/portal/security/ledger.csv?kind=member-token")
        assert sara.page.headers["content-type"].startswith("text/csv")
        assert len(sara.page.html.splitlines()) == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert _cell(text) == f"'{text}"


async def test_nothing_is_revoked_before_it_was_shown_whom_it_hits(world: Served) -> None:
    token = (await world.catalog.ledger.issue("reading-room", 30, actor="ada", team="books")).credential.key_id
    async with entered(world.catalog, world.url, "sara") as sara:
        await sara.get(f"/portal/security/revoke?what=credential&which={token}")
        await sara.send("/portal/security/revoke", what="credential", which=token, reason="", confirmed="yes")
        assert sara.page.status == 422
        assert "Say it." in sara.page.text
        await sara.send("/portal/security/revoke", what="credential", which=token, reason="Lost.", confirmed="no")
        assert "Whom it hits" in sara.page.text
        assert "1 credential opens nothing any more" in sara.page.text
        await sara.get(f"/portal/security/ledger/{token}")
        assert "active" in sara.page.text
        await sara.get("/portal/security/revoke")
        await sara.send("/portal/security/revoke", what="credential", which=token, reason="Lost.", confirmed="yes")
        assert "It is done." in sara.page.text
        await sara.get(f"/portal/security/ledger/{token}")
        assert "revoked" in sara.page.text
        await sara.get("/portal/security/audit?prove=1")
        assert "Lost." in sara.page.text
        assert "none of them altered" in sara.page.text


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
