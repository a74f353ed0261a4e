"""What a change does besides changing contracts, and what the API is that it is about: read from its files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from catalog.changes.facts import Traits
from contracts.documents.document import parse
from contracts.estate.decode import decode
from contracts.estate.domains import domain_teams, governance_of
from contracts.estate.loading import CONSUMERS, ESTATE, TEAMS
from contracts.estate_changes import Touch
from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, TeamsFile, VersionEntry

T = TypeVar("T", bound=msgspec.Struct)

_SERVED = ("published", "deprecated")
_OF_POLICIES = ("policy-", "access-rule-", "odoo-guard-")
_OF_CLASSES = ("classification-", "response-classification-", "api-classification-")
"""How the ids of rules begin that are about these."""


@dataclass(frozen=True, slots=True)
class EstateFiles:
    """The estate's own files as values. `others` are the files beside them: lint rulesets, the ignore file."""

    estate: EstateFile
    teams: TeamsFile
    consumers: ConsumersFile
    others: Mapping[str, bytes]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "EstateFiles":
        """From the files of a revision; what is wrong with them was found when it was compiled."""
        own = (ESTATE, TEAMS, CONSUMERS)
        return cls(
            read_file(files, ESTATE, EstateFile),
            read_file(files, TEAMS, TeamsFile),
            read_file(files, CONSUMERS, ConsumersFile),
            {path: data for path, data in files.items() if path not in own},
        )


def read_file(files: Mapping[str, bytes], path: str, kind: type[T]) -> T:
    """A file's typed value, with neutral values for what is broken. Raises KeyError where there is none."""
    document, _ = parse(files[path], path)
    if document is None:
        return decode(parse(b"{}", path)[0], kind)[0]  # type: ignore[arg-type]
    return decode(document, kind)[0]


def touches_of_api(before: ApiFile | None, after: ApiFile | None) -> frozenset[Touch]:
    """Of one API. None on a side where there is none."""
    if before is None:
        return frozenset(("new-api",))
    if after is None:
        return frozenset(("removed-api",))
    found: set[Touch] = set(_keys(before, after))
    for version in {**before.versions, **after.versions}:
        found.update(_of_version(before.versions.get(version), after.versions.get(version)))
    if _promises_less(before, after):
        found.add("deprecation")
    return frozenset(found)


def _promises_less(before: ApiFile, after: ApiFile) -> bool:
    """Whether partners are promised less notice, or a promise of the API's own is taken back: what that leaves is
    the estate's, which another change may lower."""
    return before.notice_days is not None and (after.notice_days is None or after.notice_days < before.notice_days)


def _keys(before: ApiFile, after: ApiFile) -> Iterator[Touch]:
    if (before.owner, before.domain) != (after.owner, after.domain):
        yield "owner"
    if before.classification != after.classification:
        yield "classification"
    if before.criticality != after.criticality:
        yield "criticality"
    if before.governance != after.governance:
        yield "governance"
    if before.upstream != after.upstream:
        yield "upstream"


def _of_version(before: VersionEntry | None, after: VersionEntry | None) -> Iterator[Touch]:
    was, is_ = _state(before), _state(after)
    if is_ in _SERVED and was in (None, "draft"):
        yield "new-version"
    if is_ is None and was not in (None, "draft"):
        yield "removed-version"
    if is_ == "draft" and was not in (None, "draft"):
        yield "withdrawal"
    if is_ == "retired" and was != "retired":
        yield "retirement"
    if was == "retired" and is_ in _SERVED:
        yield "revival"
    if was == "deprecated" and is_ == "published":
        yield "reinstatement"
    if is_ == "deprecated" and (was == "published" or _calendar(before) != _calendar(after)):
        yield "deprecation"
    if before is not None and after is not None and before.upstream != after.upstream:
        yield "upstream"


def _state(entry: VersionEntry | None) -> str | None:
    return None if entry is None else entry.state


def _calendar(entry: VersionEntry | None) -> tuple[object, ...]:
    return () if entry is None else (entry.deprecation, entry.sunset, entry.brown_outs)


def touches_of_estate(before: EstateFiles, after: EstateFiles) -> frozenset[Touch]:
    """Of the estate's own files."""
    found: set[Touch] = set()
    if before.teams != after.teams:
        found.add("people")
    was, is_ = before.estate, after.estate
    if _bar(was) != _bar(is_) or before.others != after.others:
        found.add("rules")
    if (was.upstreams, was.gateway) != (is_.upstreams, is_.gateway):
        found.add("upstreams")
    if was.plans != is_.plans:
        found.add("plans")
    if before.consumers != after.consumers:
        found.add("consumers")
    if was.issuers != is_.issuers:
        found.add("issuers")
    return frozenset(found)


def _bar(estate: EstateFile) -> tuple[object, ...]:
    """What says how changes are judged, and how long credentials may live."""
    return estate.changes, estate.lint, estate.governance, estate.deprecation_policy, estate.credentials


def touches_of_changes(rules: Iterable[str]) -> frozenset[Touch]:
    """Of what the diff found: what policies let pass, and who may see data, stand in contracts too."""
    found: set[Touch] = set()
    for rule in rules:
        if rule.startswith(_OF_POLICIES):
            found.add("policies")
        elif rule.startswith(_OF_CLASSES):
            found.add("classification")
    return frozenset(found)


def traits_of(api: ApiFile, estate: EstateFiles) -> Traits:
    """What an API is, within an estate."""
    return Traits(
        owner=api.owner,
        domain=domain_teams(api, estate.teams),
        classification=api.classification,
        criticality=api.criticality,
        governance=governance_of(api, estate.estate),
    )
