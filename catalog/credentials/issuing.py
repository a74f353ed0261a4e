"""Issuing client secrets straight on the store: for the command line, and for `up` and `demo` before they start.

It may run beside a catalog that serves from the same store: that one sees the new secret at once.
"""

import asyncio
import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from catalog.audit.log import AuditLog
from catalog.clock import Clock, system_clock
from catalog.credentials.credential import Issued
from catalog.credentials.ledger import SecretLedger
from catalog.estate_source import estate_source
from catalog.key_files import Keys, load_keys
from catalog.publishing.compilation import Overrides
from catalog.publishing.published import last_published
from catalog.settings import CatalogSettings
from catalog.storage.engine import Store
from catalog.storage.snapshots import SnapshotTable
from contracts.estate_files import CredentialsEntry
from contracts.snapshot import Application, ContractsPart


def local_user() -> str:
    """Who uses the command line on this machine, for the audit log."""
    try:
        return f"local:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user may have no name
        return f"local:uid-{os.getuid()}"


class UnknownApplication(Exception):
    """The client id belongs to no application; `known` are those that there are."""

    def __init__(self, client_id: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no application has the client id {client_id!r}")
        self.known = known


class TooLong(Exception):
    """The estate lets no credential live so long; `days` is what it does."""

    def __init__(self, days: int) -> None:
        super().__init__(f"the estate lets no credential live longer than {days} days")
        self.days = days


class NobodyAnswers(Exception):
    """The application may call no API, so that there is no team to answer for its credential."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"{client_id!r} has no subscription, and so there is no team to answer for its secret")


@dataclass(frozen=True, slots=True)
class Answering:
    """A team that answers for a credential, and its member who does."""

    team: str
    member: str


NOBODY_YET: Final[Mapping[str, Answering]] = {}


async def issue_secrets(
    settings: CatalogSettings,
    client_ids: Iterable[str],
    expires_days: int = 90,
    clock: Clock = system_clock,
    answering: Mapping[str, Answering] = NOBODY_YET,
) -> list[Issued]:
    """A new secret for each of the applications; for none of them where one is unknown.

    Applications are those of the estate, or of the last snapshot where there is no good estate. The team that
    answers for a secret is the owner of the first API that the application may call; the person, for now, whoever
    uses this machine. `answering` names others by client id, members of a team of the estate.

    Raises UnknownApplication, NobodyAnswers, TooLong, KeyFileError, SnapshotError, OSError, SQLAlchemyError.
    """
    keys = load_keys(settings.keys_directory)
    store = Store.open(settings.store_url)
    try:
        await store.migrate()
        known = await _known(settings, store, keys)
        wanted = list(client_ids)
        for client_id in wanted:
            if client_id not in known.teams:
                raise UnknownApplication(client_id, tuple(known.teams))
            if not known.teams[client_id]:
                raise NobodyAnswers(client_id)
        if expires_days > known.max_days:
            raise TooLong(known.max_days)
        audit = AuditLog(store, clock)
        ledger = SecretLedger(store, keys.pepper, settings.environment, clock, audit)
        actor = local_user()
        issued = []
        for client_id in wanted:
            who = answering.get(client_id) or Answering(known.teams[client_id], actor)
            issued.append(
                await ledger.issue(client_id, expires_days, actor=actor, team=who.team, owner=who.member)
            )
        await audit.checkpoint(keys.snapshot)
        return issued
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class _Known:
    """The team of each application by client id, and the estate's limit."""

    teams: Mapping[str, str]
    max_days: int


async def _known(settings: CatalogSettings, store: Store, keys: Keys) -> _Known:
    if settings.estate is not None:
        compiled = await asyncio.to_thread(estate_source(settings.estate, Overrides()))
        if compiled.contracts is not None and compiled.estate is not None:
            max_days = compiled.estate.file.credentials.max_days
            return _Known(_teams(compiled.applications, compiled.contracts), max_days)
    published = await last_published(SnapshotTable(store), keys.snapshot.public_key())
    limit = CredentialsEntry().max_days
    if published is None:
        return _Known({}, limit)
    return _Known(_teams(published.applications.values(), published.contracts), limit)


def _teams(applications: Iterable[Application], contracts: ContractsPart) -> dict[str, str]:
    owners = {each.api: each.owner for each in contracts.versions}
    return {
        each.client_id: next((owners[one.api] for one in each.subscriptions if one.api in owners), "")
        for each in applications
    }
