"""What nobody answers for: APIs whose owner, decider or contact is gone, and consumers that are left over.

A pure view of an estate's files. `ostiary lint` reports it with places, the catalog as a list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.estate_files import ApiFile, ConsumersFile, TeamEntry, TeamsFile

Kind: TypeAlias = Literal["api", "consumer"]


@dataclass(frozen=True, slots=True)
class Orphan:
    """One thing that nobody answers for. `rule` is that of the finding, `pointer` leads to it in its file:
    `api.yaml` of an API, `consumers.yaml` for a consumer."""

    rule: str
    kind: Kind
    name: str
    pointer: str
    message: str


def orphans(teams: TeamsFile, apis: Mapping[str, ApiFile], consumers: ConsumersFile) -> Iterator[Orphan]:
    """All of them, APIs by name first."""
    known = _addresses(teams)
    for name, api in sorted(apis.items()):
        team = teams.teams.get(api.owner)
        if team is None:
            message = f"the owner of {name!r} is {api.owner!r}, which is no team"
            yield Orphan("unknown-owner", "api", name, "/owner", message)
        else:
            yield from _without_people(name, api, team)
        if api.contact and api.contact.lower() not in known:
            message = f"the contact of {name!r} is {api.contact}, which no team and no member has"
            yield Orphan("contact-unknown", "api", name, "/contact", message)
    for name, consumer in sorted(consumers.consumers.items()):
        if not consumer.applications:
            message = f"consumer {name!r} has no application"
            yield Orphan("consumer-without-application", "consumer", name, f"/consumers/{name}", message)


def _without_people(name: str, api: ApiFile, team: TeamEntry) -> Iterator[Orphan]:
    if not team.members:
        message = f"team {api.owner!r} owns API {name!r} and has no member"
        yield Orphan("owner-team-empty", "api", name, "/owner", message)
    elif not any("api-owner" in member.roles for member in team.members.values()):
        message = f"team {api.owner!r} owns API {name!r} and has no member with the role 'api-owner'"
        yield Orphan("owner-role-missing", "api", name, "/owner", message)


def _addresses(teams: TeamsFile) -> frozenset[str]:
    """Every address at which somebody of the estate is reached; their case does not matter."""
    found: set[str] = set()
    for team in teams.teams.values():
        found.add(team.contact.lower())
        found.update(member.email.lower() for member in team.members.values())
    return frozenset(found)
