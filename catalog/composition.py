"""What a catalog is made of: every collaborator, built by hand and passed to those that need it.

`catalog.main` runs it as a process; tests build the same with a clock and an estate of their own.
"""

from dataclasses import dataclass

from starlette.applications import Starlette

from catalog.api.admin.auth import Authenticator
from catalog.api.admin.contract import admin_contract
from catalog.api.admin.ledger_items import OtherItems
from catalog.api.admin.routes.accounts import AccountRoutes
from catalog.api.admin.routes.applications import ApplicationRoutes
from catalog.api.admin.routes.audit import AuditRoutes
from catalog.api.admin.routes.backup import BackupRoutes
from catalog.api.admin.routes.calendar import CalendarRoutes
from catalog.api.admin.routes.changes import ChangeRoutes
from catalog.api.admin.routes.credential_work import CredentialWorkRoutes
from catalog.api.admin.routes.credentials import CredentialRoutes
from catalog.api.admin.routes.enforcement import EnforcementRoutes
from catalog.api.admin.routes.errors import ErrorRoutes
from catalog.api.admin.routes.feeds import FeedRoutes
from catalog.api.admin.routes.governance import GovernanceRoutes
from catalog.api.admin.routes.grants import GrantRoutes
from catalog.api.admin.routes.health import HealthRoutes
from catalog.api.admin.routes.odoo import OdooRoutes
from catalog.api.admin.routes.ownership import OwnershipRoutes
from catalog.api.admin.routes.people import PeopleRoutes
from catalog.api.admin.routes.purges import PurgeRoutes
from catalog.api.admin.routes.registrations import RegistrationRoutes
from catalog.api.admin.routes.revisions import RevisionRoutes
from catalog.api.admin.routes.signing_keys import SigningKeyRoutes
from catalog.api.admin.routes.subscriptions import SubscriptionRoutes
from catalog.api.admin.routes.trials import TrialRoutes
from catalog.api.admin.routes.upstream_credentials import UpstreamCredentialRoutes
from catalog.api.admin.routes.usage import UsageRoutes
from catalog.api.admin.routes.views import ViewRoutes
from catalog.api.admin.routes.waivers import WaiverRoutes
from catalog.api.admin.routing import AdminApi, AdminRoute
from catalog.api.app import build_app
from catalog.api.delivery import GatewayToken
from catalog.api.leaks import LeakEndpoint
from catalog.api.report_intake import ReportEndpoint
from catalog.api.secret_delivery import SecretsEndpoint
from catalog.api.usage_intake import UsageEndpoint
from catalog.audit.log import AuditLog
from catalog.calendar.extension_table import sparing
from catalog.calendar.room import CalendarRoom, calendar_room
from catalog.changes.ending import calendar_gate
from catalog.changes.rollback import Rollbacks
from catalog.changes.room import ChangesRoom, changes_room
from catalog.clock import DAY, Clock
from catalog.credentials.enforcement import enforcing
from catalog.credentials.leak_keys import LeakKeys, Read
from catalog.credentials.leaks import Peppers
from catalog.credentials.ledger import SecretLedger
from catalog.credentials.making import Maker
from catalog.credentials.room import CredentialsRoom, credentials_room
from catalog.feeds.room import FeedsRoom, feeds_room
from catalog.governance.room import Governance
from catalog.health.overview import Health
from catalog.key_files import Keys
from catalog.login.policy import LOCAL_ACCOUNTS, LoginPolicy
from catalog.login.room import LoginRoom, login_room
from catalog.oauth.authorization.room import AuthorizationRoom, authorization_room
from catalog.oauth.endpoints import OAuthEndpoints
from catalog.oauth.grants.ending import Ending
from catalog.oauth.keys.desk import KeyDesk
from catalog.oauth.keys.enforcement import signing_in_force
from catalog.oauth.keys.signing_keys import SigningKeys, algorithms_of, jwks_of
from catalog.oauth.keys.store import key_store
from catalog.oauth.people_endpoints import people_endpoints
from catalog.oauth.policy import DEFAULT, OAuthPolicy
from catalog.oauth.registration.registered import registering
from catalog.oauth.registration.room import RegistrationRoom, registration_room
from catalog.oauth.room import OAuthRoom, oauth_room
from catalog.oauth.server_metadata import JWKS_PATH
from catalog.oauth.tokens.access_tokens import AccessTokens
from catalog.oauth.tokens.leaked_tokens import LeakedTokens
from catalog.odoo.drift.room import DriftRoom, drift_room
from catalog.people.delegated_decisions import DelegatedDecisions
from catalog.people.delegations import Delegations
from catalog.people.directory import Directory
from catalog.people.saved_views import SavedViews
from catalog.people.tokens import MemberTokens
from catalog.portal.room import portal_room
from catalog.publication import Publisher
from catalog.publishing.compilation import NO_OVERRIDES, Overrides, Source
from catalog.publishing.followers import Followers
from catalog.publishing.preview import Previews
from catalog.publishing.transaction import in_turn
from catalog.purging.desk import PurgeDesk
from catalog.purging.purge_table import purging
from catalog.reporting.failures import FailureQueries
from catalog.reporting.intake import ReportIntake
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from catalog.subscriptions.granted import GrantedEstate
from catalog.subscriptions.room import SubscriptionsRoom, subscriptions_room
from catalog.subscriptions.table import subscribing
from catalog.trying.console import LIFETIME as TRIAL_LIFETIME
from catalog.trying.console import TryConsole
from catalog.upstream_credentials.room import UpstreamRoom, upstream_room
from catalog.upstream_credentials.settings import Sealing
from catalog.usage.ingest import UsageIntake
from catalog.usage.queries import UsageQueries
from contracts.estate_files import TeamsFile
from contracts.snapshot import Issuer


@dataclass(frozen=True, slots=True)
class Identity:
    """By which names this catalog is known: its `url` is the issuer of its tokens, `environment` stands in the
    secrets that it issues, and `gateway_token` opens the doors that are for gateways."""

    url: str
    environment: str
    gateway_token: str
    token_lifetime: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalog, ready to be served. Nothing runs yet."""

    store: Store
    table: SnapshotTable
    audit: AuditLog
    ledger: SecretLedger
    publisher: Publisher
    tokens: MemberTokens
    delegations: Delegations
    directory: Directory
    calendar: CalendarRoom
    credentials: CredentialsRoom
    changes: ChangesRoom
    login: LoginRoom
    authorization: AuthorizationRoom
    registration: RegistrationRoom
    subscriptions: SubscriptionsRoom
    feeds: FeedsRoom
    oauth: OAuthRoom
    signing: KeyDesk
    upstream_credentials: UpstreamRoom
    drift: DriftRoom
    followers: Followers
    admin_routes: tuple[AdminRoute, ...]
    app: Starlette


def compose(
    store: Store,
    keys: Keys,
    clock: Clock,
    source: Source | None,
    identity: Identity,
    overrides: Overrides = NO_OVERRIDES,
    login_policy: LoginPolicy = LOCAL_ACCOUNTS,
    sealing: Sealing | None = None,
    leak_keys: Read | None = None,
    policy: OAuthPolicy = DEFAULT,
    drift_interval: float = DAY,
    try_url: str | None = None,
    sends_notices: bool = False,
) -> Catalog:
    """Builds a catalog over a store that was migrated. Without a `source` the store's own revisions decide;
    without `sealing` upstream credentials are stored by the catalog's own keys. `drift_interval` is the seconds
    from one look at an Odoo to the next, `try_url` where calls that people try go, if not where partners' do.
    Without `sends_notices` notices stay in the outbox, and pages say so."""
    # What the store holds.
    table = SnapshotTable(store)
    audit = AuditLog(store, clock)
    ledger = SecretLedger(store, keys.pepper, identity.environment, clock, audit)

    # What is in force.
    signing = SigningKeys(key_store(keys), clock)
    records = signing.records
    issuer = Issuer(identity.url, identity.url + JWKS_PATH, algorithms_of(records), jwks_of(records))
    amend = in_turn(
        registering(clock),
        subscribing(),
        sparing(clock),
        enforcing(clock, identity.environment),
        purging(clock),
        signing_in_force(identity.url, signing, clock),
    )
    publisher = Publisher(store, keys, issuer, source, clock, audit, overrides, amend)

    # Who acts.
    tokens = MemberTokens(store, keys.pepper, identity.environment, clock, audit)
    delegations = Delegations(store, audit, clock)
    directory = Directory(lambda: _teams(publisher), delegations, clock)
    login = login_room(store, keys.pepper, identity.url, directory, audit, clock, login_policy)

    # What opens the gateway.
    signing_desk = KeyDesk(
        store,
        signing,
        policy.algorithm,
        policy.signing_key_days,
        lambda: publisher.current,
        publisher.republish,
        audit,
        clock,
    )
    maker = Maker(identity.environment, keys.pepper, keys.key_pepper)
    ending = Ending(audit, clock, publisher.republish)
    leaked_tokens = LeakedTokens(store, keys.pepper, audit, clock, lambda: publisher.estate, ending)
    credentials = credentials_room(
        store,
        maker,
        Peppers(keys.pepper, keys.key_pepper),
        identity.environment,
        lambda: publisher.estate,
        lambda: publisher.current,
        publisher.republish,
        signing_desk.withdraw,
        leaked_tokens,
        audit,
        clock,
    )

    # What people let applications do.
    authorization = authorization_room(
        store, keys.pepper, identity.environment, identity.url, login, publisher, directory, ending, audit, clock
    )

    registration = registration_room(
        store,
        keys.pepper,
        identity.environment,
        identity.url,
        maker,
        ledger,
        tokens,
        directory,
        authorization.ending,
        publisher,
        audit,
        clock,
    )

    # What opens the upstreams.
    upstream_credentials = upstream_room(
        store,
        sealing or Sealing.own(keys),
        keys.snapshot,
        identity.environment,
        lambda: publisher.estate,
        lambda: publisher.current,
        audit,
        clock,
    )

    # What is behind contracts, and whether they fit it.
    drift = drift_room(store, publisher, upstream_credentials.opening, audit, clock, drift_interval)

    # What partners ask for, and what is granted with that.
    subscriptions = subscriptions_room(
        store, lambda: publisher.estate, lambda: publisher.current, publisher.republish, audit, clock
    )
    granted = GrantedEstate(lambda: publisher.estate, lambda: publisher.current)
    feeds = feeds_room(
        store,
        keys.pepper,
        identity.environment,
        identity.url,
        publisher.planner.revisions,
        lambda: publisher.estate,
        directory,
        audit,
        clock,
    )

    # What ends, and what is to change.
    calendar = calendar_room(store, granted, publisher.republish, audit, clock)
    gate = calendar_gate(calendar.gate, lambda: publisher.estate)
    changes = changes_room(store, publisher, keys.snapshot.public_key(), audit, clock, gate)

    # What people try.
    console = TryConsole(
        store,
        audit,
        AccessTokens(identity.url, signing, TRIAL_LIFETIME, clock, lambda: publisher.current),
        subscriptions.applications,
        lambda: publisher.estate,
        lambda: publisher.current,
        clock,
        try_url,
    )

    # The faces.
    followers = Followers(store, clock)
    oauth = oauth_room(
        identity.url,
        keys.pepper,
        identity.gateway_token,
        identity.token_lifetime,
        policy,
        signing,
        ledger,
        authorization,
        publisher,
        clock,
    )
    routes = (
        *PeopleRoutes(directory, tokens, delegations, DelegatedDecisions(store)).routes,
        *AccountRoutes(login, directory).routes,
        *CredentialRoutes(credentials, OtherItems(tokens, directory, signing_desk, identity.environment)).routes,
        *CredentialWorkRoutes(credentials).routes,
        *GrantRoutes(authorization).routes,
        *SigningKeyRoutes(signing_desk, clock).routes,
        *RegistrationRoutes(registration, lambda: directory.members).routes,
        *SubscriptionRoutes(subscriptions.desk).routes,
        *FeedRoutes(feeds).routes,
        *ApplicationRoutes(subscriptions, calendar, UsageQueries(store)).routes,
        *OwnershipRoutes(granted, directory).routes,
        *GovernanceRoutes(Governance(store, granted, clock)).routes,
        *AuditRoutes(audit, keys.snapshot.public_key()).routes,
        *BackupRoutes(store, audit).routes,
        *ChangeRoutes(changes).routes,
        *WaiverRoutes(changes).routes,
        *CalendarRoutes(calendar, clock).routes,
        *RevisionRoutes(publisher, Rollbacks(publisher, changes.examiner, changes.reaches)).routes,
        *UpstreamCredentialRoutes(upstream_credentials).routes,
        *OdooRoutes(drift).routes,
        *EnforcementRoutes(followers, lambda: publisher.current, clock).routes,
        *ViewRoutes(SavedViews(store, clock)).routes,
        *PurgeRoutes(PurgeDesk(store, lambda: publisher.current, publisher.republish, audit, clock)).routes,
        *UsageRoutes(UsageQueries(store), clock, granted, lambda: publisher.current).routes,
        *ErrorRoutes(FailureQueries(store), lambda: publisher.estate, lambda: publisher.current).routes,
        *TrialRoutes(console).routes,
        *HealthRoutes(Health(store, lambda: publisher.estate, lambda: publisher.current, clock)).routes,
    )
    admin = AdminApi(admin_contract(), routes, Authenticator(tokens, directory))
    gateways = GatewayToken(identity.gateway_token)
    for_gateways = (
        *UsageEndpoint(UsageIntake(store, clock), gateways).routes,
        *ReportEndpoint(ReportIntake(store, clock), drift.told, gateways).routes,
        *SecretsEndpoint(upstream_credentials.delivery, gateways).routes,
    )
    previews = Previews(publisher, changes.table.proposed)
    leaks = () if leak_keys is None else LeakEndpoint(credentials.leaks, LeakKeys(leak_keys, clock)).routes
    portal = portal_room(login.door, admin, publisher, console, clock, sends_notices=sends_notices)
    pages = (*login.routes, *authorization.routes, *portal, *feeds.endpoint.routes, *leaks)
    endpoints = OAuthEndpoints(oauth, *people_endpoints(oauth, authorization, registration))
    app = build_app(publisher, table, endpoints, gateways, previews, followers, for_gateways, admin, pages)
    return Catalog(
        store,
        table,
        audit,
        ledger,
        publisher,
        tokens,
        delegations,
        directory,
        calendar,
        credentials,
        changes,
        login,
        authorization,
        registration,
        subscriptions,
        feeds,
        oauth,
        signing_desk,
        upstream_credentials,
        drift,
        followers,
        routes,
        app,
    )


def _teams(publisher: Publisher) -> TeamsFile | None:
    return None if publisher.estate is None else publisher.estate.teams
