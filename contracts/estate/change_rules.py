"""The rules over the `changes` key of an estate: approval rules that can be met, and windows that are windows."""

from collections.abc import Iterator

from contracts.dates import timestamp
from contracts.estate.catalogue import finding
from contracts.estate.decode import suggestion
from contracts.estate.loading import Sources
from contracts.findings import Finding

ESTATE_UNIT = "estate"
"""What the estate's own files are called where APIs are named."""


def change_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about it."""
    yield from _approvals(sources)
    yield from _windows(sources)


def _approvals(sources: Sources) -> Iterator[Finding]:
    file, known = sources.estate, {*sources.apis, *sources.held}
    holders: dict[str, set[str]] = {}
    for team in sources.teams.value.teams.values():
        for name, member in team.members.items():
            for role in member.roles:
                holders.setdefault(role, set()).add(name)
    # The default rules stand in no file, and hold for estates of one person too.
    written = file.document is not None and file.document.at("/changes/approval") is not None
    names: dict[str, str] = {}
    for index, rule in enumerate(file.value.changes.approval if written else ()):
        pointer = f"/changes/approval/{index}"
        if (first := names.setdefault(rule.name, pointer)) != pointer:
            message = f"two approval rules are called {rule.name!r} (the first at {file.place(first)})"
            yield finding("approval-rule-twice", file.place(f"{pointer}/name"), message)
        for position, api in enumerate(rule.when.apis):
            if api not in known:
                message = f"there is no API {api!r}{suggestion(api, known)}"
                yield finding("unknown-api", file.place(f"{pointer}/when/apis/{position}"), message)
        for position, entry in enumerate(rule.require.approvals):
            able = set().union(*(holders.get(role, set()) for role in entry.roles))
            if len(able) < entry.count:
                who = " or ".join(map(repr, entry.roles))
                message = f"rule {rule.name!r} wants {entry.count} with the role {who}, and {len(able)} have it"
                place = file.place(f"{pointer}/require/approvals/{position}")
                yield finding("approver-missing", place, message)


def _windows(sources: Sources) -> Iterator[Finding]:
    file, known = sources.estate, {*sources.apis, *sources.held, ESTATE_UNIT}
    for index, window in enumerate(file.value.changes.freeze_windows):
        pointer = f"/changes/freeze-windows/{index}"
        times: dict[str, int] = {}
        for key, text in (("from", window.start), ("until", window.until)):
            try:
                times[key] = timestamp(text)
            except ValueError:
                message = f"{key!r} of the freeze window is {text!r}, which is not in the calendar"
                yield finding("invalid-date", file.place(f"{pointer}/{key}"), message)
        if len(times) == 2 and times["until"] <= times["from"]:
            message = f"the freeze window ends ({window.until}) before it begins ({window.start})"
            yield finding("freeze-window-empty", file.place(f"{pointer}/until"), message)
        for position, unit in enumerate(window.spared):
            if unit not in known:
                message = f"there is no API {unit!r}{suggestion(unit, known)}"
                yield finding("unknown-api", file.place(f"{pointer}/except/{position}"), message)
