"""The estate as the store has it: the files of every unit in force, each proved, and what was altered."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.revisions.pointers import Pointer
from catalog.revisions.revision import Revision
from catalog.revisions.store import AlteredError, Files, RevisionStore


@dataclass(frozen=True, slots=True)
class Move:
    """A revision that is to come into force of its unit, with its files; None: the unit is to be removed."""

    revision: Revision | None
    files: Files


@dataclass(frozen=True, slots=True)
class StoredUnits:
    """`files` and `revisions` (digests) are by unit; `altered` says why a unit cannot be used."""

    files: Mapping[str, Files]
    revisions: Mapping[str, str]
    altered: Mapping[str, str]


async def read_units(
    store: RevisionStore,
    pointers: Mapping[str, Pointer],
    key: Ed25519PublicKey,
    moves: Mapping[str, Move],
) -> StoredUnits:
    """The units in force, with `moves` on top. `key` is the catalog's snapshot key. Raises SQLAlchemyError."""
    files: dict[str, Files] = {}
    revisions: dict[str, str] = {}
    altered: dict[str, str] = {}
    for unit in sorted({*pointers, *moves}):
        move = moves.get(unit)
        if move is not None:
            if move.revision is not None:
                files[unit], revisions[unit] = move.files, move.revision.digest
            continue
        pointer = pointers[unit]
        if not pointer.is_signed(key):
            altered[unit] = "which revision is in force was altered in the store"
        elif pointer.revision is not None:
            try:
                files[unit] = await files_of(store, unit, pointer.revision)
                revisions[unit] = pointer.revision
            except AlteredError as error:
                altered[unit] = str(error)
    return StoredUnits(files, revisions, altered)


async def files_of(store: RevisionStore, unit: str, digest: str) -> Files:
    """The files of a unit's revision. Raises AlteredError, SQLAlchemyError."""
    try:
        stored = await store.find(digest)
        files = await store.files(digest)
    except (msgspec.MsgspecError, TypeError) as error:
        raise AlteredError(f"revision {digest} cannot be read: {error}") from None
    if stored is None or files is None:
        raise AlteredError(f"revision {digest} is missing")
    if stored.revision.unit != unit:
        raise AlteredError(f"revision {digest} is of {stored.revision.unit!r}")
    return files
