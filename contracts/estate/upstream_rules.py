"""The rules for upstreams: each can be reached, by the credential that it needs, and is there for something."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.loading import Sources
from contracts.estate_care import CALLS_OF_A_WRITE, care_of
from contracts.estate_files import UpstreamEntry
from contracts.findings import Finding
from contracts.safe_urls import is_loopback


def upstream_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about them."""
    file, used = sources.estate, _used_upstreams(sources)
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
        if name not in used:
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
