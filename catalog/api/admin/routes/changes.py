"""Change requests: `contract/changes.yaml`."""

import base64
import binascii
from collections.abc import Sequence

import msgspec

from catalog.api.admin.answers import Answer, Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, Page
from catalog.api.admin.routing import AdminRoute
from catalog.changes.proposing import Push
from catalog.changes.records import OPEN, Change, ChangeView, State
from catalog.changes.room import ChangesRoom
from catalog.people.principal import Principal
from catalog.refusal import Refusal
from contracts.estate_words import Role


class PushedFile(msgspec.Struct, frozen=True):
    text: str | None = None
    base64: str | None = None


class PushBody(msgspec.Struct, frozen=True):
    files: dict[str, PushedFile]
    message: str = ""
    only: tuple[str, ...] | None = None
    prune: bool = False
    dry_run: bool = False


class ChangeRoutes:
    """The handlers."""

    def __init__(self, room: ChangesRoom) -> None:
        self._room = room
        self.routes = (
            AdminRoute("push", self.push),
            AdminRoute("listChanges", self.list_changes),
            AdminRoute("showChange", self.show),
            AdminRoute("approveChange", self.approve),
            AdminRoute("rejectChange", self.reject),
            AdminRoute("withdrawChange", self.withdraw),
            AdminRoute("commentOnChange", self.comment),
            AdminRoute("publishChange", self.publish),
            AdminRoute("publishEmergency", self.emergency),
            AdminRoute("reviewEmergency", self.review),
            AdminRoute("changeImpact", self.impact),
        )

    async def push(self, request: AdminRequest) -> Result:
        body = request.body_as(PushBody)
        files: dict[str, bytes] = {}
        for path, file in body.files.items():
            data = _bytes(file)
            if data is None:
                return _no_base64(path)
            files[path] = data
        push = Push(files=files, message=body.message, only=body.only, prune=body.prune, dry_run=body.dry_run)
        return await self._room.proposals.push(request.principal, push, request_id=request.request_id)

    async def list_changes(self, request: AdminRequest) -> Result:
        wanted: str | None = request.query.get("state")
        states: Sequence[State] = () if wanted is None else OPEN if wanted == "open" else (wanted,)  # type: ignore[assignment]
        after: str | None = request.query.get("after")
        limit: int = request.query.get("limit", DEFAULT_LIMIT)
        found = await self._room.table.list(
            unit=request.query.get("unit"),
            states=states,
            before=_number(after),
            limit=limit + 1,
        )
        shown = found[:limit]
        return Page[Change](shown, str(shown[-1].number) if len(found) > limit else None)

    async def show(self, request: AdminRequest) -> Result:
        return _answer(await self._room.desk.view(request.path["change"]))

    async def approve(self, request: AdminRequest) -> Result:
        role: Role | None = request.body.get("role")
        view = await self._room.decisions.approve(*_seen(request), role=role, request_id=request.request_id)
        return _answer(view)

    async def reject(self, request: AdminRequest) -> Result:
        return _answer(await self._room.decisions.reject(*_seen(request), request_id=request.request_id))

    async def withdraw(self, request: AdminRequest) -> Result:
        return _answer(await self._room.decisions.withdraw(*_seen(request), request_id=request.request_id))

    async def comment(self, request: AdminRequest) -> Result:
        view = await self._room.decisions.comment(
            request.principal, request.path["change"], request.body["comment"], request_id=request.request_id
        )
        return _answer(view)

    async def publish(self, request: AdminRequest) -> Result:
        view = await self._room.decisions.publish(
            request.principal, request.path["change"], request_id=request.request_id
        )
        return _answer(view)

    async def emergency(self, request: AdminRequest) -> Result:
        view = await self._room.emergencies.publish(
            request.principal,
            request.path["change"],
            request.if_match or "",
            request.body["reason"],
            request_id=request.request_id,
        )
        return _answer(view)

    async def review(self, request: AdminRequest) -> Result:
        view = await self._room.emergencies.review(
            request.principal, request.path["change"], request.body["comment"], request_id=request.request_id
        )
        return _answer(view)

    async def impact(self, request: AdminRequest) -> Result:
        found = await self._room.desk.view(request.path["change"])
        if isinstance(found, Refusal):
            return found
        return await self._room.reaches.of(found.change, request.query.get("days", 90))


def _seen(request: AdminRequest) -> tuple[Principal, int, str, str]:
    return request.principal, request.path["change"], request.if_match or "", request.body["comment"]


def _answer(view: ChangeView | Refusal) -> Result:
    return view if isinstance(view, Refusal) else Answer(view, etag=view.etag)


def _bytes(file: PushedFile) -> bytes | None:
    if file.text is not None:
        return file.text.encode()
    try:
        return base64.b64decode(file.base64 or "", validate=True)
    except binascii.Error:
        return None


def _no_base64(path: str) -> Refusal:
    pointer = f"/files/{path.replace('~', '~0').replace('/', '~1')}/base64"
    violation = {"in": "body", "pointer": pointer, "rule": "contentEncoding", "message": "is no base64"}
    return Refusal("schema-violation", "A file is not in base64.", {"violations": [violation]})


def _number(after: str | None) -> int | None:
    return int(after) if after is not None and after.isdecimal() else None
