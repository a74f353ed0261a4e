"""The rules that look across the files of an estate: ownership, upstreams, paths, subscriptions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from contracts.asked_scopes import asked_scopes
from contracts.documents.document import Document, escape
from contracts.estate.calendar_rules import calendars
from contracts.estate.catalogue import finding
from contracts.estate.change_rules import change_rules
from contracts.estate.claim_rules import claim_rules
from contracts.estate.decode import declared, suggestion
from contracts.estate.granted_scopes import check_granted
from contracts.estate.issuer_rules import issuer_rules
from contracts.estate.loading import APIS, ApiSources, Sources
from contracts.estate.oauth_rules import oauth_rules
from contracts.estate.people_rules import people_rules
from contracts.estate.versioning import is_default
from contracts.estate.versioning_rules import versioning_rules
from contracts.estate_care import CALLS_OF_A_WRITE, care_of
from contracts.estate_files import UpstreamEntry, VersionEntry
from contracts.estate_words import Name, VersionName
from contracts.findings import Finding, Place
from contracts.limits_text import parse_limit
from contracts.openapi.paths import base_path_of, shape_of
from contracts.operations import ApiVersion
from contracts.safe_urls import is_loopback

RESERVED = "/.well-known"
RESERVED_NAME = "estate"
"""Of the unit of the estate's own files."""


def across(sources: Sources) -> list[Finding]:
    """All findings of all rules, in no particular order."""
    return [each for rule in RULES for each in rule(sources)]


def _upstreams(sources: Sources) -> Iterator[Finding]:
    file = sources.estate
    for name, entry in file.value.upstreams.items():
        pointer = f"/upstreams/{escape(name)}"
        try:
            url = urlsplit(entry.url)
            url.port  # noqa: B018  (reading it is what parses it)
        except ValueError as error:
            message = f"the URL of upstream {name!r} is {entry.url!r}: {error}"
            yield finding("invalid-value", file.place(f"{pointer}/url"), message)
            continue
        yield from _targets(sources, name, entry, url.scheme)
        if url.username is not None or url.password is not None:
            message = f"the URL of upstream {name!r} holds a user name or password; name a 'credential' instead"
            yield finding("secret-in-url", file.place(f"{pointer}/url"), message)
        if entry.credential and url.scheme == "http" and not is_loopback(url.hostname or ""):
            message = (
                f"upstream {name!r} gets the credential {entry.credential!r} over plain HTTP (to {url.hostname})"
            )
            yield finding("credential-in-clear", file.place(f"{pointer}/url"), message)
        if entry.tls is not None and url.scheme != "https":
            message = f"'tls' means nothing for upstream {name!r}, whose URL is not https"
            yield finding("upstream-key-unused", file.place_of_key(f"{pointer}/tls"), message)
        if entry.kind == "odoo":
            yield from _odoo_upstream(sources, name, entry, pointer)
        else:
            if entry.health is not None and entry.health.path is None:
                message = f"the key 'path' is missing: where upstream {name!r} says that it is well"
                yield finding("missing-key", file.place(f"{pointer}/health"), message)
            for key in ("protocol", "database", "login", "care"):
                if getattr(entry, key) != getattr(UpstreamEntry(url=""), key):
                    message = f"{key!r} means nothing for upstream {name!r}, whose kind is 'http'"
                    yield finding("upstream-key-unused", file.place_of_key(f"{pointer}/{key}"), message)
        if name not in _used_upstreams(sources):
            message = f"upstream {name!r} serves no API"
            yield finding("unused-upstream", file.place_of_key(pointer), message)


def _targets(sources: Sources, name: str, entry: UpstreamEntry, scheme: str) -> Iterator[Finding]:
    file = sources.estate
    for number, target in enumerate(entry.targets):
        place = file.place(f"/upstreams/{escape(name)}/targets/{number}")
        try:
            url = urlsplit(target)
            url.port  # noqa: B018  (reading it is what parses it)
        except ValueError as error:
            yield finding("invalid-value", place, f"a target of upstream {name!r} is {target!r}: {error}")
            continue
        if url.scheme != scheme:
            message = f"the target {target!r} of upstream {name!r} is not reached over {scheme!r}, as its 'url' is"
            yield finding("invalid-value", place, message)
        elif entry.credential and scheme == "http" and not is_loopback(url.hostname or ""):
            message = (
                f"upstream {name!r} gets the credential {entry.credential!r} over plain HTTP (to {url.hostname})"
            )
            yield finding("credential-in-clear", place, message)


def _odoo_upstream(sources: Sources, name: str, entry: UpstreamEntry, pointer: str) -> Iterator[Finding]:
    file = sources.estate
    missing = [key for key in ("database", "login") if not getattr(entry, key)]
    if entry.protocol != "json2" and missing:
        spoken = "JSON-RPC" if entry.protocol == "jsonrpc" else "XML-RPC"
        message = f"upstream {name!r} speaks {spoken} to Odoo and has no {' and no '.join(map(repr, missing))}"
        yield finding("odoo-login-missing", file.place(pointer), message)
    if entry.credential is None:
        message = f"upstream {name!r} is an Odoo and names no 'credential' (the secret that holds its API key)"
        yield finding("odoo-credential-missing", file.place(pointer), message)
    try:
        pace = care_of(entry.care).pace
    except ValueError as error:
        message = f"the pace of upstream {name!r}: {error}"
        yield finding("limit-unusable", file.place(f"{pointer}/care/pace"), message)
        return
    if pace is not None and (takes := CALLS_OF_A_WRITE * pace.window / pace.quota) > entry.timeouts.total:
        message = (
            f"at the pace of upstream {name!r} a change of a record takes {takes:g} s, longer than "
            f"'timeouts.total' ({entry.timeouts.total:g} s): it would be made and could not be told of"
        )
        yield finding("limit-unusable", file.place(f"{pointer}/care/pace"), message)


def _used_upstreams(sources: Sources) -> set[str]:
    used = set()
    for api in sources.apis.values():
        used.add(api.file.value.upstream)
        used.update(entry.upstream for entry in api.file.value.versions.values() if entry.upstream)
        for version in api.compiled.values():
            for operation in version.operations:
                used.add(operation.backend.upstream)
                used.update(text for use in operation.policies for text in _texts(use.config))
    # Which key of which policy names an upstream is known to the policies alone; that some setting has the name is
    # enough for it to be no leftover.
    used.update(text for plan in sources.estate.value.plans.values() for text in _texts(dict(plan.policies)))
    return used


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _plans(sources: Sources) -> Iterator[Finding]:
    file = sources.estate
    used: dict[str, set[tuple[str, str]]] = {}
    for consumer in sources.consumers.value.consumers.values():
        for application in consumer.applications.values():
            for each in application.subscriptions:
                used.setdefault(each.plan, set()).add((each.api, each.version))
    for name, plan in file.value.plans.items():
        if name not in used:
            message = f"plan {name!r} has no subscription"
            yield finding("unused-plan", file.place_of_key(f"/plans/{escape(name)}"), message)
        for limit, text in plan.limits.items():
            try:
                why = _never_gives(sources, parse_limit(limit, text).most, used.get(name, ()))
            except ValueError as error:
                why = f": {error}"
            if why:
                place = file.place(f"/plans/{escape(name)}/limits/{escape(limit)}")
                yield finding("limit-unusable", place, f"limit {limit!r} of plan {name!r}{why}")


def _never_gives(sources: Sources, most: int, versions: Iterable[tuple[str, str]]) -> str:
    """Of calls under a plan, those that cost more than one of its limits ever gives; empty where there is none."""
    dear = [
        (operation.cost, f"{operation.method} {version.base_path}{operation.path}")
        for api, name in sorted(versions)
        if api in sources.apis and (version := sources.apis[api].compiled.get(name)) is not None
        for operation in version.operations
        if operation.cost > most and not operation.public
    ]
    if not dear:
        return ""
    more = f" and {len(dear) - 1} more" if len(dear) > 1 else ""
    return f" never gives the {dear[0][0]} units that one call costs (on {dear[0][1]}{more})"


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


def _subscriptions(sources: Sources) -> Iterator[Finding]:
    file = sources.consumers
    owners: dict[str, str] = {}
    for consumer, entry in file.value.consumers.items():
        for name, application in entry.applications.items():
            pointer = f"/consumers/{escape(consumer)}/applications/{escape(name)}"
            if (first := owners.setdefault(name, consumer)) != consumer:
                other = file.place_of_key(f"/consumers/{escape(first)}/applications/{escape(name)}")
                message = f"application {name!r} of {consumer!r} is already one of {first!r} ({other})"
                yield finding("application-twice", file.place_of_key(pointer), message)
            seen = set()
            for index, subscription in enumerate(application.subscriptions):
                place = f"{pointer}/subscriptions/{index}"
                key = (subscription.api, subscription.version)
                if all(key) and key in seen:
                    message = f"application {name!r} is subscribed to {key[0]!r} {key[1]} twice"
                    yield finding("subscription-twice", file.place(place), message)
                seen.add(key)
                yield from _subscription(sources, name, index, place)


def _subscription(sources: Sources, application: str, index: int, pointer: str) -> Iterator[Finding]:
    file = sources.consumers
    consumer = pointer.split("/")[2]
    subscription = file.value.consumers[consumer].applications[application].subscriptions[index]
    plans = declared(sources.estate.document, "plans")
    if subscription.plan and subscription.plan not in plans:
        message = f"plan {subscription.plan!r} is not declared{suggestion(subscription.plan, plans)}"
        yield finding("unknown-plan", file.place(f"{pointer}/plan"), message)
    if not subscription.api or subscription.api in sources.held:
        return
    api = sources.apis.get(subscription.api)
    if api is None:
        message = f"there is no API {subscription.api!r}{suggestion(subscription.api, sources.apis)}"
        yield finding("unknown-api", file.place(f"{pointer}/api"), message)
        return
    versions = declared(api.file.document, "versions") | api.contracts.keys()
    if subscription.version and subscription.version not in versions:
        message = (
            f"{api.name!r} has no version {subscription.version!r}{suggestion(subscription.version, versions)}"
        )
        yield finding("unknown-version", file.place(f"{pointer}/version"), message)
        return
    state = api.file.value.versions.get(subscription.version, VersionEntry()).state
    if state in ("draft", "retired"):
        message = f"{api.name!r} {subscription.version} is {state}: every call of {application!r} is refused"
        yield finding("subscription-not-served", file.place(f"{pointer}/version"), message)
    if compiled := api.compiled.get(subscription.version):
        asked, contract = scopes_of(compiled), sources.documents.get(api.contracts[compiled.version])
        for position, scope in enumerate(subscription.scopes):
            place = file.place(f"{pointer}/scopes/{position}")
            yield from check_granted(scope, place, f"{api.name!r} {compiled.version}", asked, contract)


def scopes_of(version: ApiVersion) -> set[str]:
    """Every scope that some operation of the version asks for."""
    return set().union(*map(asked_scopes, version.operations))


def matches(kind: object, text: str) -> bool:
    """Whether a name fits one of the annotated types of `estate_files`."""
    pattern = kind.__metadata__[0].pattern  # type: ignore[attr-defined]
    return re.fullmatch(pattern, text) is not None


RULES: tuple[Callable[[Sources], Iterator[Finding]], ...] = (
    _upstreams,
    _plans,
    _apis,
    _paths,
    calendars,
    versioning_rules,
    _subscriptions,
    change_rules,
    people_rules,
    issuer_rules,
    oauth_rules,
    claim_rules,
)
