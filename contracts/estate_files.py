"""The files of an estate, as typed values: what may stand in each, and what each key means.

::

    estate/
      ostiary.yaml                  EstateFile: gateway, upstreams, plans, defaults
      teams.yaml                    TeamsFile: teams and their members
      consumers.yaml                ConsumersFile: partner organisations, applications, subscriptions
      apis/<api>/api.yaml           ApiFile: owner, classification, upstream, versions and their lifecycle
      apis/<api>/<version>.openapi.yaml   the contract of one version (`.yml` and `.json` too)
      common/…                      any YAML or JSON that contracts refer to by `$ref`

Unknown keys are refused. `ostiary schema` prints these types as JSON Schemas for editors. Secrets never stand
in an estate: `credential` names one that the gateway finds in its environment.
"""

from typing import Annotated, Any, Literal

import msgspec

from contracts.estate_care import CareEntry
from contracts.estate_changes import ChangesEntry
from contracts.estate_issuers import Identities, IssuerEntry
from contracts.estate_oauth import OAuthEntry
from contracts.estate_words import (
    ClaimEntries,
    Classification,
    Count,
    Criticality,
    Date,
    Email,
    EstateStruct,
    Governance,
    HeaderName,
    HostName,
    Name,
    Origin,
    Role,
    Scope,
    Seconds,
    TimeOfDay,
    Url,
    VendorName,
    VersionName,
)
from contracts.limits_text import LimitEntry, LimitText


class TimeoutsEntry(EstateStruct, frozen=True):
    """Seconds."""

    connect: Seconds = 3.0
    first_byte: Seconds = 15.0
    between_bytes: Seconds = 15.0
    total: Seconds = 60.0


class BreakerEntry(EstateStruct, frozen=True):
    """When calls are held back, as the upstream fails."""

    consecutive: Count = 10
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.5
    minimum: Count = 20
    window: Seconds = 10.0
    open_for: Seconds = 5.0
    probes: Annotated[int, msgspec.Meta(ge=1, le=100)] = 3


class RetriesEntry(EstateStruct, frozen=True):
    """How often a call is tried again that is safe to repeat."""

    attempts: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    budget: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.2
    pause: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.05


class EjectionEntry(EstateStruct, frozen=True):
    """When a target that fails is left out, where there are several."""

    failures: Count = 5
    base: Seconds = 10.0
    longest: Seconds = 300.0
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


class HealthEntry(EstateStruct, frozen=True):
    """A check of each target, beside the calls. Off where there is no such mapping. An Odoo for which no `path` is
    named is asked at `/web/health`."""

    path: Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*$", description="a path, such as `/live`")] | None = None
    interval: Annotated[float, msgspec.Meta(ge=0.5, le=3600)] = 10.0
    timeout: Seconds = 2.0
    unhealthy_after: Count = 3
    healthy_after: Count = 2


class TlsEntry(EstateStruct, frozen=True):
    """How an https upstream is verified, and what the gateway proves itself with. Secrets by name, no values."""

    ca: Name | None = None
    client_certificate: Name | None = None
    server_name: HostName | None = None


class UpstreamEntry(EstateStruct, frozen=True):
    """A server behind the gateway. `credential` is a secret's name; `database`, `login` and `care` are for Odoo.
    `residency` says where it and all its targets keep what they are sent, `system` to what it is a way."""

    url: Url
    kind: Literal["http", "odoo"] = "http"
    description: str = ""
    credential: Name | None = None
    credential_header: str = "authorization"
    credential_scheme: str | None = "Bearer"
    protocol: Literal["json2", "jsonrpc", "xmlrpc"] = "json2"
    database: str | None = None
    login: str | None = None
    connections: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64
    timeouts: TimeoutsEntry = TimeoutsEntry()
    tls: TlsEntry | None = None
    targets: Annotated[tuple[Origin, ...], msgspec.Meta(max_length=64)] = ()
    breaker: BreakerEntry = BreakerEntry()
    retries: RetriesEntry = RetriesEntry()
    ejection: EjectionEntry = EjectionEntry()
    health: HealthEntry | None = None
    care: CareEntry = CareEntry()
    residency: Name | None = None
    system: Name | None = None


Policies = dict[Name, dict[str, Any]]
"""Settings by policy (`contracts.policy_settings`). What keys each has is the policy's own affair."""


class PlanEntry(EstateStruct, frozen=True):
    """Limits by name, all of which hold at once: `{burst: 20/second, daily: 10000/day}`.

    One that says more than how many in what time is a mapping: `{limit: 10000/day, window: calendar}`.
    """

    limits: Annotated[dict[Name, LimitText | LimitEntry], msgspec.Meta(min_length=1)]
    description: str = ""
    api_keys: bool = False
    policies: Policies = msgspec.field(default_factory=dict)


class GatewayEntry(EstateStruct, frozen=True):
    """`public-url` is where partners reach the gateway, and the audience of access tokens."""

    public_url: Url = "http://127.0.0.1:8080"


class DefaultsEntry(EstateStruct, frozen=True):
    """What holds where a contract says nothing. `max-body` is in bytes."""

    max_body: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)] = 1_048_576
    unknown_query: Literal["ignore", "refuse"] = "refuse"


Days = Annotated[int, msgspec.Meta(ge=1, le=3650)]


class BrownOutRule(EstateStruct, frozen=True):
    """A brown-out that every ending version has: at `at` (UTC), on the day that lies `days-before` its sunset."""

    days_before: Days
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)]
    at: TimeOfDay = "10:00"


class DeprecationPolicyEntry(EstateStruct, frozen=True):
    """What partners are promised before a version ends. Days."""

    notice_days: Days
    documentation: Url | None = None
    brown_outs: tuple[BrownOutRule, ...] = ()
    reminders: tuple[Days, ...] = (90, 30, 7, 1)
    brown_out_reminders: tuple[Days, ...] = (7, 1)
    quiet_days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 14
    extension_max_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 90


class LintEntry(EstateStruct, frozen=True):
    """How `ostiary lint` judges the estate. Files are relative to it."""

    rulesets: Annotated[tuple[str, ...], msgspec.Meta(max_length=32)] = ("ostiary:recommended",)
    ignore_file: str | None = None
    fail_on: Literal["error", "warning", "info"] = "error"


class CredentialsEntry(EstateStruct, frozen=True):
    """What holds for credentials. `max-days` is the longest that one of an application may live, and
    `upstream-max-days` one that gateways present to an upstream (an API key of Odoo ends after 90 at most)."""

    max_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 366
    upstream_max_days: Annotated[int, msgspec.Meta(ge=1, le=1098)] = 90
    reminders: tuple[Days, ...] = (30, 7, 1)
    on_leak: Literal["revoke", "tell"] = "revoke"
    """What becomes of one that was found where it should not be."""


class EstateFile(EstateStruct, frozen=True):
    """`ostiary.yaml`."""

    name: Name
    upstreams: dict[Name, UpstreamEntry]
    plans: dict[Name, PlanEntry]
    gateway: GatewayEntry = GatewayEntry()
    defaults: DefaultsEntry = DefaultsEntry()
    deprecation_policy: DeprecationPolicyEntry | None = None
    lint: LintEntry | None = None
    governance: Governance = "centralised"
    changes: ChangesEntry = ChangesEntry()
    credentials: CredentialsEntry = CredentialsEntry()
    issuers: dict[Name, IssuerEntry] = msgspec.field(default_factory=dict)
    policies: Policies = msgspec.field(default_factory=dict)


class MemberEntry(EstateStruct, frozen=True):
    name: str
    email: Email
    roles: tuple[Role, ...] = ()


class TeamEntry(EstateStruct, frozen=True):
    title: str
    contact: Email
    members: dict[Name, MemberEntry] = msgspec.field(default_factory=dict)
    domain: Name | None = None


class TeamsFile(EstateStruct, frozen=True):
    """`teams.yaml`."""

    teams: dict[Name, TeamEntry]


class SubscriptionEntry(EstateStruct, frozen=True):
    """An API version, the plan that meters it and the scopes that are granted."""

    api: Name
    version: VersionName
    plan: Name
    scopes: tuple[Scope, ...] = ()


class ApplicationEntry(EstateStruct, frozen=True):
    title: str
    subscriptions: tuple[SubscriptionEntry, ...] = ()
    identities: Identities = msgspec.field(default_factory=dict)
    pinned: dict[Name, Date] = msgspec.field(default_factory=dict)
    """By API, the date that stands for the version that a call gets which names none."""
    oauth: OAuthEntry | None = None


class ConsumerEntry(EstateStruct, frozen=True):
    """A partner organisation and its applications (OAuth clients). An application's key is its client id. Of the
    `team` those act for it who have the role partner-developer there. `claims` are what access tokens and API keys
    of its applications say of it besides."""

    title: str
    contact: Email
    applications: dict[Name, ApplicationEntry] = msgspec.field(default_factory=dict)
    team: Name | None = None
    claims: ClaimEntries = msgspec.field(default_factory=dict)


class ConsumersFile(EstateStruct, frozen=True):
    """`consumers.yaml`."""

    consumers: dict[Name, ConsumerEntry]


class BrownOutEntry(EstateStruct, frozen=True):
    """An announced window in which every call is refused, so that whoever still calls notices. In UTC."""

    start: Date = msgspec.field(name="from")
    until: Date


class VersionEntry(EstateStruct, frozen=True):
    """A version's lifecycle. `deprecation` and `sunset` are dates; `successor` is another version's name.
    `released` is the date that stands for the version where clients choose by date."""

    state: Literal["draft", "published", "deprecated", "retired"] = "published"
    deprecation: Date | None = None
    sunset: Date | None = None
    successor: VersionName | None = None
    migration_guide: Url | None = None
    brown_outs: tuple[BrownOutEntry, ...] = ()
    upstream: Name | None = None
    released: Date | None = None
    policies: Policies = msgspec.field(default_factory=dict)


class VersioningEntry(EstateStruct, frozen=True):
    """How a client says which version it calls. By `path`, each version has a base path of its own; by any other,
    all share one. `default` is for calls that name none; without it they are refused. By `path`, those are the
    calls to its base path without the version."""

    by: Literal["path", "header", "media-type", "date"] = "path"
    header: HeaderName | None = None
    vendor: VendorName | None = None
    default: VersionName | None = None


class SloEntry(EstateStruct, frozen=True):
    """Availability in percent and the 95th percentile of latency in milliseconds, over 30 days."""

    availability: Annotated[float, msgspec.Meta(gt=0, le=100)]
    latency_p95: Annotated[int, msgspec.Meta(gt=0)] | None = None


class ApiFile(EstateStruct, frozen=True):
    """`apis/<api>/api.yaml`. The owner is a team; `upstream` serves every version that names no other."""

    title: str
    owner: Name
    contact: Email
    upstream: Name
    classification: Classification
    versions: Annotated[dict[VersionName, VersionEntry], msgspec.Meta(min_length=1)]
    description: str = ""
    criticality: Criticality = 3
    governance: Governance | None = None
    domain: Name | None = None
    system_of_record_for: tuple[str, ...] = ()
    business_objects: tuple[str, ...] = ()
    slo: SloEntry | None = None
    plans: tuple[Name, ...] = ()
    notice_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    versioning: VersioningEntry = VersioningEntry()
    policies: Policies = msgspec.field(default_factory=dict)
