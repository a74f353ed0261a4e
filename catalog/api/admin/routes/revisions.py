"""Units, their revisions and what was in force when; rollback; publication: `contract/revisions.yaml`."""

from datetime import datetime
from typing import Any

import msgspec

from catalog.api.admin.answers import Answer, Result, Text
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, cut, page
from catalog.api.admin.routing import AdminRoute
from catalog.changes.rollback import Rollbacks
from catalog.clock import moment
from catalog.publication import Publisher
from catalog.publishing.published import Publication
from catalog.refusal import Refusal
from catalog.revisions.pointers import Pointer
from catalog.revisions.store import Kind, PublicationRecord, Stored


class Unit(msgspec.Struct, frozen=True):
    """What is in force of a unit; `held` says why it stays as it was published, whatever its revision is."""

    unit: str
    revision: str | None
    since: datetime
    change: str
    version: int
    held: str


class RevisionEntry(msgspec.Struct, frozen=True):
    revision: str
    unit: str
    created_at: datetime
    created_by: str
    files: tuple[dict[str, str], ...]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    unit: str
    revision: str | None
    previous: str | None
    change: str
    kind: Kind
    actor: str
    reason: str
    at: datetime
    serial: int


class RollbackBody(msgspec.Struct, frozen=True):
    revision: str
    reason: str = ""
    current: str | None = None
    dry_run: bool = False


class PublicationState(msgspec.Struct, frozen=True):
    """How the last publication went, and what decides."""

    mode: str
    ok: bool
    at: datetime
    changed: bool
    reason: str
    serial: int | None
    held: dict[str, str]
    findings: tuple[dict[str, Any], ...]


class RevisionRoutes:
    """The handlers."""

    def __init__(self, publisher: Publisher, rollbacks: Rollbacks) -> None:
        self._publisher = publisher
        self._revisions = publisher.planner.revisions
        self._rollbacks = rollbacks
        self.routes = (
            AdminRoute("listUnits", self.list_units),
            AdminRoute("showUnit", self.show_unit),
            AdminRoute("listPublications", self.list_publications),
            AdminRoute("listRevisions", self.list_revisions),
            AdminRoute("showRevision", self.show_revision),
            AdminRoute("showFile", self.show_file),
            AdminRoute("rollBack", self.roll_back),
            AdminRoute("showPublication", self.show_publication),
            AdminRoute("publish", self.publish),
        )

    async def list_units(self, request: AdminRequest) -> Result:
        units = [self._unit(each) for _, each in sorted(self._publisher.pointers.items())]
        return page(request, units, lambda each: each.unit)

    async def show_unit(self, request: AdminRequest) -> Result:
        pointer = self._publisher.pointers.get(request.path["unit"])
        if pointer is None:
            return _no_unit(request)
        return Answer(self._unit(pointer), etag=str(pointer.version))

    async def list_publications(self, request: AdminRequest) -> Result:
        unit: str = request.path["unit"]
        if unit not in self._publisher.pointers:
            return _no_unit(request)
        after: str = request.query.get("after", "")
        limit: int = request.query.get("limit", DEFAULT_LIMIT)
        before = int(after) if after.isdecimal() else None
        records = await self._revisions.history(unit, before=before, limit=limit + 1)
        return cut([_record(each) for each in records], limit, lambda each: str(each.id))

    async def list_revisions(self, request: AdminRequest) -> Result:
        unit: str = request.path["unit"]
        if unit not in self._publisher.pointers:
            return _no_unit(request)
        return page(request, [_revision(each) for each in await self._revisions.of_unit(unit)], _digest)

    async def show_revision(self, request: AdminRequest) -> Result:
        found = await self._revisions.find(request.path["revision"])
        return _no_revision(request) if found is None else _revision(found)

    async def show_file(self, request: AdminRequest) -> Result:
        files = await self._revisions.files(request.path["revision"])
        if files is None:
            return _no_revision(request)
        data = files.get(request.query["path"])
        if data is None:
            return Refusal("resource-not-found", "The revision has no file at this path.")
        return Text(data, "text/plain")

    async def roll_back(self, request: AdminRequest) -> Result:
        body = request.body_as(RollbackBody)
        unit: str = request.path["unit"]
        if body.dry_run:
            return await self._rollbacks.look(unit, body.revision)
        if not body.reason.strip():
            violation = {"in": "body", "pointer": "/reason", "rule": "required", "message": "say why"}
            return Refusal("schema-violation", "A rollback needs a reason.", {"violations": [violation]})
        return await self._rollbacks.roll_back(
            request.principal,
            unit,
            body.revision,
            body.reason,
            current=body.current,
            request_id=request.request_id,
        )

    async def show_publication(self, request: AdminRequest) -> Result:
        last = self._publisher.last
        if last is None:
            return Refusal("not-ready", "Nothing was published yet.")
        return self._state(last)

    async def publish(self, request: AdminRequest) -> Result:
        return self._state(await self._publisher.publish())

    def _state(self, last: Publication) -> PublicationState:
        summary = last.summary()
        current = self._publisher.current
        return PublicationState(
            mode="directory" if self._publisher.from_directory else "governed",
            ok=last.ok,
            at=moment(last.at),
            changed=last.changed,
            reason=last.reason,
            serial=None if current is None else current.manifest.serial,
            held=dict(self._publisher.held),
            findings=tuple(summary["findings"]),
        )

    def _unit(self, pointer: Pointer) -> Unit:
        return Unit(
            pointer.unit,
            pointer.revision,
            moment(pointer.since),
            pointer.change,
            pointer.version,
            self._publisher.held.get(pointer.unit, ""),
        )


def _record(record: PublicationRecord) -> Record:
    return Record(**{**msgspec.structs.asdict(record), "at": moment(record.at)})


def _revision(stored: Stored) -> RevisionEntry:
    return RevisionEntry(
        stored.digest,
        stored.revision.unit,
        moment(stored.created_at),
        stored.created_by,
        tuple({"path": path, "digest": digest} for path, digest in stored.revision.files),
    )


def _digest(entry: RevisionEntry) -> str:
    return entry.revision


def _no_unit(request: AdminRequest) -> Refusal:
    return Refusal("resource-not-found", f"There is no unit {request.path['unit']!r}.")


def _no_revision(_request: AdminRequest) -> Refusal:
    return Refusal("resource-not-found", "There is no such revision.")
