"""Values in use that the catalog itself needs, as where it looks at an Odoo. None of them leaves this process."""

from collections.abc import Collection, Mapping

from catalog.audit.chain import Event
from catalog.audit.log import AuditLog
from catalog.people.principal import CATALOG
from catalog.storage.engine import Store
from catalog.upstream_credentials import table
from catalog.upstream_credentials.envelope import Keyring, context_of


class Opening:
    """Opens values by their names, and records once for each value and purpose that it did."""

    def __init__(self, store: Store, keyring: Keyring, environment: str, audit: AuditLog) -> None:
        self._store = store
        self._keyring = keyring
        self._environment = environment
        self._audit = audit
        self._recorded: set[tuple[str, int, str]] = set()

    async def numbers(self) -> Mapping[str, int]:
        """The number of each value in use, by name: a new one has another. Raises SQLAlchemyError."""
        return {row.name: row.current for row in await self._store.all(table.numbers_in_use())}

    async def open(self, names: Collection[str], purpose: str) -> Mapping[str, str]:
        """The values of those names that the catalog holds, as texts. Raises MasterKeyError, SQLAlchemyError."""
        found: dict[str, str] = {}
        for row in await self._store.all(table.in_use()):
            name, version, envelope = table.envelope_of(row)
            if name in names:
                value = await self._keyring.open(envelope, context_of(self._environment, name, version))
                await self._record(name, version, purpose)
                found[name] = value.decode("utf-8", "replace").strip()
        return found

    async def _record(self, name: str, version: int, purpose: str) -> None:
        if (name, version, purpose) in self._recorded:
            return
        event = Event(
            subject="upstream-credential",
            action="used",
            object=f"{name}/{version}",
            actor=CATALOG,
            reason=purpose,
        )
        async with self._store.write() as connection:
            await self._audit.append(connection, event)
        self._recorded.add((name, version, purpose))
