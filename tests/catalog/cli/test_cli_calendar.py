"""`ostiary calendar`, `extensions`, `consent`, `override` and `notices`, against a real catalog."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import icalendar
import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from catalog.clock import system_clock
from contracts.dates import written
from contracts.estate_files import EstateFile
from contracts.operations import Lifecycle
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.calendar.views import CONSUMERS, DAY, POLICY, View
from tests.catalog.serving import serving
from tests.support.estates import write_estate

API = "apis/books/api.yaml"


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str


@dataclass
class Shell:
    """A terminal in which each member of the company is known to the catalog. Orders v1 ends at `sunset`."""

    url: str
    admin: AdminClient
    sunset: int

    async def __call__(self, member: str, *arguments: str) -> Ended:
        token = await self.admin.token(member)
        environment = {**os.environ, "OSTIARY_CATALOG_URL": self.url, "OSTIARY_TOKEN": token}
        command = [sys.executable, "-m", "catalog.cli.main", *arguments]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, stdout.decode(), stderr.decode())


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with serving(tmp_path) as world:
        world.now = system_clock()
        sunset = (int(world.now) // DAY + 100) * DAY
        view = View(v1=Lifecycle("deprecated", sunset - 200 * DAY, sunset, "v2"))
        world.compiled = compiled(
            company(
                consumers=CONSUMERS,
                apis=view.apis,
                versions=view.versions,
                file=EstateFile("acme", {}, {}, deprecation_policy=POLICY),
            )
        )
        await world.publisher.publish()
        await world.catalog.calendar.rounds.make()
        yield Shell(world.url, AdminClient(world), sunset)


async def test_the_calendar_of_a_catalog(shell: Shell) -> None:
    shown = await shell("anna", "calendar")
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    day = written(shell.sunset)
    assert lines[1].split()[:6] == ["orders", "v1", "deprecated", written(shell.sunset - 200 * DAY), day, "v2"]
    # The deprecation lies behind, and is listed where it is asked for.
    assert [line.split()[0] for line in lines[4:]] == [day]
    asked = await shell("anna", "calendar", "--from", written(shell.sunset - 300 * DAY))
    assert len(asked.stdout.splitlines()) == 6
    document = json.loads((await shell("dora", "calendar", "--json", "--api", "orders")).stdout)
    assert [each["api"] for each in document["entries"]] == ["orders"]
    assert [each["kind"] for each in document["events"]] == ["deprecation", "sunset"]
    assert (await shell("anna", "calendar", "--api", "books")).stdout == "Nothing is to end.\n"
    ical = await shell("anna", "calendar", "--ical", "--until", day)
    assert len(icalendar.Calendar.from_ical(ical.stdout).walk("VEVENT")) == 1
    assert (await shell("anna", "calendar", "--from", "soon")).exit_code == 2


async def test_an_extension_from_the_request_to_its_end(shell: Shell) -> None:
    until = written(shell.sunset + 30 * DAY)
    ask = ("extensions", "request", "shop-web", "orders", "v1", "--until", until, "--reason", "they are late")
    asked = await shell("ben", *ask)
    assert (asked.exit_code, asked.stdout) == (
        0,
        f"Extension 1 is requested: shop-web on orders v1 until {until}T00:00:00Z\n",
    )
    again = await shell("ben", *ask)
    assert (again.exit_code, "asked for already" in again.stderr) == (1, True)
    own = await shell("ben", "extensions", "grant", "1", "--comment", "why not")
    assert (own.exit_code, "Role missing" in own.stderr) == (1, True)
    granted = await shell("omar", "extensions", "grant", "1", "-m", "fair", "--json")
    assert json.loads(granted.stdout)["state"] == "granted"
    late = await shell("omar", "extensions", "refuse", "1", "-m", "too late")
    assert late.exit_code == 1
    listed = await shell("dora", "extensions", "list", "--state", "granted")
    assert listed.stdout.splitlines()[1].split()[:3] == ["1", "granted", "shop-web"]
    assert (await shell("omar", "extensions", "revoke", "1", "-m", "they have moved")).exit_code == 0
    assert (await shell("omar", "extensions", "list", "--state", "granted")).stdout == "There is no extension.\n"
    too_long = (*ask[:6], written(shell.sunset + 61 * DAY), *ask[7:])
    refused = await shell("ben", *too_long)
    assert refused.exit_code == 2
    assert "body /until: must be within 60 days after the sunset" in refused.stderr
    assert (await shell("ben", *ask)).exit_code == 0
    assert "is withdrawn" in (await shell("ben", "extensions", "withdraw", "2", "-m", "moot")).stdout


async def test_what_opens_the_sunset_gate(shell: Shell, tmp_path: Path) -> None:
    document = tmp_path / "consent.pdf"
    consent = ("consent", "orders", "v1", "--consumer", "shop", "--given-by", "Sam", "--document", str(document))
    assert (await shell("anna", *consent)).exit_code == 2
    document.write_bytes(b"We agree.")
    done = await shell("anna", *consent)
    assert done.stdout.startswith(f"shop agrees that orders v1 ends on {written(shell.sunset)}")
    assert "sha256:" in done.stderr
    assert (await shell("anna", *consent)).exit_code == 1
    assert (await shell("anna", "override", "orders", "v1", "--reason", "it leaks")).exit_code == 1
    opened = await shell("omar", "override", "orders", "v1", "--reason", "it leaks")
    assert opened.stdout == "The sunset gate of orders v1 is open, by omar: it leaks\n"


async def test_who_was_told(shell: Shell) -> None:
    shown = await shell("anna", "notices", "--about", "orders/v1")
    lines = shown.stdout.splitlines()
    assert len(lines) == 4
    assert all("in the outbox" in line for line in lines[1:])
    assert len(json.loads((await shell("anna", "notices", "--json")).stdout)) == 3
    assert (await shell("anna", "notices", "--about", "orders/v9")).stdout == "Nobody was told anything.\n"


def test_the_calendar_of_an_estate_on_this_machine(tmp_path: Path) -> None:
    dates = "    deprecation: 2027-01-01\n    sunset: 2097-12-31\n    state: deprecated #"
    write_estate(tmp_path, (API, "    state: published #", dates))
    run, cli = CliRunner(), build()
    shown = run.invoke(cli, ["calendar", "--estate", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines()[1].split()[:2] == ["books", "v1"]
    document = json.loads(run.invoke(cli, ["calendar", "--estate", str(tmp_path), "--json"]).stdout)
    assert [each["at"] for each in document["events"]] == ["2027-01-01T00:00:00Z", "2097-12-31T00:00:00Z"]
    ical = run.invoke(cli, ["calendar", "--estate", str(tmp_path), "--ical", "--from", "2030-01-01"])
    assert [str(each["SUMMARY"]) for each in icalendar.Calendar.from_ical(ical.stdout).walk("VEVENT")] == [
        "Books v1 ends"
    ]
    assert run.invoke(cli, ["calendar", "--estate", str(tmp_path), "--api", "boks"]).exit_code == 2
    (tmp_path / API).write_text("title: Books\n")
    assert run.invoke(cli, ["calendar", "--estate", str(tmp_path)]).exit_code == 1
