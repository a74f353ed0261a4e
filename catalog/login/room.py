"""The room of the log-in: its collaborators, put together."""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.login.account_pages import AccountPages
from catalog.login.accounts import Accounts
from catalog.login.administration import Administration
from catalog.login.door import Door
from catalog.login.enrolment import EnrolmentPages
from catalog.login.factor_pages import FactorPages
from catalog.login.factors import Factors
from catalog.login.invitation_pages import InvitationPages
from catalog.login.invitations import Invitations
from catalog.login.keys import LoginKeys
from catalog.login.login_pages import LoginPages
from catalog.login.passkeys import Passkeys
from catalog.login.passwords import Passwords
from catalog.login.policy import LoginPolicy
from catalog.login.provider.client import ProviderClient
from catalog.login.provider.pages import ProviderPages
from catalog.login.recovery import RecoveryCodes
from catalog.login.sessions import Sessions
from catalog.login.steps import Steps
from catalog.login.throttle import Throttle
from catalog.login.totp import Totp
from catalog.pages.assets import Assets
from catalog.pages.faults import as_pages
from catalog.pages.pages import Pages
from catalog.people.directory import Directory
from catalog.storage.engine import Store


@dataclass(frozen=True, slots=True)
class LoginRoom:
    """What the rest of the catalog asks of the log-in, and its routes."""

    door: Door
    sessions: Sessions
    pages: Pages
    administration: Administration
    routes: tuple[BaseRoute, ...]


def login_room(
    store: Store, pepper: bytes, url: str, directory: Directory, audit: AuditLog, clock: Clock, policy: LoginPolicy
) -> LoginRoom:
    """The log-in of the catalog at `url`."""
    keys = LoginKeys(pepper)
    assets = Assets()
    pages = Pages(url, assets)
    sessions = Sessions(store, keys, directory, audit, clock, policy.limits)
    steps = Steps(store, keys, clock)
    accounts = Accounts(store, audit, clock, Passwords(policy.strength))
    invitations = Invitations(keys, clock)
    factors = Factors(store, audit, Totp(keys, clock), RecoveryCodes(keys, clock), Passkeys(keys, url, clock))
    throttle = Throttle(store, keys, audit, clock)
    door = Door(store, keys, pages, directory, sessions, steps, accounts, factors, throttle, policy)
    administration = Administration(store, directory, accounts, invitations, factors, sessions, clock)
    provider = None if policy.provider is None else ProviderClient(policy.provider, url, clock)
    routes = (
        *LoginPages(door, provider).routes,
        *FactorPages(door).routes,
        *EnrolmentPages(door).routes,
        *InvitationPages(door, invitations).routes,
        *AccountPages(door, clock).routes,
        *([] if provider is None else ProviderPages(door, provider).routes),
    )
    return LoginRoom(door, sessions, pages, administration, (*assets.routes, *as_pages(routes, pages)))
