"""One JSON object: the counts and every finding with its place and fingerprint."""

from typing import Any

import msgspec

from contracts.reports.entry import Entry, Report


def render_json(report: Report) -> str:
    """Indented by two. The members of an entry are always the same; `operation` may be null."""
    value = {
        "ok": not report.count("error"),
        "errors": report.count("error"),
        "warnings": report.count("warning"),
        "remarks": report.count("info"),
        "findings": [member_of(entry) for entry in report.entries],
        "suppressed": [
            {**member_of(each.entry), "reason": each.reason, "in_source": each.in_source}
            for each in report.suppressed
        ],
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def member_of(entry: Entry) -> dict[str, Any]:
    """One entry as it stands in the object."""
    operation = entry.operation
    return {
        "rule": entry.rule,
        "severity": entry.severity,
        "message": entry.message,
        "file": entry.place.file,
        "line": entry.place.line,
        "column": entry.place.column,
        "pointer": entry.place.pointer,
        "operation": None if operation is None else {"method": operation.method, "path": operation.path},
        "fingerprint": entry.fingerprint,
    }
