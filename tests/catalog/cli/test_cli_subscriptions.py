"""`ostiary subscriptions` against a real catalog: asked for, looked at, approved, ended."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.subscriptions.partners import Partners, partners
from tests.support.migrated import sqlite_store


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Partners]:
    async with partners(tmp_path, sqlite_store(tmp_path / "catalog.db")) as made:
        yield made


async def ostiary(desk: Partners, member: str, *arguments: str) -> tuple[int, str, str]:
    """A command as a member: its exit code and what it printed."""
    token = await desk.client.token(member)
    environment = {**os.environ, "OSTIARY_CATALOG_URL": desk.world.url, "OSTIARY_TOKEN": token}
    command, pipe = [sys.executable, "-m", "catalog.cli.main", *arguments], asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stdout.decode(), stderr.decode()


async def test_a_subscription_is_asked_for_approved_and_ended(desk: Partners) -> None:
    wanted = ("subscriptions", "request", "shelf", "books", "v1", "--plan", "standard")
    code, out, _ = await ostiary(desk, "carl", *wanted, "--scope", "books:read", "-m", "For the shelf.")
    assert (code, out) == (0, "Request 1 is requested: shelf (reading-club) to books v1 by standard\n")
    code, out, _ = await ostiary(desk, "ada", "subscriptions", "list", "--mine", "--json")
    assert (code, [each["number"] for each in json.loads(out)]) == (0, [1])
    code, out, _ = await ostiary(desk, "ada", "subscriptions", "show", "1")
    assert "Asked:    carl" in out
    assert "For the shelf." in out
    code, _, error = await ostiary(desk, "ada", "subscriptions", "approve", "1", "-m", "Good.", "--seen", "9")
    assert (code, "is requested" in error) == (1, True)
    code, out, _ = await ostiary(desk, "ada", "subscriptions", "approve", "1", "-m", "Good.")
    assert (code, out.startswith("Request 1 is approved")) == (0, True)
    assert [each.api for each in desk.granted("shelf")] == ["books"]
    code, out, _ = await ostiary(desk, "carl", "subscriptions", "withdraw", "1", "-m", "No need.")
    assert (code, desk.granted("shelf")) == (0, ())


async def test_who_may_not_decide_is_told_who_may(desk: Partners) -> None:
    await desk.ask()
    code, _, error = await ostiary(desk, "carl", "subscriptions", "refuse", "1", "-m", "Mine.")
    assert code == 1
    assert "by an owner of books" in error


async def test_an_application_is_looked_at_registered_and_told_what_to_do(desk: Partners, tmp_path: Path) -> None:
    code, out, _ = await ostiary(desk, "carl", "applications", "list", "--json")
    assert (code, [each["client_id"] for each in json.loads(out)]) == (0, ["reader", "shelf"])
    code, out, _ = await ostiary(desk, "carl", "applications", "show", "reader")
    assert "books v1 by trial: books:read (estate)" in out
    for command in ("usage", "unused"):  # the catalog's clock is another than the command's
        code, out, _ = await ostiary(desk, "carl", "applications", command, "reader", "--days", "366")
        assert (code, out) == (0, "")
    code, out, _ = await ostiary(desk, "carl", "applications", "to-do")
    assert (code, out) == (0, "")
    metadata = tmp_path / "client.json"
    metadata.write_text('{"client_name": "Screen", "grant_types": ["client_credentials"]}')
    wanted = ("applications", "register", str(metadata), "--consumer", "reading-club")
    code, out, error = await ostiary(desk, "carl", *wanted)
    assert (code, out.startswith("ost_test_"), "waits for approval" in error) == (0, True, True)
    metadata.write_text("{")
    code, _, error = await ostiary(desk, "carl", *wanted)
    assert (code, "is no JSON document" in error) == (2, True)


async def test_a_feed_is_made_listed_and_ended(desk: Partners) -> None:
    code, out, error = await ostiary(desk, "carl", "feeds", "follow", "consumer", "reading-club", "--mail")
    assert (code, "/feeds?token=ost_test_" in out, "cannot be shown again" in error) == (0, True, True)
    code, out, _ = await ostiary(desk, "carl", "feeds", "list", "--json")
    [feed] = json.loads(out)
    assert (feed["name"], feed["mail"]) == ("reading-club", True)
    code, out, _ = await ostiary(desk, "carl", "feeds", "end", feed["key_id"])
    assert (code, out) == (0, f"{feed['key_id']} is ended\n")
