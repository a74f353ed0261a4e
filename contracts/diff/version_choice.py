"""How clients choose a version, as two `api.yaml` have it: to which one the same request leads now."""

from typing import Any, Final

from contracts.diff.changes import Changes, Where, said
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity

_DRAFT: Final = "draft"


def _rule(name: str, severity: Severity, why: str) -> DiffRule:
    return row(name, severity, why, area="document", direction="request")


ROWS: Final = (
    _rule("version-choice-changed", "error", "Requests name the version in a way that is not looked at any more."),
    _rule("version-default-changed", "error", "Requests that name no version get another one."),
    _rule("version-default-removed", "error", "Requests that name no version are refused."),
    _rule("version-default-added", "info", "Requests that name no version get one."),
    _rule("version-date-changed", "error", "Dates between the two stand for another version."),
)


def compare_choice(changes: Changes, old: Node, new: Node) -> None:
    """Two `api.yaml`."""
    was, is_ = _choice(old), _choice(new)
    at = Where("/versioning", "/versioning")
    node = new.get("versioning") or new
    if was != is_:
        message = f"versions were chosen by {_told(was)} and are chosen by {_told(is_)}"
        changes.add("version-choice-changed", at, message, node, before=_told(was), after=_told(is_))
        return
    before, after = _default(old), _default(new)
    if before != after and before is not None and after is not None:
        message = f"the version of requests that name none went from {said(before)} to {said(after)}"
        changes.add("version-default-changed", at.down("default"), message, node, before=before, after=after)
    elif before != after and before is not None:
        message = f"requests that name no version got {said(before)}"
        changes.add("version-default-removed", at.down("default"), message, node, before=before)
    elif before != after:
        message = f"requests that name no version get {said(str(after))}"
        changes.add("version-default-added", at.down("default"), message, node, after=after)
    if is_[0] == "date":
        _compare_dates(changes, old, new)


def _compare_dates(changes: Changes, old: Node, new: Node) -> None:
    before, after = _dates(old), _dates(new)
    for name, date in after.items():
        if name in before and before[name] != date:
            at = Where("/versions", "/versions").down(name, "released")
            message = f"the date of {said(name)} went from {said(before[name])} to {said(date)}"
            versions = new.get("versions")
            node = versions.get(name) if versions is not None else None
            changes.add("version-date-changed", at, message, node or new, before=before[name], after=date)


def _choice(root: Node) -> tuple[str, str]:
    """By what, and in which field or under which vendor's name."""
    entry = _entry(root)
    by = str(entry.get("by", "path"))
    detail = {"header": entry.get("header", "API-Version"), "date": entry.get("header", "API-Version")}
    return by, str(entry.get("vendor", "") if by == "media-type" else detail.get(by, ""))


def _told(choice: tuple[str, str]) -> str:
    by, detail = choice
    return f"{by} ({detail})" if detail else by


def _default(root: Node) -> str | None:
    """The version of requests that name none: by date it is the newest where nothing else is said."""
    entry = _entry(root)
    if entry.get("default") is not None:
        return str(entry["default"])
    dates = _dates(root) if entry.get("by") == "date" else {}
    return max(dates, key=lambda name: dates[name]) if dates else None


def _dates(root: Node) -> dict[str, str]:
    """Of versions that are served."""
    versions = root.value.get("versions")
    return {
        str(name): str(entry["released"])
        for name, entry in (versions.items() if isinstance(versions, dict) else ())
        if isinstance(entry, dict) and "released" in entry and entry.get("state") != _DRAFT
    }


def _entry(root: Node) -> dict[str, Any]:
    entry = root.value.get("versioning") if isinstance(root.value, dict) else None
    return entry if isinstance(entry, dict) else {}
