"""A catalog over a directory with two partners in it, whose developers are teams of the estate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.key_files import load_keys
from catalog.storage.engine import Store
from contracts.access import Subscription
from tests.catalog.admin import AdminClient, Reply
from tests.catalog.changes.office import CONSUMERS, PEOPLE, TEAMS, Office
from tests.catalog.changes.served import Served, served
from tests.support.two_apis import write_two_apis

PARTNERS = """\
  club:
    title: The Reading Club
    contact: club@example.com
    members:
      carl: { name: Carl Example, email: carl@example.com, roles: [partner-developer] }
      cleo: { name: Cleo Example, email: cleo@example.com }
  rivals:
    title: Rivals
    contact: rivals@example.com
    members:
      rita: { name: Rita Example, email: rita@example.com, roles: [partner-developer] }
"""
"""Carl develops at the reading club, Rita at another partner; Cleo may only look."""

CONSUMERS_FILE = """\
consumers:
  reading-club:
    title: The Reading Club
    contact: it@reading-club.example
    team: club
    applications:
      reader:
        title: Reader
        subscriptions:
          - { api: books, version: v1, plan: trial, scopes: ["books:read"] }
      shelf:
        title: Shelf
  rivals:
    title: Rivals
    contact: it@rivals.example
    team: rivals
    applications:
      spy:
        title: Spy
        subscriptions:
          - { api: films, version: v1, plan: standard, scopes: ["books:read"] }
"""

WANTED = {
    "application": "reader",
    "api": "books",
    "version": "v1",
    "plan": "standard",
    "scopes": ["books:read", "books:write"],
    "reason": "Readers add books.",
}
"""More than the estate grants to the reader."""
WHY = {"reason": "As agreed."}


@dataclass
class Partners:
    """`client` asks by HTTP, as whomever."""

    office: Office
    world: Served
    client: AdminClient

    async def ask(self, member: str = "carl", **changes: Any) -> Reply:
        return await self.client(member, "POST", "/subscription-requests", WANTED | changes)

    async def decide(self, member: str, number: int, what: str = "approval", seen: str | None = None) -> Reply:
        path = f"/subscription-requests/{number}"
        if seen is None:
            seen = (await self.client("sara", "GET", path)).headers["etag"]
        return await self.client(member, "POST", f"{path}/{what}", WHY, headers={"If-Match": seen})

    async def withdraw(self, member: str, number: int) -> Reply:
        return await self.client(member, "POST", f"/subscription-requests/{number}/withdrawal", WHY)

    def granted(self, application: str) -> tuple[Subscription, ...]:
        """What is published: gateways enforce it."""
        return self.office.published.applications[application].subscriptions

    async def edited(self, *changes: tuple[str, str, str]) -> None:
        """Somebody changes the estate's files, and the catalog sees it."""
        self.office.edit(*changes)
        publication = await self.office.catalog.publisher.publish()
        assert publication.ok, publication.findings


@asynccontextmanager
async def partners(directory: Path, store_url: str) -> AsyncIterator[Partners]:
    root = write_two_apis(directory / "estate")
    (root / TEAMS).write_text(PEOPLE + PARTNERS)
    (root / CONSUMERS).write_text(CONSUMERS_FILE)
    store = Store.open(store_url)
    try:
        await store.migrate()
        made = Office(root, store, load_keys(directory / "keys"))
        await made.start(directory=True)
        async with served(made) as world:
            yield Partners(made, world, AdminClient(world))  # type: ignore[arg-type]
    finally:
        await store.close()
