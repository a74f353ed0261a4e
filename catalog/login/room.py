"""The room of the log-in: its collaborators, put together."""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from catalog.audit.log import AuditLog
from catalog.clock import Clock
from catalog.login.keys import LoginKeys
from catalog.login.policy import LoginPolicy
from catalog.login.sessions import Sessions
from catalog.pages.assets import Assets
from catalog.pages.pages import Pages
from catalog.people.directory import Directory
from catalog.storage.engine import Store


@dataclass(frozen=True, slots=True)
class LoginRoom:
    """What the rest of the catalog asks of the log-in, and its routes."""

    sessions: Sessions
    pages: Pages
    routes: tuple[BaseRoute, ...]


def login_room(
    store: Store, pepper: bytes, url: str, directory: Directory, audit: AuditLog, clock: Clock, policy: LoginPolicy
) -> LoginRoom:
    """The log-in of the catalog at `url`."""
    keys = LoginKeys(pepper)
    assets = Assets()
    pages = Pages(url, assets)
    sessions = Sessions(store, keys, directory, audit, clock, policy.limits)
    return LoginRoom(sessions, pages, (*assets.routes,))
