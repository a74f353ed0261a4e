"""Change requests and waivers over HTTP: each answer is as the contract has it, each refusal with its status."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.admin import AdminClient, Reply
from tests.catalog.changes.office import BOOKS_API, BREAKING, BROKEN, COMPATIBLE, Office, office
from tests.catalog.changes.served import served

COMMENT = {"comment": "as we said"}


class Desk:
    """The office by HTTP."""

    def __init__(self, office: Office, client: AdminClient) -> None:
        self.office = office
        self.client = client

    async def push(self, member: str, **more: Any) -> Reply:
        files = {path: {"text": data.decode()} for path, data in self.office.files().items()}
        return await self.client(member, "POST", "/pushes", {"files": files, "message": "please", **more})

    async def act(self, member: str, path: str, body: Any = COMMENT, *, seen: str | None = None) -> Reply:
        """Decides, by default about what is there now."""
        if seen is None:
            shown = await self.client(member, "GET", path.rpartition("/")[0])
            seen = shown.headers["etag"].strip('"')
        return await self.client(member, "POST", path, body, headers={"If-Match": f'"{seen}"'})


@pytest.fixture
async def desk(tmp_path: Path, store_url: str) -> AsyncIterator[Desk]:
    async with office(tmp_path, store_url) as made, served(made) as world:
        yield Desk(made, AdminClient(world))  # type: ignore[arg-type]


def problem(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.body["type"].removeprefix("urn:ostiary:problem:")


async def test_a_change_from_its_push_to_its_publication(desk: Desk) -> None:
    desk.office.edit(BREAKING, (BOOKS_API, "criticality: 3", "criticality: 1"))
    dry = await desk.push("ada", dry_run=True)
    assert (dry.status, dry.body["dry_run"]) == (200, True)
    outcomes = {each["unit"]: (each["outcome"], each["change"]) for each in dry.body["units"]}
    assert outcomes == {"books": ("proposed", 0), "estate": ("unchanged", 0), "films": ("unchanged", 0)}
    pushed = await desk.push("ada", only=["books"])
    [books] = pushed.body["units"]
    assert (books["outcome"], books["change"]) == ("proposed", 1)
    [impact] = books["impact"]["versions"]
    assert {each["application"] for found in impact["impacts"] for each in found["touched"]} == {
        "reading-club-app",
        "reading-club-lab",
    }

    listed = await desk.client("paul", "GET", "/changes?state=open&unit=books")
    assert [each["number"] for each in listed.body["items"]] == [1]
    shown = await desk.client("paul", "GET", "/changes/1")
    waived = next(each for each in shown.body["conditions"] if each["id"] == "waived:breaking")
    assert (await desk.client("omar", "GET", "/changes/1/impact?days=30")).body["days"] == 30
    unmet = await desk.client("omar", "POST", "/changes/1/publication")
    assert problem(unmet) == (422, "conditions-unmet")
    assert {each["id"] for each in unmet.body["conditions"]} == {"waived:breaking", "approvals:architect"}

    wanted = {"unit": "books", "fingerprint": waived["needs"][0], "reason": "ok", "expires": "2027-01-01"}
    asked = await desk.client("ada", "POST", "/waivers", wanted)
    assert (asked.status, asked.headers["location"]) == (201, "/admin/v1/waivers/1")
    assert problem(await desk.act("ada", "/waivers/1/grant")) == (403, "role-missing")
    assert problem(await desk.act("omar", "/waivers/1/grant", seen="7")) == (409, "state-conflict")
    assert (await desk.act("omar", "/waivers/1/grant")).body["state"] == "granted"
    assert [each["number"] for each in (await desk.client("ada", "GET", "/waivers?unit=books")).body["items"]] == [
        1
    ]

    said = await desk.client("paul", "POST", "/changes/1/comments", {"comment": "Is that wise?"})
    assert said.body["events"][-1]["text"] == "Is that wise?"
    stale = await desk.act("otto", "/changes/1/approval", seen=shown.headers["etag"].strip('"'))
    assert problem(stale) == (409, "state-conflict")
    assert stale.body["current"]["events"][-1]["text"] == "Is that wise?"
    assert problem(await desk.act("ada", "/changes/1/approval")) == (403, "own-change")
    assert problem(await desk.act("sara", "/changes/1/approval")) == (403, "role-missing")
    assert (await desk.act("otto", "/changes/1/approval", {**COMMENT, "role": "architect"})).status == 200
    last = await desk.act("omar", "/changes/1/approval")
    assert (last.status, last.body["change"]["state"], desk.office.maximum()) == (200, "published", 50)
    assert problem(await desk.act("omar", "/changes/1/rejection")) == (409, "state-conflict")


async def test_emergency_review_rejection_and_withdrawal(desk: Desk) -> None:
    desk.office.edit(BREAKING)
    await desk.push("ada")
    assert problem(await desk.act("sara", "/changes/1/emergency", {"reason": "now"})) == (403, "role-missing")
    broken = await desk.act("omar", "/changes/1/emergency", {"reason": "now"})
    assert (broken.status, broken.body["change"]["emergency"]) == (200, True)
    assert problem(await desk.client("omar", "POST", "/changes/1/review", COMMENT)) == (403, "own-change")
    assert (await desk.client("sara", "POST", "/changes/1/review", COMMENT)).status == 200
    narrower = ((2, "ada", "withdrawal", "50", "40"), (3, "omar", "rejection", "40", "30"))
    for number, member, end, before, after in narrower:
        desk.office.edit((BREAKING[0], f"maximum: {before}", f"maximum: {after}"))
        await desk.push("ada")
        ended = await desk.act(member, f"/changes/{number}/{end}")
        assert (ended.status, ended.body["conditions"]) == (200, [])
    pages = await desk.client("ada", "GET", "/changes?limit=2")
    assert [each["number"] for each in pages.body["items"]] == [3, 2]
    rest = await desk.client("ada", "GET", f"/changes?limit=2&after={pages.body['next']}")
    assert ([each["number"] for each in rest.body["items"]], rest.body["next"]) == ([1], None)


async def test_bad_input_is_told_in_full_and_stores_nothing(desk: Desk) -> None:
    desk.office.edit(BROKEN, (BOOKS_API, "upstream: bookshop", "upstream: nowhere"), COMPATIBLE)
    broken = await desk.push("ada")
    assert problem(broken) == (422, "estate-invalid")
    assert {each["rule"] for each in broken.body["findings"]} == {"unknown-upstream", "operation-id-duplicate"}
    assert all(each["file"] and each["line"] and each["column"] for each in broken.body["findings"])

    async def pushed(files: Any) -> Reply:
        return await desk.client("ada", "POST", "/pushes", {"files": files})

    traversal = await pushed({"../../etc/passwd": {"text": ""}, "apis/.hidden/api.yaml": {"text": ""}})
    assert problem(traversal) == (422, "schema-violation")
    assert {each["pointer"] for each in traversal.body["violations"]} == {
        "/files/..~1..~1etc~1passwd",
        "/files/apis~1.hidden~1api.yaml",
    }
    for files in (
        {},
        {"x.yaml": {}},
        {"x.yaml": {"text": "", "base64": ""}},
        {"x.yaml": {"base64": "not base64!"}},
    ):
        assert problem(await pushed(files)) == (422, "schema-violation")
    assert problem(await pushed({"x.yaml": {"base64": "QUJ"}})) == (422, "schema-violation")
    text = base64.b64encode(b"\xff\xfe").decode()
    assert (await pushed({"common/x.yaml": {"base64": text}})).body["unused"] == ["common/x.yaml"]
    nul = await desk.push("ada", message="a\0b")
    assert [each["pointer"] for each in nul.body["violations"]] == ["/message"]
    assert (await desk.client("ada", "GET", "/changes")).body["items"] == []
    assert problem(await desk.client("ada", "GET", "/changes/7")) == (404, "resource-not-found")
    assert problem(await desk.client("ada", "GET", "/waivers/7")) == (404, "resource-not-found")
    missing = await desk.client("omar", "POST", "/changes/7/approval", COMMENT)
    assert problem(missing) == (422, "schema-violation")
    assert missing.body["violations"][0]["in"] == "header"
    assert problem(await desk.client(None, "POST", "/pushes", {"files": {}})) == (401, "credentials-missing")
