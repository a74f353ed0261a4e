"""A catalog whose store decides, without HTTP: it began with a directory of two APIs, as each one does."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.estate_source import estate_source
from catalog.key_files import Keys, load_keys
from catalog.publication import Publisher
from catalog.publishing.compilation import NO_OVERRIDES, Source
from catalog.publishing.published import Published
from catalog.revisions.acts import Act
from catalog.revisions.revision import Revision
from catalog.revisions.store import put_revision
from catalog.storage.engine import Store
from contracts.approvals import Approval
from contracts.snapshot import Issuer
from tests.support.two_apis import write_two_apis

ISSUER = Issuer("https://catalog.example", "https://catalog.example/jwks", ("ES256",), {"keys": []})
ACT = Act("change", "ada", "as was decided", change="7", approvers=("bob",))


@dataclass
class Governed:
    """The store, and a publisher over it; `again` is that of a catalog that was started anew."""

    root: Path
    store: Store
    keys: Keys
    now: float = 1_795_000_000.0
    publisher: Publisher = field(init=False)

    def clock(self) -> float:
        return self.now

    def publish_nothing_yet(self, *, directory: bool = False) -> Publisher:
        """A new publisher, as when the process starts: what it held is gone."""
        source: Source | None = estate_source(self.root, NO_OVERRIDES) if directory else None
        audit = AuditLog(self.store, self.clock)
        self.publisher = Publisher(self.store, self.keys, ISSUER, source, self.clock, audit)
        return self.publisher

    async def start(self, *, directory: bool = False) -> Publisher:
        """Starts anew, and publishes what there is."""
        self.publish_nothing_yet(directory=directory)
        await self.publisher.restore()
        await self.publisher.publish()
        return self.publisher

    async def put(self, unit: str, *changes: tuple[str, str, str]) -> str:
        """Stores the unit's current revision with (path, old text, new text) replaced; its digest."""
        files = dict(await self.files(unit))
        for path, old, new in changes:
            text = files[path].decode()
            assert old in text, (path, old)
            files[path] = text.replace(old, new, 1).encode()
        revision = Revision.of(unit, files)
        async with self.store.write() as connection:
            await put_revision(connection, revision, files, at=int(self.now), by="ada")
        return revision.digest

    async def files(self, unit: str) -> Mapping[str, bytes]:
        """Of the revision in force."""
        digest = self.publisher.pointers[unit].revision
        assert digest is not None
        files = await self.publisher.planner.revisions.files(digest)
        assert files is not None
        return files

    async def events(self, subject: str) -> list[Event]:
        return [each.event async for each in self.publisher.audit.entries() if each.event.subject == subject]

    @property
    def published(self) -> Published:
        assert self.publisher.current is not None
        return self.publisher.current

    def title(self, api: str) -> str:
        """What the snapshot in force says of an API."""
        return next(each.title for each in self.published.contracts.versions if each.api == api)

    def approval(self, api: str) -> Approval | None:
        """That which the snapshot in force has for an API."""
        return next((each for each in self.published.contracts.approvals if each.api == api), None)


@asynccontextmanager
async def governed(directory: Path, store_url: str) -> AsyncIterator[Governed]:
    """A catalog that began with a directory, and was started anew without."""
    root = write_two_apis(directory / "estate")
    store = Store.open(store_url)
    try:
        await store.migrate()
        world = Governed(root, store, load_keys(directory / "keys"))
        await world.start(directory=True)
        await world.start()
        yield world
    finally:
        await store.close()
