"""Revisions in the store: put once by their content, read back proved, and which of them is in force."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.revisions.pointers import Pointer
from catalog.revisions.revision import Revision
from catalog.storage.engine import Store
from catalog.storage.tables.revisions import current_revisions, publications, revision_blobs, revisions
from contracts.snapshot import digest_of

Kind: TypeAlias = Literal["directory", "change", "rollback", "emergency"]
"""How a revision came into force."""

Files: TypeAlias = Mapping[str, bytes]
"""A revision's files by path."""

_BATCH: Final = 500


class AlteredError(Exception):
    """What the store holds is not what was put there; the message says what. A fault, and never the caller's."""


class Stored(msgspec.Struct, frozen=True):
    """A revision and who brought it first. `created_at` in Unix seconds."""

    digest: str
    revision: Revision
    created_at: int
    created_by: str


class PublicationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A move of a unit from one revision to another; `serial` is of the snapshot it came into force with."""

    id: int
    unit: str
    revision: str | None
    previous: str | None
    change: str
    kind: Kind
    actor: str
    reason: str
    at: int
    serial: int


class RevisionStore:
    """Reads revisions. They are written by `put_revision` and `move`, in a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, digest: str) -> Stored | None:
        """A revision by digest. Raises AlteredError."""
        row = await self._store.one(sa.select(revisions).where(revisions.c.digest == digest))
        return None if row is None else _stored(row)

    async def files(self, digest: str) -> Files | None:
        """A revision's files, each proved by its digest. Raises AlteredError where one is missing or altered."""
        stored = await self.find(digest)
        if stored is None:
            return None
        wanted = {entry for _, entry in stored.revision.files}
        blobs: dict[str, bytes] = {}
        for part in _parts(sorted(wanted)):
            rows = await self._store.all(sa.select(revision_blobs).where(revision_blobs.c.digest.in_(part)))
            blobs.update({row.digest: row.data for row in rows})
        for path, name in stored.revision.files:
            if name not in blobs:
                raise AlteredError(f"{path!r} of revision {digest} is missing")
            if digest_of(blobs[name]) != name:
                raise AlteredError(f"{path!r} of revision {digest} was altered")
        return {path: blobs[name] for path, name in stored.revision.files}

    async def pointers(self) -> dict[str, Pointer]:
        """By unit; removed units too. Their signatures are not verified yet."""
        return {row.unit: _pointer(row) for row in await self._store.all(sa.select(current_revisions))}

    async def of_unit(self, unit: str) -> list[Stored]:
        """All revisions of a unit that were ever put, the newest first. Raises AlteredError."""
        query = sa.select(revisions).where(revisions.c.unit == unit)
        rows = await self._store.all(query.order_by(revisions.c.created_at.desc(), revisions.c.digest))
        return [_stored(row) for row in rows]

    async def history(self, unit: str, *, before: int | None = None, limit: int = 100) -> list[PublicationRecord]:
        """What was in force of a unit, the newest first; those before the publication `before`."""
        query = sa.select(publications).where(publications.c.unit == unit)
        if before is not None:
            query = query.where(publications.c.id < before)
        rows = await self._store.all(query.order_by(publications.c.id.desc()).limit(limit))
        return [PublicationRecord(**row._mapping) for row in rows]

    async def was_in_force(self, unit: str, digest: str) -> bool:
        """Whether a revision of the unit was published before."""
        query = sa.select(sa.func.count().label("times")).select_from(publications)
        row = await self._store.one(query.where(publications.c.unit == unit, publications.c.revision == digest))
        return row is not None and row.times > 0


async def put_revision(connection: AsyncConnection, revision: Revision, files: Files, *, at: int, by: str) -> None:
    """Stores a revision and its files, those that are not there yet; what is there and was altered is put right.
    `by` is the member who brought it."""
    digests = {digest: files[path] for path, digest in revision.files}
    there: set[str] = set()
    for part in _parts(sorted(digests)):
        rows = await connection.execute(sa.select(revision_blobs).where(revision_blobs.c.digest.in_(part)))
        for row in rows.all():
            there.add(row.digest)
            if row.data != digests[row.digest]:
                altered = sa.update(revision_blobs).where(revision_blobs.c.digest == row.digest)
                await connection.execute(altered.values(data=digests[row.digest]))
    missing = [{"digest": name, "data": data} for name, data in sorted(digests.items()) if name not in there]
    if missing:
        await connection.execute(sa.insert(revision_blobs), missing)
    same = revisions.c.digest == revision.digest
    listing = await connection.scalar(sa.select(revisions.c.listing).where(same))
    if listing is None:
        await connection.execute(
            sa.insert(revisions).values(
                digest=revision.digest,
                unit=revision.unit,
                listing=revision.listing,
                created_at=at,
                created_by=by,
            )
        )
    elif listing != revision.listing:
        await connection.execute(sa.update(revisions).where(same).values(listing=revision.listing))


async def pointers_in(connection: AsyncConnection) -> dict[str, Pointer]:
    """As `RevisionStore.pointers`, within a transaction."""
    rows = (await connection.execute(sa.select(current_revisions))).all()
    return {row.unit: _pointer(row) for row in rows}


async def move(connection: AsyncConnection, pointer: Pointer, record: PublicationRecord) -> None:
    """Puts a revision in force. `pointer` is signed and counts one more than the one before; the record's id is
    chosen here."""
    last = await connection.scalar(sa.select(sa.func.max(publications.c.id)))
    values = msgspec.structs.asdict(pointer)
    if pointer.version == 1:
        await connection.execute(sa.insert(current_revisions).values(**values))
    else:
        update = sa.update(current_revisions).where(current_revisions.c.unit == pointer.unit)
        await connection.execute(update.values(**values))
    numbered = msgspec.structs.replace(record, id=(last or 0) + 1)
    await connection.execute(sa.insert(publications).values(**msgspec.structs.asdict(numbered)))


def _stored(row: sa.Row[Any]) -> Stored:
    if digest_of(row.listing) != row.digest:
        raise AlteredError(f"the listing of revision {row.digest} was altered")
    return Stored(row.digest, Revision.read(row.listing), row.created_at, row.created_by)


def _pointer(row: sa.Row[Any]) -> Pointer:
    return Pointer(**row._mapping)


def _parts(digests: Sequence[str]) -> Iterable[Sequence[str]]:
    """In parts that a statement takes as parameters."""
    return (digests[start : start + _BATCH] for start in range(0, len(digests), _BATCH))
