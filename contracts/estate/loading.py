"""Reads an estate's directory: every file decoded, every contract compiled, every error collected.

What comes out is `Sources`, which may be broken in places; `estate_rules` looks across it, and `estate` hands
it out as an `Estate` only when nothing is wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from contracts.documents.document import Document, load
from contracts.estate.calendar import lifecycle_of
from contracts.estate.catalogue import finding
from contracts.estate.decode import decode, neutral
from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, TeamsFile, VersionEntry
from contracts.findings import Finding, Place
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion

ESTATE: Final = "ostiary.yaml"
TEAMS: Final = "teams.yaml"
CONSUMERS: Final = "consumers.yaml"
APIS: Final = "apis"
API: Final = "api.yaml"
CONTRACT: Final = re.compile(r"(?P<version>.+)\.openapi\.(yaml|yml|json)")

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(slots=True)
class TypedFile(Generic[T]):
    """A file of the estate and its typed value; `document` is None where the file could not be read at all."""

    name: str
    value: T
    document: Document | None

    def place(self, pointer: str = "") -> Place:
        """Where the value at `pointer` stands; the file alone if it could not be read."""
        return Place(self.name) if self.document is None else self.document.place(pointer)

    def place_of_key(self, pointer: str) -> Place:
        """Where the key at `pointer` stands."""
        return Place(self.name) if self.document is None else self.document.place_of_key(pointer)


@dataclass(slots=True)
class ApiSources:
    """One folder below `apis`. `contracts` (files) and `compiled` are by version; a version may lack either."""

    name: str
    file: TypedFile[ApiFile]
    contracts: dict[str, str] = field(default_factory=dict)
    compiled: dict[str, ApiVersion] = field(default_factory=dict)


@dataclass(slots=True)
class Sources:
    """A whole estate as it was found on disk. `documents` are all files that were read, by relative path."""

    root: Path
    estate: TypedFile[EstateFile]
    teams: TypedFile[TeamsFile]
    consumers: TypedFile[ConsumersFile]
    apis: dict[str, ApiSources] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)


def load_sources(root: Path) -> tuple[Sources, list[Finding]]:
    """Everything below `root`. An unreadable or missing file is a finding, never an exception."""
    loader = _Loader(root)
    return loader.run(), loader.findings


class _Loader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.real_root = root.resolve()
        self.findings: list[Finding] = []
        self.documents: dict[str, Document | None] = {}

    def run(self) -> Sources:
        sources = Sources(
            self.root,
            self._typed(ESTATE, EstateFile),
            self._typed(TEAMS, TeamsFile),
            self._typed(CONSUMERS, ConsumersFile),
        )
        for name in self._folders():
            sources.apis[name] = self._api(name)
        if not sources.apis:
            message = f"the estate has no API: not one `{APIS}/<name>/{API}` was found"
            self.findings.append(finding("file-missing", Place(APIS), message))
        for api in sources.apis.values():
            self._compile(api, sources.estate.value)
        sources.documents = {name: each for name, each in self.documents.items() if each is not None}
        return sources

    def _folders(self) -> Iterator[str]:
        if (self.root / APIS).is_dir():
            yield from (each.name for each in self._entries(APIS) if each.is_dir() and each.name[0] != ".")

    def _entries(self, folder: str) -> list[Path]:
        try:
            return sorted((self.root / folder).iterdir())
        except OSError as error:
            message = f"the directory {folder!r} cannot be read: {error.strerror}"
            self.findings.append(finding("file-unreadable", Place(folder), message))
            return []

    def _typed(self, name: str, kind: type[T]) -> TypedFile[T]:
        if not (self.root / name).is_file():
            self.findings.append(finding("file-missing", Place(name), f"the file {name!r} is missing"))
            return TypedFile(name, neutral(kind), None)
        document = self.document(name)
        if document is None:
            return TypedFile(name, neutral(kind), None)
        value, findings = decode(document, kind)
        self.findings += findings
        return TypedFile(name, value, document)

    def document(self, name: str) -> Document | None:
        """The file at `name` (relative, POSIX), read once; None if there is none or it does not parse."""
        if name not in self.documents:
            self.documents[name] = self._read(name)
        return self.documents[name]

    def _read(self, name: str) -> Document | None:
        path = self.root / name
        if not path.is_file():
            return None
        if not path.resolve().is_relative_to(self.real_root):
            message = f"{name!r} is a link to a file outside of the estate"
            self.findings.append(finding("outside-estate", Place(name), message))
            return None
        document, findings = load(path, name)
        self.findings += findings
        return document

    def _api(self, name: str) -> ApiSources:
        api = ApiSources(name, self._typed(f"{APIS}/{name}/{API}", ApiFile))
        for path in self._entries(f"{APIS}/{name}"):
            match = CONTRACT.fullmatch(path.name)
            if match is None or not path.is_file():
                continue
            file, version = f"{APIS}/{name}/{path.name}", match["version"]
            if version in api.contracts:
                message = f"{version!r} of {name!r} has two contracts: {api.contracts[version]} and {file}"
                self.findings.append(finding("contract-twice", Place(file, 1, 1), message))
            else:
                api.contracts[version] = file
        return api

    def _compile(self, api: ApiSources, estate: EstateFile) -> None:
        for version, file in api.contracts.items():
            document = self.document(file)
            if document is None:
                continue
            # A contract that api.yaml does not declare is checked too: all errors at once.
            entry = api.file.value.versions.get(version, VersionEntry())
            context = VersionContext(
                api=api.name,
                version=version,
                title=api.file.value.title,
                owner=api.file.value.owner,
                classification=api.file.value.classification,
                criticality=api.file.value.criticality,
                lifecycle=lifecycle_of(entry, estate.deprecation_policy),
                upstream=entry.upstream or api.file.value.upstream,
                upstreams=estate.upstreams,
                defaults=estate.defaults,
                load=self.document,
            )
            compiled, findings = compile_version(document, context)
            self.findings += findings
            if compiled is not None:
                api.compiled[version] = compiled
        for version, compiled in api.compiled.items():
            successor = api.compiled.get(compiled.lifecycle.successor or "")
            if successor is not None:
                api.compiled[version] = msgspec.structs.replace(compiled, successor_base_path=successor.base_path)
