"""What is told of credentials: that one ends soon, that one was revoked, and that one has leaked."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from catalog.calendar.entries import CurrentView, EstateView
from catalog.calendar.extensions import Republish
from catalog.clock import DAY, Clock
from catalog.credentials.client_keys import keep_client_keys
from catalog.credentials.credential import Credential, CredentialKind
from catalog.credentials.granted import Granted, granted, keep_granted
from catalog.credentials.table import credential_of, good_at, withdrawn_at
from catalog.notices.notice import Notice
from catalog.notices.outbox import post
from catalog.notices.wording import day
from catalog.people.members import Members
from catalog.publishing.published import CurrentPublished, Published
from catalog.publishing.transaction import nothing_else
from catalog.storage.engine import Store
from catalog.storage.tables.credentials import credentials

_WHAT: Final[Mapping[CredentialKind, str]] = {
    "client-secret": "The client secret",
    "api-key": "The API key",
    "hmac-key": "The key that signs requests",
    "jwk": "The key",
    "jwks": "The set of keys",
    "certificate": "The certificate",
}


class CredentialRounds:
    """Made as often as one likes: what was told is in the outbox, and so a second round tells nothing."""

    def __init__(
        self, store: Store, view: CurrentView, published: CurrentPublished, republish: Republish, clock: Clock
    ) -> None:
        self._store = store
        self._view = view
        self._published = published
        self._republish = republish
        self._granted: frozenset[Granted] | None = None
        self._kept: Published | None = None
        self._clock = clock

    async def make(self) -> int:
        """One round; how many notices came of it. Raises SQLAlchemyError."""
        view, now = self._view(), self._clock()
        await self._keep_granted(int(now))
        if view is None:
            return 0
        await self._keep_client_keys(view, int(now))
        steps = view.file.credentials.reminders
        last = int(now) + max(steps, default=0) * DAY
        query = sa.select(credentials).where(good_at(now), credentials.c.ends_at <= last)
        found = [credential_of(row._mapping) for row in await self._store.all(query)]
        wanted = [notice for each in found for notice in ending(each, view, steps, now)]
        if not wanted:
            return 0
        async with self._store.write() as connection:
            return await post(connection, wanted, now)

    async def _keep_granted(self, now: int) -> None:
        published = self._published()
        if published is None:
            return
        wanted = frozenset(await asyncio.to_thread(granted, published.applications.values()))
        if wanted == self._granted:
            return
        async with self._store.write() as connection:
            await keep_granted(connection, wanted, now)
        self._granted = wanted

    async def _keep_client_keys(self, view: EstateView, now: int) -> None:
        """What clients have made themselves is kept in step with the estate, and what of it has ended meanwhile is
        told to those that would believe it: nobody asks the clock about a public key."""
        published = self._published()
        if published is None:
            return
        if published is not self._kept:
            async with self._store.write() as connection:
                await keep_client_keys(connection, published, view, now)
            self._kept = published
        over = sa.select(credentials.c.key_id).where(withdrawn_at(now))
        told = () if published.revoked is None else published.revoked.credentials
        if not {row.key_id for row in await self._store.all(over)} <= set(told):
            await self._republish(nothing_else)


def ending(credential: Credential, view: EstateView, steps: Iterable[int], now: float) -> tuple[Notice, ...]:
    """The reminder that is due now, if one is: that of the nearest of the steps (days). No I/O.

    What has a successor was seen to already, and ends as it was told to.
    """
    due = [step for step in steps if credential.ends_at - step * DAY <= now]
    if credential.successor or not due:
        return ()
    subject = f"{_called(credential)} ends on {day(credential.ends_at)}"
    how = (
        "add the next one to its application in the estate"
        if credential.is_public
        else f"ostiary credentials rotate {credential.key_id}"
    )
    body = (
        f"{subject}.\n\nIt is for: {credential.purpose or '(nobody said)'}\n\n"
        f"Replace it while the old one is still good: {how}\n"
    )
    step = min(due)
    return (
        Notice(
            kind="credential-ending",
            key=f"credential-ending/{credential.key_id}/{credential.ends_at}/{step}",
            about=f"credential/{credential.key_id}",
            recipients=_recipients(credential, view),
            subject=f"Reminder: {subject}",
            body=body,
            due_at=credential.ends_at - step * DAY,
            useless_at=credential.ends_at,
        ),
    )


def revoked(credential: Credential, view: EstateView | None) -> tuple[Notice, ...]:
    """That it was revoked, to those who answer for it, and to the consumer whose application it was. No I/O."""
    if view is None or credential.revoked_at is None:
        return ()
    body = (
        f"{_called(credential)} was revoked by {credential.revoked_by} on {day(credential.revoked_at)}: it opens "
        f"nothing any more, nor do the tokens that were obtained by it.\n\nReason: {credential.revoked_reason}\n"
    )
    return (
        Notice(
            kind="credential-revoked",
            key=f"credential-revoked/{credential.key_id}",
            about=f"credential/{credential.key_id}",
            recipients=tuple(dict.fromkeys((*_recipients(credential, view), *_contacts(credential, view)))),
            subject=f"{_called(credential)} was revoked",
            body=body,
            due_at=credential.revoked_at,
        ),
    )


def leaked(
    credential: Credential, view: EstateView | None, where: str, *, ended: bool, now: int
) -> tuple[Notice, ...]:
    """That its secret was found where it should not be, to those whom its revocation is told. No I/O.

    Told once, unless what it says of the credential has changed.
    """
    if view is None:
        return ()
    state = "It opens nothing any more." if ended else "It is still good: replace it now, and revoke it."
    subject = f"{_called(credential)} has leaked"
    return (
        Notice(
            kind="credential-leaked",
            key=f"credential-leaked/{credential.key_id}/{'ended' if ended else 'good'}",
            about=f"credential/{credential.key_id}",
            recipients=tuple(dict.fromkeys((*_recipients(credential, view), *_contacts(credential, view)))),
            subject=subject,
            body=f"{subject}.\n\n{where}\n\n{state}\n",
            due_at=now,
        ),
    )


def _contacts(credential: Credential, view: EstateView) -> Iterator[str]:
    """Of the consumer whose application it is."""
    for each in view.consumers.consumers.values():
        if credential.application in each.applications:
            yield each.contact


def _called(credential: Credential) -> str:
    return f"{_WHAT[credential.kind]} {credential.key_id} of {credential.application}"


def _recipients(credential: Credential, view: EstateView) -> tuple[str, ...]:
    """Its owner, and its team's contact; nobody where both are gone."""
    owner = Members(view.teams).by_name.get(credential.owner)
    team = view.teams.teams.get(credential.team)
    return tuple(dict.fromkeys(each for each in (owner and owner.email, team and team.contact) if each))
