"""Reads a `catalog-info.yaml`: its entities by what they are to an estate, and a remark for each that is nothing.

Of an entity only what an estate has a place for is read; see `docs/guides/people.md`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.adopt.backstage.words import API, CONTACT, DOMAIN, LIFECYCLE, ROLES, VERSION, name_in
from contracts.documents.document import Document, Node, parse
from contracts.estate.rules import matches
from contracts.estate_words import Name, Role, VersionName
from contracts.findings import Finding, Place

_MARKER: Final = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
_ROLES: Final = Role.__args__  # type: ignore[attr-defined]
_NAME_OF_VERSION: Final = re.compile(r"(?P<api>.+)-(?P<version>v[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Group:
    """A team. What the entity does not say is None; `members` are those that it lists itself."""

    name: str
    place: Place
    title: str | None
    contact: str | None
    domain: str | None
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class User:
    """A member, with the teams that it names and the roles that annotations give by team."""

    name: str
    place: Place
    title: str | None
    email: str | None
    teams: frozenset[str]
    roles: dict[str, tuple[Role, ...]]


@dataclass(frozen=True, slots=True)
class Owned:
    """What says who owns an API: its System, or the API entity of one `version` (with Backstage's stage)."""

    api: str
    place: Place
    owner: str
    version: str | None = None
    lifecycle: str | None = None
    title: str | None = None
    description: str | None = None
    contact: str | None = None
    domain: str | None = None


@dataclass(slots=True)
class Entities:
    """What a file has for an estate. `remarks` are about what was not understood or has no place in one."""

    groups: dict[str, Group] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    owned: list[Owned] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_entities(text: str, file: str) -> tuple[Entities, list[Finding]]:
    """The entities of a file, and what is wrong with its YAML: with an error there is nothing to take."""
    entities = Entities()
    findings: list[Finding] = []
    for document, found in _documents(text, file):
        findings += found
        if document is not None:
            _read(document, entities)
    return entities, findings


def _documents(text: str, file: str) -> Iterator[tuple[Document | None, list[Finding]]]:
    """Each document of the stream, at its own lines: `---` at a line's beginning is a marker wherever it stands
    (YAML 1.2.2 §9.1.2)."""
    start = 0
    for end in (*(match.start() for match in _MARKER.finditer(text)), len(text)):
        part = text[start:end].removeprefix("---")
        if any(line.strip() and not line.lstrip().startswith("#") for line in part.splitlines()):
            yield parse("\n" * text.count("\n", 0, start) + part, file)
        start = end


def _read(document: Document, entities: Entities) -> None:
    root = document.root
    kind, metadata = root.text("kind"), root.get("metadata")
    name = metadata.text("name") if metadata is not None else None
    where = root.place
    if kind is None or metadata is None or name is None:
        entities.remarks.append(f"{where}: no entity: it has no kind, or no metadata.name")
        return
    what = f"{where}: {kind} {name!r}"
    if kind not in ("Group", "User", "System", "API"):
        entities.remarks.append(f"{what} is not taken over: an estate has nothing of this kind")
    elif kind != "API" and not matches(Name, name):
        entities.remarks.append(f"{what} is not taken over: its name is no name of an estate")
    elif kind == "Group":
        entities.groups[name] = _group(root, name, entities, what)
    elif kind == "User":
        entities.users[name] = _user(root, name, entities, what)
    else:
        owned = _owned(root, kind, name)
        if isinstance(owned, str):
            entities.remarks.append(f"{what} is not taken over: {owned}")
        else:
            entities.owned.append(owned)


def _group(root: Node, name: str, entities: Entities, what: str) -> Group:
    metadata, spec = root.get("metadata"), root.get("spec")
    profile = spec.get("profile") if spec is not None else None
    return Group(
        name,
        root.place,
        _text(profile, "displayName") or _text(metadata, "title"),
        _text(profile, "email"),
        _annotation(root, DOMAIN),
        _names(spec, "members", entities, what),
    )


def _user(root: Node, name: str, entities: Entities, what: str) -> User:
    metadata, spec = root.get("metadata"), root.get("spec")
    profile = spec.get("profile") if spec is not None else None
    roles: dict[str, tuple[Role, ...]] = {}
    for key, value in _annotations(root).items():
        if key.startswith(ROLES):
            wanted = [each.strip() for each in value.split(",") if each.strip()]
            for each in wanted:
                if each not in _ROLES:
                    entities.remarks.append(f"{what}: {each!r} is no role; known: {', '.join(_ROLES)}")
            roles[key.removeprefix(ROLES)] = tuple(each for each in _ROLES if each in wanted)
    return User(
        name,
        root.place,
        _text(profile, "displayName") or _text(metadata, "title"),
        _text(profile, "email"),
        _names(spec, "memberOf", entities, what),
        roles,
    )


def _owned(root: Node, kind: str, name: str) -> Owned | str:
    """What it says, or why that is nothing to an estate."""
    metadata, spec = root.get("metadata"), root.get("spec")
    owner = name_in(_text(spec, "owner") or "")
    if owner is None or not matches(Name, owner):
        return "its owner is no team of an estate"
    if kind == "System":
        return Owned(
            name,
            root.place,
            owner,
            title=_text(metadata, "title"),
            description=_text(metadata, "description"),
            contact=_annotation(root, CONTACT),
            domain=_annotation(root, DOMAIN),
        )
    match = _NAME_OF_VERSION.fullmatch(name)
    api = _annotation(root, API) or (match["api"] if match else name)
    version = _annotation(root, VERSION) or (match["version"] if match else None)
    if not matches(Name, api) or (version is not None and not matches(VersionName, version)):
        return "its name is neither that of an API nor of a version"
    lifecycle = _text(spec, "lifecycle")
    stage = lifecycle if lifecycle in LIFECYCLE.values() else None
    return Owned(api, root.place, owner, version=version, lifecycle=stage)


def _names(spec: Node | None, key: str, entities: Entities, what: str) -> frozenset[str]:
    listed = spec.get(key) if spec is not None else None
    found: set[str] = set()
    for item in listed.items() if listed is not None else ():
        name = name_in(item.value) if isinstance(item.value, str) else None
        if name is None or not matches(Name, name):
            entities.remarks.append(f"{what}: an entry of {key!r} is no name of an estate")
        else:
            found.add(name)
    return frozenset(found)


def _text(node: Node | None, key: str) -> str | None:
    return node.text(key) if node is not None else None


def _annotations(root: Node) -> dict[str, str]:
    metadata = root.get("metadata")
    annotations: Any = metadata.get("annotations") if metadata is not None else None
    members = annotations.members() if annotations is not None else ()
    return {key: node.value for key, node in members if isinstance(node.value, str)}


def _annotation(root: Node, key: str) -> str | None:
    return _annotations(root).get(key)
