"""The rules for the calendar in an estate: dates, successors and brown-outs that hold together."""

from collections.abc import Iterator

from contracts.dates import timestamp
from contracts.documents.document import escape
from contracts.estate.calendar import seconds
from contracts.estate.catalogue import finding
from contracts.estate.decode import declared, suggestion
from contracts.estate.loading import ApiSources, Sources
from contracts.estate_files import VersionEntry
from contracts.findings import Finding


def calendars(sources: Sources) -> Iterator[Finding]:
    """All findings, in no particular order."""
    yield from _policy(sources)
    for api in sources.apis.values():
        for version, entry in api.file.value.versions.items():
            yield from _lifecycle(api, version, entry)
            yield from _brown_outs(api, version, entry)


def _policy(sources: Sources) -> Iterator[Finding]:
    policy = sources.estate.value.deprecation_policy
    longest = 0
    rules = enumerate(policy.brown_outs) if policy is not None else ()
    for index, rule in sorted(rules, key=lambda each: -each[1].days_before):
        if 0 < rule.minutes < longest:  # 0 stands for what is no number, which is reported already
            message = (
                f"the brown-out {rule.days_before} days before a sunset lasts {rule.minutes} minutes; "
                f"an earlier one lasts {longest}"
            )
            place = sources.estate.place(f"/deprecation-policy/brown-outs/{index}/minutes")
            yield finding("brown-outs-not-rising", place, message)
        longest = max(longest, rule.minutes)


def _lifecycle(api: ApiSources, version: str, entry: VersionEntry) -> Iterator[Finding]:
    file, pointer, what = api.file, f"/versions/{escape(version)}", f"{api.name!r} {version}"
    dates: dict[str, int] = {}
    for key in ("deprecation", "sunset"):
        text = getattr(entry, key)
        if text is None:
            continue
        try:
            dates[key] = timestamp(text)
        except ValueError:
            message = f"the {key} of {what} is {text!r}, which is not in the calendar"
            yield finding("invalid-date", file.place(f"{pointer}/{key}"), message)
    if entry.state == "deprecated" and entry.deprecation is None:
        message = f"{what} is deprecated and has no 'deprecation' date"
        yield finding("deprecated-without-date", file.place(pointer), message)
    if len(dates) == 2 and dates["sunset"] < dates["deprecation"]:
        message = f"the sunset of {what} ({entry.sunset}) is before its deprecation ({entry.deprecation})"
        yield finding("sunset-before-deprecation", file.place(f"{pointer}/sunset"), message)
    if entry.sunset is not None and entry.successor is None:
        message = f"{what} ends on {entry.sunset} and names no 'successor'"
        yield finding("sunset-without-successor", file.place(f"{pointer}/sunset"), message)
    if entry.successor is not None:
        yield from _successor(api, version, entry.successor)


def _successor(api: ApiSources, version: str, successor: str) -> Iterator[Finding]:
    place = api.file.place(f"/versions/{escape(version)}/successor")
    versions = declared(api.file.document, "versions")
    what = f"the successor of {api.name!r} {version}"
    if successor not in versions:
        message = (
            f"{what} is {successor!r}, which is no version of it{suggestion(successor, versions - {version})}"
        )
        yield finding("unknown-successor", place, message)
    elif successor == version:
        yield finding("unknown-successor", place, f"{what} is {successor!r} itself")
    elif (entry := api.file.value.versions.get(successor)) and entry.state in ("draft", "retired"):
        message = f"{what} is {successor!r}, which is {entry.state} and refuses every call"
        yield finding("successor-not-served", place, message)


def _brown_outs(api: ApiSources, version: str, entry: VersionEntry) -> Iterator[Finding]:
    deprecation, sunset = seconds(entry.deprecation), seconds(entry.sunset)
    seen: list[tuple[int, int, str]] = []
    for index, each in enumerate(entry.brown_outs):
        pointer = f"/versions/{escape(version)}/brown-outs/{index}"
        what = f"the brown-out of {api.name!r} {version} from {each.start} until {each.until}"
        ends = {"from": (each.start, seconds(each.start)), "until": (each.until, seconds(each.until))}
        for key, (text, value) in ends.items():
            # "" stands for what was missing or no date at all, which is reported already.
            if text and value is None:
                message = f"{key!r} of a brown-out of {api.name!r} {version} is {text!r}, which is no date"
                yield finding("invalid-date", api.file.place(f"{pointer}/{key}"), message)
        start, end = ends["from"][1], ends["until"][1]
        if start is None or end is None:
            continue
        if end <= start:
            message = f"{what} ends before it begins"
            yield finding("brown-out-empty", api.file.place(f"{pointer}/until"), message)
            continue
        if deprecation is None or sunset is None:
            lacking = " and no ".join(key for key in ("deprecation", "sunset") if getattr(entry, key) is None)
            if lacking:
                message = f"{what} prepares for nothing: the version has no {lacking}"
                yield finding("brown-out-outside", api.file.place(pointer), message)
        elif start < deprecation or end > sunset:
            message = f"{what} is not between its deprecation ({entry.deprecation}) and sunset ({entry.sunset})"
            yield finding("brown-out-outside", api.file.place(pointer), message)
        for other_start, other_end, other in seen:
            if start < other_end and other_start < end:
                message = f"{what} overlaps with the one from {other}"
                yield finding("brown-outs-overlap", api.file.place(pointer), message)
                break
        seen.append((start, end, each.start))
