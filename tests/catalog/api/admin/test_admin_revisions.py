"""Units, revisions, publications and rollback over the admin API."""

from pathlib import Path

import pytest

from catalog.estate_source import estate_source
from catalog.publication import Publisher
from catalog.publishing.compilation import NO_OVERRIDES
from catalog.revisions.acts import Act
from catalog.revisions.revision import Revision
from catalog.revisions.store import put_revision
from tests.catalog.admin import AdminClient
from tests.catalog.changes.office import PEOPLE
from tests.catalog.serving import World
from tests.support.two_apis import write_two_apis

NOBODYS = "sha256:" + "0" * 64
API = "apis/books/api.yaml"


@pytest.fixture
async def admin(world: World, tmp_path: Path) -> AdminClient:
    """Of a catalog that began with two APIs, and published another revision of books since."""
    root = write_two_apis(tmp_path / "estate")
    (root / "teams.yaml").write_text(PEOPLE)
    publisher = world.publisher
    publisher.source = estate_source(root, NO_OVERRIDES)
    await publisher.publish()
    publisher.source = None
    world.now += 3600
    await publish_tomes(world, publisher)
    return AdminClient(world)


async def publish_tomes(world: World, publisher: Publisher) -> None:
    current = publisher.pointers["books"].revision
    assert current is not None
    files = dict(await publisher.planner.revisions.files(current) or {})
    files[API] = files[API].replace(b"title: Books", b"title: Tomes")
    revision = Revision.of("books", files)
    async with world.store.write() as connection:
        await put_revision(connection, revision, files, at=int(world.now), by="ada")
    await publisher.advance({"books": revision.digest}, Act("change", "ada", "as agreed", "7", ("omar",)))


async def test_units_have_their_revision_and_its_files(admin: AdminClient) -> None:
    units = (await admin("paul", "GET", "/units")).body
    assert [(each["unit"], each["version"], each["held"]) for each in units["items"]] == [
        *[("books", 2, ""), ("estate", 1, ""), ("films", 1, "")]
    ]
    first = (await admin("paul", "GET", "/units?limit=1")).body
    assert (len(first["items"]), first["next"]) == (1, "books")
    shown = await admin("paul", "GET", "/units/books")
    assert (shown.body, shown.headers["etag"]) == (units["items"][0], '"2"')
    assert shown.body["change"] == "7"
    revision = shown.body["revision"]
    of_revision = (await admin("paul", "GET", f"/revisions/{revision}")).body
    assert (of_revision["unit"], of_revision["created_by"]) == ("books", "ada")
    assert [each["path"] for each in of_revision["files"]] == [API, "apis/books/v1.openapi.yaml"]
    file = await admin("paul", "GET", f"/revisions/{revision}/file?path={API}")
    assert b"title: Tomes" in file.body
    assert file.headers["content-type"].startswith("text/plain")
    listed = (await admin("paul", "GET", "/units/books/revisions")).body["items"]
    assert listed[0]["revision"] == revision
    assert len(listed) == 2


async def test_what_was_in_force_when(admin: AdminClient) -> None:
    records = (await admin("paul", "GET", "/units/books/publications")).body["items"]
    assert [(each["kind"], each["change"], each["actor"]) for each in records] == [
        *[("change", "7", "ada"), ("directory", "", "catalog")]
    ]
    assert records[0]["previous"] == records[1]["revision"]
    page = (await admin("paul", "GET", "/units/books/publications?limit=1")).body
    rest = (await admin("paul", "GET", f"/units/books/publications?limit=1&after={page['next']}")).body
    assert (page["items"] + rest["items"], rest["next"]) == (records, None)


@pytest.mark.parametrize(
    "path",
    [
        *("/units/songs", "/units/songs/publications", "/units/songs/revisions"),
        *(f"/revisions/{NOBODYS}", f"/revisions/{NOBODYS}/file?path={API}"),
    ],
)
async def test_what_there_is_not_is_not_found(admin: AdminClient, path: str) -> None:
    answer = await admin("paul", "GET", path)
    assert (answer.status, answer.body["type"]) == (404, "urn:ostiary:problem:resource-not-found")


async def test_a_rollback_is_looked_at_and_then_done(admin: AdminClient, world: World) -> None:
    [now, first] = (await admin("ada", "GET", "/units/books/publications")).body["items"]
    body = {"revision": first["revision"], "dry_run": True}
    looked = await admin("ada", "POST", "/units/books/rollback", body)
    assert (looked.status, looked.body["done"], looked.body["serial"]) == (200, False, None)
    assert looked.body["assessment"]["files"][0]["path"] == API
    body = {"revision": first["revision"], "reason": "partners asked", "current": now["revision"]}
    done = await admin("ada", "POST", "/units/books/rollback", body)
    assert (done.status, done.body["done"]) == (200, True)
    assert world.publisher.current is not None
    assert done.body["serial"] == world.publisher.current.manifest.serial
    again = await admin("ada", "POST", "/units/books/rollback", body)
    assert (again.status, again.body["current"]) == (409, {"revision": first["revision"]})


async def test_bad_rollbacks_say_what_is_wrong(admin: AdminClient) -> None:
    [_, first] = (await admin("ada", "GET", "/units/books/publications")).body["items"]
    without = await admin("ada", "POST", "/units/books/rollback", {"revision": first["revision"]})
    assert (without.status, [each["pointer"] for each in without.body["violations"]]) == (422, ["/reason"])
    malformed = await admin("ada", "POST", "/units/books/rollback", {"revision": "latest", "reason": "x"})
    assert (malformed.status, malformed.body["violations"][0]["pointer"]) == (422, "/revision")
    paul = await admin("paul", "POST", "/units/books/rollback", {"revision": first["revision"], "reason": "x"})
    assert (paul.status, paul.body["roles"]) == (403, ["api-owner", "architect", "operator"])


async def test_publishing_again_tells_how_it_went(admin: AdminClient, world: World) -> None:
    state = (await admin("omar", "POST", "/publication")).body
    assert (state["mode"], state["ok"], state["changed"], state["held"]) == ("governed", True, False, {})
    assert (await admin("paul", "GET", "/publication")).body == state
    refused = await admin("ada", "POST", "/publication")
    assert (refused.status, refused.body["roles"]) == (403, ["architect", "operator"])
    async with world.store.write() as connection:
        await connection.exec_driver_sql("UPDATE current_revisions SET since = 1 WHERE unit = 'films'")
    state = (await admin("omar", "POST", "/publication")).body
    assert state["held"] == {"films": "which revision is in force was altered in the store"}
    films = (await admin("paul", "GET", "/units/films")).body
    assert films["held"] == state["held"]["films"]
