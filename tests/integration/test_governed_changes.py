"""Three people change an API of a running stack: a catalog whose store decides, and a gateway, as real processes.

What they do, they do with the commands that people have; what is in force is asked of the gateway.
"""

import asyncio
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from catalog.demo.tour import fetch
from tests.integration.test_snapshots_in_force import Stack, until
from tests.integration.test_snapshots_in_force import world as running_stack  # noqa: F401  (a fixture)

pytestmark = pytest.mark.xdist_group("stack")

CONTRACT = "apis/shipments/v1.openapi.yaml"
LIMIT = "minimum: 1, maximum: 100, default: 20"
NARROWED = "minimum: 1, maximum: 10, default: 10"


class Company:
    """The stack, and people with a terminal each."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._tokens: dict[str, str] = {}
        self._bearer = stack.visitor.token("aurora-shop")

    def does(self, member: str, *arguments: str, code: int = 0) -> Result:
        """A command of a member, and how it has to end."""
        if member not in self._tokens:
            data = str(self.stack.running.data / "catalog")
            issued = CliRunner().invoke(build(), ["catalog", "member-token", member, "--data", data])
            assert issued.exit_code == 0, issued.output
            self._tokens[member] = issued.stdout.strip()
        environment = {
            "OSTIARY_CATALOG_URL": self.stack.running.catalog_url,
            "OSTIARY_TOKEN": self._tokens[member],
        }
        ended = CliRunner().invoke(build(), list(arguments), env=environment)
        assert ended.exit_code == code, (arguments, ended.exit_code, ended.output)
        return ended

    def says(self, member: str, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.does(member, *arguments, "--json", code=code).stdout)

    def pushes(self, member: str) -> dict[str, Any]:
        """What came of the only unit that changes."""
        result = self.says(member, "push", str(self.stack.estate), "-m", "as we agreed")
        [unit] = [each for each in result["units"] if each["outcome"] not in ("unchanged", "known")]
        return dict(unit)

    def takes(self, limit: int) -> bool:
        """Whether the gateway lets a call with this limit through."""
        url = f"{self.stack.running.gateway_url}/shipments/v1/shipments?limit={limit}"
        status = fetch(url, headers={"Authorization": f"Bearer {self._bearer}"}).status
        assert status in (200, 422)
        return status == 200

    async def enforced(self, *, takes_50: bool) -> None:
        await until(lambda: self.takes(50) is takes_50, f"limit=50 is still {'refused' if takes_50 else 'taken'}")

    def edit(self, file: str, before: str, after: str) -> None:
        self.stack.edit(file, before, after)


@pytest.fixture
async def company(running_stack: Stack) -> Company:  # noqa: F811
    """The stack, whose catalog was started once more without its directory: from now on the store decides."""
    stack = running_stack
    child = stack.child("catalog")
    environment = {
        name: value
        for name, _, value in (
            pair.partition("=") for pair in Path(f"/proc/{child.process.pid}/environ").read_text().split("\0")
        )
        if name.startswith("OSTIARY_CATALOG_")
    }
    child.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(child.process.wait)
    port_file = Path(environment["OSTIARY_CATALOG_PORT_FILE"])
    port_file.unlink()
    environment |= {
        "OSTIARY_CATALOG_ESTATE": "",
        "OSTIARY_CATALOG_PORT": stack.running.catalog_url.rpartition(":")[2],
    }
    again = stack.members.start("catalog", ["-m", "catalog"], environment)
    await asyncio.to_thread(stack.members.wait_for_file, again, port_file)
    return await asyncio.to_thread(Company, stack)


async def test_a_breaking_change_from_its_push_to_its_way_back(company: Company) -> None:
    does, says = company.does, company.says

    def story_until_the_waiver() -> str:
        assert "as it is in force" in does("jonas", "plan", str(company.stack.estate)).stdout
        company.edit(CONTRACT, LIMIT, NARROWED)
        planned = does("jonas", "plan", str(company.stack.estate), code=1).stdout
        assert "breaking, suggested bump: major" in planned
        assert f"+          schema: {{ type: integer, {NARROWED} }}" in planned
        assert "open: 1 of 1 breaking change has no waiver, or the change goes into a new version" in planned

        proposed = company.pushes("jonas")
        assert (proposed["unit"], proposed["outcome"], proposed["change"]) == ("shipments", "proposed", 1)
        assert company.takes(50)
        unmet = says("omar", "changes", "publish", "1", code=1)
        [condition] = unmet["conditions"]
        [fingerprint] = condition["needs"]

        last = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        request = ("waivers", "request", "shipments", fingerprint, "--reason", "Nobody asks for more than 10.")
        assert says("jonas", *request, "--expires", last)["state"] == "requested"
        assert says("jonas", "waivers", "grant", "1", "-m", "mine", code=1)["type"].endswith("role-missing")
        assert says("ines", "waivers", "grant", "1", "-m", "hm", code=1)["roles"] == ["architect"]
        return fingerprint

    fingerprint = await asyncio.to_thread(story_until_the_waiver)
    assert await asyncio.to_thread(company.takes, 50)
    granted = await asyncio.to_thread(says, "omar", "waivers", "grant", "1", "-m", "They have agreed.")
    assert granted["state"] == "granted"
    await company.enforced(takes_50=False)

    def story_of_the_way_back() -> None:
        shown = says("ruth", "changes", "show", "1")
        assert shown["change"]["state"] == "published"
        waived = {
            each["fingerprint"]: each["waived"] for each in shown["assessment"]["changes"] if "waived" in each
        }
        assert waived == {fingerprint: 1}
        assert "as it is in force" in does("jonas", "push", str(company.stack.estate)).stdout
        before = shown["assessment"]["base"]
        does("jonas", "rollback", "shipments", before, "--reason", "They had not.")

    await asyncio.to_thread(story_of_the_way_back)
    await company.enforced(takes_50=True)

    def story_of_the_emergency() -> None:
        assert company.pushes("jonas")["change"] == 2
        told = says("ines", "changes", "emergency", "2", "--reason", "now", code=1)
        assert told["roles"] == ["architect", "operator"]
        emergency = says("jonas", "changes", "emergency", "2", "--reason", "The carrier is going down.")
        assert (emergency["change"]["state"], emergency["change"]["emergency"]) == ("published", True)

    # The waiver of the finding holds: without it the push above would not have been published at once.
    revoked = await asyncio.to_thread(says, "omar", "waivers", "revoke", "1", "-m", "They had not agreed.")
    assert revoked["state"] == "revoked"
    await asyncio.to_thread(story_of_the_emergency)
    await company.enforced(takes_50=False)

    def story_of_the_review() -> None:
        own = says("jonas", "changes", "review", "2", "-m", "All well.", code=1)
        assert own["type"] == "urn:ostiary:problem:own-change"
        reviewed = says("ruth", "changes", "review", "2", "-m", "It had to be.")
        assert reviewed["change"]["reviewed_at"] is not None

    await asyncio.to_thread(story_of_the_review)


async def test_who_decides_is_decided_by_others(company: Company) -> None:
    """An architect makes himself a security member, which an operator and security have to approve."""

    def story() -> None:
        says = company.says
        company.edit("teams.yaml", "roles: [architect] }", "roles: [architect, security] }")
        proposed = company.pushes("omar")
        assert {each["id"] for each in proposed["conditions"] if not each["met"]} == {
            "approvals:architect+operator",
            "approvals:security",
        }
        seen = says("omar", "changes", "show", "1")["etag"]
        own = says("omar", "changes", "approve", "1", "--seen", seen, "-m", "I trust me", code=1)
        assert own["authors"] == ["omar"]
        stranger = says("ines", "changes", "approve", "1", "--seen", seen, "-m", "yes", code=1)
        assert stranger["roles"] == ["architect", "operator", "security"]
        first = says("jonas", "changes", "approve", "1", "--seen", seen, "-m", "fine")
        assert first["change"]["state"] == "proposed"
        stale = says("ruth", "changes", "approve", "1", "--seen", seen, "-m", "fine", code=1)
        assert stale["current"]["events"][-1]["actor"] == "jonas"
        seen = says("ruth", "changes", "show", "1")["etag"]
        last = says("ruth", "changes", "approve", "1", "--seen", seen, "-m", "fine")
        assert last["change"]["state"] == "published"
        roles = says("omar", "whoami")["memberships"]
        assert roles == [{"team": "sales", "roles": ["architect", "security"]}]
        audit = says("ruth", "audit", "list", "--subject", "change")
        assert [(each["action"], each["actor"]) for each in audit] == [
            ("proposed", "omar"),
            ("approved", "jonas"),
            ("approved", "ruth"),
            ("published", "ruth"),
        ]

    await asyncio.to_thread(story)
