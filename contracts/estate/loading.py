"""Reads an estate's directory: every file decoded, every contract compiled, every error collected.

What comes out is `Sources`, which may be broken in places; `estate_rules` looks across it, and `estate` hands
it out as an `Estate` only when nothing is wrong.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from contracts.documents.document import Document, parse, read
from contracts.estate.adapting import adapted
from contracts.estate.calendar import lifecycle_of
from contracts.estate.catalogue import finding
from contracts.estate.decode import decode, neutral
from contracts.estate.versioning import choice_of, is_default
from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, TeamsFile, VersionEntry
from contracts.findings import Finding, Place
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion
from contracts.policy_settings import used

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
    """One folder below `apis`, in the directory `root`. `contracts` (files) and `compiled` are by version; a
    version may lack either. `files` are all that it was read from: its own, and those that these refer to."""

    name: str
    root: Path
    file: TypedFile[ApiFile]
    contracts: dict[str, str] = field(default_factory=dict)
    compiled: dict[str, ApiVersion] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Sources:
    """A whole estate as it was found on disk. `documents` are all files that were read, by relative path; `texts`
    their bytes, of those below `root` itself. APIs in `held` are not among `apis`: what is said of them elsewhere
    is taken to be right."""

    root: Path
    estate: TypedFile[EstateFile]
    teams: TypedFile[TeamsFile]
    consumers: TypedFile[ConsumersFile]
    apis: dict[str, ApiSources] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    held: frozenset[str] = frozenset()


def load_sources(
    root: Path, api_roots: Mapping[str, Path] | None = None, held: Collection[str] = ()
) -> tuple[Sources, list[Finding]]:
    """Everything below `root`. An unreadable or missing file is a finding, never an exception.

    With `api_roots` the APIs are those of its keys, each read with all that it refers to from a directory of its
    own, which is laid out as an estate is: so two APIs may stand on different states of a file that they share.
    """
    loader = _Loader(root)
    return loader.run(api_roots, frozenset(held)), loader.findings


class _Folder:
    """The files below a directory, each read once."""

    def __init__(self, root: Path, findings: list[Finding]) -> None:
        self.root = root
        self.documents: dict[str, Document | None] = {}
        self.texts: dict[str, bytes] = {}
        self._real_root = root.resolve()
        self._findings = findings

    def document(self, name: str) -> Document | None:
        """The file at `name` (relative, POSIX); None if there is none or it does not parse."""
        if name not in self.documents:
            self.documents[name] = self._read(name)
        return self.documents[name]

    def entries(self, folder: str) -> list[Path]:
        try:
            return sorted((self.root / folder).iterdir())
        except OSError as error:
            message = f"the directory {folder!r} cannot be read: {error.strerror}"
            self._findings.append(finding("file-unreadable", Place(folder), message))
            return []

    def typed(self, name: str, kind: type[T]) -> TypedFile[T]:
        if not (self.root / name).is_file():
            self._findings.append(finding("file-missing", Place(name), f"the file {name!r} is missing"))
            return TypedFile(name, neutral(kind), None)
        document = self.document(name)
        if document is None:
            return TypedFile(name, neutral(kind), None)
        value, findings = decode(document, kind)
        self._findings += findings
        return TypedFile(name, value, document)

    def _read(self, name: str) -> Document | None:
        path = self.root / name
        if not path.is_file():
            return None
        if not path.resolve().is_relative_to(self._real_root):
            message = f"{name!r} is a link to a file outside of the estate"
            self._findings.append(finding("outside-estate", Place(name), message))
            return None
        text, findings = read(path, name)
        self._findings += findings
        if text is None:
            return None
        self.texts[name] = text
        document, findings = parse(text, name)
        self._findings += findings
        return document


class _Loader:
    def __init__(self, root: Path) -> None:
        self.findings: list[Finding] = []
        self._home = _Folder(root, self.findings)

    def run(self, api_roots: Mapping[str, Path] | None, held: frozenset[str]) -> Sources:
        home = self._home
        sources = Sources(
            home.root,
            home.typed(ESTATE, EstateFile),
            home.typed(TEAMS, TeamsFile),
            home.typed(CONSUMERS, ConsumersFile),
            held=held,
        )
        if api_roots is None:
            folders = dict.fromkeys(self._names(), home)
        else:
            folders = {name: _Folder(api_roots[name], self.findings) for name in sorted(api_roots)}
        for name, folder in folders.items():
            sources.apis[name] = self._api(name, folder)
        if not sources.apis and not held:
            message = f"the estate has no API: not one `{APIS}/<name>/{API}` was found"
            self.findings.append(finding("file-missing", Place(APIS), message))
        for api in sources.apis.values():
            self._compile(api, folders[api.name], sources.estate.value)
        sources.documents = _documents(home, folders)
        sources.texts = home.texts
        return sources

    def _names(self) -> Iterator[str]:
        if (self._home.root / APIS).is_dir():
            yield from (each.name for each in self._home.entries(APIS) if each.is_dir() and each.name[0] != ".")

    def _api(self, name: str, folder: _Folder) -> ApiSources:
        api = ApiSources(name, folder.root, folder.typed(f"{APIS}/{name}/{API}", ApiFile))
        if api.file.document is not None:
            api.files.add(api.file.name)
        for path in folder.entries(f"{APIS}/{name}"):
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

    def _compile(self, api: ApiSources, folder: _Folder, estate: EstateFile) -> None:
        def load(name: str) -> Document | None:
            document = folder.document(name)
            if document is not None:
                api.files.add(name)
            return document

        for version, file in api.contracts.items():
            document = load(file)
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
                load=load,
                policies=(
                    used(f"{ESTATE}#/policies", estate.policies),
                    used(f"{api.file.name}#/policies", api.file.value.policies),
                    used(f"{api.file.name}#/versions/{version}/policies", entry.policies),
                ),
                choice=choice_of(api.name, api.file.value),
                default=is_default(api.file.value, version),
            )
            compiled, findings = compile_version(document, context)
            self.findings += findings
            if compiled is not None:
                api.compiled[version] = compiled
        api.compiled.update(adapted(api.compiled))
        for version, compiled in api.compiled.items():
            successor = api.compiled.get(compiled.lifecycle.successor or "")
            if successor is not None:
                api.compiled[version] = msgspec.structs.replace(compiled, successor_base_path=successor.base_path)


def _documents(home: _Folder, folders: Mapping[str, _Folder]) -> dict[str, Document]:
    """All that were read. Of a path that several APIs read, each from its own directory, it is the owner's."""
    everyone = [(file, each) for folder in (*folders.values(), home) for file, each in folder.documents.items()]
    owners = [
        (file, each)
        for name, folder in folders.items()
        for file, each in folder.documents.items()
        if file.startswith(f"{APIS}/{name}/")
    ]
    return {file: each for file, each in (*everyone, *owners) if each is not None}
