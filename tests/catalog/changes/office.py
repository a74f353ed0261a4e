"""A governed catalog with people in it, without HTTP: it began with a directory, and changes come by push."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.audit.chain import Event
from catalog.changes.proposing import Proposed, Push, PushResult
from catalog.changes.records import ChangeView
from catalog.changes.room import ChangesRoom
from catalog.composition import Catalog, Identity, compose
from catalog.estate_source import estate_source
from catalog.key_files import Keys, load_keys
from catalog.notices.outbox import Outbox
from catalog.people.principal import Principal
from catalog.publishing.compilation import NO_OVERRIDES
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from tests.support.two_apis import BOOKS, write_two_apis

BOOKS_API, FILMS_API = "apis/books/api.yaml", "apis/films/api.yaml"
ESTATE, TEAMS, CONSUMERS = "ostiary.yaml", "teams.yaml", "consumers.yaml"

PEOPLE = """\
teams:
  books:
    title: Books team
    contact: books@example.com
    members:
      ada: { name: Ada Example, email: ada@example.com, roles: [api-owner] }
      bea: { name: Bea Example, email: bea@example.com, roles: [api-owner] }
  platform:
    title: Platform
    contact: platform@example.com
    members:
      omar: { name: Omar Example, email: omar@example.com, roles: [architect, operator] }
      otto: { name: Otto Example, email: otto@example.com, roles: [architect] }
      sara: { name: Sara Example, email: sara@example.com, roles: [security] }
      paul: { name: Paul Example, email: paul@example.com, roles: [partner-developer] }
"""

BREAKING = (BOOKS, "maximum: 100, default: 20", "maximum: 50, default: 20")
"""A query parameter that takes less than it did."""
COMPATIBLE = (BOOKS, "maximum: 100, default: 20", "maximum: 200, default: 20")
BROKEN = (BOOKS, "operationId: getBook", "operationId: listBooks")
LINT_ERROR = (BOOKS, "      summary: Look at one\n", "")


@dataclass
class Office:
    """`root` is the estate on somebody's disk; `now` the time in Unix seconds."""

    root: Path
    store: Store
    keys: Keys
    now: float = 1_795_000_000.0  # 2026-11-18
    catalog: Catalog = field(init=False)

    def clock(self) -> float:
        return self.now

    async def start(self, *, directory: bool = False) -> None:
        """Starts the catalog anew: what the process held is gone."""
        source = estate_source(self.root, NO_OVERRIDES) if directory else None
        identity = Identity("https://catalog.example", "test", "gateway-token-of-this-test", 600)
        self.catalog = compose(self.store, self.keys, self.clock, source, identity)
        await self.catalog.publisher.restore()
        await self.catalog.publisher.publish()

    @property
    def room(self) -> ChangesRoom:
        return self.catalog.changes

    @property
    def published(self) -> Published:
        """The snapshot in force, as this process has it."""
        current = self.catalog.publisher.current
        assert current is not None
        return current

    async def who(self, name: str) -> Principal:
        principal = await self.catalog.directory.principal(name)
        assert principal is not None
        return principal

    def edit(self, *changes: tuple[str, str, str]) -> None:
        """Replaces (path, old text, new text) on the disk; the old text must be there."""
        for name, old, new in changes:
            path = self.root / name
            text = path.read_text() if path.exists() else ""
            assert old in text, f"{old!r} is not in {name}"
            path.write_text(text.replace(old, new, 1))

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and path.suffix in (".yaml", ".yml", ".json")
            and not any(part.startswith(".") for part in path.relative_to(self.root).parts)
        }

    async def push(self, member: str, **options: Any) -> PushResult | Refusal:
        """Pushes what is on the disk."""
        wanted = {"files": self.files(), "message": "as we agreed", **options}
        return await self.room.proposals.push(await self.who(member), Push(**wanted))

    async def pushed(self, member: str, *changes: tuple[str, str, str], **options: Any) -> Proposed:
        """The one unit that comes of a push after these changes on the disk."""
        self.edit(*changes)
        result = await self.push(member, **options)
        assert isinstance(result, PushResult), result
        [found] = [each for each in result.units if each.outcome not in ("unchanged", "known")]
        return found

    async def view(self, number: int) -> ChangeView:
        view = await self.room.desk.view(number)
        assert isinstance(view, ChangeView)
        return view

    async def approve(self, member: str, number: int, seen: str | None = None) -> ChangeView | Refusal:
        """By who has just looked at it, unless `seen` says otherwise."""
        etag = (await self.view(number)).etag if seen is None else seen
        return await self.room.decisions.approve(await self.who(member), number, etag, "looks right")

    async def unmet(self, number: int) -> set[str]:
        """The conditions of a change that are not met."""
        return {each.id for each in (await self.view(number)).conditions if not each.met}

    async def events(self, subject: str) -> list[Event]:
        return [each.event async for each in self.catalog.audit.entries() if each.event.subject == subject]

    async def notices(self, about: str) -> list[str]:
        """The keys of what was told about something."""
        return sorted(await Outbox(self.store).told([about]))

    def maximum(self) -> int:
        """What the snapshot in force takes as `limit`: which revision of books is enforced."""
        books = next(each for each in self.published.contracts.versions if each.api == "books")
        listing = next(each for each in books.operations if each.id == "listBooks")
        limit = next(each for each in listing.parameters if each.name == "limit")
        assert isinstance(limit.schema, dict)
        return int(limit.schema["maximum"])


@asynccontextmanager
async def office(
    directory: Path, store_url: str, prepare: Callable[[Path], None] | None = None
) -> AsyncIterator[Office]:
    """An office of two APIs; `prepare` may change its estate before it begins."""
    root = write_two_apis(directory / "estate")
    (root / TEAMS).write_text(PEOPLE)
    if prepare is not None:
        prepare(root)
    store = Store.open(store_url)
    try:
        await store.migrate()
        made = Office(root, store, load_keys(directory / "keys"))
        await made.start(directory=True)
        await made.start()
        yield made
    finally:
        await store.close()
