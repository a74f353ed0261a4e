"""An estate: the directory in which a company keeps its APIs' contracts, owners, plans and consumers.

`load_estate` gives the estate or everything that is wrong with it; `contracts_part` and `access_applications`
turn it into what a snapshot carries. What each file may hold is in `estate_files`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

import msgspec

from contracts.dates import timestamp
from contracts.estate.decode import suggestion
from contracts.estate.issuers import identities
from contracts.estate.loading import ESTATE, Sources, load_sources
from contracts.estate.policy_rules import PolicyJudge, policy_rules
from contracts.estate.rules import across
from contracts.estate_care import care_of
from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, HealthEntry, TeamsFile
from contracts.estate_oauth import oauth_settings
from contracts.estate_words import Url
from contracts.findings import Finding, has_errors
from contracts.limits_text import parse_limit
from contracts.operations import ApiVersion
from contracts.policy_settings import used
from contracts.resilience import ODOO_HEALTH, BreakerSettings, EjectionSettings, HealthCheck, RetrySettings
from contracts.snapshot import Application, ContractsPart, Plan, Subscription, Timeouts, Upstream, UpstreamTls

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Estate:
    """An estate without errors. `versions` are all that were compiled, drafts and retired ones too, in order.

    `files` are what each API was read from, by path relative to its directory: its own files, and those that they
    refer to; `texts` the bytes of what was read below `root`.
    """

    root: Path
    file: EstateFile
    teams: TeamsFile
    consumers: ConsumersFile
    apis: Mapping[str, ApiFile]
    versions: tuple[ApiVersion, ...]
    files: Mapping[str, frozenset[str]]
    texts: Mapping[str, bytes]


CurrentEstate: TypeAlias = Callable[[], Estate | None]
"""The estate in force, if there is one."""


class UnknownUpstream(ValueError):
    """An override names an upstream that the estate has not, or points it at something that is no URL."""


def is_estate(root: Path) -> bool:
    """Whether `root` is a directory with an `ostiary.yaml`, right or wrong."""
    return (root / ESTATE).is_file()


def load_estate(
    root: Path,
    *,
    api_roots: Mapping[str, Path] | None = None,
    held: Mapping[str, tuple[ApiVersion, ...]] = MappingProxyType({}),
    policies: PolicyJudge | None = None,
    further: Callable[[Sources], Iterable[Finding]] | None = None,
) -> tuple[Estate | None, list[Finding]]:
    """The estate below `root`, and every finding, sorted by place. With an error among them there is no estate.

    `api_roots` are directories of APIs, each of which is laid out as an estate is; without them they are below
    `root`. `held` are APIs that stay as they were compiled before, and are not looked for. Settings of policies
    are judged by `policies`, where it is given; `further` are rules that the caller has beyond those of here.
    """
    sources, findings = load_sources(root, api_roots, held)
    found = {*findings, *across(sources), *(policy_rules(sources, policies) if policies else ())}
    findings = sorted({*found, *(further(sources) if further else ())})
    if has_errors(findings):
        return None, findings
    estate = Estate(
        root=root,
        file=sources.estate.value,
        teams=sources.teams.value,
        consumers=sources.consumers.value,
        apis={name: api.file.value for name, api in sources.apis.items()},
        versions=_in_order(
            [*(each for api in sources.apis.values() for each in api.compiled.values()), *chain(*held.values())]
        ),
        files={name: frozenset(api.files) for name, api in sources.apis.items()},
        texts=sources.texts,
    )
    return estate, findings


def _in_order(versions: Iterable[ApiVersion]) -> tuple[ApiVersion, ...]:
    return tuple(sorted(versions, key=lambda each: (each.api, int(each.version[1:]))))


def check(root: Path) -> list[Finding]:
    """Everything wrong with the estate below `root`, at once, sorted by file, line and column."""
    return load_estate(root)[1]


def contracts_part(
    estate: Estate, *, upstream_urls: Mapping[str, str] = _NONE, audience: str | None = None
) -> ContractsPart:
    """What the gateway enforces. Drafts stay out of it; retired versions stay in, to be answered with 410.

    `upstream_urls` points upstreams elsewhere than the estate does and `audience` replaces `public-url`: that
    is how one estate serves a test, a demo and production. Raises UnknownUpstream.
    """
    for name, url in upstream_urls.items():
        if name not in estate.file.upstreams:
            raise UnknownUpstream(f"no upstream is called {name!r}{suggestion(name, estate.file.upstreams)}")
        try:
            msgspec.convert(url, Url)
        except msgspec.ValidationError:
            raise UnknownUpstream(f"the URL given for upstream {name!r} is no absolute http(s) URL") from None
    return ContractsPart(
        audience=(audience or estate.file.gateway.public_url).rstrip("/"),
        upstreams=tuple(
            _upstream(estate, name, upstream_urls.get(name)) for name in sorted(estate.file.upstreams)
        ),
        plans=tuple(
            Plan(
                name,
                tuple(parse_limit(limit, text) for limit, text in plan.limits.items()),
                plan.api_keys,
                used(f"{ESTATE}#/plans/{name}/policies", plan.policies),
            )
            for name, plan in sorted(estate.file.plans.items())
        ),
        versions=tuple(each for each in estate.versions if each.lifecycle.state != "draft"),
    )


def _upstream(estate: Estate, name: str, url: str | None) -> Upstream:
    entry = estate.file.upstreams[name]
    timeouts = entry.timeouts
    return Upstream(
        name=name,
        kind=entry.kind,
        url=(url or entry.url).rstrip("/"),
        timeouts=Timeouts(timeouts.connect, timeouts.first_byte, timeouts.between_bytes, timeouts.total),
        connections=entry.connections,
        credential=entry.credential,
        credential_header=entry.credential_header,
        credential_scheme=entry.credential_scheme,
        protocol=entry.protocol,
        database=entry.database,
        login=entry.login,
        tls=None if entry.tls is None else UpstreamTls(**msgspec.structs.asdict(entry.tls)),
        # What another URL stands for, a test or a demo, is one server.
        targets=() if url else tuple(each.rstrip("/") for each in entry.targets),
        breaker=_settings(entry.breaker, BreakerSettings),
        retries=_settings(entry.retries, RetrySettings),
        ejection=_settings(entry.ejection, EjectionSettings),
        health=None if entry.health is None else _health(entry.health),
        residency=entry.residency,
        care=care_of(entry.care),
    )


def _health(entry: HealthEntry) -> HealthCheck:
    """Without a path it is an Odoo's: of any other upstream `check` asks for one."""
    return _settings(msgspec.structs.replace(entry, path=entry.path or ODOO_HEALTH), HealthCheck)


T = TypeVar("T")


def _settings(entry: msgspec.Struct, kind: type[T]) -> T:
    return msgspec.convert(msgspec.structs.asdict(entry), kind)


def consumer_claims(estate: Estate) -> dict[str, dict[str, Any]]:
    """What tokens of their applications say of consumers besides, by consumer; of those of which they say nothing
    there is none."""
    return {
        name: {claim: list(value) if isinstance(value, tuple) else value for claim, value in entry.claims.items()}
        for name, entry in estate.consumers.consumers.items()
        if entry.claims
    }


def access_applications(estate: Estate, environment: str = "") -> tuple[Application, ...]:
    """The applications of all consumers with their subscriptions, by client id; those to a draft are left out.

    What clients of other issuers they are is said of those of the `environment`.
    """
    served = {(each.api, each.version) for each in estate.versions if each.lifecycle.state != "draft"}
    return tuple(
        Application(
            client_id=client_id,
            name=application.title,
            consumer=consumer,
            subscriptions=tuple(
                Subscription(each.api, each.version, each.plan, each.scopes)
                for each in application.subscriptions
                if (each.api, each.version) in served
            ),
            identities=identities(estate.file, application, environment),
            oauth=oauth_settings(application.oauth, estate.file.issuers),
            pinned={api: timestamp(date) for api, date in application.pinned.items()},
        )
        for client_id, consumer, application in sorted(
            (client_id, consumer, application)
            for consumer, entry in estate.consumers.consumers.items()
            for client_id, application in entry.applications.items()
        )
    )
