"""Issuing member tokens straight on the store: for the command line, which has no browser.

Whoever can use the catalog's key files and its database may do so; the audit log has the machine's user.
"""

import asyncio

from catalog.audit.log import AuditLog
from catalog.clock import Clock, system_clock
from catalog.credentials.issuing import local_user
from catalog.key_files import load_keys
from catalog.people.members import Members
from catalog.people.tokens import IssuedToken, MemberTokens
from catalog.revisions.store import RevisionStore
from catalog.revisions.units import ESTATE_UNIT
from catalog.settings import CatalogSettings
from catalog.storage.engine import Store
from contracts.documents.document import parse
from contracts.estate.decode import decode
from contracts.estate.loading import TEAMS
from contracts.estate_files import TeamsFile


class NoTeams(Exception):
    """There is no `teams.yaml` that could be read; the message says why."""


class UnknownMember(Exception):
    """No team has such a member; `known` are those that there are."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no team has a member {name!r}")
        self.known = known


async def issue_member_token(
    settings: CatalogSettings, member: str, expires_days: int, label: str, clock: Clock = system_clock
) -> IssuedToken:
    """A new token for a member of the estate's teams, or of the revision in force where no estate is set.

    Raises NoTeams, UnknownMember, KeyFileError, AlteredError, OSError, SQLAlchemyError.
    """
    keys = load_keys(settings.keys_directory)
    store = Store.open(settings.store_url)
    try:
        await store.migrate()
        members = Members(await _teams(settings, RevisionStore(store)))
        if member not in members.by_name:
            raise UnknownMember(member, tuple(sorted(members.by_name)))
        audit = AuditLog(store, clock)
        tokens = MemberTokens(store, keys.pepper, settings.environment, clock, audit)
        issued = await tokens.issue(member, expires_days, label, actor=local_user())
        await audit.checkpoint(keys.snapshot)
        return issued
    finally:
        await store.close()


async def _teams(settings: CatalogSettings, revisions: RevisionStore) -> TeamsFile:
    if settings.estate is not None:
        path = settings.estate / TEAMS
        try:
            return _read(await asyncio.to_thread(path.read_bytes))
        except FileNotFoundError:
            raise NoTeams(f"there is no {path}") from None
    pointer = (await revisions.pointers()).get(ESTATE_UNIT)
    files = None if pointer is None or pointer.revision is None else await revisions.files(pointer.revision)
    if files is None:
        raise NoTeams("the store has no estate in force; name an estate by --estate")
    return _read(files[TEAMS])


def _read(data: bytes) -> TeamsFile:
    document, findings = parse(data, TEAMS)
    if document is not None:
        teams, more = decode(document, TeamsFile)
        findings = [*findings, *more]
        if not findings:
            return teams
    raise NoTeams("\n".join(map(str, findings)))
