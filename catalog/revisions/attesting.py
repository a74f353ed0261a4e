"""Approvals are made here: the catalog signs that an entry follows from a revision that was approved.

An approval is made when a revision comes into force, and found again whenever the same revision compiles to the
same entry. Where it compiles to another one, because the catalog was upgraded, the entry is attested anew, but
only for a revision that has a good approval. What a write to the database brought about has none, and gets none.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.clock import Clock
from catalog.revisions.acts import Act
from catalog.revisions.units import ESTATE_UNIT
from catalog.storage.engine import Store
from catalog.storage.tables.revisions import approvals
from contracts.approvals import Approval
from contracts.operations import ApiVersion
from contracts.snapshot import entry_digest

Name: TypeAlias = tuple[str, str]
"""API and version."""


@dataclass(frozen=True, slots=True)
class Attested:
    """The approvals of a contracts part in the order of its versions. `fresh` are those that are not stored yet,
    and `renewed` those of them after an upgrade, with the entry before; `unapproved` are versions without one."""

    approvals: tuple[Approval, ...]
    fresh: tuple[Approval, ...] = ()
    renewed: Mapping[Name, str] = field(default_factory=dict)
    unapproved: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What versions stand on: the revision in force of each unit, which of these come into force by `act` now, and
    the approvals of versions that stay as they were published."""

    revisions: Mapping[str, str]
    act: Act | None = None
    moved: Collection[str] = ()
    kept: Mapping[Name, Approval] = field(default_factory=dict)

    def acts_on(self, api: str) -> Act | None:
        """The act that vouches for whatever an API compiles to. The estate's own files are in every entry."""
        if self.act is None:
            return None
        everyone = self.act.kind == "directory" or ESTATE_UNIT in self.moved
        return self.act if everyone or api in self.moved else None


class Attester:
    """Finds and makes approvals. `key` is the catalog's snapshot key."""

    def __init__(self, store: Store, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._store = store
        self._key = key
        self._public = key.public_key()
        self._clock = clock

    async def attest(self, versions: Iterable[ApiVersion], ground: Ground) -> Attested:
        """The approvals of `versions`."""
        entries = await asyncio.to_thread(
            lambda: [(each.api, each.version, entry_digest(each)) for each in versions]
        )
        stored = await self._stored(ground.revisions.values())
        made: list[Approval] = []
        fresh: list[Approval] = []
        renewed: dict[Name, str] = {}
        unapproved: list[Name] = []
        for api, version, entry in entries:
            name = (api, version)
            kept = ground.kept.get(name)
            known = stored.get((*name, ground.revisions.get(api, "")), {})
            approval = kept or known.get(entry)
            if approval is None:
                approval = self._new(name, entry, ground, known)
                if approval is None:
                    unapproved.append(name)
                    continue
                fresh.append(approval)
                if approval.basis == "upgrade":
                    renewed[name] = next(iter(known))
            made.append(approval)
        return Attested(tuple(made), tuple(fresh), renewed, tuple(unapproved))

    def adopt(self, versions: Iterable[ApiVersion]) -> tuple[Approval, ...]:
        """Approvals for what an earlier catalog signed and published before there were approvals."""
        now = int(self._clock())
        return tuple(
            Approval(
                api=each.api, version=each.version, revision="", entry=entry_digest(each), basis="upgrade", at=now
            ).signed(self._key)
            for each in versions
        )

    def _new(self, name: Name, entry: str, ground: Ground, known: Mapping[str, Approval]) -> Approval | None:
        revision = ground.revisions.get(name[0])
        act = ground.acts_on(name[0])
        if revision is None or (act is None and not known):
            return None
        bare = Approval(
            api=name[0],
            version=name[1],
            revision=revision,
            entry=entry,
            basis="upgrade",
            at=int(self._clock()),
        )
        if act is None:
            earlier = next(iter(known.values()))
            bare = msgspec.structs.replace(bare, change=earlier.change, approvers=earlier.approvers)
        else:
            bare = msgspec.structs.replace(bare, basis=act.kind, change=act.change, approvers=act.approvers)
        return bare.signed(self._key)

    async def _stored(self, revisions: Iterable[str]) -> dict[tuple[str, str, str], dict[str, Approval]]:
        """The good ones by API, version and revision, and then by entry, the newest first."""
        query = sa.select(approvals).where(approvals.c.revision.in_(sorted(set(revisions))))
        found: dict[tuple[str, str, str], dict[str, Approval]] = {}
        for row in await self._store.all(query.order_by(approvals.c.at.desc(), approvals.c.entry)):
            approval = _approval(row)
            if approval is not None and approval.is_signed(self._public):
                found.setdefault((row.api, row.version, row.revision), {})[row.entry] = approval
        return found


def _approval(row: sa.Row[Any]) -> Approval | None:
    """What a row says; None where it was altered into something that is no approval."""
    try:
        approvers = msgspec.json.decode(row.approvers, type=tuple[str, ...])
    except (msgspec.MsgspecError, TypeError):
        return None
    return Approval(**{**row._mapping, "approvers": approvers})


async def put_approvals(connection: AsyncConnection, given: Iterable[Approval]) -> None:
    """Stores approvals; one that was altered meanwhile gives way to that of the same entry."""
    table = approvals.c
    for each in given:
        same = sa.and_(*(table[name] == getattr(each, name) for name in ("api", "version", "revision", "entry")))
        await connection.execute(sa.delete(approvals).where(same))
        values = msgspec.structs.asdict(each) | {"approvers": msgspec.json.encode(each.approvers).decode()}
        await connection.execute(sa.insert(approvals).values(**values))
