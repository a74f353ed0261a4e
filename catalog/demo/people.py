"""People who look at the demonstration's portal: log-ins of some of the estate's members that work as printed.

They are made as a log-in's pages would make them, straight in the store of a catalog on this machine: a
password, and for the roles that nobody has by a password alone the key of an authenticator app and recovery codes.
Nothing of the log-in is weaker for it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from catalog.audit.log import AuditLog
from catalog.clock import system_clock
from catalog.credentials.issuing import Answering, local_user
from catalog.demo.tour import DISPATCH, REPORTS, SHOP
from catalog.key_files import load_keys
from catalog.login.accounts import Accounts
from catalog.login.factors import Factors
from catalog.login.keys import LoginKeys
from catalog.login.passkeys import Passkeys
from catalog.login.passwords import Passwords
from catalog.login.recovery import RecoveryCodes, new_code
from catalog.login.totp import Totp, new_secret
from catalog.settings import CatalogSettings
from catalog.storage.engine import Store


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks, and as what. `guarded` are those whose roles need a second factor."""

    member: str
    what: str
    guarded: bool = True


PEOPLE: Final[tuple[Person, ...]] = (
    Person("dana", "develops at Aurora, a partner", guarded=False),
    Person("ruth", "security: sees every credential; owns the partners API"),
    Person("omar", "architect: decides about changes"),
)
ANSWERING: Final[Mapping[str, Answering]] = {
    SHOP: Answering("aurora", "dana"),
    DISPATCH: Answering("logistics", "jonas"),
    REPORTS: Answering("customers", "ruth"),
}
"""Who answers for applications' credentials. Partners without a team of their own have one of the company's."""

_REASON: Final = "demonstration"


@dataclass(frozen=True, slots=True)
class LogIn:
    """What opens the portal for one of them. Each recovery code is good once, in place of the app's code."""

    person: Person
    password: str = field(repr=False)
    app_key: str = field(default="", repr=False)
    recovery_codes: Sequence[str] = field(default=(), repr=False)


def log_ins(catalog_url: str, data: Path, people: Sequence[Person] = PEOPLE) -> Mapping[str, LogIn]:
    """New log-ins for all of them, by member; earlier ones open nothing any more. `data` is the catalog's.

    Raises KeyFileError, SQLAlchemyError, OSError.
    """
    return asyncio.run(_log_ins(catalog_url, CatalogSettings(data=data), people))


async def _log_ins(catalog_url: str, settings: CatalogSettings, people: Sequence[Person]) -> Mapping[str, LogIn]:
    keys = load_keys(settings.keys_directory)
    store = Store.open(settings.store_url)
    try:
        clock, login_keys = system_clock, LoginKeys(keys.pepper)
        audit = AuditLog(store, clock)
        accounts = Accounts(store, audit, clock, Passwords())
        factors = Factors(
            store,
            audit,
            Totp(login_keys, clock),
            RecoveryCodes(login_keys, clock),
            Passkeys(login_keys, catalog_url, clock),
        )
        made = {each.member: await _log_in(store, accounts, factors, each) for each in people}
        await audit.checkpoint(keys.snapshot)
        return made
    finally:
        await store.close()


async def _log_in(store: Store, accounts: Accounts, factors: Factors, person: Person) -> LogIn:
    member, password = person.member, new_code()
    hashed = await accounts.hash(password)
    async with store.write() as connection:
        await factors.drop_all(connection, member, local_user(), _REASON, _REASON)
        await accounts.put(connection, member, hashed, _REASON)
        if not person.guarded:
            return LogIn(person, password)
        secret = new_secret()
        await factors.totp.put(connection, member, secret, 0)
        codes = await factors.added(connection, member, "totp", _REASON)
    return LogIn(person, password, secret, codes)
