"""The rules that look across the files of an estate: those of APIs and their paths here, the others beside it."""

import re
from collections.abc import Callable, Iterator

from contracts.documents.document import Document, escape
from contracts.estate.calendar_rules import calendars
from contracts.estate.catalogue import finding
from contracts.estate.change_rules import change_rules
from contracts.estate.claim_rules import claim_rules
from contracts.estate.decode import declared, suggestion
from contracts.estate.issuer_rules import issuer_rules
from contracts.estate.loading import APIS, ApiSources, Sources
from contracts.estate.oauth_rules import oauth_rules
from contracts.estate.people_rules import people_rules
from contracts.estate.subscription_rules import plan_rules, subscription_rules
from contracts.estate.upstream_rules import upstream_rules
from contracts.estate.versioning import is_default
from contracts.estate.versioning_rules import versioning_rules
from contracts.estate_words import Name, VersionName
from contracts.findings import Finding, Place
from contracts.openapi.paths import base_path_of, shape_of

RESERVED = "/.well-known"
RESERVED_NAME = "estate"
"""Of the unit of the estate's own files."""


def across(sources: Sources) -> list[Finding]:
    """All findings of all rules, in no particular order."""
    return [each for rule in RULES for each in rule(sources)]


def _apis(sources: Sources) -> Iterator[Finding]:
    teams = declared(sources.teams.document, "teams")
    for api in sources.apis.values():
        file, value = api.file, api.file.value
        if not matches(Name, api.name):
            message = f"the folder {api.name!r} is no API name: lower-case letters, digits and single hyphens"
            yield finding("api-folder-name", Place(f"{APIS}/{api.name}"), message)
        if api.name == RESERVED_NAME:
            message = f"no API can be called {api.name!r}: the estate's own files are approved under that name"
            yield finding("api-folder-name", Place(f"{APIS}/{api.name}"), message)
        if value.owner and value.owner not in teams:
            message = (
                f"the owner of {api.name!r} is {value.owner!r}, which is no team{suggestion(value.owner, teams)}"
            )
            yield finding("unknown-owner", file.place("/owner"), message)
        yield from _bindings(sources, api)
        yield from _contract_files(sources, api)


def _bindings(sources: Sources, api: ApiSources) -> Iterator[Finding]:
    known = declared(sources.estate.document, "upstreams")
    bound = [(api.file.value.upstream, "/upstream", repr(api.name))]
    for version, entry in api.file.value.versions.items():
        bound.append((entry.upstream or "", f"/versions/{version}/upstream", f"{api.name!r} {version}"))
    for name, pointer, what in bound:
        if name and name not in known:
            message = f"{what} is bound to upstream {name!r}, which nobody declared{suggestion(name, known)}"
            yield finding("unknown-upstream", api.file.place(pointer), message)


def _contract_files(sources: Sources, api: ApiSources) -> Iterator[Finding]:
    if api.file.document is None:
        return
    versions = declared(api.file.document, "versions")
    for version in sorted(versions - api.contracts.keys()):
        place = api.file.place_of_key(f"/versions/{escape(version)}")
        folder = f"{APIS}/{api.name}"
        message = (
            f"version {version!r} of {api.name!r} has no contract: {folder}/{version}.openapi.yaml is missing"
        )
        for suffix in ("yaml", "yml", "json"):
            if (api.root / folder / f"{version}.{suffix}").is_file():
                message += f" (is it {version}.{suffix}? contracts are called {version}.openapi.{suffix})"
        yield finding("version-without-contract", place, message)
    for version, path in api.contracts.items():
        if version not in versions:
            message = f"the contract of {version!r} is not declared in 'versions' of {api.file.name}"
            if not matches(VersionName, version):
                message += f", and {version!r} is no version name (v1, v2, …)"
            yield finding("contract-without-version", Place(path, 1, 1), message)


def _paths(sources: Sources) -> Iterator[Finding]:
    """Two versions may share a base path only if no template of one matches the same paths as one of the other, or
    if clients do not choose between them by the path.

    Read from the documents and not from what was compiled, so that another error in a contract hides nothing.
    """
    claims: dict[str, tuple[str, str, str, Place]] = {}
    for api in sources.apis.values():
        for version, file in api.contracts.items():
            document = sources.documents.get(file)
            if document is None:
                continue
            shared = api.file.value.versioning.by != "path"
            base = _base_path(f"/{api.name}" if shared else f"/{api.name}/{version}", document)
            if f"{base}/".startswith(f"{RESERVED}/"):
                message = f"{api.name!r} {version} is served under {base!r}, which the gateway keeps for itself"
                yield finding("path-reserved", document.place("/servers/0/url"), message)
            # A default version has its paths without the version too.
            stem = base.removesuffix(f"/{version}") if is_default(api.file.value, version) else base
            paths = document.root.get("paths")
            for template, item in paths.members() if paths is not None else ():
                for path in dict.fromkeys((base + template, stem + template)):
                    claim = (api.name, version, path, item.key_place)
                    other = claims.setdefault(shape_of(path), claim)
                    if other[0] != api.name or not (shared or other[1] == version):
                        as_what = "" if other[2] == path else f" as {other[2]!r}"
                        message = f"{path!r} is claimed by {other[0]!r} {other[1]} too{as_what} ({other[3]})"
                        yield finding("path-claimed-twice", item.key_place, message)


def _base_path(default: str, document: Document) -> str:
    server = document.at("/servers/0/url")
    path = base_path_of(server.value) if server is not None and isinstance(server.value, str) else None
    return path or default


def matches(kind: object, text: str) -> bool:
    """Whether a name fits one of the annotated types of `estate_files`."""
    pattern = kind.__metadata__[0].pattern  # type: ignore[attr-defined]
    return re.fullmatch(pattern, text) is not None


RULES: tuple[Callable[[Sources], Iterator[Finding]], ...] = (
    upstream_rules,
    plan_rules,
    _apis,
    _paths,
    calendars,
    versioning_rules,
    subscription_rules,
    change_rules,
    people_rules,
    issuer_rules,
    oauth_rules,
    claim_rules,
)
