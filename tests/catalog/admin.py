"""The admin API for tests: people of a small company, and a client that holds each answer against the contract."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from catalog.api.admin.contract import admin_contract
from catalog.publishing.compilation import Compilation
from contracts.estate.estate import Estate, load_estate
from contracts.estate_files import ConsumersFile, EstateFile, MemberEntry, TeamEntry, TeamsFile
from contracts.operations import Operation
from policies.response_schema import ResponseCheck
from policies.validation.validators import validators_of
from tests.catalog.serving import GOOD, World

SAMPLE = Path(__file__).parents[2] / "catalog" / "demo" / "estate"


def member(name: str, *roles: Any) -> MemberEntry:
    return MemberEntry(f"{name.title()} Example", f"{name}@example.com", roles)


TEAMS = TeamsFile(
    {
        "sales": TeamEntry(
            "Sales",
            "sales@example.com",
            {
                "anna": member("anna", "api-owner"),
                "ben": member("ben", "api-owner", "architect"),
                "dora": member("dora", "partner-developer"),
            },
        ),
        "platform": TeamEntry(
            "Platform",
            "platform@example.com",
            {
                "omar": member("omar", "architect", "operator"),
                "otto": member("otto", "architect"),
                "sara": member("sara", "security"),
                "dora": member("dora", "architect"),
            },
        ),
    }
)
"""Who is who. Dora is an architect of the platform, and none of sales."""


def company(teams: TeamsFile = TEAMS, **changes: Any) -> Estate:
    """A good estate without an API, unless `changes` say otherwise."""
    members: dict[str, Any] = {
        "root": Path("/nowhere"),
        "file": EstateFile("test", {}, {}),
        "teams": teams,
        "consumers": ConsumersFile({}),
        "apis": {},
        "versions": (),
        "files": {},
        "texts": {},
    }
    return Estate(**(members | changes))


def sample_company(**changes: Any) -> Estate:
    """The people of the tests, with the demonstration's APIs."""
    sample, findings = load_estate(SAMPLE)
    assert sample is not None, findings
    members = {"apis": dict(sample.apis), "versions": sample.versions, "file": sample.file}
    return company(**(members | changes))


def compiled(estate: Estate) -> Compilation:
    """What an estate gives that was made by hand."""
    return Compilation((), GOOD.contracts, GOOD.applications, estate)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the admin API that is as the contract has it."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class AdminClient:
    """Calls the admin API of a world, each call as a member, by a token that is issued when it is first needed."""

    world: World
    tokens: dict[str, str] = field(default_factory=dict)

    async def __call__(
        self,
        member: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """`path` is below `/admin/v1`, with its query. Without a member no token is sent."""
        sent = dict(headers or {})
        if member is not None:
            sent["Authorization"] = f"Bearer {await self.token(member)}"
        data = None
        if body is not None:
            data, sent["Content-Type"] = msgspec.json.encode(body), "application/json"
        url = f"{self.world.url}/admin/v1{path}"
        async with self.world.session.request(method, url, data=data, headers=sent) as answer:
            text = await answer.read()
            fields = {name.lower(): value for name, value in answer.headers.items()}
            _hold(method, path, answer.status, fields, text)
            is_json = "json" in fields.get("content-type", "")
            return Reply(answer.status, fields, msgspec.json.decode(text) if is_json else text)

    async def token(self, member: str) -> str:
        """The member's token, whether there is such a member or not."""
        if member not in self.tokens:
            issued = await self.world.catalog.tokens.issue(member, 30, "test", actor="test")
            self.tokens[member] = issued.text
        return self.tokens[member]


def _hold(method: str, path: str, status: int, headers: dict[str, str], text: bytes) -> None:
    """Fails where the contract does not admit the answer; what is at no path of it is nobody's."""
    operation = next((each for each in admin_contract().operations if _matches(each, method, path)), None)
    if operation is None:
        return
    check = ResponseCheck(operation, validators_of(admin_contract()))
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    violations = check.check(status, fields, text)
    assert not violations, f"{method} {path} answered {status} against its contract: {violations}; {text!r}"


def _matches(operation: Operation, method: str, path: str) -> bool:
    wanted, given = operation.path.split("/"), path.partition("?")[0].split("/")
    return (
        operation.method == method
        and len(wanted) == len(given)
        and all(one.startswith("{") or one == other for one, other in zip(wanted, given, strict=True))
    )
