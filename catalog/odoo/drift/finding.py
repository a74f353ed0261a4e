"""Drift with its place: the file, line and column of the contract that does not fit any more."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from catalog.odoo.drift.comparing import Drift
from catalog.odoo.drift.rules import DRIFT_RULES
from contracts.documents.document import Document, parse
from contracts.estate.loading import APIS, CONTRACT
from contracts.findings import Finding, Place, Severity


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an API version does not fit the Odoo of its upstream."""

    api: str
    version: str
    upstream: str
    drift: Drift
    place: Place

    @property
    def severity(self) -> Severity:
        return DRIFT_RULES[self.drift.rule].severity

    @property
    def finding(self) -> Finding:
        """As `ostiary check` tells findings."""
        drift = self.drift
        return Finding(self.place, drift.rule, f"{drift.message}; {drift.fix}", self.severity)

    def shown(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "api": self.api,
            "version": self.version,
            "upstream": self.upstream,
            "operation": self.drift.operation,
            "rule": self.drift.rule,
            "severity": self.severity,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "pointer": self.drift.pointer,
            "model": self.drift.model,
            "subject": self.drift.subject,
            "message": self.drift.message,
            "fix": self.drift.fix,
        }


def found_in(
    texts: Mapping[str, bytes], api: str, version: str, upstream: str, drift: Iterable[Drift]
) -> list[Found]:
    """Each with its place in the contract, in that order; `texts` are the files of the API by path."""
    document = _contract(texts, api, version)
    found = [
        Found(
            api=api,
            version=version,
            upstream=upstream,
            drift=each,
            place=Place(f"{APIS}/{api}") if document is None else document.place_of_key(each.pointer),
        )
        for each in drift
    ]
    return sorted(found, key=lambda each: (each.place, each.drift.rule, each.drift.subject))


def _contract(texts: Mapping[str, bytes], api: str, version: str) -> Document | None:
    for name, text in texts.items():
        folder, _, file = name.rpartition("/")
        match = CONTRACT.fullmatch(file)
        if folder == f"{APIS}/{api}" and match is not None and match["version"] == version:
            return parse(text, name)[0]
    return None
