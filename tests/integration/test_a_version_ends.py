"""A version's last year, through a catalog and a gateway with one clock: announced, browned out, extended for one
application, ended, still called, agreed upon, retired."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from catalog.calendar.agreements import Consent
from catalog.calendar.extension import Extension
from catalog.changes.records import ChangeView
from catalog.key_files import load_keys
from catalog.notices.delivery import Deliverer
from catalog.notices.file_drop import FileDrop
from catalog.storage.engine import Store
from catalog.usage.ingest import UsageIntake
from contracts.packed import at_once
from contracts.snapshot import AccessPart, Issuer, Snapshot, encode_part
from gateway.usage.counting import UsageCounting
from gateway.usage.packing import batch_of, rows_of
from tests.catalog.changes.office import BOOKS_API, PEOPLE, TEAMS, Office
from tests.catalog.usage.test_usage_store import batch
from tests.gateway.gateway_world import Gateway, gateway, problem_of
from tests.gateway.http_harness import RawAnswer
from tests.support.policy_world import AUDIENCE, EC_KEY, ISSUER, claims, compact, ec_jwk, header
from tests.support.two_apis import BOOKS, write_two_apis

POLICY = """\
deprecation-policy:
  notice-days: 90
  brown-outs: [{ days-before: 30, minutes: 60 }]
  extension-max-days: 60
"""
LIMITS = "burst: 5/second"
PUBLISHED = "    state: published # draft"
CALENDAR = """\
    state: deprecated
    deprecation: 2026-12-01
    sunset: 2027-06-01
    successor: v2
    migration-guide: https://example.com/move # draft"""
CLUB, LAB = "reading-club-app", "reading-club-lab"
EXTENDED = 1_815_609_600  # 15 July 2027
DIGEST = "sha256:" + "a" * 64


@dataclass
class World:
    """Both processes in one. `post` is the folder into which notices fall."""

    desk: Office
    post: Path
    gateway: Gateway = field(init=False)
    usage: UsageCounting = field(default_factory=UsageCounting)
    batches: int = 0

    def snapshot(self, port: int) -> Snapshot:
        """What the gateway would fetch, with an issuer whose key the test has, and an upstream that is there."""
        current = self.desk.catalog.publisher.current
        assert current is not None
        upstreams = tuple(
            msgspec.structs.replace(each, url=f"http://127.0.0.1:{port}") for each in current.contracts.upstreams
        )
        contracts = msgspec.structs.replace(current.contracts, upstreams=upstreams, audience=AUDIENCE)
        keys = {"keys": [ec_jwk(EC_KEY, "k1", use="sig", alg="ES256")]}
        issuer = Issuer(ISSUER, f"{ISSUER}/jwks", ("ES256",), keys)
        access = AccessPart((issuer,), tuple(current.applications.values()))
        manifest = msgspec.structs.replace(
            current.manifest, contracts=encode_part(contracts)[0], access=encode_part(access)[0]
        )
        return Snapshot(manifest, contracts, access)

    def take_up(self) -> None:
        """The gateway has fetched what is in force."""
        self.gateway.adopt(self.snapshot(self.gateway.upstream.port))

    async def call(self, client: str, version: str = "v1") -> RawAnswer:
        now = int(self.desk.now)
        said = claims(client_id=client, sub=client, scope="books:read", iat=now - 10, exp=now + 600, jti=f"{now}")
        return await self.gateway.ask("GET", f"/books/{version}/books", bearer=compact(header(), said))

    async def report(self) -> None:
        """The gateway tells what it counted."""
        self.batches += 1
        now = self.desk.now
        rows = rows_of(self.usage.take(), now - time.monotonic())
        while found := at_once(batch_of(rows)):
            await UsageIntake(self.desk.store, self.desk.clock).take(
                batch(self.batches, *found, begin=int(now) - 10)
            )

    async def later(self, moment: str) -> None:
        """The time goes on; what was counted until now is told."""
        await self.report()
        self.desk.now = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()

    async def told(self) -> list[str]:
        """The subjects of the mail that has come since the last look, to the consumer."""
        room = self.desk.catalog.calendar
        await room.rounds.make()
        drop = FileDrop(self.post, "ostiary@example.com")
        await Deliverer(room.outbox, [drop], self.desk.catalog.audit, self.desk.clock).deliver()
        found = []
        for file in sorted(self.post.glob("*.eml")):
            text = file.read_text()
            if "To: it@reading-club.example" in text:
                found.append(next(line for line in text.splitlines() if line.startswith("Subject: "))[9:])
            file.unlink()
        return found

    async def change(self, *edits: tuple[str, str, str]) -> ChangeView:
        """Pushed by ada and approved by omar; it has to be published by that."""
        found = await self.desk.pushed("ada", *edits)
        approved = await self.desk.approve("omar", found.change)
        assert isinstance(approved, ChangeView), approved
        assert approved.change.state == "published", approved.conditions
        self.take_up()
        return approved


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    root = write_two_apis(tmp_path / "estate")
    (root / TEAMS).write_text(PEOPLE)
    estate = root / "ostiary.yaml"
    # The year passes within seconds of the limiter's clock, which is the machine's.
    assert LIMITS in estate.read_text()
    estate.write_text(estate.read_text().replace(LIMITS, "burst: 1000/second") + POLICY)
    contract = (root / BOOKS).read_text()
    (root / "apis/books/v2.openapi.yaml").write_text(contract.replace("/books/v1", "/books/v2"))
    api = root / BOOKS_API
    api.write_text(api.read_text().replace("versions:\n", "versions:\n  v2: {}\n"))
    consumers = root / "consumers.yaml"
    text = consumers.read_text()
    v2 = "          - { api: books, version: v2, plan: trial, scopes: [books:read] }\n"
    consumers.write_text(text.rstrip("\n") + "\n" + v2)
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}")
    await store.migrate()
    desk = Office(root, store, load_keys(tmp_path / "keys"))
    await desk.start(directory=True)
    await desk.start()
    made = World(desk, tmp_path / "post")
    async with gateway(
        tmp_path,
        made=made.snapshot(1),
        recorder=made.usage,
        clock=desk.clock,
        approved_by=desk.keys.snapshot.public_key(),
    ) as made.gateway:
        made.take_up()
        yield made
    await store.close()


async def test_the_last_year_of_a_version(world: World) -> None:
    desk, post = world.desk, world.told
    before = await world.call(LAB)
    assert (before.status, b"sunset" in before.fields) == (200, False)
    assert await post() == []

    # Announced: it answers as before, and says what is coming.
    await world.change((BOOKS_API, PUBLISHED, CALENDAR))
    answer = await world.call(LAB)
    assert (answer.status, answer.fields[b"sunset"]) == (200, b"Tue, 01 Jun 2027 00:00:00 GMT")
    assert answer.fields[b"deprecation"] == b"@1796083200"
    assert b'</books/v2>; rel="successor-version"' in answer.fields[b"link"].replace(AUDIENCE.encode(), b"")
    assert b"sunset" not in (await world.call(LAB, "v2")).fields
    assert await post() == ["Books v1 ends on 1 June 2027"]

    # Browned out: an hour of a day that was announced.
    await world.later("2027-05-02T10:30:00")
    seen = len(world.gateway.upstream.seen)
    refused = await world.call(LAB)
    problem = problem_of(refused)
    assert (refused.status, problem["type"].rpartition(":")[2]) == (410, "version-brown-out")
    assert (problem["until"], problem["successor"]) == ("2027-05-02T11:00:00Z", f"{AUDIENCE}/books/v2")
    assert refused.fields[b"retry-after"] == b"1801"
    assert len(world.gateway.upstream.seen) == seen
    assert (await world.call(LAB, "v2")).status == 200

    # Extended for one application, by another than who asked.
    room = desk.catalog.calendar
    asked = await room.extensions.request(await desk.who("ada"), CLUB, "books", "v1", EXTENDED, "they are late")
    assert isinstance(asked, Extension), asked
    assert isinstance(await room.extensions.decide(await desk.who("omar"), 1, "granted", "fair"), Extension)
    world.take_up()
    spared = await world.call(CLUB)
    assert (spared.status, spared.fields[b"sunset"]) == (200, b"Thu, 15 Jul 2027 00:00:00 GMT")
    assert (await world.call(LAB)).status == 410
    assert f"{CLUB} may go on calling Books v1 until 15 July 2027" in await post()

    # Ended for everyone else.
    await world.later("2027-06-01T00:00:00")
    ended = await world.call(LAB)
    assert (ended.status, problem_of(ended)["type"].rpartition(":")[2]) == (410, "version-sunset")
    assert (await world.call(CLUB)).status == 200
    assert "Books v1 has ended" in await post()

    # Ended for that one, too; and it goes on calling.
    await world.later("2027-07-15T12:00:00")
    assert [(await world.call(each)).status for each in (CLUB, CLUB, LAB)] == [410, 410, 410]
    await world.report()
    assert "Books v1 has ended and is still called" in await post()

    # Not retired while it is called, unless those who call have agreed.
    found = await desk.pushed("ada", (BOOKS_API, "state: deprecated", "state: retired"))
    assert await desk.unmet(found.change) == {"quiet:books/v1", "approvals:architect"}
    view = await desk.view(found.change)
    (quiet,) = [each for each in view.conditions if each.id == "quiet:books/v1"]
    assert f"{CLUB} (2, the last on 15 July 2027" in quiet.text
    assert quiet.needs == ("consent:reading-club",)
    agreed = await room.consents.record(await desk.who("ada"), "reading-club", "books", "v1", "Rea", DIGEST)
    assert isinstance(agreed, Consent), agreed
    assert await desk.unmet(found.change) == {"approvals:architect"}
    approved = await desk.approve("omar", found.change)
    assert isinstance(approved, ChangeView), approved
    assert approved.change.state == "published"
    world.take_up()
    gone = await world.call(CLUB)
    assert (gone.status, problem_of(gone)["successor"]) == (410, f"{AUDIENCE}/books/v2")
    assert await post() == []
    log = await world.gateway.logged()
    assert {each["problem"] for each in log if each["status"] == 410} == {"version-brown-out", "version-sunset"}
