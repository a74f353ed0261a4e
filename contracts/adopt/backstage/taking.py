"""Takes what a Backstage catalog says of owners into an estate's files, and leaves all else in them as it is.

Teams and members are added and brought up to date, never taken away: who left is reported, and taken out by hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.adopt.backstage.reading import Entities, Group, Owned, User
from contracts.adopt.backstage.words import LIFECYCLE
from contracts.adopt.yaml_edit import YamlEdit
from contracts.documents.document import Document
from contracts.estate.loading import API as API_FILE
from contracts.estate.loading import APIS, TEAMS

Texts = Mapping[str, tuple[str, Document]]
"""`teams.yaml` and each `api.yaml`, by path: the text and what it was parsed to, both good."""


@dataclass(frozen=True, slots=True)
class Taken:
    """New texts by path, only of files that change; what was done; and what was not, with the reason."""

    files: dict[str, str]
    changes: tuple[str, ...]
    remarks: tuple[str, ...]


def take(entities: Entities, texts: Texts) -> Taken:
    """Every change that the entities ask for."""
    taking = _Taking(entities, texts)
    taking.teams()
    taking.apis()
    return taking.result()


class _Taking:
    def __init__(self, entities: Entities, texts: Texts) -> None:
        self._entities = entities
        self._edits = {name: YamlEdit(document, text) for name, (text, document) in texts.items()}
        self._texts = texts
        self._changes: list[str] = []
        self._remarks = list(entities.remarks)

    def result(self) -> Taken:
        files: dict[str, str] = {}
        for name, edit in self._edits.items():
            if edit.value == self._texts[name][1].value:
                continue
            files[name], kept = edit.result()
            if not kept:
                self._remarks.append(f"{name} was written anew: its comments are lost")
        return Taken(files, tuple(self._changes), tuple(self._remarks))

    def teams(self) -> None:
        known: dict[str, Any] = self._edits[TEAMS].value["teams"]
        members = self._memberships()
        new = {name: group for name, group in sorted(self._entities.groups.items()) if name not in known}
        for name, group in sorted(self._entities.groups.items()):
            if name not in new:
                self._update(TEAMS, f"/teams/{name}", known[name], _given(group))
        for team, names in sorted(members.items()):
            if team in known:
                self._members(team, names)
            elif team not in new:
                self._remarks.append(f"team {team!r} is in neither file; its members are not taken over")
        # Last: where the file ends with the members of a team, new ones of these stand before a new team.
        for name, group in new.items():
            self._new_team(name, group, members[name])

    def _new_team(self, name: str, group: Group, names: frozenset[str]) -> None:
        if group.contact is None:
            self._remarks.append(f"{group.place}: team {name!r} is not taken over: no spec.profile.email")
            return
        entries = {member: self._member(name, member, None) for member in sorted(names)}
        members = {member: entry for member, entry in entries.items() if entry is not None}
        self._edits[TEAMS].put("/teams", name, {"title": name} | _given(group) | {"members": members})
        self._changes.append(f"{TEAMS}: team {name!r} is new")

    def _memberships(self) -> dict[str, frozenset[str]]:
        """The members by team, whether the Group lists them or the Users do."""
        found = {name: group.members for name, group in self._entities.groups.items()}
        for name, user in self._entities.users.items():
            for team in user.teams:
                found[team] = found.get(team, frozenset()) | {name}
        return found

    def _members(self, team: str, names: frozenset[str]) -> None:
        edit = self._edits[TEAMS]
        known: dict[str, Any] = edit.value["teams"][team].get("members") or {}
        for name in sorted(known.keys() - names if team in self._entities.groups else ()):
            self._remarks.append(f"{TEAMS}: {name!r} of team {team!r} is not in the Backstage group, and stays")
        wanted = {name: self._member(team, name, known.get(name)) for name in sorted(names)}
        changed = {name: entry for name, entry in wanted.items() if entry not in (None, known.get(name))}
        if not known and changed:
            edit.put(f"/teams/{team}", "members", changed)
        else:
            for name, entry in changed.items():
                # The whole member: one that is written on one line is then the only line that changes.
                edit.put(f"/teams/{team}/members", name, entry)
        for name in changed:
            what = "is up to date" if name in known else "is new"
            self._changes.append(f"{TEAMS}: {name!r} of team {team!r} {what}")

    def _member(self, team: str, name: str, known: dict[str, Any] | None) -> dict[str, Any] | None:
        user = self._entities.users.get(name)
        if user is None:
            if known is None:
                self._remarks.append(
                    f"{name!r} of team {team!r} is not taken over: the file has no User of this name"
                )
            return known
        entry = _entry(user, team, known)
        if entry is None:
            self._remarks.append(f"{user.place}: User {name!r} is not taken over: no spec.profile.email")
        return entry

    def apis(self) -> None:
        by_api: dict[str, list[Owned]] = {}
        for owned in self._entities.owned:
            by_api.setdefault(owned.api, []).append(owned)
        for api, found in sorted(by_api.items()):
            file = f"{APIS}/{api}/{API_FILE}"
            if file not in self._edits:
                for owned in found:
                    what = "is not taken over: the estate has no API"
                    self._remarks.append(
                        f"{owned.place}: {what} {api!r} (a contract: ostiary add FILE --api {api})"
                    )
                continue
            self._api(api, file, found)

    def _api(self, api: str, file: str, found: list[Owned]) -> None:
        edit = self._edits[file]
        system = next((each for each in found if each.version is None), found[0])
        owner, where = system.owner, system.place
        for each in found:
            if each.owner != owner:
                self._remarks.append(
                    f"{each.place}: {api!r} is owned by {each.owner!r} here, by {owner!r} at {where}"
                )
        given = {"owner": owner}
        if owner not in self._edits[TEAMS].value["teams"]:
            self._remarks.append(
                f"{where}: the owner {owner!r} of {api!r} is no team; the one in the estate stays"
            )
            given = {}
        wanted = {
            "title": system.title,
            "description": system.description,
            "contact": system.contact,
            "domain": system.domain,
        }
        given |= {key: value for key, value in wanted.items() if value is not None}
        self._update(file, "", edit.value, given)
        for each in found:
            self._stage(edit.value, each)

    def _stage(self, value: dict[str, Any], owned: Owned) -> None:
        """A version's stage is compared and not changed: to end a version takes dates that Backstage has not."""
        version = value["versions"].get(owned.version) if owned.version else None
        if owned.version is not None and version is None:
            self._remarks.append(f"{owned.place}: {owned.api!r} has no version {owned.version!r}")
        elif version is not None and owned.lifecycle is not None:
            state = version.get("state", "published")
            if LIFECYCLE[state] != owned.lifecycle:
                what = f"{owned.api!r} {owned.version} is {owned.lifecycle} here and {state} in the estate"
                hint = "which stays (to end a version: ostiary deprecate)"
                self._remarks.append(f"{owned.place}: {what}, {hint}")

    def _update(self, file: str, pointer: str, known: dict[str, Any], given: dict[str, Any]) -> None:
        for key, value in given.items():
            if known.get(key) != value:
                self._edits[file].put(pointer, key, value)
                what = pointer.removeprefix("/teams/") or file.split("/")[1]
                self._changes.append(f"{file}: {key} of {what!r} is now {value!r}")


def _given(group: Group) -> dict[str, Any]:
    given = {"title": group.title, "contact": group.contact, "domain": group.domain}
    return {key: value for key, value in given.items() if value is not None}


def _entry(user: User, team: str, known: dict[str, Any] | None) -> dict[str, Any] | None:
    """The member's entry in a team. Roles that no annotation speaks of stay as they are."""
    before = known or {}
    email = user.email or before.get("email")
    if email is None:
        return None
    entry = {"name": user.title or before.get("name") or user.name, "email": email}
    roles = list(user.roles[team]) if team in user.roles else before.get("roles", [])
    return entry | ({"roles": roles} if roles or "roles" in before else {})
