"""All that there is about credentials, put together for those that show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from catalog.audit.chain import Entry
from catalog.audit.log import AuditLog, Filter
from catalog.calendar.entries import CurrentView
from catalog.calendar.extensions import Republish
from catalog.clock import Clock
from catalog.credentials.asking import Asking
from catalog.credentials.bulk import BulkActions
from catalog.credentials.credential import Credential
from catalog.credentials.desk import CredentialDesk
from catalog.credentials.leaks import Elsewhere, LeakIntake, Peppers
from catalog.credentials.making import Maker
from catalog.credentials.reach import Called, Seen, called_in_a_day, seen_lately
from catalog.credentials.reduction import LeastPrivilege
from catalog.credentials.reminders import CredentialRounds
from catalog.credentials.revoking import Revoking, SigningKeyEnd
from catalog.credentials.rights import guards, teams_of
from catalog.credentials.rotations import Rotations
from catalog.credentials.uses import Use, uses_of
from catalog.people.principal import Principal
from catalog.publishing.published import CurrentPublished
from catalog.storage.engine import Store
from catalog.storage.listed import is_listed
from catalog.storage.tables.credentials import credentials

_DECISIONS: Final = 500
"""Of one credential, shown with it; more stand in the audit log."""


@dataclass(frozen=True, slots=True)
class CredentialsRoom:
    """`desk` issues and rotates, `revoking` ends, `bulk` acts on many, `rotations` are those under way,
    `least_privilege` finds what is granted and not used, `leaks` takes what was found, `rounds` reminds.
    `environment` is that of all credentials."""

    store: Store
    audit: AuditLog
    clock: Clock
    view: CurrentView
    environment: str
    desk: CredentialDesk
    revoking: Revoking
    bulk: BulkActions
    rotations: Rotations
    least_privilege: LeastPrivilege
    leaks: LeakIntake
    rounds: CredentialRounds

    async def called(self, application: str) -> tuple[Called, ...]:
        """What an application called in the last day. Raises SQLAlchemyError."""
        return await called_in_a_day(self.store, [application], self.clock())

    async def seen(self, principal: Principal, applications: Sequence[str]) -> tuple[Seen, ...]:
        """Which of these called in the last month, and how often: for those who see everything, else of the
        applications of which one sees a credential. Raises SQLAlchemyError."""
        names: Iterable[str] = applications
        if not guards(principal):
            theirs = credentials.c.team.in_(sorted(teams_of(principal)))
            asked = sa.and_(theirs, is_listed(credentials.c.application, applications))
            rows = await self.store.all(sa.select(credentials.c.application).where(asked).distinct())
            names = (row.application for row in rows)
        return await seen_lately(self.store, names, self.clock())

    async def history(self, credential: Credential) -> list[Entry]:
        """Who issued it, and what was decided about it since, in order. Raises SQLAlchemyError."""
        about = Filter(object=f"{credential.application}/{credential.key_id}")
        return await self.audit.page(about, after=None, limit=_DECISIONS)

    async def uses(self, key_id: str) -> tuple[Use, ...]:
        """What a credential was used for, the latest first. Raises SQLAlchemyError."""
        return await uses_of(self.store, [key_id])


def credentials_room(
    store: Store,
    maker: Maker,
    peppers: Peppers,
    environment: str,
    view: CurrentView,
    published: CurrentPublished,
    republish: Republish,
    end_signing_key: SigningKeyEnd,
    elsewhere: Elsewhere,
    audit: AuditLog,
    clock: Clock,
) -> CredentialsRoom:
    """Over a store that was migrated."""
    return CredentialsRoom(
        store=store,
        audit=audit,
        clock=clock,
        view=view,
        environment=environment,
        desk=CredentialDesk(store, maker, audit, clock, view, published, republish),
        revoking=Revoking(store, audit, clock, view, published, republish, end_signing_key),
        bulk=BulkActions(store, maker, audit, clock, view, published, republish),
        rotations=Rotations(store, Asking(view, published, clock), clock),
        least_privilege=LeastPrivilege(store, audit, clock, view, published, republish),
        leaks=LeakIntake(store, peppers, environment, audit, clock, view, republish, elsewhere),
        rounds=CredentialRounds(store, view, published, republish, clock),
    )
