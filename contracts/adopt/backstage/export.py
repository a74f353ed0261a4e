"""An estate's owners as Backstage entities."""

from collections.abc import Iterator
from typing import Any

from contracts.adopt.backstage.words import (
    API,
    API_VERSION,
    CONTACT,
    DOMAIN,
    LIFECYCLE,
    ROLES,
    VERSION,
)
from contracts.adopt.yaml_text import dump
from contracts.estate.domains import domain_of
from contracts.estate.estate import Estate
from contracts.estate.loading import APIS, CONTRACT
from contracts.estate_files import ApiFile, TeamEntry

Entity = dict[str, Any]


def catalog_info(estate: Estate) -> str:
    """The text of a `catalog-info.yaml` beside `ostiary.yaml`: definitions are referred to from there."""
    return "---\n".join(dump(entity) for entity in entities(estate))


def entities(estate: Estate) -> Iterator[Entity]:
    """Groups, Users, Systems and their APIs, each by name."""
    teams = sorted(estate.teams.teams.items())
    for name, team in teams:
        yield _group(name, team)
    for name in sorted({member for _, team in teams for member in team.members}):
        yield _user(name, [(team, entry) for team, entry in teams if name in entry.members])
    for name, api in sorted(estate.apis.items()):
        yield _system(name, api, domain_of(api, estate.teams))
        for version in sorted(api.versions, key=lambda each: int(each[1:])):
            yield _api(estate, name, api, version)


def _group(name: str, team: TeamEntry) -> Entity:
    annotations = {} if team.domain is None else {DOMAIN: team.domain}
    profile = {"displayName": team.title, "email": team.contact}
    spec = {"type": "team", "profile": profile, "children": [], "members": sorted(team.members)}
    return _entity("Group", name, annotations, spec)


def _user(name: str, teams: list[tuple[str, TeamEntry]]) -> Entity:
    roles = {f"{ROLES}{team}": ",".join(entry.members[name].roles) for team, entry in teams}
    member = teams[0][1].members[name]
    spec = {
        "profile": {"displayName": member.name, "email": member.email},
        "memberOf": [team for team, _ in teams],
    }
    return _entity("User", name, {key: value for key, value in roles.items() if value}, spec)


def _system(name: str, api: ApiFile, domain: str | None) -> Entity:
    spec = {"owner": f"group:{api.owner}"} | ({} if domain is None else {"domain": domain})
    # A domain that is the owner's own is not the API's: it would be written into api.yaml on the way back.
    own = {} if api.domain is None else {DOMAIN: api.domain}
    return _entity("System", name, {CONTACT: api.contact} | own, spec, api.title, api.description)


def _api(estate: Estate, name: str, api: ApiFile, version: str) -> Entity:
    spec = {
        "type": "openapi",
        "lifecycle": LIFECYCLE[api.versions[version].state],
        "owner": f"group:{api.owner}",
        "system": name,
        "definition": {"$text": f"./{_contract(estate, name, version)}"},
    }
    return _entity("API", f"{name}-{version}", {API: name, VERSION: version}, spec, f"{api.title} {version}")


def _contract(estate: Estate, api: str, version: str) -> str:
    for file in sorted(estate.files[api]):
        folder, _, name = file.rpartition("/")
        match = CONTRACT.fullmatch(name)
        if folder == f"{APIS}/{api}" and match is not None and match["version"] == version:
            return file
    raise AssertionError(f"{api} {version} was compiled from no file")


def _entity(
    kind: str, name: str, annotations: dict[str, str], spec: Entity, title: str = "", description: str = ""
) -> Entity:
    metadata: Entity = {"name": name}
    for key, value in (("title", title), ("description", description), ("annotations", annotations)):
        if value:
            metadata[key] = value
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
