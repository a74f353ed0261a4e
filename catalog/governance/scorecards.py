"""Scorecards: how well each API and each team keeps to what the estate expects of them. Pure.

A card is a list of marks. Each is about one thing that somebody can mend, and says why it counts and where that is
done. What does not apply counts neither for an API nor against it, and so does what nobody has looked at yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from catalog.governance.activity import Activity
from catalog.governance.looking import Counted
from catalog.governance.overview import past_its_end, sprawl_of
from contracts.estate.domains import domain_of
from contracts.estate.estate import Estate
from contracts.estate.ownership import orphans
from contracts.estate_files import ApiFile, TeamEntry
from contracts.estate_words import Role

About: TypeAlias = Literal["api", "team"]
Standing: TypeAlias = Literal["met", "partly", "missed"]


class Criterion(msgspec.Struct, frozen=True):
    """What counts, how much, and why."""

    id: str
    weight: int
    title: str
    why: str


CRITERIA: Final[Mapping[str, Criterion]] = {
    each.id: each
    for each in (
        Criterion("answered", 3, "Somebody answers for it", "A question, a leak and a change need a person."),
        Criterion("described", 1, "It says what it is for", "What nobody finds is built a second time."),
        Criterion("placed", 1, "It has a business domain", "Who decides about it follows from its domain."),
        Criterion(
            "recorded",
            1,
            "It names its business objects, each with one system of record",
            "An object of which two systems hold the truth, or none, is copied and contradicts itself.",
        ),
        Criterion(
            "promised", 2, "It promises a service level", "Without a promise nobody knows when it is broken."
        ),
        Criterion("planned", 1, "It can be subscribed to", "An API without a plan is called by nobody."),
        Criterion(
            "protected",
            3,
            "Nobody reads its confidential data unknown",
            "Confidential and restricted data is for callers who proved who they are.",
        ),
        Criterion("clean", 3, "The linter finds no error", "An error is what partners stumble over."),
        Criterion("tidy", 2, "The linter finds no warning", "Five warnings are half of it, more are none."),
        Criterion(
            "ending",
            2,
            "What is deprecated says when it ends and where to go",
            "Without an end, a successor and a guide nobody moves.",
        ),
        Criterion("retired", 1, "What has ended is retired", "A promise to end that is not kept teaches to wait."),
        Criterion(
            "lean",
            1,
            "It has no more versions than it needs",
            "Each version is built, tested, secured and explained.",
        ),
        Criterion(
            "deputised",
            2,
            "More than one member decides",
            "Whoever proposes does not approve: alone, a team waits for others.",
        ),
    )
}

TIDY: Final = 5
"""Warnings up to which an API is half tidy."""

_DECIDING: Final[tuple[Role, ...]] = ("api-owner", "architect")
_OPEN_IS_BAD: Final = ("confidential", "restricted")
_SPRAWLING: Final = ("several-published", "many-live")


class Mark(msgspec.Struct, frozen=True):
    """How a criterion is met, and by whom or what it is not (`concerned`). It is mended in `file`, at `key`;
    `page` is the portal's that shows it."""

    criterion: str
    title: str
    why: str
    weight: int
    earned: float
    standing: Standing
    concerned: tuple[str, ...]
    file: str
    key: str
    page: str


class Scorecard(msgspec.Struct, frozen=True):
    """`score` is the share of `possible` that was `earned`, in whole per cent. A team's marks are its own, and its
    score counts those of its APIs too."""

    about: About
    name: str
    title: str
    owner: str
    score: int
    earned: float
    possible: int
    apis: tuple[str, ...]
    marks: tuple[Mark, ...]


def scorecards(
    estate: Estate, seen: Activity, counted: Sequence[Counted] | None, now: int
) -> tuple[Scorecard, ...]:
    """Of each API and each team that owns one, the worst first. `counted` is what the linter found, None where it
    has not looked yet; `now` in Unix seconds."""
    by_unit: dict[str, list[Counted]] = {}
    for each in counted or ():
        by_unit.setdefault(each.unit, []).append(each)
    unanswered: dict[str, list[str]] = {}
    for orphan in orphans(estate.teams, estate.apis, estate.consumers):
        if orphan.kind == "api":
            unanswered.setdefault(orphan.name, []).append(orphan.rule)
    subscribed = _subscribed(estate)
    cards: list[Scorecard] = []
    for name, api in sorted(estate.apis.items()):
        found = None if counted is None else by_unit.get(name, [])
        objects = bool(api.system_of_record_for or api.business_objects)
        marks = (
            *_of_people(name, api, estate, unanswered.get(name, ()), name in subscribed),
            *_of_versions(name, api, estate, seen, now),
        )
        cards.append(_card("api", name, api.title, api.owner, (), (*marks, *_of_linter(name, objects, found))))
    teams = list(_teams(estate, cards))
    return tuple(sorted((*cards, *teams), key=lambda card: (card.score, card.about, card.name)))


def _teams(estate: Estate, cards: Sequence[Scorecard]) -> Iterator[Scorecard]:
    for name, team in sorted(estate.teams.teams.items()):
        own = [card for card in cards if card.owner == name]
        if own:
            apis = tuple(card.name for card in own)
            yield _card("team", name, team.title, name, apis, (_deputised(name, team),), own)


def _card(
    about: About,
    name: str,
    title: str,
    owner: str,
    apis: tuple[str, ...],
    marks: tuple[Mark, ...],
    besides: Iterable[Scorecard] = (),
) -> Scorecard:
    others = tuple(besides)
    earned = sum(each.earned for each in marks) + sum(card.earned for card in others)
    possible = sum(each.weight for each in marks) + sum(card.possible for card in others)
    return Scorecard(about, name, title, owner, int(100 * earned / possible), earned, possible, apis, marks)


def _mark(
    criterion: str, concerned: Iterable[str], *, file: str, key: str = "", page: str, half: bool = False
) -> Mark:
    """Met where nothing is concerned."""
    row, wrong = CRITERIA[criterion], tuple(concerned)
    standing: Standing = "met" if not wrong else "partly" if half else "missed"
    earned = {"met": row.weight, "partly": row.weight / 2, "missed": 0}[standing]
    return Mark(row.id, row.title, row.why, row.weight, earned, standing, wrong, file, key, page)


def _subscribed(estate: Estate) -> frozenset[str]:
    """The APIs that an application of the estate may call."""
    applications = (
        each for consumer in estate.consumers.consumers.values() for each in consumer.applications.values()
    )
    return frozenset(each.api for application in applications for each in application.subscriptions)


def _of_people(
    name: str, api: ApiFile, estate: Estate, unanswered: Iterable[str], subscribed: bool
) -> Iterator[Mark]:
    file, page = f"apis/{name}/api.yaml", f"/apis/{name}"
    yield _mark("answered", unanswered, file=file, key="owner", page="/estate#gaps")
    described = () if api.description.strip() else (name,)
    yield _mark("described", described, file=file, key="description", page=page)
    placed = () if domain_of(api, estate.teams) else (name,)
    yield _mark("placed", placed, file=file, key="domain", page=page)
    yield _mark("promised", () if api.slo is not None else (name,), file=file, key="slo", page=page)
    planned = () if api.plans or subscribed else (name,)
    yield _mark("planned", planned, file=file, key="plans", page=page)


def _of_versions(name: str, api: ApiFile, estate: Estate, seen: Activity, now: int) -> Iterator[Mark]:
    file, ends = f"apis/{name}/api.yaml", f"/calendar?api={name}"
    if api.classification in _OPEN_IS_BAD:
        open_to_all = (
            f"{version.version} {operation.id}"
            for version in estate.versions
            if version.api == name
            for operation in version.operations
            if operation.public
        )
        contract = f"apis/{name}/"
        yield _mark("protected", open_to_all, file=contract, key="security", page=f"/apis/{name}")
    deprecated = {version: each for version, each in api.versions.items() if each.state == "deprecated"}
    if deprecated:
        without = (
            f"{version} {key}"
            for version, each in deprecated.items()
            for key, value in (
                ("sunset", each.sunset),
                ("successor", each.successor),
                ("migration-guide", each.migration_guide),
            )
            if value is None
        )
        yield _mark("ending", without, file=file, key="versions", page=ends)
    if any(each.sunset is not None for each in api.versions.values()):
        over = (version for version, each in api.versions.items() if past_its_end(each, now))
        yield _mark("retired", over, file=file, key="versions", page=ends)
    many = (
        version for each in sprawl_of(name, api, seen, now) if each.why in _SPRAWLING for version in each.concerned
    )
    yield _mark("lean", dict.fromkeys(many), file=file, key="versions", page="/estate#sprawl")


def _of_linter(name: str, objects: bool, found: Sequence[Counted] | None) -> Iterator[Mark]:
    """Nothing where the linter has not looked; what has a mark of its own is not counted twice. `objects`: whether
    the API names any."""
    if found is None:
        return
    file, page = f"apis/{name}/", "/estate#findings"
    yield _mark(
        "recorded",
        (each.rule for each in found if each.rule in _OF_RECORDS) if objects else (name,),
        file=f"apis/{name}/api.yaml",
        key="system-of-record-for",
        page=f"/estate/graph?about=api:{name}",
    )
    errors = [each for each in found if each.severity == "error" and each.rule not in _OWN_MARKS]
    yield _mark("clean", map(_named, errors), file=file, page=page)
    warnings = [each for each in found if each.severity == "warning" and each.rule not in _OWN_MARKS]
    few = sum(each.findings for each in warnings) <= TIDY
    yield _mark("tidy", map(_named, warnings), file=file, page=page, half=few)


_OF_RECORDS: Final = frozenset(("record-claimed-twice", "record-missing"))
_OWN_MARKS: Final = frozenset(
    (
        *("api-description-missing", "api-slo-missing", "criticality-without-slo", "api-plan-missing"),
        *("owner-role-missing", "owner-team-empty", "contact-unknown", "unknown-owner", "sunset-missing"),
        *_OF_RECORDS,
    )
)


def _named(counted: Counted) -> str:
    return counted.rule if counted.findings == 1 else f"{counted.rule} ({counted.findings})"


def _deputised(name: str, team: TeamEntry) -> Mark:
    deciding = [each for each, member in team.members.items() if any(role in member.roles for role in _DECIDING)]
    concerned = () if len(deciding) > 1 else tuple(deciding) or (name,)
    return _mark("deputised", concerned, file="teams.yaml", key=f"teams/{name}/members", page="/estate#gaps")
