"""All pages of security, in the order of their navigation."""

from starlette.routing import Route

from catalog.portal.security.audit import AuditPages
from catalog.portal.security.bulk import BulkPages
from catalog.portal.security.credential import CredentialPages
from catalog.portal.security.initial_access import InitialAccessPages
from catalog.portal.security.leaks import LeakPages
from catalog.portal.security.ledger import LedgerPages
from catalog.portal.security.people import PeoplePages
from catalog.portal.security.registrations import RegistrationPages
from catalog.portal.security.revoking import RevokingPages
from catalog.portal.security.rotations import RotationPages
from catalog.portal.security.signing import SigningPages
from catalog.portal.security.upstreams import UpstreamCredentialPages
from catalog.portal.security.views import ViewPages
from catalog.portal.shell import Shell


def security_routes(shell: Shell) -> tuple[Route, ...]:
    """Below `/portal/security`."""
    return (
        *LedgerPages(shell).routes,
        *CredentialPages(shell).routes,
        *ViewPages(shell).routes,
        *BulkPages(shell).routes,
        *RotationPages(shell).routes,
        *RevokingPages(shell).routes,
        *LeakPages(shell).routes,
        *AuditPages(shell).routes,
        *PeoplePages(shell).routes,
        *SigningPages(shell).routes,
        *UpstreamCredentialPages(shell).routes,
        *RegistrationPages(shell).routes,
        *InitialAccessPages(shell).routes,
    )
