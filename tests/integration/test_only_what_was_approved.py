"""Catalog and gateways as processes: an open change on a gateway of its own, and a database that was altered."""

import json
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.cli.processes import Family, family
from tests.catalog.changes.office import BREAKING, PEOPLE, TEAMS
from tests.catalog.processes import Process, catalog, eventually, ostiary
from tests.support.two_apis import BOOKS, FILMS, write_two_apis

pytestmark = pytest.mark.timeout(240)  # a dozen processes each, one after the other

PUBLIC = "      operationId: list", "      security: []\n      operationId: list"
TAKEN, REFUSED = 502, 422  # there is no upstream; a value over the maximum does not get that far


@dataclass
class Gateway:
    url: str
    admin: str

    def status(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.admin}/status") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def ask(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.url + path) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@dataclass
class World:
    estate: Path
    catalog: Process
    members: Family
    directory: Path

    def gateway(self, name: str, **settings: str) -> Gateway:
        """Starts one, and waits until it has a snapshot."""
        ports = self.directory / f"{name}.json"
        environment = {
            "DATA": str(self.directory / "gateway"),
            "CATALOG_URL": self.catalog.url,
            "TOKEN": self.catalog.token,
            "SNAPSHOT_KEY": str(self.catalog.data / "keys" / "snapshot.pub"),
            "PORT": "0",
            "ADMIN_PORT": "0",
            "PORT_FILE": str(ports),
            "ACCESS_LOG": str(self.directory / f"{name}.log"),
            **settings,
        }
        child = self.members.start(
            name, ["-m", "gateway"], {f"OSTIARY_GATEWAY_{key}": value for key, value in environment.items()}
        )
        bound = self.members.wait_for_file(child, ports)
        made = Gateway(f"http://127.0.0.1:{bound['port']}", f"http://127.0.0.1:{bound['admin_port']}")
        eventually(lambda: "snapshot" in made.status(), f"{name} has a snapshot")
        return made

    def run(self, member: str, *arguments: str, code: int = 0) -> str:
        """The output of a command that a member gives."""
        issued = ostiary("catalog", "member-token", member, "--data", str(self.catalog.data), "--label", "test")
        assert issued.returncode == 0, issued.stderr
        token = issued.stdout.strip()
        done = ostiary(*arguments, OSTIARY_CATALOG_URL=self.catalog.url, OSTIARY_TOKEN=token)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    estate = write_two_apis(tmp_path / "estate")
    (estate / TEAMS).write_text(PEOPLE)
    for contract in (BOOKS, FILMS):
        text = (estate / contract).read_text()
        assert PUBLIC[0] in text
        (estate / contract).write_text(text.replace(*PUBLIC, 1))
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(estate), OSTIARY_CATALOG_WATCH="0"):
        pass
    with catalog(tmp_path) as process, family(tmp_path / "logs") as members:
        yield World(estate, process, members, tmp_path)


def test_an_open_change_is_tried_on_a_gateway_of_its_own(world: World) -> None:
    path, old, new = BREAKING
    (world.estate / path).write_text((world.estate / path).read_text().replace(old, new, 1))
    world.run("ada", "push", str(world.estate), "--message", "fewer at once")
    normal, preview = world.gateway("normal"), world.gateway("preview", PREVIEW="1")
    wide = "/books/v1/books?limit=60"
    assert (normal.ask(wide), preview.ask(wide)) == (TAKEN, REFUSED)
    assert preview.ask("/books/v1/books?limit=50") == TAKEN
    assert preview.status()["preview"] == "1"
    assert "preview" not in normal.status()
    # Both have the same directory; the one that starts again without the setting starts with what is in force.
    again = world.gateway("again", CATALOG_URL="http://127.0.0.1:9")
    assert (again.ask(wide), again.status()["snapshot"]["rejected"]) == (TAKEN, {})


def test_what_is_altered_in_the_database_is_not_enforced_and_the_rest_goes_on(world: World) -> None:
    gateway = world.gateway("normal")
    with sqlite3.connect(world.catalog.data / "catalog.db") as database:
        database.execute("UPDATE approvals SET approvers = '[\"mallory\"]' WHERE api = 'films'")
    database.close()
    said = world.run("omar", "publish", code=1)
    assert "films/v1: it has no good approval" in said
    eventually(lambda: gateway.status()["snapshot"]["rejected"], "the gateway refuses what was not approved")
    assert gateway.status()["snapshot"]["rejected"] == {"films/v1": "NotApprovedError: it has no approval"}
    assert gateway.ask("/films/v1/films") == TAKEN, "its last good form is served"
    compatible = BREAKING[0], BREAKING[1], "maximum: 200, default: 20"
    path, old, new = compatible
    (world.estate / path).write_text((world.estate / path).read_text().replace(old, new, 1))
    world.run("ada", "push", str(world.estate), "--message", "more at once")
    eventually(lambda: gateway.ask("/books/v1/books?limit=150") == TAKEN, "books goes on")
    world.run("omar", "rollback", "books", "--reason", "not so many after all")
    eventually(lambda: gateway.ask("/books/v1/books?limit=150") == REFUSED, "and back, in one step")
