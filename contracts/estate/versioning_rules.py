"""The rules for how clients choose a version: that they can, and that each request then leads to one version."""

from collections.abc import Iterator
from typing import Final

from contracts.documents.document import escape
from contracts.estate.calendar import seconds
from contracts.estate.catalogue import finding
from contracts.estate.decode import suggestion
from contracts.estate.loading import ApiSources, Sources
from contracts.estate.versioning import HEADER
from contracts.estate_files import VersioningEntry
from contracts.findings import Finding

_KEYS: Final = {"path": ("default",), "header": ("header", "default"), "media-type": ("vendor", "default")}
_ALL_KEYS: Final = ("header", "vendor", "default")
_TAKEN: Final = frozenset(
    (
        *("accept", "accept-encoding", "accept-language", "authorization", "connection", "content-encoding"),
        *("content-length", "content-type", "cookie", "date", "dpop", "forwarded", "host", "idempotency-key"),
        *("range", "signature", "signature-input", "te", "trailer", "transfer-encoding", "upgrade", "vary", "via"),
    )
)
"""Header fields that mean something else, or never arrive."""


def versioning_rules(sources: Sources) -> Iterator[Finding]:
    """All findings, in no particular order."""
    for api in sources.apis.values():
        yield from _keys(api)
        if api.file.value.versioning.by != "path":
            yield from _base_paths(api)
        else:
            yield from _default_path(api)
        yield from _dates(api)
    yield from _pins(sources)


def _keys(api: ApiSources) -> Iterator[Finding]:
    file, entry = api.file, api.file.value.versioning
    for key in _ALL_KEYS:
        if getattr(entry, key) is not None and key not in _KEYS.get(entry.by, ("header", "default")):
            message = f"{key!r} means nothing where versions are chosen by {entry.by}"
            yield finding("versioning-invalid", file.place_of_key(f"/versioning/{key}"), message)
    if entry.header is not None and entry.header.lower() in _TAKEN:
        message = f"the header field {entry.header!r} means something else; the usual one is {HEADER!r}"
        yield finding("versioning-invalid", file.place("/versioning/header"), message)
    served = {
        name for name, version in file.value.versions.items() if version.state in ("published", "deprecated")
    }
    if entry.default is not None and entry.default not in served:
        message = (
            f"the default version {entry.default!r} is none that is served{suggestion(entry.default, served)}"
        )
        yield finding("versioning-invalid", file.place("/versioning/default"), message)


def _default_path(api: ApiSources) -> Iterator[Finding]:
    default = api.compiled.get(api.file.value.versioning.default or "")
    if default is not None and default.default_path is None:
        message = (
            f"the default version is served at its base path without the version, and {default.base_path!r} "
            f"does not end with '/{default.version}'"
        )
        yield finding("versioning-invalid", api.file.place("/versioning/default"), message)


def _base_paths(api: ApiSources) -> Iterator[Finding]:
    found = {version: compiled.base_path for version, compiled in sorted(api.compiled.items())}
    first = next(iter(found.items()), None)
    for version, base_path in found.items():
        if first is not None and base_path != first[1]:
            message = (
                f"{api.name!r} {version} is served at {base_path!r} and {first[0]} at {first[1]!r}; versions "
                f"chosen by {api.file.value.versioning.by} share one base path ('servers' of their contracts)"
            )
            yield finding("versioning-invalid", api.file.place("/versioning"), message)


def _dates(api: ApiSources) -> Iterator[Finding]:
    file, by_date = api.file, api.file.value.versioning.by == "date"
    seen: dict[int, str] = {}
    for name, version in file.value.versions.items():
        pointer = f"/versions/{escape(name)}"
        if version.released is None:
            if by_date and version.state != "draft":
                message = f"{api.name!r} {name} has no 'released' date, by which clients could choose it"
                yield finding("versioning-invalid", file.place(pointer), message)
            continue
        place = file.place(f"{pointer}/released")
        date = seconds(version.released)
        if date is None:
            message = f"the release of {api.name!r} {name} is {version.released!r}, which is not in the calendar"
            yield finding("invalid-date", place, message)
        elif by_date and (first := seen.setdefault(date, name)) != name:
            message = f"{api.name!r} {name} and {first} have one date, which could stand for either"
            yield finding("versioning-invalid", place, message)


def _pins(sources: Sources) -> Iterator[Finding]:
    file = sources.consumers
    for consumer, entry in file.value.consumers.items():
        for name, application in entry.applications.items():
            subscribed = {(each.api, each.version) for each in application.subscriptions}
            for api, text in application.pinned.items():
                pointer = f"/consumers/{escape(consumer)}/applications/{escape(name)}/pinned/{escape(api)}"
                if api in sources.held:
                    continue
                why = _pin_fault(sources.apis.get(api), api, text, subscribed)
                if not why and seconds(text) is None:
                    yield finding("invalid-date", file.place(pointer), f"{text!r} is not in the calendar")
                elif why:
                    known = suggestion(api, sources.apis) if api not in sources.apis else ""
                    rule = "pin-unusable" if api in sources.apis else "unknown-api"
                    yield finding(rule, file.place(pointer), f"application {name!r} is pinned to {why}{known}")


def _pin_fault(api: ApiSources | None, name: str, text: str, subscribed: set[tuple[str, str]]) -> str:
    if api is None:
        return f"a version of {name!r}, which is no API"
    entry: VersioningEntry = api.file.value.versioning
    if entry.by != "date":
        return f"a date of {name!r}, whose versions are chosen by {entry.by}"
    date = seconds(text)
    if date is None:
        return ""
    dates = [
        (released, version)
        for version, each in api.file.value.versions.items()
        if each.state != "draft" and (released := seconds(each.released)) is not None and released <= date
    ]
    if not dates:
        return f"{text}, when {name!r} had no version yet"
    version = max(dates)[1]
    if (name, version) not in subscribed:
        return f"{text}, which is {name!r} {version}, and has no subscription to it"
    return ""
