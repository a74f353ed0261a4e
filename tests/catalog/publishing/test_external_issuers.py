"""External issuers are published as the estate has them, for the catalog's environment alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from catalog.audit.log import AuditLog
from catalog.estate_source import estate_source
from catalog.key_files import load_keys
from catalog.publication import Publisher
from catalog.publishing.compilation import Overrides
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from contracts.access import AccessPart, Identity
from contracts.snapshot import assemble, verify
from tests.catalog.publishing.governed import ISSUER
from tests.contracts.estate.issuer_cases import APP, SSO, URL, issuer, known_as
from tests.support.estates import write_estate

NOW = 1_795_000_000.0


class Catalog:
    """A directory, and publishers over it, each as a process of its own would have one."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.root = write_estate(
            folder / "estate", *issuer(SSO % (URL, "ES256")), *known_as((APP, "{ sso: [shop] }"))
        )
        self.store = store
        self.keys = load_keys(folder / "keys")

    async def start(self, environment: str = "production", url: str = ISSUER.issuer) -> Publisher:
        overrides = Overrides(environment=environment, issuer=url)
        source, audit = estate_source(self.root, overrides), AuditLog(self.store, lambda: NOW)
        publisher = Publisher(self.store, self.keys, ISSUER, source, lambda: NOW, audit, overrides)
        await publisher.restore()
        await publisher.publish()
        return publisher

    async def access(self) -> AccessPart:
        """What a gateway gets."""
        table = SnapshotTable(self.store)
        signed = await table.latest()
        assert signed is not None
        manifest = verify(signed, self.keys.snapshot.public_key())
        parts = {each: await table.part(each) or b"" for each in (manifest.contracts, manifest.access)}
        return assemble(manifest, parts).access


@pytest.fixture
async def catalog(tmp_path: Path, store_url: str) -> AsyncIterator[Catalog]:
    store = Store.open(store_url)
    try:
        await store.migrate()
        yield Catalog(tmp_path, store)
    finally:
        await store.close()


def issuers_of(access: AccessPart) -> list[str]:
    return [each.issuer for each in access.issuers]


def identities_of(access: AccessPart) -> list[Identity]:
    return [identity for each in access.applications for identity in each.identities]


async def test_a_gateway_is_told_of_them_after_the_catalog_itself(catalog: Catalog) -> None:
    await catalog.start()
    access = await catalog.access()
    assert issuers_of(access) == [ISSUER.issuer, URL]
    assert [each.external is None for each in access.issuers] == [True, False]
    assert identities_of(access) == [Identity(URL, "shop")]


@pytest.mark.parametrize("environment", ["sandbox", "local"])
async def test_another_environment_is_told_nothing_of_them(catalog: Catalog, environment: str) -> None:
    await catalog.start(environment)
    access = await catalog.access()
    assert issuers_of(access) == [ISSUER.issuer]
    assert identities_of(access) == []


async def test_they_stay_while_the_estate_is_broken(catalog: Catalog) -> None:
    """A catalog that is started then publishes nothing else, and takes none of them away."""
    await catalog.start()
    (catalog.root / "ostiary.yaml").write_text("name: [")
    publisher = await catalog.start()
    assert publisher.last is not None
    assert not publisher.last.ok
    access = await catalog.access()
    assert issuers_of(access) == [ISSUER.issuer, URL]
    assert identities_of(access) == [Identity(URL, "shop")]


async def test_one_that_the_estate_no_longer_has_is_gone(catalog: Catalog) -> None:
    await catalog.start()
    write_estate(catalog.root)
    await catalog.start()
    assert issuers_of(await catalog.access()) == [ISSUER.issuer]


async def test_none_of_them_is_the_catalog_itself(catalog: Catalog) -> None:
    """An entry for our own URL would say by which keys our own tokens are good."""
    publisher = await catalog.start(url=URL)
    assert publisher.last is not None
    assert not publisher.last.ok
    assert publisher.last.reason == f"one of the estate's 'issuers' is this catalog itself: {URL}"
    assert publisher.current is None
