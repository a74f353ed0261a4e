"""An estate at a glance: where its APIs stand in their lives, what nobody answers for, where versions sprawl,
whose applications are left over, and what the linter says of it over time. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from catalog.clock import DAY, moment, moment_or_none
from catalog.governance.activity import Activity
from catalog.governance.look_table import Look
from catalog.governance.looking import Counted
from catalog.governance.whys import why_of
from catalog.ownership.registry import OrphanView, orphan_views
from contracts.dates import timestamp
from contracts.estate.estate import Estate
from contracts.estate_files import ApiFile, VersionEntry
from contracts.findings import Severity

QUIET_DAYS: Final = 30
"""Days without a call after which a version counts as unused, and an application as left over."""
MOST: Final = 100
"""Of each kind, how many are named; how many there are is said in any case."""
MOST_LIVE: Final = 2
"""Versions at a time: the one that clients move to, and the one that they move from."""

Stage: TypeAlias = Literal["draft", "published", "deprecated", "retired"]
Sprawl: TypeAlias = Literal["several-published", "many-live", "past-its-end", "unused"]
Leftover: TypeAlias = Literal["no-application", "nothing-to-call", "calls-nothing"]

STAGES: Final[tuple[Stage, ...]] = ("draft", "published", "deprecated", "retired")


class StageView(msgspec.Struct, frozen=True):
    """`versions` are in this state. An API is where the best of its versions is: published, else deprecated, else
    in draft, else retired."""

    stage: Stage
    apis: tuple[str, ...]
    versions: int


class SprawlView(msgspec.Struct, frozen=True):
    """An API with more versions than it should have, or with others. `concerned` are the versions that `why` is
    about."""

    api: str
    title: str
    owner: str
    why: Sprawl
    concerned: tuple[str, ...]


class LeftoverView(msgspec.Struct, frozen=True):
    """A consumer, or one of its applications, that calls nothing. `application` is empty where it is the consumer
    itself."""

    consumer: str
    title: str
    application: str
    why: Leftover
    last_seen: datetime | None


class LookView(msgspec.Struct, frozen=True):
    """How many findings there were once a publication was in force."""

    publication: int
    at: datetime
    apis: int
    errors: int
    warnings: int
    infos: int
    waived: int


class RuleView(msgspec.Struct, frozen=True):
    """What a rule finds in what is in force, and in which units. `why` is empty where its ruleset has none."""

    rule: str
    severity: Severity
    findings: int
    units: tuple[str, ...]
    why: str


class Overview(msgspec.Struct, frozen=True):
    """The estate in force. Of `gaps`, `sprawl` and `leftovers` at most a hundred are named each. `looks` are the
    oldest first; there is none before the linter has looked."""

    apis: int
    versions: int
    consumers: int
    applications: int
    stages: tuple[StageView, ...]
    gap_count: int
    gaps: tuple[OrphanView, ...]
    sprawl_count: int
    sprawl: tuple[SprawlView, ...]
    leftover_count: int
    leftovers: tuple[LeftoverView, ...]
    quiet_days: int
    observed_since: datetime | None
    looks: tuple[LookView, ...]
    rules: tuple[RuleView, ...]


def overview(
    estate: Estate, seen: Activity, looks: Sequence[Look], counted: Sequence[Counted], now: int
) -> Overview:
    """`now` in Unix seconds."""
    gaps = orphan_views(estate)
    sprawl = [each for name, api in sorted(estate.apis.items()) for each in sprawl_of(name, api, seen, now)]
    left = list(_leftovers(estate, seen, now))
    return Overview(
        apis=len(estate.apis),
        versions=sum(len(api.versions) for api in estate.apis.values()),
        consumers=len(estate.consumers.consumers),
        applications=sum(len(each.applications) for each in estate.consumers.consumers.values()),
        stages=_stages(estate),
        gap_count=len(gaps),
        gaps=gaps[:MOST],
        sprawl_count=len(sprawl),
        sprawl=tuple(sprawl[:MOST]),
        leftover_count=len(left),
        leftovers=tuple(left[:MOST]),
        quiet_days=QUIET_DAYS,
        observed_since=moment_or_none(seen.began),
        looks=tuple(map(_look, looks)),
        rules=_rules(counted),
    )


def live(api: ApiFile) -> tuple[str, ...]:
    """The versions that clients can call."""
    return tuple(name for name, each in api.versions.items() if each.state in ("published", "deprecated"))


def past_its_end(entry: VersionEntry, now: int) -> bool:
    """Whether a version's day is over and it is not retired."""
    return entry.state != "retired" and entry.sunset is not None and timestamp(entry.sunset) <= now


def sprawl_of(name: str, api: ApiFile, seen: Activity, now: int) -> Iterator[SprawlView]:
    """What is wrong with an API's versions as a whole."""
    published = tuple(version for version, each in api.versions.items() if each.state == "published")
    alive = live(api)
    over = tuple(version for version, each in api.versions.items() if past_its_end(each, now))
    unused: tuple[str, ...] = ()
    if seen.known_for(QUIET_DAYS * DAY, now):
        since = now - QUIET_DAYS * DAY
        unused = tuple(each for each in alive if seen.versions.get((name, each), 0) < since)
    found: tuple[tuple[Sprawl, tuple[str, ...]], ...] = (
        ("several-published", published if len(published) > 1 else ()),
        ("many-live", alive if len(alive) > MOST_LIVE else ()),
        ("past-its-end", over),
        ("unused", unused),
    )
    for why, concerned in found:
        if concerned:
            yield SprawlView(name, api.title, api.owner, why, concerned)


def stage_of(api: ApiFile) -> Stage:
    """Where an API stands."""
    states = {each.state for each in api.versions.values()}
    order: tuple[Stage, ...] = ("published", "deprecated", "draft", "retired")
    return next(each for each in order if each in states)


def _stages(estate: Estate) -> tuple[StageView, ...]:
    by_stage: dict[Stage, list[str]] = {stage: [] for stage in STAGES}
    versions: Counter[str] = Counter()
    for name, api in sorted(estate.apis.items()):
        by_stage[stage_of(api)].append(name)
        versions.update(each.state for each in api.versions.values())
    return tuple(StageView(stage, tuple(by_stage[stage]), versions[stage]) for stage in STAGES)


def _leftovers(estate: Estate, seen: Activity, now: int) -> Iterator[LeftoverView]:
    alive = {(name, version) for name, api in estate.apis.items() for version in live(api)}
    judged = seen.known_for(QUIET_DAYS * DAY, now)
    for name, consumer in sorted(estate.consumers.consumers.items()):
        if not consumer.applications:
            yield LeftoverView(name, consumer.title, "", "no-application", None)
        for client, application in sorted(consumer.applications.items()):
            last = seen.applications.get(client)
            if not any((each.api, each.version) in alive for each in application.subscriptions):
                why: Leftover = "nothing-to-call"
            elif judged and (last or 0) < now - QUIET_DAYS * DAY:
                why = "calls-nothing"
            else:
                continue
            yield LeftoverView(name, consumer.title, client, why, moment_or_none(last))


def _look(look: Look) -> LookView:
    return LookView(
        look.publication,
        moment(look.at),
        look.apis,
        look.errors,
        look.warnings,
        look.infos,
        look.waived,
    )


_WEIGHT: Final = {"error": 0, "warning": 1, "info": 2}


def _rules(counted: Sequence[Counted]) -> tuple[RuleView, ...]:
    """The gravest first, and of these the most frequent."""
    found: dict[tuple[str, Severity], list[Counted]] = {}
    for each in counted:
        found.setdefault((each.rule, each.severity), []).append(each)
    views = [
        RuleView(
            rule,
            severity,
            sum(each.findings for each in every),
            tuple(each.unit for each in every),
            why_of(rule),
        )
        for (rule, severity), every in found.items()
    ]
    return tuple(sorted(views, key=lambda each: (_WEIGHT[each.severity], -each.findings, each.rule)))
