"""The snapshot client, against a catalog that publishes, is late, lies and goes away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts import access_delta
from contracts.access_delta import AccessDelta, Edit, delta_of
from contracts.packed import at_once, read_access, read_contracts
from contracts.snapshot import AccessChange, Manifest, PackedSnapshot, SignedManifest, digest_of
from gateway.reload import FIRST_DELAY, LONGEST_DELAY, CatalogUnavailableError, SnapshotClient
from gateway.snapshot_store import SnapshotStore
from tests.support.snapshots import ISSUED, KEY, publication


class Catalog:
    """Answers 204 to who knows what is published, and counts what it is asked for."""

    def __init__(self) -> None:
        self.signed: SignedManifest | None = None
        self.parts: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.authorization: set[str | None] = set()
        self.status = 200
        self.forgetful = False
        self.padding = 0
        self.deltas: dict[tuple[str, str], bytes] = {}

    def publish(self, signed: SignedManifest, manifest: Manifest, parts: dict[str, bytes]) -> None:
        self.signed = signed
        self.parts.update(parts)

    async def snapshot(self, request: web.Request) -> web.Response:
        self.asked.append("snapshot")
        self.queries.append(dict(request.query))
        self.authorization.add(request.headers.get("authorization"))
        if self.status != 200:
            return web.Response(status=self.status, headers={"location": "/gateway/snapshot"})
        if self.signed is None:
            return web.Response(status=204)
        if request.query.get("known") == digest_of(self.signed.manifest) and not self.forgetful:
            return web.Response(status=204)
        body = msgspec.json.encode(self.signed) + b" " * self.padding
        return web.Response(body=body, content_type="application/json")

    async def part(self, request: web.Request) -> web.Response:
        self.asked.append("part")
        self.authorization.add(request.headers.get("authorization"))
        data = self.parts.get(request.match_info["digest"])
        return web.Response(status=404) if data is None else web.Response(body=data)

    async def delta(self, request: web.Request) -> web.Response:
        self.asked.append("delta")
        data = self.deltas.get((request.query["base"], request.match_info["digest"]))
        return web.Response(status=404) if data is None else web.Response(body=data)


class Gateway:
    """A gateway as far as the client sees it: what was put in force, and whether the next can be."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession, catalog: Catalog, data: Path) -> None:
        self.catalog = catalog
        self.server = server
        self.session = session
        self.data = data
        self.now = float(ISSUED + 5000)
        self.in_force: list[int] = []
        self.changes: list[AccessChange | None] = []
        self.refuse: Exception | None = None
        self.naps: list[float] = []
        self.naps_left = 0
        self.after_adopting: Callable[[], None] = lambda: None
        self.client = self.start()

    def start(self) -> SnapshotClient:
        """A process starts: from disk if it can."""
        self.store = SnapshotStore(self.data, KEY.public_key())
        stored = self.store.load()
        if stored is not None:
            self.in_force.append(stored.manifest.serial)
        self.client = self.connect()
        return self.client

    def connect(self) -> SnapshotClient:
        return SnapshotClient(
            str(self.server.make_url("/")),
            "gateway-token",
            KEY.public_key(),
            self.store,
            self.adopt,
            session=self.session,
            clock=lambda: self.now,
            sleep=self.nap,
        )

    async def adopt(self, snapshot: PackedSnapshot) -> None:
        if self.refuse is not None:
            raise self.refuse
        if snapshot.contracts is not None:
            at_once(read_contracts(snapshot.contracts))
        if snapshot.access is not None:
            at_once(read_access(snapshot.access))
        self.in_force.append(snapshot.manifest.serial)
        self.changes.append(snapshot.change)
        self.after_adopting()

    async def nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.naps_left -= 1
        if self.naps_left <= 0:
            raise asyncio.CancelledError

    async def run_until_naps(self, count: int) -> None:
        self.naps_left = count
        # The time is there to end a loop that never sleeps; no test measures it.
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(20):
                await self.client.run()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    catalog = Catalog()
    app = web.Application()
    app.router.add_get("/gateway/snapshot", catalog.snapshot)
    app.router.add_get("/gateway/parts/{digest}", catalog.part)
    app.router.add_get("/gateway/parts/{digest}/delta", catalog.delta)
    async with TestServer(app) as server, aiohttp.ClientSession(auto_decompress=False) as session:
        yield Gateway(server, session, catalog, tmp_path / "data")


async def test_a_publication_is_put_in_force_and_stored(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "shop"))
    assert await gateway.client.poll() is True
    assert gateway.in_force == [1]
    assert gateway.client.manifest is not None
    assert gateway.client.manifest.serial == 1
    assert gateway.client.last_error is None
    gateway.start()
    assert gateway.in_force == [1, 1]


async def test_the_catalog_is_told_who_asks_what_it_knows_and_how_long_to_wait(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    await gateway.client.poll()
    assert gateway.catalog.signed is not None
    known = digest_of(gateway.catalog.signed.manifest)
    assert gateway.catalog.queries == [{"wait": "25"}, {"wait": "25", "known": known}]
    assert gateway.catalog.authorization == {"Bearer gateway-token"}


async def test_nothing_new(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    assert await gateway.client.poll() is False
    assert gateway.in_force == [1]


async def test_only_what_changed_is_fetched(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "shop"))
    await gateway.client.poll()
    gateway.catalog.publish(*publication(2, "shop", "kiosk"))
    gateway.catalog.asked.clear()
    await gateway.client.poll()
    assert gateway.in_force == [1, 2]
    assert gateway.catalog.asked == ["snapshot", "delta", "part"]


def delta_to(gateway: Gateway, serial: int, *clients: str) -> tuple[Manifest, AccessDelta]:
    """Publishes a snapshot, and what leads from the one in force to it; without sending the part itself."""
    known = gateway.client.manifest
    assert known is not None
    signed, manifest, parts = publication(serial, *clients)
    old, new = gateway.catalog.parts[known.access], parts[manifest.access]
    made = delta_of(known.access, old.split(b"\n"), new.split(b"\n"))
    assert made is not None
    gateway.catalog.publish(signed, manifest, {})
    gateway.catalog.deltas[known.access, manifest.access] = access_delta.encode(made)
    gateway.catalog.asked.clear()
    return manifest, made


async def test_of_an_access_part_only_what_changed_is_fetched(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "desk", "shop"))
    await gateway.client.poll()
    manifest, _ = delta_to(gateway, 2, "kiosk", "shop")
    assert await gateway.client.poll()
    assert gateway.catalog.asked == ["snapshot", "delta"]
    change = gateway.changes[-1]
    assert change is not None
    assert ({each.client_id for each in change.changed}, change.gone) == ({"kiosk"}, {"desk"})
    stored = SnapshotStore(gateway.data, KEY.public_key()).load()
    assert stored is not None
    assert stored.manifest == manifest, "it is stored whole"


async def test_a_worker_whose_part_another_has_replaced_goes_on_from_it(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "desk", "shop"))
    await gateway.client.poll()
    behind = gateway.client
    manifest, _ = delta_to(gateway, 2, "kiosk", "shop")
    ahead = gateway.start()
    assert await ahead.poll()
    assert await behind.poll()
    assert gateway.catalog.asked == ["snapshot", "delta"] * 2
    assert [each is not None for each in gateway.changes] == [False, True, True]
    assert behind.manifest == manifest


@pytest.mark.parametrize("fault", ["none", "garbage", "another base", "another result", "half a line"])
async def test_without_a_good_delta_the_part_is_fetched_whole(gateway: Gateway, fault: str) -> None:
    gateway.catalog.publish(*publication(1, "desk", "shop"))
    await gateway.client.poll()
    manifest, made = delta_to(gateway, 2, "kiosk", "shop")
    name = (made.base, manifest.access)
    signed, _, parts = publication(2, "kiosk", "shop")
    gateway.catalog.publish(signed, manifest, parts)
    edit = made.edits[0]
    broken = {
        "garbage": b"{",
        "another base": access_delta.encode(AccessDelta(manifest.access, made.edits)),
        "another result": access_delta.encode(AccessDelta(made.base, ())),
        "half a line": access_delta.encode(AccessDelta(made.base, (Edit(edit.start + 1, edit.end, edit.text),))),
    }
    gateway.catalog.deltas = {name: broken[fault]} if fault in broken else {}
    assert await gateway.client.poll()
    assert gateway.catalog.asked == ["snapshot", "delta", "part"]
    assert (gateway.in_force, gateway.changes[-1], gateway.client.last_error) == ([1, 2], None, None)


async def test_after_a_restart_nothing_is_fetched_again(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "shop"))
    await gateway.client.poll()
    gateway.catalog.asked.clear()
    gateway.start()
    assert await gateway.client.poll() is False
    assert gateway.catalog.asked == ["snapshot"]


async def refused(gateway: Gateway, reason: str) -> None:
    """The catalog's snapshot is refused for good, the old one stays in force and on disk, and nothing loops."""
    assert await gateway.client.poll() is False
    assert gateway.in_force == [1]
    assert gateway.client.last_error is not None
    assert reason in gateway.client.last_error
    # It is not sent again, as the catalog is told that it is known, and the reason stays to be seen.
    assert await gateway.client.poll() is False
    assert gateway.catalog.signed is not None
    assert gateway.catalog.queries[-1]["known"] == digest_of(gateway.catalog.signed.manifest)
    assert reason in gateway.client.last_error
    stored = SnapshotStore(gateway.data, KEY.public_key()).load()
    assert stored is not None
    assert stored.manifest.serial == 1


async def test_a_snapshot_signed_by_another_is_refused(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.catalog.publish(*publication(2, "evil", key=Ed25519PrivateKey.generate()))
    await refused(gateway, "trusted key")


@pytest.mark.parametrize("serial", [0, 1])
async def test_an_older_snapshot_is_refused(gateway: Gateway, serial: int) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.catalog.publish(*publication(serial, "replayed"))
    await refused(gateway, f"serial {serial} is not after 1")


async def test_an_older_snapshot_is_refused_after_a_restart_too(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.in_force.clear()
    gateway.start()
    gateway.catalog.publish(*publication(0, "replayed"))
    await refused(gateway, "serial 0 is not after 1")


async def test_a_snapshot_of_another_format_is_refused(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.catalog.publish(*publication(2, form=99))
    await refused(gateway, "format 99")


async def test_a_part_that_does_not_decode_is_refused(gateway: Gateway) -> None:
    from contracts.snapshot import sign

    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    _, manifest, parts = publication(2)
    strange = b'{"issuers": [], "applications": [], "more": 1}'
    manifest = msgspec.structs.replace(manifest, access=digest_of(strange))
    gateway.catalog.publish(sign(manifest, KEY), manifest, {**parts, digest_of(strange): strange})
    await refused(gateway, "does not decode")


@pytest.mark.parametrize("error", [ValueError("two paths"), OSError("no certificate file")])
async def test_a_snapshot_that_does_not_compile_is_refused(gateway: Gateway, error: Exception) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.catalog.publish(*publication(2, "shop"))
    gateway.refuse = error
    await refused(gateway, str(error))
    gateway.refuse = None
    gateway.catalog.publish(*publication(3, "shop"))
    assert await gateway.client.poll() is True
    assert gateway.in_force == [1, 3]
    assert gateway.client.last_error is None


async def test_a_stored_snapshot_that_is_not_in_force_counts_for_nothing(gateway: Gateway) -> None:
    """After an upgrade of the gateway, say: the same publication is tried again, and its fault is seen."""
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.start()
    gateway.store.forget()
    client = gateway.client = gateway.connect()
    assert client.manifest is None
    gateway.refuse = ValueError("a path that this gateway does not serve")
    assert await client.poll() is False
    assert client.last_error == "a path that this gateway does not serve"
    assert client.age is None


async def test_going_back_to_what_is_in_force(gateway: Gateway) -> None:
    first = publication(1)
    gateway.catalog.publish(*first)
    await gateway.client.poll()
    gateway.catalog.publish(*publication(2, key=Ed25519PrivateKey.generate()))
    await gateway.client.poll()
    gateway.catalog.publish(*first)
    assert await gateway.client.poll() is False
    assert gateway.client.last_error is None
    assert gateway.in_force == [1]


@pytest.mark.parametrize("part", [b"", b"{}", None])
async def test_a_part_that_does_not_arrive_is_asked_for_again(gateway: Gateway, part: bytes | None) -> None:
    signed, manifest, parts = publication(1)
    gateway.catalog.publish(signed, manifest, {manifest.contracts: parts[manifest.contracts]})
    if part is not None:
        gateway.catalog.parts[manifest.access] = part
    with pytest.raises(CatalogUnavailableError):
        await gateway.client.poll()
    assert gateway.in_force == []
    gateway.catalog.parts[manifest.access] = parts[manifest.access]
    assert await gateway.client.poll() is True


async def test_a_part_that_was_altered_on_disk_is_fetched_again(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1, "shop"))
    await gateway.client.poll()
    for path in (gateway.data / "parts").iterdir():
        path.write_bytes(b"{}")
    gateway.catalog.publish(*publication(2, "kiosk"))
    assert await gateway.client.poll() is True
    gateway.start()
    assert gateway.in_force == [1, 2, 2]


@pytest.mark.parametrize("status", [302, 401, 404, 500])
async def test_an_answer_that_is_none(gateway: Gateway, status: int) -> None:
    gateway.catalog.status = status
    with pytest.raises(CatalogUnavailableError, match=str(status)):
        await gateway.client.poll()
    assert gateway.catalog.asked == ["snapshot"]  # a redirect is not followed: the token stays here


async def test_a_catalog_that_repeats_itself_makes_no_busy_loop(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    gateway.catalog.forgetful = True
    await gateway.run_until_naps(3)
    assert gateway.in_force == [1]
    assert len(gateway.naps) == 3


async def test_a_catalog_that_does_not_wait_makes_no_busy_loop(gateway: Gateway) -> None:
    """A proxy before it may answer for it: 204, and at once."""
    gateway.catalog.publish(*publication(1))
    await gateway.run_until_naps(3)
    assert gateway.in_force == [1]
    assert gateway.naps == [FIRST_DELAY] * 3


async def test_waiting_grows_with_jitter_up_to_its_end(gateway: Gateway) -> None:
    await gateway.server.close()
    await gateway.run_until_naps(9)
    longest = FIRST_DELAY
    for nap in gateway.naps:
        assert longest / 2 <= nap <= longest
        longest = min(LONGEST_DELAY, longest * 2)
    assert longest == LONGEST_DELAY
    assert gateway.client.last_error is not None


async def test_a_catalog_that_comes_back(gateway: Gateway) -> None:
    """It is away for four polls, answers one, and is away again: waiting starts from the shortest."""
    gateway.catalog.status = 503

    async def nap(seconds: float) -> None:
        gateway.catalog.status = 200 if len(gateway.naps) == 3 else 503
        await gateway_nap(seconds)

    gateway_nap, gateway.client._sleep = gateway.nap, nap
    gateway.catalog.publish(*publication(1))
    gateway.after_adopting = lambda: setattr(gateway.catalog, "status", 503)
    await gateway.run_until_naps(5)
    assert gateway.in_force == [1]
    assert gateway.naps[3] > FIRST_DELAY
    assert gateway.naps[4] <= FIRST_DELAY


async def test_an_error_is_over_with_the_next_answer(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    gateway.catalog.status = 503
    await gateway.run_until_naps(1)
    assert gateway.client.last_error is not None
    gateway.catalog.status = 200
    await gateway.client.poll()
    assert gateway.client.last_error is None


async def test_an_answer_without_end_is_cut_off(gateway: Gateway) -> None:
    gateway.catalog.publish(*publication(1))
    gateway.catalog.padding = 100_000
    with pytest.raises(CatalogUnavailableError, match="longer than"):
        await gateway.client.poll()


async def test_the_age_is_that_of_the_last_confirmation(gateway: Gateway) -> None:
    assert gateway.client.age is None
    gateway.catalog.publish(*publication(1))
    await gateway.client.poll()
    assert gateway.client.age == 0
    gateway.now += 60
    assert gateway.client.age == 60
    await gateway.client.poll()
    assert gateway.client.age == 0
    gateway.catalog.publish(*publication(2, key=Ed25519PrivateKey.generate()))
    gateway.now += 30
    await gateway.client.poll()
    await gateway.client.poll()
    assert gateway.client.age == 30  # what is in force is no longer the catalog's
    assert gateway.start().age == gateway.now - (ISSUED + 1)  # nobody has confirmed it to this process


async def test_a_full_disk_does_not_keep_a_snapshot_from_being_enforced(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(gateway.store, "save", full)
    gateway.catalog.publish(*publication(1))
    assert await gateway.client.poll() is True
    assert gateway.in_force == [1]
    assert gateway.client.last_error == "no space left"
