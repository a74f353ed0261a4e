"""The registry: the estate in force as people ask for it. Pure views, for the admin API and for the portal."""

from collections.abc import Iterator

import msgspec

from catalog.people.members import Members
from contracts.estate.domains import domain_of, governance_of
from contracts.estate.estate import Estate
from contracts.estate.ownership import Kind, orphans
from contracts.estate_files import ApiFile
from contracts.estate_words import Classification, Criticality, Governance, Role


class VersionView(msgspec.Struct, frozen=True):
    """A version of an API. Dates are as the estate has them: a day, or a moment in UTC."""

    version: str
    state: str
    base_path: str
    revision: str
    operations: int
    deprecation: str | None
    sunset: str | None
    successor: str | None
    migration_guide: str | None


class SloView(msgspec.Struct, frozen=True):
    """What is promised over 30 days: percent, and milliseconds of the 95th percentile."""

    availability: float
    latency_p95: int | None


class ApiView(msgspec.Struct, frozen=True):
    """An API and who answers for it."""

    name: str
    title: str
    description: str
    owner: str
    contact: str
    domain: str | None
    governance: Governance
    classification: Classification
    criticality: Criticality
    upstream: str
    slo: SloView | None
    system_of_record_for: tuple[str, ...]
    business_objects: tuple[str, ...]
    plans: tuple[str, ...]
    versions: tuple[VersionView, ...]


class TeamView(msgspec.Struct, frozen=True):
    """A team and the APIs that it owns."""

    name: str
    title: str
    contact: str
    domain: str | None
    members: int
    apis: tuple[str, ...]


class MembershipView(msgspec.Struct, frozen=True):
    """A team and the roles in it."""

    team: str
    roles: tuple[Role, ...]


class MemberView(msgspec.Struct, frozen=True):
    """A member and its roles by team."""

    name: str
    title: str
    email: str
    memberships: tuple[MembershipView, ...]


class SubscriptionView(msgspec.Struct, frozen=True):
    """What an application may call, under which plan."""

    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]


class ApplicationView(msgspec.Struct, frozen=True):
    """An application of a consumer."""

    client_id: str
    title: str
    subscriptions: tuple[SubscriptionView, ...]


class ConsumerView(msgspec.Struct, frozen=True):
    """A partner organisation."""

    name: str
    title: str
    contact: str
    applications: tuple[ApplicationView, ...]


class OrphanView(msgspec.Struct, frozen=True):
    """What nobody answers for: `rule` is that of the finding which `ostiary lint` has for it."""

    rule: str
    kind: Kind
    name: str
    message: str


def api_views(estate: Estate) -> tuple[ApiView, ...]:
    """All APIs by name."""
    return tuple(_api(estate, name, api) for name, api in sorted(estate.apis.items()))


def team_views(estate: Estate) -> tuple[TeamView, ...]:
    """All teams by name."""
    owned: dict[str, list[str]] = {}
    for name, api in sorted(estate.apis.items()):
        owned.setdefault(api.owner, []).append(name)
    return tuple(
        TeamView(name, team.title, team.contact, team.domain, len(team.members), tuple(owned.get(name, ())))
        for name, team in sorted(estate.teams.teams.items())
    )


def member_views(members: Members) -> tuple[MemberView, ...]:
    """All members by name."""
    return tuple(
        MemberView(
            name,
            member.title,
            member.email,
            tuple(
                MembershipView(team, tuple(sorted(roles))) for team, roles in sorted(member.memberships.items())
            ),
        )
        for name, member in sorted(members.by_name.items())
    )


def consumer_views(estate: Estate) -> tuple[ConsumerView, ...]:
    """All consumers by name."""
    return tuple(
        ConsumerView(
            name,
            consumer.title,
            consumer.contact,
            tuple(
                ApplicationView(
                    client_id,
                    application.title,
                    tuple(
                        SubscriptionView(each.api, each.version, each.plan, each.scopes)
                        for each in application.subscriptions
                    ),
                )
                for client_id, application in sorted(consumer.applications.items())
            ),
        )
        for name, consumer in sorted(estate.consumers.consumers.items())
    )


def orphan_views(estate: Estate) -> tuple[OrphanView, ...]:
    """What nobody answers for."""
    found = orphans(estate.teams, estate.apis, estate.consumers)
    return tuple(OrphanView(each.rule, each.kind, each.name, each.message) for each in found)


def _api(estate: Estate, name: str, api: ApiFile) -> ApiView:
    slo = None if api.slo is None else SloView(api.slo.availability, api.slo.latency_p95)
    return ApiView(
        name=name,
        title=api.title,
        description=api.description,
        owner=api.owner,
        contact=api.contact,
        domain=domain_of(api, estate.teams),
        governance=governance_of(api, estate.file),
        classification=api.classification,
        criticality=api.criticality,
        upstream=api.upstream,
        slo=slo,
        system_of_record_for=api.system_of_record_for,
        business_objects=api.business_objects,
        plans=api.plans,
        versions=tuple(_versions(estate, name, api)),
    )


def _versions(estate: Estate, name: str, api: ApiFile) -> Iterator[VersionView]:
    for compiled in estate.versions:
        if compiled.api != name:
            continue
        entry = api.versions[compiled.version]
        yield VersionView(
            compiled.version,
            entry.state,
            compiled.base_path,
            compiled.revision,
            len(compiled.operations),
            entry.deprecation,
            entry.sunset,
            entry.successor,
            entry.migration_guide,
        )
