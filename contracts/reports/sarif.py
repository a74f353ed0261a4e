"""SARIF 2.1.0 (OASIS): what code scanning takes. Columns count Unicode code points, as our readers do."""

from typing import Any, Final
from urllib.parse import quote

import msgspec

from contracts.findings import Place
from contracts.reports.entry import Entry, Report, Suppressed

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}
_FINGERPRINT: Final = "ostiary/v1"


def render_sarif(report: Report) -> str:
    """One run. Suppressed findings stand in it too, marked as such (§3.27.23)."""
    every = [*report.entries, *(each.entry for each in report.suppressed)]
    rules: dict[str, Entry] = {}
    for entry in every:
        rules.setdefault(entry.rule, entry)
    index = {rule: position for position, rule in enumerate(sorted(rules))}
    driver: dict[str, Any] = {"name": report.tool, "rules": [_rule(rules[rule]) for rule in index]}
    if report.version:
        driver["version"] = report.version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(entry, index) for entry in report.entries),
            *(_suppressed(each, index) for each in report.suppressed),
        ],
    }
    value = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _rule(entry: Entry) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": entry.rule, "shortDescription": {"text": entry.why or entry.rule}}
    if entry.help:
        rule["helpUri"] = entry.help
    rule["defaultConfiguration"] = {"level": _LEVELS[entry.severity]}
    return rule


def _result(entry: Entry, index: dict[str, int]) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": _physical(entry.place)}
    names = []
    if entry.operation is not None:
        names.append({"fullyQualifiedName": str(entry.operation), "kind": "function"})
    if entry.place.pointer:
        names.append({"fullyQualifiedName": entry.place.pointer, "kind": "member"})
    if names:
        location["logicalLocations"] = names
    return {
        "ruleId": entry.rule,
        "ruleIndex": index[entry.rule],
        "level": _LEVELS[entry.severity],
        "message": {"text": entry.message},
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: entry.fingerprint},
    }


def _suppressed(each: Suppressed, index: dict[str, int]) -> dict[str, Any]:
    kind = "inSource" if each.in_source else "external"
    suppression = {"kind": kind, "justification": each.reason}
    return {**_result(each.entry, index), "suppressions": [suppression]}


def _physical(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.file.replace("\\", "/"), safe="/")}}
    if place.line:
        physical["region"] = {"startLine": place.line, "startColumn": max(place.column, 1)}
    return physical
