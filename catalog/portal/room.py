"""The portal, put together: its sections in the order of the navigation, and the pages of each."""

from typing import Final

from starlette.routing import BaseRoute

from catalog.api.admin.routing import AdminApi
from catalog.clock import Clock
from catalog.login.door import Door
from catalog.pages.faults import as_pages
from catalog.portal.apis.pages import ApiPages
from catalog.portal.apis.trying import TryPages
from catalog.portal.applications.credentials import ApplicationCredentialPages
from catalog.portal.applications.feeds import FeedPages
from catalog.portal.applications.pages import ApplicationPages
from catalog.portal.applications.requests import SubscriptionPages
from catalog.portal.applications.todo import ToDoPages
from catalog.portal.calendar.pages import CalendarPages
from catalog.portal.changes.pages import ChangePages
from catalog.portal.errors import ErrorPages
from catalog.portal.estate.drift import DriftPages
from catalog.portal.estate.pages import EstatePages
from catalog.portal.health import HealthPages
from catalog.portal.home import HomePages
from catalog.portal.security.pages import security_routes
from catalog.portal.shell import Section, Shell
from catalog.publication import Publisher
from catalog.subscriptions.rights import OVERSEERS
from catalog.trying.console import TryConsole

SECTIONS: Final[tuple[Section, ...]] = (
    Section("/apis", "APIs"),
    Section("/applications", "Applications", also=("/subscriptions", "/todo", "/feeds")),
    Section("/changes", "Changes"),
    Section("/calendar", "Calendar"),
    Section("/estate", "Estate", OVERSEERS),
    Section("/security", "Security"),
    Section("/health", "Health"),
    Section("/errors", "Errors"),
)


def portal_room(
    door: Door, api: AdminApi, publisher: Publisher, console: TryConsole, clock: Clock, *, sends_notices: bool
) -> tuple[BaseRoute, ...]:
    """The routes of the portal. `sends_notices` says whether e-mail goes out."""
    shell = Shell(door, api, clock, SECTIONS)
    pages = (
        *HomePages(shell).routes,
        *ApiPages(shell, publisher).routes,
        *TryPages(shell, publisher, console).routes,
        *ApplicationPages(shell, publisher).routes,
        *ApplicationCredentialPages(shell).routes,
        *SubscriptionPages(shell, publisher).routes,
        *ToDoPages(shell).routes,
        *FeedPages(shell, publisher, sends_notices=sends_notices).routes,
        *ChangePages(shell).routes,
        *CalendarPages(shell).routes,
        *security_routes(shell),
        *EstatePages(shell).routes,
        *DriftPages(shell).routes,
        *HealthPages(shell).routes,
        *ErrorPages(shell).routes,
    )
    return (*shell.assets.routes, *as_pages((*pages, shell.anything_else()), door.pages))
