"""The rules by which `ostiary lint` judges an estate: not whether it can be enforced, but whether it is governed.

What must be right before anything can be published (that every team, upstream, plan and scope exists, that paths
are claimed once) is in `rules`; `ostiary lint` reports that too.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from contracts.dates import timestamp
from contracts.documents.document import escape
from contracts.estate.decode import declared, suggestion
from contracts.estate.loading import ApiSources, Sources
from contracts.estate.ownership import orphans
from contracts.findings import Finding, Place, Rule

_DAY: Final = 86_400

GOVERNANCE_RULES: Final[Mapping[str, Rule]] = {
    row.id: row
    for row in (
        Rule("api-description-missing", "warning", "Partners find an API by what it says it is for."),
        Rule("api-slo-missing", "warning", "Without a promised service level nobody knows when it is broken."),
        Rule("api-plan-missing", "warning", "An API without a plan cannot be subscribed to."),
        Rule("plan-unknown", "error", "A plan that is offered and does not exist can be had by nobody."),
        Rule(
            "plan-not-offered",
            "warning",
            "A subscription under a plan that the API does not offer is an exception.",
        ),
        Rule("owner-role-missing", "warning", "A team that owns an API needs somebody who decides about it."),
        Rule("owner-team-empty", "warning", "A team without members owns nothing: nobody would answer."),
        Rule("contact-unknown", "warning", "An address that no team and no member has is answered by nobody."),
        Rule(
            "consumer-without-application",
            "info",
            "A consumer that calls nothing is new, or was forgotten when it left.",
        ),
        Rule("owner-contact-differs", "info", "Two addresses for one question: which one answers?"),
        Rule("deprecation-policy-missing", "warning", "Partners must know how much notice they get."),
        Rule("notice-too-short", "error", "A promise of notice is kept by the calendar or it is none."),
        Rule("sunset-missing", "warning", "A deprecated version without an end is never moved away from."),
        Rule("record-claimed-twice", "error", "Two systems of record for one object: which one is right?"),
        Rule(
            "record-missing", "warning", "An object of which no system holds the truth is copied and contradicts."
        ),
        Rule(
            "criticality-without-slo", "error", "What the business stops without needs a promised service level."
        ),
        Rule(
            "sensitive-without-security", "error", "Whoever answers for restricted data must be named in the team."
        ),
        Rule(
            "version-order", "warning", "Versions count upwards: the older one is not the successor of the newer."
        ),
    )
}


def governed(sources: Sources) -> list[Finding]:
    """All findings of all rules, in no particular order."""
    return [each for rule in _CHECKS for each in rule(sources)]


def _finding(rule: str, place: Place, message: str) -> Finding:
    return Finding(place, rule, message, GOVERNANCE_RULES[rule].severity)


def _is_offered(api: ApiSources) -> bool:
    """Whether partners see it: some version is published or deprecated."""
    return any(entry.state in ("published", "deprecated") for entry in api.file.value.versions.values())


def _described(sources: Sources) -> Iterator[Finding]:
    for api in sources.apis.values():
        value, file = api.file.value, api.file
        if not value.description.strip():
            yield _finding("api-description-missing", file.place(), f"API {api.name!r} has no 'description'")
        if value.slo is not None:
            continue
        if value.criticality == 1:
            message = f"API {api.name!r} is of criticality 1 and promises no 'slo'"
            yield _finding("criticality-without-slo", file.place("/criticality"), message)
        elif _is_offered(api):
            yield _finding("api-slo-missing", file.place(), f"API {api.name!r} promises no 'slo'")


def _planned(sources: Sources) -> Iterator[Finding]:
    known = declared(sources.estate.document, "plans")
    used = _subscribed(sources)
    for api in sources.apis.values():
        plans = api.file.value.plans
        if not plans and api.name not in used and _is_offered(api):
            message = f"API {api.name!r} offers no 'plans', and nobody is subscribed to it"
            yield _finding("api-plan-missing", api.file.place(), message)
        for index, plan in enumerate(plans):
            if plan not in known:
                message = f"API {api.name!r} offers plan {plan!r}, which is not declared{suggestion(plan, known)}"
                yield _finding("plan-unknown", api.file.place(f"/plans/{index}"), message)
        for plan, place in used.get(api.name, ()) if plans else ():
            if plan not in plans:
                message = f"API {api.name!r} does not offer plan {plan!r}; it offers {', '.join(map(repr, plans))}"
                yield _finding("plan-not-offered", place, message)


def _subscribed(sources: Sources) -> dict[str, list[tuple[str, Place]]]:
    found: dict[str, list[tuple[str, Place]]] = {}
    file = sources.consumers
    for consumer, entry in file.value.consumers.items():
        for name, application in entry.applications.items():
            for index, subscription in enumerate(application.subscriptions):
                pointer = f"/consumers/{escape(consumer)}/applications/{escape(name)}/subscriptions/{index}/plan"
                found.setdefault(subscription.api, []).append((subscription.plan, file.place(pointer)))
    return found


def _owned(sources: Sources) -> Iterator[Finding]:
    teams = sources.teams.value.teams
    for api in sources.apis.values():
        value, file = api.file.value, api.file
        team = teams.get(value.owner)
        if team is None:
            continue  # `unknown-owner` says so
        everyone = {role for each in teams.values() for member in each.members.values() for role in member.roles}
        if value.classification == "restricted" and "security" not in everyone:
            message = f"API {api.name!r} is restricted, and no team has a member with the role 'security'"
            yield _finding("sensitive-without-security", file.place("/classification"), message)
        if value.contact and value.contact != team.contact:
            message = f"the contact of {api.name!r} is {value.contact}, that of its team {team.contact}"
            yield _finding("owner-contact-differs", file.place("/contact"), message)


def _orphaned(sources: Sources) -> Iterator[Finding]:
    files = {name: api.file for name, api in sources.apis.items() if api.file.document is not None}
    apis = {name: file.value for name, file in files.items()}
    for each in orphans(sources.teams.value, apis, sources.consumers.value):
        if each.rule in GOVERNANCE_RULES:  # what is an error in the estate itself, `rules` says
            file = files[each.name] if each.kind == "api" else sources.consumers
            yield _finding(each.rule, file.place_of_key(each.pointer), each.message)


def _ended(sources: Sources) -> Iterator[Finding]:
    general = sources.estate.value.deprecation_policy
    for api in sources.apis.values():
        notice = api.file.value.notice_days or (general.notice_days if general is not None else None)
        if notice is None and _is_offered(api):
            message = f"API {api.name!r} has no 'notice-days', and the estate no 'deprecation-policy'"
            yield _finding("deprecation-policy-missing", api.file.place(), message)
        yield from _calendar(api, notice)


def _calendar(api: ApiSources, notice: int | None) -> Iterator[Finding]:
    for version, entry in api.file.value.versions.items():
        pointer, what = f"/versions/{escape(version)}", f"{api.name!r} {version}"
        if entry.state == "deprecated" and entry.sunset is None:
            message = f"{what} is deprecated and has no 'sunset'"
            yield _finding("sunset-missing", api.file.place_of_key(pointer), message)
        if entry.successor is not None and _number(entry.successor) < _number(version):
            message = f"the successor of {what} is {entry.successor!r}, which is older"
            yield _finding("version-order", api.file.place(f"{pointer}/successor"), message)
        if notice is None or entry.deprecation is None or entry.sunset is None:
            continue
        try:
            days = (timestamp(entry.sunset) - timestamp(entry.deprecation)) // _DAY
        except ValueError:
            continue  # `invalid-date` says so
        if 0 <= days < notice:
            message = f"{what} ends {days} days after its deprecation; {notice} are promised"
            yield _finding("notice-too-short", api.file.place(f"{pointer}/sunset"), message)


def _number(version: str) -> int:
    return int(version[1:]) if version[1:].isdecimal() else 0


def _records(sources: Sources) -> Iterator[Finding]:
    claims: dict[str, tuple[str, Place]] = {}
    for api in sources.apis.values():
        for index, name in enumerate(api.file.value.system_of_record_for):
            place = api.file.place(f"/system-of-record-for/{index}")
            first, where = claims.setdefault(name.strip().lower(), (api.name, place))
            if where != place:
                message = f"{name!r} has its system of record in {api.name!r} and in {first!r} ({where})"
                yield _finding("record-claimed-twice", place, message)
    for api in sources.apis.values():
        for index, name in enumerate(api.file.value.business_objects):
            if name.strip().lower() not in claims:
                message = f"no API claims to be the system of record for {name!r}{suggestion(name, claims)}"
                yield _finding("record-missing", api.file.place(f"/business-objects/{index}"), message)


_CHECKS: Final[tuple[Callable[[Sources], Iterator[Finding]], ...]] = (
    _described,
    _planned,
    _owned,
    _orphaned,
    _ended,
    _records,
)
