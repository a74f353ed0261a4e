"""A new version takes the old one's traffic over: proposed, judged, approved, and served by one upstream, through
a governed catalog and a gateway that asks for approvals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from catalog.key_files import load_keys
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.snapshot import AccessPart, Snapshot, encode_part
from tests.catalog.changes.office import PEOPLE, TEAMS, Office
from tests.gateway.gateway_world import Gateway, gateway
from tests.gateway.test_version_adapter import NEW_ORDER, ORDER, SALE, answering, ask, value
from tests.support.adapted_estate import V1, V2, write_adapted

RENAMED = (
    (V2, "required: [id, customerId, total_cents, state]", "required: [id, partner, total_cents, state]"),
    (
        V2,
        "        customerId: { type: string }\n        total_cents",
        "        partner: { type: string }\n        total_cents",
    ),
)
"""In the answers of version 2."""
STATE = "      - { name: state, in: query, schema: { type: string, enum: [draft, sale] } }\n"
WIDENED = (V2, STATE, f"{STATE}      - {{ name: limit, in: query, schema: {{ type: integer }} }}\n")
"""What version 2 can be asked, and version 1 never asks."""


@dataclass
class World:
    desk: Office
    gateway: Gateway

    def take_up(self) -> None:
        """The gateway has fetched what is in force."""
        self.gateway.adopt(published(self.desk, self.gateway.upstream.port))

    async def both(self) -> tuple[Any, Any]:
        old = value(await ask(self.gateway, "GET", "/orders/v1/orders/7"))
        return old, value(await ask(self.gateway, "GET", "/orders/v2/sales/7"))


def published(desk: Office, port: int) -> Snapshot:
    """What is in force, with an upstream that is there."""
    current = desk.published
    upstreams = tuple(
        msgspec.structs.replace(each, url=f"http://127.0.0.1:{port}") for each in current.contracts.upstreams
    )
    contracts, access = msgspec.structs.replace(current.contracts, upstreams=upstreams), AccessPart((), ())
    manifest = msgspec.structs.replace(
        current.manifest, contracts=encode_part(contracts)[0], access=encode_part(access)[0]
    )
    return Snapshot(manifest, contracts, access)


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    root = write_adapted(directory / "estate")
    (root / TEAMS).write_text(PEOPLE)
    store = Store.open(f"sqlite+aiosqlite:///{directory / 'catalog.db'}")
    await store.migrate()
    desk = Office(root, store, load_keys(directory / "keys"))
    await desk.start(directory=True)
    await desk.start()
    key = desk.keys.snapshot.public_key()
    async with gateway(directory, answering(200, SALE), published(desk, 1), approved_by=key) as running:
        made = World(desk, running)
        made.take_up()
        yield made
    await store.close()


async def test_both_versions_are_approved_as_they_are_served(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        assert await made.both() == (ORDER, SALE)
        assert value(await ask(made.gateway, "POST", "/orders/v1/orders", NEW_ORDER)) == ORDER
        assert {seen.line.split(b" ")[1] for seen in made.gateway.upstream.seen} == {b"/sales/7", b"/sales"}


async def test_the_new_version_cannot_change_behind_the_old_ones_back(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        desk = made.desk
        # Whoever changes version 2 and forgets version 1 is told at once what its clients would have got.
        desk.edit(*RENAMED)
        refused = await desk.push("ada")
        assert isinstance(refused, Refusal), refused
        findings = refused.members["findings"]
        assert {(each["file"], each["rule"]) for each in findings} == {(V1, "policy-invalid")}
        assert any("the 200 of v2 is not one of v1" in each["message"] for each in findings)
        assert await made.both() == (ORDER, SALE)


async def test_what_changes_in_the_new_version_is_approved_for_the_old_one_too(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        desk = made.desk
        before = {each.version: each.entry for each in desk.published.contracts.approvals if each.api == "orders"}
        found = await desk.pushed("ada", WIDENED)
        assert found.outcome == "published", found
        made.take_up()
        assert made.gateway.pipeline.runtime is not None
        assert made.gateway.pipeline.runtime.unapproved == frozenset()
        after = {each.version: each.entry for each in desk.published.contracts.approvals if each.api == "orders"}
        assert before.keys() == after.keys()
        assert all(before[name] != after[name] for name in after)
        assert await made.both() == (ORDER, SALE)
