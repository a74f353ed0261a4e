"""The catalog's own looks: when they are made, what they keep, and who is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from catalog.audit.log import Filter
from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.database import Settings
from catalog.demo.odoo.server import serve
from catalog.estate_source import estate_source
from catalog.notices.outbox import Outbox
from catalog.odoo.drift.kept import RUNTIME
from catalog.odoo.drift.looks import AGAIN, LASTS, Look
from catalog.odoo.drift.rounds import KEPT, SILENT
from catalog.publishing.compilation import NO_OVERRIDES, Compilation
from contracts.usage.report import Mismatched, encode
from tests.catalog.admin import AdminClient
from tests.catalog.odoo.drift_estate import CONTRACT, write_drifting
from tests.catalog.odoo.standing_in import KEY
from tests.catalog.reporting.test_failures_store import report
from tests.catalog.serving import GATEWAY_TOKEN, World, serving
from tests.support.estates import write_estate

DAY = 86_400
GONE_IN_19 = 7
"""Places of the contract that name what 19 has not."""


@asynccontextmanager
async def standing_in(version: str, port: int = 0) -> AsyncIterator[str]:
    async with serve(Settings(version=version, api_keys=(ApiKey(KEY, "admin"),)), port=port) as url:
        yield url


@dataclass
class Watched:
    """A catalog whose estate is made for an Odoo 17, with the estate's directory."""

    world: World
    root: Path

    @property
    def admin(self) -> AdminClient:
        return AdminClient(self.world)

    async def publish(self, *changes: tuple[str, str], url: str) -> None:
        """The estate with its Odoo at `url`, and with changes of the contract."""
        self.world.compiled = _compiled(self.root, *changes, url=url)
        done = await self.world.publisher.publish()
        assert done.ok, done

    async def put_key(self, value: str = KEY) -> None:
        wanted = {"value": value, "expires_days": 90, "team": "books", "owner": "ada", "purpose": "Odoo"}
        answer = await self.admin("ada", "PUT", "/upstream-credentials/odoo-key", wanted)
        assert answer.status == 200, answer

    async def look(self, later: float = 0) -> int:
        """How many Odoos were looked at, that many seconds later."""
        self.world.now += later
        return await self.world.catalog.drift.rounds.make()

    async def found(self, query: str = "") -> list[dict[str, Any]]:
        return list((await self.admin("ada", "GET", f"/odoo/drift{query}")).body["items"])

    async def last_look(self) -> dict[str, Any]:
        (look,) = (await self.admin("ada", "GET", "/odoo/looks")).body["items"]
        return dict(look)

    async def told(self) -> list[str]:
        """Subjects of the notices about drift, the newest first."""
        posted = await Outbox(self.world.store).list()
        return [each.notice.subject for each in posted if each.notice.kind == "odoo-drift"]

    async def recorded(self) -> list[tuple[str, str]]:
        page = await self.world.audit.page(Filter(subject="odoo-drift"), limit=50)
        return [(each.event.action, each.event.object) for each in page]

    async def report(self, sequence: int, *mismatched: Mismatched) -> int:
        headers = {"authorization": f"Bearer {GATEWAY_TOKEN}"}
        data = encode(report(sequence, mismatched=mismatched))
        async with self.world.session.post(
            f"{self.world.url}/gateway/report", data=data, headers=headers
        ) as answer:
            return answer.status


def _compiled(root: Path, *changes: tuple[str, str], url: str) -> Compilation:
    return estate_source(write_drifting(root, *changes, url=url), NO_OVERRIDES)()


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    """Nothing answers at the estate's Odoo."""
    root = tmp_path / "estate"
    compiled = _compiled(root, url="http://127.0.0.1:9")
    async with serving(tmp_path / "catalog", compiled=compiled) as world:
        yield Watched(world, root)


async def test_what_an_odoo_has_become_is_kept_told_once_and_gone_again(watched: Watched) -> None:
    async with standing_in("17.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        assert await watched.look() == 1
        assert await watched.found() == []
        port = int(url.rpartition(":")[2])
    async with standing_in("19.0", port):
        assert await watched.look(DAY - 1) == 0, "the next day has not come"
        assert await watched.look(1) == 1
        found = await watched.found()
        assert {each["rule"] for each in found} == {"odoo-field-missing"}
        assert len(found) == GONE_IN_19
        lines = (watched.root / CONTRACT).read_text().splitlines()
        assert "tax_id" in lines[found[0]["line"] - 1]
        assert await watched.look(DAY) == 1
    again = await watched.found()
    assert [each["first_seen"] for each in again] == [each["first_seen"] for each in found]
    assert again[0]["last_seen"] > found[0]["last_seen"]
    assert await watched.told() == ["Books v1 does not fit its Odoo in 7 places"]
    async with standing_in("17.0", port):
        assert await watched.look(DAY) == 1
    assert await watched.found() == []
    assert all(each["gone_at"] for each in await watched.found("?state=gone"))
    assert await watched.recorded() == [("opened", "books/v1"), ("closed", "books/v1")]
    async with standing_in("19.0", port):
        assert await watched.look(DAY) == 1
    assert len(await watched.told()) == 2, "it is there again"


async def test_the_owner_is_told_what_to_do(watched: Watched) -> None:
    async with standing_in("19.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        await watched.look()
    (posted,) = [each for each in await Outbox(watched.world.store).list() if each.notice.kind == "odoo-drift"]
    assert posted.notice.recipients == ("books@example.com", "ada@example.com")
    assert posted.notice.about == "books/v1"
    assert f"{CONTRACT}:23:71: error: listOrders: 'sale.order.line' has no field 'tax_id'" in posted.notice.body
    assert "What to do: map it to `tax_ids`, as Odoo 19 calls it." in posted.notice.body


async def test_a_change_of_the_contract_or_of_the_key_is_looked_at_at_once(watched: Watched) -> None:
    async with standing_in("17.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        assert await watched.look() == 1
        assert await watched.look(60) == 0
        await watched.publish(("number: name", "number: nam"), url=url)
        assert await watched.look() == 1
        assert {each["subject"] for each in await watched.found()} == {"nam"}
        await watched.put_key()
        assert await watched.look() == 1
        assert len(await watched.found("?api=books&version=v1&state=all")) > 0
        assert await watched.found("?api=other") == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "the catalog does not hold the credential 'odoo-key'"),
        ("another-key", "does not accept the key"),
    ],
)
async def test_an_odoo_that_cannot_be_seen_changes_nothing_but_the_look(
    watched: Watched, key: str | None, said: str
) -> None:
    async with standing_in("19.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        await watched.look()
        if key is None:
            done = await watched.admin("ada", "POST", "/upstream-credentials/odoo-key/revocation", {"reason": "x"})
            assert done.status == 200
        else:
            await watched.put_key(key)
        assert await watched.look() == 1
        assert said in (await watched.last_look())["error"]
        assert len(await watched.found()) == GONE_IN_19
        assert await watched.look(AGAIN - 1) == 0
        assert await watched.look(1) == 1, "sooner than the next day"


async def test_an_odoo_that_does_not_answer(watched: Watched) -> None:
    await watched.put_key()
    assert await watched.look() == 1
    look = await watched.last_look()
    assert (look["odoo"], "cannot be reached" in look["error"]) == (None, True)
    assert KEY not in str(look)


async def test_what_answers_as_no_odoo_does_ends_nothing(watched: Watched) -> None:
    async def handle(request: web.Request) -> web.Response:
        params = (await request.json())["params"]
        answers: dict[str, Any] = {"version": {"server_version_info": [17, 0]}, "authenticate": 2}
        return web.json_response({"jsonrpc": "2.0", "id": 1, "result": answers.get(params["method"], "nonsense")})

    app = web.Application()
    app.router.add_post("/jsonrpc", handle)
    async with TestServer(app, host="127.0.0.1") as server:
        await watched.publish(url=f"http://127.0.0.1:{server.port}")
        await watched.put_key()
        assert await watched.look() == 1
    assert (await watched.last_look())["error"] == "it answers as no Odoo does (AttributeError)"


async def test_what_is_served_no_more_is_closed(watched: Watched) -> None:
    async with standing_in("19.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        await watched.look()
        assert len(await watched.found()) == GONE_IN_19
        watched.world.compiled = estate_source(write_estate(watched.root), NO_OVERRIDES)()
        assert (await watched.world.publisher.publish()).ok
        assert await watched.look() == 0
    assert await watched.found() == []
    assert (await watched.admin("ada", "GET", "/odoo/looks")).body["items"] == []


def test_one_of_several_catalogs_looks(watched: Watched) -> None:
    look = Look(upstream="erp", digest="a", begun_at=1_000)
    assert not look.is_due("b", 1_000 + LASTS - 1, DAY), "another process is at it"
    assert look.is_due("a", 1_000 + LASTS, DAY), "which was cut off"


async def test_what_gateways_met_is_kept_beside_and_goes_when_no_call_meets_it(watched: Watched) -> None:
    met = Mismatched("books", "v1", "listContacts", "field", "5f0c2f7e9b1d4e6a", 3, "mobile")
    unknown = Mismatched("books", "v9", "listContacts", "field", "5f0c2f7e9b1d4e6a", 3, "mobile")
    assert await watched.report(1, met, unknown) == 204
    assert await watched.report(1, met) == 204, "a repetition"
    (found,) = await watched.found()
    assert (found["rule"], found["model"], found["subject"]) == (RUNTIME, "res.partner", "mobile")
    assert found["pointer"] == "/paths/~1contacts/get/x-ostiary-odoo"
    assert (found["file"], found["line"] > 1) == (CONTRACT, True)
    assert "request 5f0c2f7e9b1d4e6a: Odoo has no field 'mobile'" in found["message"]
    assert await watched.told() == ["Books v1 does not fit its Odoo in 1 place"]
    async with standing_in("17.0") as url:
        await watched.publish(url=url)
        await watched.put_key()
        await watched.look()
        assert len(await watched.found()) == 1, "a look does not know what a call met"
        watched.world.now += SILENT - DAY
        assert await watched.report(2, met) == 204
        await watched.look(DAY)
        assert len(await watched.found()) == 1
        await watched.look(SILENT + 1)
        assert await watched.found() == []
        await watched.look(KEPT + DAY)
    assert await watched.found("?state=all") == []
    assert len(await watched.told()) == 1


@pytest.mark.parametrize("path", ["/odoo/drift", "/odoo/looks"])
async def test_it_is_for_those_who_own_or_decide(watched: Watched, path: str) -> None:
    assert (await watched.admin("nobody", "GET", path)).status in (401, 403)
    assert (await watched.admin(None, "GET", path)).status == 401
