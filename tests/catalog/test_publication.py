"""Publication: the same content is published once, a broken estate changes nothing."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.key_files import load_keys
from catalog.publishing.compilation import Compilation, SourceError
from catalog.publishing.published import last_published
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from contracts.findings import Finding, Place
from contracts.snapshot import SnapshotError, assemble, verify
from tests.catalog.serving import ANALYST, GOOD, WEB_SHOP, World, contracts, serving

BROKEN = Compilation((Finding(Place("ostiary.yaml", 3, 1), "unknown-key", "no such key"),))
WARNED = replace(GOOD, findings=(Finding(Place("ostiary.yaml", 3, 1), "scope-unused", "unused", "warning"),))


async def test_a_snapshot_verifies_and_holds_what_was_compiled(world: World) -> None:
    current = world.publisher.current
    assert current is not None
    manifest = verify(current.signed, world.keys.snapshot.public_key())
    digests = (manifest.contracts, manifest.access)
    found = {digest: await world.table.part(digest) for digest in digests}
    snapshot = assemble(manifest, found)  # type: ignore[arg-type]
    assert snapshot.contracts == GOOD.contracts
    assert snapshot.access.applications == GOOD.applications
    [issuer] = snapshot.access.issuers
    assert (issuer.issuer, issuer.jwks_uri) == (world.url, world.url + "/oauth/jwks")
    assert issuer.algorithms == ("ES256",)


async def test_the_same_content_gets_no_new_serial(world: World) -> None:
    before = world.publisher.current
    world.now += 100
    outcome = await world.publisher.publish()
    assert (outcome.ok, outcome.changed) == (True, False)
    assert world.publisher.current is before


async def test_a_change_gets_a_higher_serial_and_keeps_the_part_that_stayed(world: World) -> None:
    before = world.publisher.current
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    outcome = await world.publisher.publish()
    after = world.publisher.current
    assert outcome.changed
    assert before is not None
    assert after is not None
    assert after.manifest.serial == before.manifest.serial + 1
    assert after.manifest.contracts == before.manifest.contracts
    assert after.manifest.access != before.manifest.access


@pytest.mark.parametrize(
    "broken",
    [BROKEN, FileNotFoundError("gone"), SourceError("no upstream is called 'x'"), RuntimeError("a fault of ours")],
)
async def test_a_broken_estate_keeps_the_running_snapshot(world: World, broken: Compilation | Exception) -> None:
    before = world.publisher.current
    world.compiled = broken
    outcome = await world.publisher.publish()
    assert not outcome.ok
    assert outcome.reason
    assert world.publisher.current is before
    world.compiled = GOOD
    assert (await world.publisher.publish()).ok


async def test_contracts_beside_an_error_are_not_published(world: World) -> None:
    """Even a source that compiled something: an error forbids publication."""
    before = world.publisher.current
    world.compiled = replace(GOOD, findings=BROKEN.findings, contracts=contracts("https://other.example"))
    assert not (await world.publisher.publish()).ok
    assert world.publisher.current is before


async def test_warnings_do_not_hold_it_back_and_are_shown(world: World) -> None:
    world.compiled = WARNED
    outcome = await world.publisher.publish()
    assert outcome.ok
    assert [finding["rule"] for finding in outcome.summary()["findings"]] == ["scope-unused"]


async def test_a_restart_takes_up_what_was_published_and_goes_on_counting(tmp_path: Path) -> None:
    url = "https://catalog.example"
    async with serving(tmp_path, url=url) as first:
        published = first.publisher.current
        secret = (await first.ledger.issue("web-shop", actor="test")).secret
    assert published is not None
    async with serving(tmp_path, url=url, compiled=BROKEN) as second:
        assert second.publisher.current == published
        assert await second.ledger.verify("web-shop", secret)
        second.compiled = replace(GOOD, applications=(ANALYST,))
        await second.publisher.publish()
        assert second.publisher.current is not None
        assert second.publisher.current.manifest.serial == published.manifest.serial + 1


async def test_a_new_issuer_url_is_published_even_beside_a_broken_estate(tmp_path: Path) -> None:
    """Else no gateway would trust the tokens that this catalog issues from now on."""
    async with serving(tmp_path, url="https://old.example"):
        pass
    async with serving(tmp_path, url="https://new.example", compiled=BROKEN) as world:
        current = world.publisher.current
        assert current is not None
        part = await world.table.part(current.manifest.access)
        assert part is not None
        assert b"https://new.example" in part
        assert tuple(current.applications.values()) == GOOD.applications
        assert world.publisher.last is not None
        assert not world.publisher.last.ok


async def test_a_snapshot_of_another_key_is_not_taken_up(tmp_path: Path) -> None:
    async with serving(tmp_path):
        pass
    for name in ("snapshot.key", "snapshot.pub"):
        (tmp_path / "keys" / name).unlink()
    keys = load_keys(tmp_path / "keys")
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}")
    with pytest.raises(SnapshotError, match="trusted key"):
        await last_published(SnapshotTable(store), keys.snapshot.public_key())
    await store.close()


async def test_publications_at_once_sign_once(world: World) -> None:
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    outcomes = await asyncio.gather(*(world.publisher.publish() for _ in range(8)))
    assert [outcome.changed for outcome in outcomes].count(True) == 1


async def test_a_waiter_is_woken_by_a_change_and_by_nothing_else(world: World) -> None:
    current = world.publisher.current
    assert current is not None
    waiter = asyncio.create_task(world.publisher.wait(current.digest, 30))
    await world.publisher.publish()  # nothing new
    await asyncio.sleep(0)
    assert not waiter.done()
    world.compiled = replace(GOOD, applications=(WEB_SHOP,))
    await world.publisher.publish()
    published = await asyncio.wait_for(waiter, 10)
    assert published is world.publisher.current


async def test_a_waiter_of_another_digest_does_not_wait(world: World) -> None:
    assert await world.publisher.wait("sha256:other", 30) is world.publisher.current


async def test_closing_lets_waiters_go(world: World) -> None:
    current = world.publisher.current
    assert current is not None
    waiters = [asyncio.create_task(world.publisher.wait(current.digest, 30)) for _ in range(3)]
    await asyncio.sleep(0)
    world.publisher.close()
    assert await asyncio.wait_for(asyncio.gather(*waiters), 10) == [None, None, None]
